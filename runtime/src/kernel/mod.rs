//! The kernel: tasks, queues, parking, timers. Everything with an ordering or a raw pointer.
//!
//! It sees the world through [`prim`](crate::prim) alone, so that loom-tests can compile these very files behind
//! loom's types. Floors, each importing only from those above it:
//!
//! ```text
//!  k0  rng · list · wake_list · foreign · yields ·       data, no orderings; who calls what is not ours
//!      wanted · cancel_safe
//!  k1  here · context · waiting · deferred · budget ·     this thread, the time, a place to sleep
//!      hooks · clock · seat · idle · intervals · stuck   who sleeps
//!  k2  task · atomic_waker · lanes · children · root ·   what wakes and is woken; which tasks there are, what is found
//!      finished · wheel · owned · census · captures ·    out about them, and recorded of them
//!      lines · findings · observe · register · scope
//!      no_captures · no_findings · no_lines · no_observe ·  what stands for those where nobody looks, or there is none
//!      no_scope
//!  k3  slot · late · watcher · driver                    where tasks wait, where workers wait
//!  k4  pool · spares · worker · slow · no_slow · local · the loops that tie it together
//!      local_set · blocking · no_pool · no_worker        what stands for a pool where there is none
//! ```
//!
//! # The law of orderings
//!
//! No sequentially consistent accesses (loom cannot tell them from acquire-release): where a store must come before
//! a load, `fence(SeqCst)` says so, on both sides. Every operation names its partner.

pub(crate) mod atomic_waker;
pub(crate) mod blocking;
pub(crate) mod budget;
pub(crate) mod cancel_safe;
#[cfg_attr(not(feature = "introspection"), path = "no_captures.rs")]
pub(crate) mod captures;
pub(crate) mod census;
#[cfg(feature = "structured")]
pub(crate) mod children;
pub(crate) mod clock;
pub(crate) mod context;
pub(crate) mod deferred;
pub(crate) mod driver;
#[cfg_attr(not(feature = "introspection"), path = "no_findings.rs")]
pub(crate) mod findings;
pub(crate) mod finished;
pub(crate) mod foreign;
pub(crate) mod here;
pub(crate) mod hooks;
pub(crate) mod idle;
pub(crate) mod intervals;
#[cfg(feature = "structured")]
pub(crate) mod lanes;
pub(crate) mod late;
#[cfg_attr(not(feature = "introspection"), path = "no_lines.rs")]
pub(crate) mod lines;
pub(crate) mod list;
pub(crate) mod local;
pub(crate) mod local_set;
#[cfg_attr(not(feature = "introspection"), path = "no_observe.rs")]
pub(crate) mod observe;
pub(crate) mod owned;
#[cfg(feature = "rt-multi-thread")]
pub(crate) mod pool;
#[cfg(not(feature = "rt-multi-thread"))]
#[path = "no_pool.rs"]
pub(crate) mod pool;
pub(crate) mod register;
pub(crate) mod rng;
pub(crate) mod root;
#[cfg_attr(not(feature = "structured"), path = "no_scope.rs")]
pub(crate) mod scope;
pub(crate) mod seat;
pub(crate) mod slot;
#[cfg_attr(not(feature = "introspection"), path = "no_slow.rs")]
pub(crate) mod slow;
#[cfg(feature = "rt-multi-thread")]
pub(crate) mod spares;
pub(crate) mod stuck;
pub(crate) mod task;
pub(crate) mod waiting;
pub(crate) mod wake_list;
pub(crate) mod wanted;
pub(crate) mod watcher;
pub(crate) mod wheel;
#[cfg(feature = "rt-multi-thread")]
pub(crate) mod worker;
#[cfg(not(feature = "rt-multi-thread"))]
#[path = "no_worker.rs"]
pub(crate) mod worker;
pub(crate) mod yields;
