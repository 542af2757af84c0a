//! Futures that cannot do without a runtime, and that say at whose line it is missing.
//!
//! What an `async fn` needs is known when it is polled, and may well be there by then: `runtime.block_on(connect(…))` calls it
//! outside. But the line of a panic is that of a caller, and the body of an `async fn` has none. So these are functions that
//! return such a future: its `poll` has the `.await` for its caller, looks whether all is there, and panics otherwise. Where it
//! is not awaited but polled by others, as a task is, the text has the line of the call.

use super::current::{self, Need};
use pin_project_lite::pin_project;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

pin_project! {
    /// A future that is polled only where there is what it needs.
    #[must_use = "futures do nothing unless they are awaited"]
    #[derive(Debug)]
    pub(crate) struct Required<F> {
        #[pin]
        future: F,
        need: Need,
        call: &'static Location<'static>,
    }
}

/// Has `future` panic at the line of its `.await` if what it needs is missing there.
#[track_caller]
pub(crate) fn required<F: Future>(need: Need, future: F) -> Required<F> {
    Required {
        future,
        need,
        call: Location::caller(),
    }
}

impl<F: Future> Future for Required<F> {
    type Output = F::Output;

    #[inline]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        if let Some(text) = current::missing(self.need) {
            refuse(text, self.call);
        }
        let this = self.project();
        // What has begun goes on with what it has found there, wherever it is polled.
        *this.need = Need::Nothing;
        this.future.poll(cx)
    }
}

#[cold]
#[track_caller]
fn refuse(text: &str, call: &Location<'_>) -> ! {
    if Location::caller().file() == call.file() {
        panic!("{text}");
    }
    panic!("{text} (It was called at {call}.)");
}
