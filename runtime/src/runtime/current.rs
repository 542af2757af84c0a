//! The runtime that is current on this thread.
//!
//! `here.runtime` is a counted pointer without a destructor: whoever sets it keeps the previous one and puts it back.
//! A guard that is forgotten leaks its count, and leaves nothing dangling.

use super::handle::Handle;
use super::inner::Inner;
use crate::kernel::clock::Clock;
use crate::kernel::here;
use crate::kernel::wheel;
use crate::prim::{asked, reactor};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

// Each begins with what tokio says, for there are tests that look for it.

const NO_RUNTIME: &str = "there is no reactor running, must be called from the context of a Tokio 1.x runtime, and no leno \
     runtime is there on this thread: call this within `#[leno::main]`, `Runtime::block_on` or a spawned task, or enter \
     a runtime with `Handle::enter` first";

const NO_IO: &str = "A Tokio 1.x context was found, but IO is disabled. Call `enable_io` on the runtime builder to enable IO. \
     (The runtime was built without IO; `enable_all` does it, too.)";

const NO_SOCKETS: &str = "this simulation has no sockets, pipes, signals or child processes: what they bring comes from outside, and in \
     no order that could be repeated. Use `leno::io::duplex` in their place, or leave them out of the test";

/// What to say where there is no reactor.
fn no_io() -> &'static str {
    if asked::asks() {
        asked::refuse(NO_SOCKETS);
        NO_SOCKETS
    } else {
        NO_IO
    }
}

const NO_TIME: &str = "A Tokio 1.x context was found, but timers are disabled. Call `enable_time` on the runtime builder to \
     enable timers. (The runtime was built without timers; `enable_all` does it, too.)";

/// Makes a runtime current until it is dropped.
#[derive(Debug)]
pub(crate) struct Current {
    outer: *const (),
    depth: usize,
}

// SAFETY: nothing can be done with a shared `Current`.
unsafe impl Sync for Current {}

/// Makes `inner` current on this thread.
pub(crate) fn set(inner: Arc<Inner>) -> Current {
    here::with(|here| {
        let depth = here.depth.get() + 1;
        here.depth.set(depth);
        Current {
            outer: here.runtime.replace(Arc::into_raw(inner).cast()),
            depth,
        }
    })
}

impl Drop for Current {
    #[track_caller]
    fn drop(&mut self) {
        let inner = here::with(|here| {
            if here.depth.get() != self.depth {
                return None;
            }
            here.depth.set(self.depth - 1);
            Some(here.runtime.replace(self.outer).cast::<Inner>())
        });
        match inner {
            // SAFETY: `set` stored it with `Arc::into_raw`, and the depths show that nobody has replaced it since
            // without putting it back.
            Some(inner) => drop(unsafe { Arc::from_raw(inner) }),
            // Keeping the count leaks; anything else would leave `here.runtime` dangling.
            None if std::thread::panicking() => {}
            None => panic!(
                "`EnterGuard` values were dropped out of order: drop the guards of `enter` in the opposite order to that \
                 in which you got them"
            ),
        }
    }
}

/// Calls `f` with the current runtime.
#[inline]
pub(crate) fn with<R>(f: impl FnOnce(&Arc<Inner>) -> R) -> Option<R> {
    let inner = here::with(|here| here.runtime.get()).cast::<Inner>();
    if inner.is_null() {
        return None;
    }
    // SAFETY: stored by `set` with `Arc::into_raw`, whose count is given back after the pointer has been replaced, on
    // this thread; `ManuallyDrop` leaves the count alone. `f` may enter and leave runtimes, but puts this one back.
    let inner = std::mem::ManuallyDrop::new(unsafe { Arc::from_raw(inner) });
    Some(f(&inner))
}

/// As [`with`]; panics without a runtime.
#[inline]
#[track_caller]
pub(crate) fn expect<R>(f: impl FnOnce(&Arc<Inner>) -> R) -> R {
    match with(f) {
        Some(result) => result,
        None => panic!("{NO_RUNTIME}"),
    }
}

/// The current runtime's reactor; panics without one.
#[track_caller]
pub(crate) fn reactor() -> reactor::Handle {
    match expect(|inner| inner.reactor().cloned()) {
        Some(reactor) => reactor,
        None => panic!("{}", no_io()),
    }
}

