//! What the tests of timers share.
#![allow(dead_code)]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use leno::runtime::Builder;

/// Runs a future in a current-thread runtime whose clock begins paused.
pub fn paused<F: Future>(future: F) -> F::Output {
    Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(future)
}

/// Runs a future in a current-thread runtime with a running clock.
pub fn running<F: Future>(future: F) -> F::Output {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

pub fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub fn us(microseconds: u64) -> Duration {
    Duration::from_micros(microseconds)
}

/// A waker that counts how often it was woken.
#[derive(Debug, Default)]
pub struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Bell {
    pub fn new() -> (Arc<Self>, Waker) {
        let bell = Arc::new(Self::default());
        (bell.clone(), bell.into())
    }

    pub fn rung(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// Polls once, for a task that is never woken.
pub fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    poll_with(future, Waker::noop())
}

/// Polls once.
pub fn poll_with<F: Future>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

/// The text of the panic that `f` ends with, and the file that it is blamed on.
pub fn panic_of<R>(f: impl FnOnce() -> R) -> (String, String) {
    use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
    use std::sync::Mutex;
    // The hook is the process's: one test after the other.
    static HOOK: Mutex<()> = Mutex::new(());
    let _one = HOOK.lock().unwrap_or_else(|error| error.into_inner());

    let file = Arc::new(Mutex::new(String::new()));
    let this_thread = std::thread::current().id();
    let previous = Arc::new(take_hook());
    set_hook(Box::new({
        let (file, previous) = (file.clone(), previous.clone());
        move |info| {
            if std::thread::current().id() != this_thread {
                return previous(info);
            }
            if let Some(location) = info.location() {
                *file.lock().unwrap() = location.file().to_owned();
            }
        }
    }));
    let result = catch_unwind(AssertUnwindSafe(f));
    drop(take_hook());
    set_hook(Box::new(move |info| previous(info)));

    let payload = result.err().expect("it should have panicked");
    let text = payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(|text| text.to_string()))
        .expect("a panic with a text");
    let file = file.lock().unwrap().clone();
    (text, file)
}
