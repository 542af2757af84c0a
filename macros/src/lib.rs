//! The attribute macros of the leno runtime: [`macro@main`], [`macro@test`], [`macro@coroutine`] and [`macro@cancel_safe`].
//!
//! Use them through the `leno` crate, which re-exports them; its other macros (`select!`, `join!`, …) are
//! declarative and live there.
//!
//! For `main` and `test`, an attributed `async fn` becomes a plain `fn` that builds a runtime and blocks on the body. All that is
//! wrong with it, options as well as types, is reported at the tokens of whoever wrote it.

#![forbid(unsafe_code)]

#[cfg(feature = "coroutine")]
mod awaits;
#[cfg(feature = "coroutine")]
mod cancel_safe;
#[cfg(feature = "coroutine")]
mod coroutine;
mod entry;
mod externs;
mod function;
mod home;
#[cfg(any(test, not(feature = "coroutine")))]
mod missing;
mod options;
#[cfg(feature = "coroutine")]
mod signature;
mod simulation;
mod tokens;
mod values;

use entry::{Entry, Kind};
use home::Home;
use proc_macro::{Span, TokenStream};

/// Runs an `async fn` on a runtime of its own.
///
/// The function becomes an ordinary one that builds a runtime, blocks on the body and drops the runtime.
/// It is meant for `main`, but works on any function; every call then builds a runtime, so one that is
/// called often should use `runtime::Builder` and keep what it builds.
///
/// The body is not a task: it runs on the thread that calls the function, and the tasks that it spawns run
/// on the workers. Work that should run on a worker has to be spawned.
///
/// # Options
///
/// | option | value | meaning |
/// | --- | --- | --- |
/// | `flavor` | `"multi_thread"` (the default) | tasks run on a pool of worker threads |
/// | | `"current_thread"` | tasks run on the calling thread, while it blocks on the body |
/// | | `"local"` | the same, and they need not be `Send`: `spawn_local` works everywhere |
/// | `worker_threads` | an integer above 0 | how many workers the pool has; one per processor if not given |
/// | `start_paused` | `true` or `false` | whether the clock stands still at first; not for `"multi_thread"` |
/// | `name` | a string | what the runtime is called where it shows up |
/// | `crate` | a string | the path of leno, where it is not found (see below) |
///
/// # Where leno is
///
/// The attribute finds the name that leno has among the dependencies of the crate that uses it, so it works in a crate that renames
/// it: with `tokio = { package = "leno", features = ["full"] }` one writes `#[tokio::main]`. If leno is not among
/// the dependencies, but comes through another crate that re-exports it, the attribute goes by the path that stands before its
/// name: `#[facade::main]` takes `facade::runtime`. Where neither tells, it asks for the path by the option `crate`.
///
/// # Examples
///
/// A pool with one worker per processor:
///
/// ```
/// #[leno::main]
/// async fn main() {
///     println!("hello");
/// }
/// ```
///
/// is short for
///
/// ```
/// fn main() {
///     leno::runtime::Builder::new_multi_thread()
///         .enable_all()
///         .build()
///         .expect("Failed building the Runtime")
///         .block_on(async {
///             println!("hello");
///         })
/// }
/// ```
///
/// With two workers, and an error that ends the program:
///
/// ```
/// #[leno::main(flavor = "multi_thread", worker_threads = 2)]
/// async fn main() -> Result<(), std::num::ParseIntError> {
///     let answer: u32 = "42".parse()?;
///     assert_eq!(answer, 42);
///     Ok(())
/// }
/// ```
///
/// Everything on this thread:
///
/// ```
/// #[leno::main(flavor = "current_thread")]
/// async fn main() {
///     println!("hello");
/// }
/// ```
///
/// With leno under a name that is in no manifest:
///
/// ```
/// use leno as runtime_of_my_choice;
///
/// #[runtime_of_my_choice::main(crate = "runtime_of_my_choice")]
/// async fn main() {
///     println!("hello");
/// }
/// ```
#[allow(
    clippy::needless_doctest_main,
    reason = "it is about the function `main`"
)]
#[proc_macro_attribute]
pub fn main(options: TokenStream, item: TokenStream) -> TokenStream {
    expand(Kind::Main, "leno", options, item)
}

