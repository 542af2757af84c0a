//! The reactor of a runtime, and the right to turn it.
//!
//! One reactor for all workers of a pool: an idle worker that gets the lock waits in it, the others on their
//! condition variables. Holding the lock is the right to turn. The wakers that a turn calls run under that lock,
//! which is sound as nobody ever waits for it: everyone tries, and goes elsewhere.

use crate::prim::reactor::{Handle, Reactor};
use crate::prim::{CachePadded, Mutex, MutexGuard};
use std::io;
use std::time::Duration;

/// A reactor, if IO is enabled.
#[derive(Debug)]
pub(crate) struct Driver {
    /// `None` without IO, and after the shutdown.
    reactor: CachePadded<Mutex<Option<Reactor>>>,
    handle: Option<Handle>,
}

/// The right to turn the reactor.
#[derive(Debug)]
pub(crate) struct Turn<'a>(MutexGuard<'a, Option<Reactor>>);

impl Driver {
    pub(crate) fn new(io: bool) -> io::Result<Self> {
        let reactor = if io { Some(Reactor::new()?) } else { None };
        Ok(Self {
            handle: reactor.as_ref().map(Reactor::handle),
            reactor: CachePadded::new(Mutex::new(reactor)),
        })
    }

    pub(crate) fn handle(&self) -> Option<&Handle> {
        self.handle.as_ref()
    }

    /// The right to turn, if there is a reactor and nobody has it.
    pub(crate) fn try_lock(&self) -> Option<Turn<'_>> {
        self.handle.as_ref()?;
        let guard = self.reactor.try_lock()?;
        guard.is_some().then_some(Turn(guard))
    }

    /// Ends the reactor: whoever waits for readiness gets an error.
    pub(crate) fn close(&self) {
        let reactor = self.reactor.lock().take();
        drop(reactor);
    }
}

impl Turn<'_> {
    /// Waits for events at most as long as `timeout`, and wakes who waits for them.
    pub(crate) fn turn(&mut self, timeout: Option<Duration>) {
        let Some(reactor) = self.0.as_mut() else {
            unreachable!("checked when the right was given, and the lock is still held");
        };
        // Only a bad descriptor makes the system's call fail: somebody has closed what is the reactor's. Going on would
        // spin, and a panic would be one thread's, while everything waits.
        if let Err(error) = reactor.turn(timeout) {
            eprintln!(
                "leno: the reactor cannot wait for events any more ({error}): was its descriptor closed?"
            );
            std::process::abort();
        }
    }
}
