//! A call of an async function that knows where it was called, and whether anybody has awaited it.

use crate::introspection;
use crate::kernel::cancel_safe::CancelSafe;
use crate::kernel::findings::Finding;
use crate::kernel::here;
use crate::macros::abandoned::{Abandoned, abandoned};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

pin_project! {
    /// What a call of a function with the attribute [`#[leno::coroutine]`](macro@crate::coroutine) returns: a future.
    ///
    /// It does nothing until it is awaited, or spawned. If it is dropped before that, what the function was called for has not
    /// been done, so it is [reported](crate::diagnostics), with the place of the call. Not if somebody has
    /// [discarded](Self::discard) it, and not where it is given up for a reason: with a task that is cancelled, with what
    /// [`select!`](crate::select), [`join!`](crate::join) or [`try_join!`](crate::try_join) does not need any more, with another
    /// coroutine that has begun, or by who unwinds.
    ///
    /// It is `Send`, `Sync` and `Unpin` where the future of the function is, and 24 bytes larger. A poll costs two stores more.
    ///
    /// # What it cannot see
    ///
    /// An `async fn` without the attribute makes a future of the compiler's own, and no stable Rust sees that it is dropped. The
    /// lint `unused_must_use`, which is on, finds calls whose value is not used; `clippy::let_underscore_future` finds
    /// `let _ = send();`. A future without the attribute that has begun, holds coroutines which it has still to await, and is dropped
    /// by something else than the above, takes these along: they are reported, though it is not their fault.
    ///
    /// # Cancel safety
    ///
    /// As that of its future, which is that of the function.
    ///
    /// # Example
    ///
    /// ```
    /// #[leno::coroutine]
    /// async fn greet(name: &str) -> String {
    ///     format!("hello {name}")
    /// }
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let coroutine = greet("world");
    /// assert_eq!(coroutine.name(), "greet");
    /// assert_eq!(coroutine.called_at().file(), file!());
    /// assert_eq!(coroutine.await, "hello world");
    /// # });
    /// ```
    #[must_use = "a coroutine does nothing until it is awaited or spawned"]
    pub struct Coroutine<F> {
        // Dropped first.
        call: Call,
        #[pin]
        future: Abandoned<F>,
    }
}

/// The call, and how far it has come.
struct Call {
    name: &'static &'static str,
    place: &'static Location<'static>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nobody has polled it.
    Created,
    Suspended,
    /// It is being polled, or has panicked.
    Running,
    Done,
}

/// What the attribute makes of a function's call.
#[inline]
#[track_caller]
pub fn coroutine<F: Future>(name: &'static &'static str, future: F) -> Coroutine<F> {
    Coroutine {
        call: Call {
            name,
            place: Location::caller(),
            state: State::Created,
        },
        future: abandoned(future),
    }
}

impl<F> Coroutine<F> {
    /// The name of the function: `send`, or `Mail::send` if the attribute stands before the `impl` block.
    pub fn name(&self) -> &'static str {
        self.call.name
    }

    /// Where the function was called.
    pub fn called_at(&self) -> &'static Location<'static> {
        self.call.place
    }

    /// Drops the coroutine, and says that it need not be awaited: nothing is reported.
    ///
    /// ```
    /// # #[leno::coroutine]
    /// # async fn refill() {}
    /// # let is_full = true;
    /// let refill = refill();
    /// if is_full {
    ///     refill.discard();
    /// }
    /// ```
    pub fn discard(mut self) {
        self.call.state = State::Done;
    }
}

impl<F: Future> Future for Coroutine<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.call.state = State::Running;
        let polled = this.future.pinned().poll(cx);
        this.call.state = match polled {
            Poll::Ready(_) => State::Done,
            Poll::Pending => State::Suspended,
        };
        polled
    }
}

impl<F: CancelSafe> CancelSafe for Coroutine<F> {}

impl Drop for Call {
    #[inline]
    fn drop(&mut self) {
        if self.state == State::Created {
            self.never_awaited();
        }
    }
}

impl Call {
    #[cold]
    fn never_awaited(&self) {
        let is_given_up = here::with(|here| here.abandons.get() || here.drops.get());
        if !is_given_up && !std::thread::panicking() {
            introspection::tell_here(
                |wanted| wanted.never_awaited,
                Finding::NeverAwaited {
                    name: self.name,
                    place: self.place,
                },
            );
        }
    }
}

impl<F> fmt::Debug for Coroutine<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.call.state {
            State::Created => "created",
            State::Suspended => "suspended",
            State::Running => "running",
            State::Done => "done",
        };
        f.debug_struct("Coroutine")
            .field("name", &self.name())
            .field("called_at", &format_args!("{}", self.called_at()))
            .field("state", &format_args!("{state}"))
            .finish()
    }
}
