//! A stand-in for the reactor: it has no sources, only the waker that ends a turn.

use loom::sync::{Arc, Condvar, Mutex};
use std::io;
use std::time::Duration;

#[derive(Debug, Default)]
struct Shared {
    woken: Mutex<bool>,
    condvar: Condvar,
}

#[derive(Debug)]
pub(crate) struct Reactor(Arc<Shared>);

#[derive(Debug, Clone)]
pub(crate) struct Handle(Arc<Shared>);

impl Reactor {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(Arc::new(Shared::default())))
    }

    pub(crate) fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.0))
    }

    /// Waits for a wake, unless the timeout is zero. (loom has no time, so any other is for ever.)
    pub(crate) fn turn(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        let mut woken = self.0.woken.lock().unwrap();
        while !*woken && timeout != Some(Duration::ZERO) {
            woken = self.0.condvar.wait(woken).unwrap();
        }
        *woken = false;
        Ok(())
    }
}

impl Handle {
    pub(crate) fn wake(&self) -> io::Result<()> {
        *self.0.woken.lock().unwrap() = true;
        self.0.condvar.notify_one();
        Ok(())
    }
}