/// What something cannot do without.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Need {
    Nothing,
    Runtime,
    Io,
    Timers,
}

/// What to say of what is missing; nothing if it is there.
#[inline]
pub(crate) fn missing(need: Need) -> Option<&'static str> {
    let look = |inner: &Arc<Inner>| match need {
        Need::Nothing | Need::Runtime => None,
        Need::Io => inner.reactor().is_none().then(no_io),
        Need::Timers => inner.wheel().is_none().then_some(NO_TIME),
    };
    match (need, with(look)) {
        (Need::Nothing, _) => None,
        (_, Some(missing)) => missing,
        (_, None) => Some(NO_RUNTIME),
    }
}

/// The current runtime's reactor, if there is one and it has IO.
#[cfg(unix)]
pub(crate) fn try_reactor() -> Option<reactor::Handle> {
    with(|inner| inner.reactor().cloned()).flatten()
}

/// A wheel of the current runtime; panics without one.
#[inline]
#[track_caller]
pub(crate) fn wheel() -> wheel::Handle {
    match with(|inner| inner.wheel().cloned()) {
        Some(Some(wheel)) => wheel,
        Some(None) => panic!("{NO_TIME}"),
        None => panic!("{NO_RUNTIME}"),
    }
}

/// A wheel of the current runtime, if there is one and it has timers.
pub(crate) fn try_wheel() -> Option<wheel::Handle> {
    with(|inner| inner.wheel().cloned()).flatten()
}

/// The current runtime's clock.
pub(crate) fn clock() -> Option<Arc<Clock>> {
    with(|inner| Arc::clone(inner.clock()))
}

/// True if there is a current runtime, and it is a current-thread one.
pub(crate) fn is_current_thread() -> bool {
    with(|inner| inner.is_local()).unwrap_or(false)
}

/// The runtime is [current](Handle::current) on this thread until this is dropped.
///
/// Guards must be dropped in the opposite order to that in which they were got.
///
/// # Examples
///
/// One within the other, left in the opposite order:
///
/// ```
/// use leno::runtime::{Builder, Handle};
///
/// let outer = Builder::new_current_thread().name("outer").build()?;
/// let inner = Builder::new_current_thread().name("inner").build()?;
/// let _in_outer = outer.enter();
/// {
///     let _in_inner = inner.enter();
///     assert_eq!(Handle::current().name(), Some("inner"));
/// }
/// assert_eq!(Handle::current().name(), Some("outer"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "the runtime is left again when the guard is dropped"]
pub struct EnterGuard<'a> {
    _current: Current,
    _handle: PhantomData<&'a Handle>,
}

impl EnterGuard<'_> {
    pub(super) fn new(inner: Arc<Inner>) -> Self {
        Self {
            _current: set(inner),
            _handle: PhantomData,
        }
    }
}

impl fmt::Debug for EnterGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnterGuard").finish_non_exhaustive()
    }
}

/// There is no runtime on this thread; see [`Handle::try_current`].
///
/// # Examples
///
/// ```
/// let error = leno::runtime::Handle::try_current().unwrap_err();
/// assert!(error.is_missing_context());
/// assert!(error.to_string().contains("Handle::enter"), "it says what to do");
/// ```
#[derive(Debug)]
pub struct TryCurrentError(());

impl TryCurrentError {
    pub(super) fn new() -> Self {
        Self(())
    }

    /// True if no runtime has been entered on this thread.
    ///
    /// # Examples
    ///
    /// ```
    /// let missing = leno::runtime::Handle::try_current().is_err_and(|error| error.is_missing_context());
    /// assert!(missing, "no runtime was entered on this thread");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn is_missing_context(&self) -> bool {
        true
    }

    /// True if the thread is ending and its thread-locals are gone. leno's have no destructor, so this is never so.
    ///
    /// # Examples
    ///
    /// ```
    /// let error = leno::runtime::Handle::try_current().unwrap_err();
    /// assert!(!error.is_thread_local_destroyed());
    /// ```
    pub fn is_thread_local_destroyed(&self) -> bool {
        false
    }
}

impl fmt::Display for TryCurrentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NO_RUNTIME)
    }
}

impl std::error::Error for TryCurrentError {}
