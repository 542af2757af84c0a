//! Where a worker sleeps. (A stand-in: the scheduler brings the real one.)

use crate::prim::{Condvar, Mutex};

#[derive(Debug)]
pub(crate) struct Seat {
    poked: Mutex<bool>,
    changed: Condvar,
}

impl Seat {
    pub(crate) fn new() -> Self {
        Self {
            poked: Mutex::new(false),
            changed: Condvar::new(),
        }
    }

    /// Makes the owner return from its sleep, or not begin the next one.
    pub(crate) fn poke(&self) {
        *self.poked.lock() = true;
        self.changed.notify_one();
    }

    /// Sleeps until poked.
    pub(crate) fn wait(&self) {
        let mut poked = self.poked.lock();
        while !*poked {
            poked = self.changed.wait(poked);
        }
        *poked = false;
    }
}
