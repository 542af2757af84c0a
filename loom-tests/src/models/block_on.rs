//! Polls a future on a model's thread.

use loom::sync::Notify;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

struct Unpark(Notify);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.notify();
    }
}

/// Polls `future` whenever it is woken; loom reports a deadlock if it is never woken.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    // Not `thread::park`: a late unpark would disturb loom's `join`.
    let seat = Arc::new(Unpark(Notify::new()));
    let waker = Waker::from(seat.clone());
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return output,
            Poll::Pending => seat.0.wait(),
        }
    }
}
