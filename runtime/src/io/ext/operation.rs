//! The future that every extension method returns.

use pin_project_lite::pin_project;
use std::future::Future;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll};

/// What an operation does each time it is polled.
pub trait Step {
    /// What it ends with.
    type Output;

    /// Goes on as far as possible.
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<Self::Output>;
}

pin_project! {
    /// An operation on a stream, as a future.
    ///
    /// Not `Unpin`, although it could be: so an extension method can become an `async fn` without breaking
    /// anybody.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Operation<S> {
        step: S,
        #[pin]
        pinned: PhantomPinned,
    }
}

impl<S: Step> Operation<S> {
    pub(in crate::io) fn new(step: S) -> Self {
        Self {
            step,
            pinned: PhantomPinned,
        }
    }
}

impl<S: Step> Future for Operation<S> {
    type Output = S::Output;

    #[inline]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<S::Output> {
        self.project().step.step(cx)
    }
}
