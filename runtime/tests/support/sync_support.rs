//! Polling by hand, for the tests of `leno::sync`, which need no runtime.
#![allow(dead_code)]

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

#[derive(Debug)]
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls a future on this thread until it is ready.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// A waker that counts how often it is woken.
#[derive(Debug, Default)]
pub struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Count {
    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// A future that is polled when the test says so.
#[derive(Debug)]
pub struct Manual<F> {
    future: Pin<Box<F>>,
    wakes: Arc<Count>,
}

pub fn manual<F: Future>(future: F) -> Manual<F> {
    Manual {
        future: Box::pin(future),
        wakes: Arc::default(),
    }
}

impl<F: Future> Manual<F> {
    pub fn poll(&mut self) -> Poll<F::Output> {
        let waker = Waker::from(self.wakes.clone());
        self.poll_with(&waker)
    }

    pub fn poll_with(&mut self, waker: &Waker) -> Poll<F::Output> {
        self.future.as_mut().poll(&mut Context::from_waker(waker))
    }

    /// Polls a future that must be ready.
    #[track_caller]
    pub fn ready(&mut self) -> F::Output {
        match self.poll() {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("still pending"),
        }
    }

    /// Polls a future that must not be ready.
    #[track_caller]
    pub fn pending(&mut self) {
        assert!(self.poll().is_pending(), "already ready");
    }

    pub fn wakes(&self) -> usize {
        self.wakes.get()
    }

    pub fn is_woken(&self) -> bool {
        self.wakes() != 0
    }

    pub fn future(&mut self) -> Pin<&mut F> {
        self.future.as_mut()
    }
}

struct PanicOnWake;

impl Wake for PanicOnWake {
    fn wake(self: Arc<Self>) {
        panic!("this waker panics");
    }
}

/// A waker that panics when it is woken.
pub fn panicking_waker() -> Waker {
    Waker::from(Arc::new(PanicOnWake))
}

/// Runs `f`, which must panic, and returns the panic's text.
pub fn panic_text(f: impl FnOnce()) -> String {
    let payload = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f))
        .expect_err("it was expected to panic");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload
            .downcast_ref::<&str>()
            .map_or_else(String::new, |text| (*text).to_owned()),
    }
}

/// Counts its drops.
#[derive(Debug, Clone)]
pub struct CountDrops(pub Arc<AtomicUsize>);

impl CountDrops {
    pub fn new() -> Self {
        Self(Arc::default())
    }
}

impl Drop for CountDrops {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