/// Runs an `async fn` as a test, on a runtime of its own.
///
/// Other attributes of tests (`#[should_panic]`, `#[ignore]`, …) and a `Result` as the return type work as
/// they do with the standard `#[test]`.
///
/// # Options
///
/// Those of [`macro@main`], but `flavor` is `"current_thread"` if it is not given. So `worker_threads`
/// needs `flavor = "multi_thread"` beside it. And those of a [simulation](#simulation).
///
/// # Simulation
///
/// With leno's feature `sim`, which belongs into `[dev-dependencies]`, a test can be run under many schedules: in each run another task
/// goes first, and each `.await` of something of leno's may be held up as if the task's budget were over there. Time stands still, and
/// moves to the next deadline when nobody can go on. What fails is made small, told, and written down as a trace that does it again.
///
/// | option | value | meaning |
/// | --- | --- | --- |
/// | `sim` | | the test is simulated: each seed is one run |
/// | `explore` | | the test is simulated: all schedules with at most `bound` delays |
/// | `seeds` | `1000`, `5..50` or `5..=49` | which seeds, for `sim`; 1,000 if not given, or as many as `time` allows |
/// | `strategy` | `"pct(3)"` | how `sim` chooses: `"portfolio"` (the default), `"walk"`, `"walk(1/4)"`, `"pct(3)"`, `"pos"`, `"delays(2)"`, `"exhaustive"`, `"dpor"` |
/// | `depth` | an integer above 0 | short for `strategy = "pct(depth)"` |
/// | `bound` | an integer | how many delays `explore` makes at most; 2 if not given |
/// | `time` | `"30s"`, or seconds | ends it after so much real time; what `explore` has left of it goes to a portfolio |
/// | `polls` | an integer above 0 | polls a run may take, 1,000,000 if not given: more are a livelock |
/// | `virtual_time` | `"1h"`, or seconds | virtual time a run may take; an hour if not given |
/// | `stalls` | `true` or `false` | whether time may move though somebody could go on, so that timeouts strike early |
/// | `isolate` | `"auto"`, `"never"`, `"thread"` | how runs are kept apart: [`Isolate`](../leno/sim/enum.Isolate.html) |
/// | `tolerate_panics` | `true` or `false` | whether a panic of a task is its own affair; without this it fails the run |
/// | `tolerate_sleepers` | `true` or `false` | whether a task may sleep at the end that nobody can wake any more; without this it fails the run |
/// | `shared` | `"leno"` | says that the test's tasks share state through leno alone: then `explore` goes through all classes of schedules, and `"dpor"` can be a `strategy` |
/// | `replay` | a file's name | does this trace again, and nothing else; from the folder of the package's manifest, or one further up |
/// | `sim = false` | | the test is never simulated, whatever the environment says |
///
/// `start_paused`, `name` and `flavor = "local"` may stand beside them. Workers may not, since a simulation has one thread.
///
/// *The environment* can say all of this for tests that do not. `LENO_SIM=seeds=0..50 cargo test` simulates every test by this attribute
/// (and by that of the package named `tokio` that re-exports leno); panics of tasks are tolerated then, as such a test was written for
/// production, virtual time has no bound, and what is polled by hand is not held up. A test that needs what a simulation does not have
/// (sockets, child processes, signals, being woken by a thread of its own, time that passes by itself), or that is not the same if it is
/// done again, is run as usual, and says so in a line on standard error. One that asserts what only one schedule gives, or has deadlines
/// for threads of its own, gets `sim = false`.
///
/// `LENO_SIM_REPLAY=file cargo test name` does a trace again in the test that it is of; all others run as if it were not there.
/// `LENO_SIM_SHARD=3/16` takes part of the seeds, `LENO_SIM_OUT=directory` collects what `leno-sim merge` reads.
///
/// The function's body is called for each run, so it should make all that it uses. An `Err` that it returns fails the run.
/// `#[should_panic(expected = "…")]` looks at the report, which has the panic's text.
///
/// # Examples
///
/// ```no_run
/// #[leno::test]
/// async fn one_and_one_are_two() {
///     assert_eq!(async { 1 }.await + 1, 2);
/// }
/// ```
///
/// With workers:
///
/// ```no_run
/// #[leno::test(flavor = "multi_thread", worker_threads = 2)]
/// async fn a_pool_is_there() {
///     assert!(true);
/// }
/// ```
///
/// With a clock that stands still until everything waits for it, so that no time is spent sleeping:
///
/// ```no_run
/// #[leno::test(start_paused = true)]
/// async fn an_hour_is_nothing() {
///     leno::time::sleep(std::time::Duration::from_secs(3600)).await;
/// }
/// ```
///
/// One that looks for the schedule that breaks it. Run as usual it would pass: a lock that is free does not suspend.
///
/// ```test_harness
/// use leno::sync::Mutex;
/// use std::sync::Arc;
///
/// async fn add_one(to: Arc<Mutex<u32>>) {
///     let seen = *to.lock().await;
///     *to.lock().await = seen + 1;
/// }
///
/// #[leno::test(sim, seeds = 200)]
/// #[should_panic(expected = "an update is lost")]
/// async fn two_add_one() {
///     let number = Arc::new(Mutex::new(0));
///     let first = leno::spawn(add_one(Arc::clone(&number)));
///     let second = leno::spawn(add_one(Arc::clone(&number)));
///     leno::try_join!(first, second).unwrap();
///     assert_eq!(*number.lock().await, 2, "an update is lost");
/// }
/// ```
///
/// One that goes through all schedules with at most two delays:
///
/// ```test_harness
/// use leno::sync::oneshot;
///
/// #[leno::test(explore, bound = 2)]
/// async fn an_answer_comes() -> Result<(), oneshot::error::RecvError> {
///     let (sender, receiver) = oneshot::channel();
///     leno::spawn(async { sender.send(42) });
///     assert_eq!(receiver.await?, 42);
///     Ok(())
/// }
/// ```
#[proc_macro_attribute]
pub fn test(options: TokenStream, item: TokenStream) -> TokenStream {
    expand(Kind::Test, "leno", options, item)
}

