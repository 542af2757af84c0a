//! Polling by hand: for tests that say when a future is polled, and need no runtime.

#![allow(dead_code, reason = "no test file uses all of it")]

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// A future, and whether it was woken since it was polled last.
pub struct Driven<F> {
    future: Pin<Box<F>>,
    woken: Arc<Woken>,
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

impl<F: Future> Driven<F> {
    pub fn new(future: F) -> Self {
        Self {
            future: Box::pin(future),
            woken: Arc::default(),
        }
    }

    pub fn poll(&mut self) -> Poll<F::Output> {
        self.woken.0.store(false, Ordering::Release);
        let waker = Waker::from(Arc::clone(&self.woken));
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    pub fn is_woken(&self) -> bool {
        self.woken.0.load(Ordering::Acquire)
    }
}

/// Polls until ready. Nobody else is there to wake the future, so it has to wake itself.
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut driven = Driven::new(future);
    loop {
        if let Poll::Ready(output) = driven.poll() {
            return output;
        }
        assert!(driven.is_woken(), "pending, and nobody will wake it");
    }
}

/// Pending once.
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A place for one value that a future waits for.
pub struct Gate<T>(Rc<Cell<Option<T>>>, Rc<Cell<Option<Waker>>>);

impl<T> Gate<T> {
    pub fn new() -> Self {
        Self(Rc::default(), Rc::default())
    }

    pub fn open(&self, value: T) {
        self.0.set(Some(value));
        if let Some(waker) = self.1.take() {
            waker.wake();
        }
    }

    pub fn wait(&self) -> impl Future<Output = T> + Unpin + use<T> {
        let (value, waker) = (Rc::clone(&self.0), Rc::clone(&self.1));
        poll_fn(move |cx| match value.take() {
            Some(value) => Poll::Ready(value),
            None => {
                waker.set(Some(cx.waker().clone()));
                Poll::Pending
            }
        })
    }
}
