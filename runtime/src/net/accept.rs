//! Waiting for a connection, and making it a stream of the runtime that is there when it comes.
//!
//! The future of `accept` is a type of its own: a runtime that is missing is then missing at the line of the `.await`, which an
//! `async fn` does not know.

use crate::kernel::cancel_safe::CancelSafe;
use pin_project_lite::pin_project;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// What `accept` returns: a stream, and who is at its other end.
pub(super) trait Accepted: Sized {
    /// The same, as the system has it.
    type Raw;

    /// Registers the stream with the current runtime's reactor; panics without one.
    fn register(raw: Self::Raw) -> io::Result<Self>;
}

pin_project! {
    /// A future of `accept`.
    pub(super) struct Accept<F, A> {
        #[pin]
        raw: F,
        accepted: PhantomData<fn() -> A>,
    }
}

/// Makes a stream of what `raw` ends with.
pub(super) fn accept<A: Accepted, F: Future<Output = io::Result<A::Raw>>>(raw: F) -> Accept<F, A> {
    Accept {
        raw,
        accepted: PhantomData,
    }
}

impl<F, A> Future for Accept<F, A>
where
    A: Accepted,
    F: Future<Output = io::Result<A::Raw>>,
{
    type Output = io::Result<A>;

    #[inline]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<A>> {
        let raw = ready!(self.project().raw.poll(cx))?;
        Poll::Ready(A::register(raw))
    }
}

impl<F, A> CancelSafe for Accept<F, A>
where
    A: Accepted,
    F: Future<Output = io::Result<A::Raw>>,
{
}