/// Makes coroutines of the calls of an `async fn`: one that is never awaited is reported.
///
/// A call of an `async fn` does nothing: it makes a future, and if nobody awaits that, what it was called for is not done. The compiler
/// warns of a call whose value is not used at all (`unused_must_use`), but not of `let _ = send(mail);`, nor of a future that goes
/// into a variable or a list and no further. With this attribute the function returns a `leno::Coroutine`, which is a future
/// too. If it is dropped before anybody has polled it, that is reported, with the place of the call:
///
/// ```text
/// leno: `send` was called at src/signup.rs:52:5, and never awaited: nothing of it was done
/// ```
///
/// It stands before an `async fn`, or before an `impl` block or a `mod` (one that is written in place), for all the functions there
/// that are `async`. In a `mod` it leaves alone what it cannot change: traits and their implementations, and functions that an
/// attribute named `main` or `test` makes something else of. An attribute that changes async functions itself, as `instrument` of
/// `tracing`, comes first: it stands above this one, which is then written for that function alone.
///
/// The function stays what it was in all else: generics, lifetimes, `self`, `impl Trait`, attributes, when its arguments are dropped,
/// and whether its future is `Send`. It gets `#[track_caller]`. A future of its own type it was never, but code that spells
/// `impl Future` still fits.
///
/// It needs leno's feature `coroutine`, which is on by default.
///
/// # Options
///
/// `crate = "path::to::leno"`: as for [`macro@main`].
///
/// # Examples
///
/// ```
/// #[leno::coroutine]
/// async fn double(number: u32) -> u32 {
///     number * 2
/// }
///
/// struct Account {
///     cents: u64,
/// }
///
/// #[leno::coroutine]
/// impl Account {
///     async fn deposit(&mut self, cents: u64) {
///         leno::task::yield_now().await;
///         self.cents += cents;
///     }
/// }
///
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// assert_eq!(double(21).await, 42);
///
/// let mut account = Account { cents: 0 };
/// account.deposit(5).await;
/// assert_eq!(account.cents, 5);
/// # });
/// ```
#[proc_macro_attribute]
pub fn coroutine(options: TokenStream, item: TokenStream) -> TokenStream {
    #[cfg(feature = "coroutine")]
    let expand = coroutine::expand;
    #[cfg(not(feature = "coroutine"))]
    let expand = |home: &Home, _, item| missing::expand(home, "coroutine", item);
    convert(options, item, |options, item| {
        expand(&find("leno"), options, item)
    })
}

/// Makes the future of an `async fn` `CancelSafe`: one that loses nothing if it is dropped before it is done.
///
/// The function becomes one that returns `impl CancelSafe<Output = T>`. So it can be a branch of `select! { safe; … }`, and be
/// awaited in other functions with this attribute. For that, it has to keep three rules, which the compiler checks:
///
/// 1. What it awaits is `CancelSafe` itself. Of a future that is not, but may be dropped all the same, say so:
///    `assert_cancel_safe(future).await`.
/// 2. There is one `.await`, and not in a loop. Two operations that each lose nothing do lose something together: if the future is
///    dropped while it waits for the second, what the first one gave is gone. `select! { safe; … }` counts as one.
/// 3. Its arguments are references, pinned references, `Arc`, `Rc` or `Copy`. What it is given by value is dropped with it.
///
/// Many functions break the second and third rule and are fine: what they have got is in a field by the time at which they await again,
/// or is worth nothing. Then say why, for those who will change the function:
///
/// ```text
/// #[leno::cancel_safe(because = "what was read is in `self.buffer`")]
/// ```
///
/// # What it cannot see
///
/// - What the function has taken before it awaits, by other means than `.await`: `queue.pop()` in a variable is lost, too.
/// - Awaits in the expansion of other macros than `select!`, `join!` and `try_join!`.
/// - What a `because` says.
///
/// So it is a check of the usual mistakes, and no proof. It needs leno's feature `coroutine`, which is on by default.
///
/// # Options
///
/// | option | value | meaning |
/// | --- | --- | --- |
/// | `because` | a text | why nothing is lost between two awaits, or with an argument: rule 1 alone is checked |
/// | `crate` | `"path::to::leno"` | as for [`macro@main`] |
///
/// # Examples
///
/// ```
/// use leno::io::{AsyncRead, AsyncReadExt};
/// use leno::sync::mpsc;
///
/// struct Frames<R> {
///     reader: R,
///     buffer: Vec<u8>,
/// }
///
/// impl<R: AsyncRead + Unpin> Frames<R> {
///     /// The next four bytes.
///     #[leno::cancel_safe(because = "what was read is in `self.buffer`")]
///     async fn next(&mut self) -> std::io::Result<[u8; 4]> {
///         while self.buffer.len() < 4 {
///             if self.reader.read_buf(&mut self.buffer).await? == 0 {
///                 return Err(std::io::ErrorKind::UnexpectedEof.into());
///             }
///         }
///         let rest = self.buffer.split_off(4);
///         let frame = std::mem::replace(&mut self.buffer, rest);
///         Ok(frame.try_into().unwrap())
///     }
/// }
///
/// #[leno::cancel_safe]
/// async fn next_order(orders: &mut mpsc::Receiver<u32>) -> Option<u32> {
///     orders.recv().await.map(|order| order + 1000)
/// }
///
/// # #[leno::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut frames = Frames { reader: &b"headbody"[..], buffer: Vec::new() };
/// let (sender, mut orders) = mpsc::channel(1);
/// # drop(sender);
/// let mut seen = Vec::new();
/// loop {
///     leno::select! {
///         safe;
///         frame = frames.next() => match frame {
///             Ok(frame) => seen.push(frame),
///             Err(_) => break,
///         },
///         Some(order) = next_order(&mut orders) => println!("order {order}"),
///     }
/// }
/// assert_eq!(seen, [*b"head", *b"body"]);
/// # }
/// ```
#[proc_macro_attribute]
pub fn cancel_safe(options: TokenStream, item: TokenStream) -> TokenStream {
    #[cfg(feature = "coroutine")]
    let expand = cancel_safe::expand;
    #[cfg(not(feature = "coroutine"))]
    let expand = |home: &Home, _, item| missing::expand(home, "cancel_safe", item);
    convert(options, item, |options, item| {
        expand(&find("leno"), options, item)
    })
}

/// [`macro@main`] for the package named `tokio` that re-exports leno.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn tokio_main(options: TokenStream, item: TokenStream) -> TokenStream {
    expand(Kind::Main, "tokio", options, item)
}

/// [`macro@test`] for the package named `tokio` that re-exports leno.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn tokio_test(options: TokenStream, item: TokenStream) -> TokenStream {
    expand(Kind::Test, "tokio", options, item)
}

fn expand(kind: Kind, package: &str, options: TokenStream, item: TokenStream) -> TokenStream {
    let home = find(package);
    convert(options, item, |options, item| {
        Entry { kind, home }.expand(options, item)
    })
}

fn find(package: &str) -> Home {
    let attribute = Span::call_site().source_text();
    Home::find(package, attribute.as_deref())
}

/// Hands tokens over to those who take them as `tokens` has them.
#[allow(
    clippy::useless_conversion,
    reason = "without the feature `coroutine` they are the compiler's there too"
)]
fn convert(
    options: TokenStream,
    item: TokenStream,
    expand: impl FnOnce(tokens::TokenStream, tokens::TokenStream) -> tokens::TokenStream,
) -> TokenStream {
    expand(options.into(), item.into()).into()
}
