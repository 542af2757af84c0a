//! The reactor of a runtime, and the right to turn it.
//!
//! One reactor for all workers of a pool: an idle worker that gets the lock waits in it, the others on their
//! condition variables. Holding the lock is the right to turn. The wakers that a turn calls run under that lock,
//! which is sound as nobody ever waits for it: everyone tries, and goes elsewhere.
//!
//! # The alarm
//!
//! A turn that waits for a deadline sets the reactor's alarm and waits without a timeout. Setting it is a system call,
//! and most deadlines are taken back before they come. So the alarm is left alone if it is set for something earlier,
//! however obsolete: `Turn::wait` may end too early, and its caller looks and waits again. By then the alarm has gone
//! off, and is set for what is really next.
//!
//! Whether it has gone off is told by the clock: it has if `set_for` has passed, and only then. That is why the clock
//! is read under the lock. An alarm that was still to come before the lock was taken may have ended somebody else's turn,
//! and nothing would end this one.

use crate::kernel::clock::Clock;
use crate::kernel::foreign;
use crate::prim::alarm::Alarm;
use crate::prim::atomic::{Note, Ordering};
use crate::prim::reactor::{self, Handle, Reactor};
use crate::prim::{CachePadded, Mutex, MutexGuard, turns};
use std::io;
use std::time::Duration;

/// A reactor, if IO is enabled.
#[derive(Debug)]
pub(crate) struct Driver {
    /// `None` without IO, and after the shutdown.
    reactor: CachePadded<Mutex<Option<Waiter>>>,
    /// How many events have been delivered. Written by who has the lock.
    events: Note,
    handle: Option<Handle>,
}

/// The reactor, and what ends its turns in time.
#[derive(Debug)]
struct Waiter {
    // Before the reactor, which it is registered with.
    /// `None` until it is needed, and if the system has none to give.
    alarm: Option<Alarm>,
    /// What the alarm was last set for, in real time. [`REFUSED`] if it cannot be set.
    set_for: u64,
    reactor: Reactor,
}

/// The value of `set_for` that says that there is no alarm, nor will be.
const REFUSED: u64 = u64::MAX;

/// The right to turn the reactor.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    guard: MutexGuard<'a, Option<Waiter>>,
    events: &'a Note,
}

impl Driver {
    /// Without a reactor there is no IO.
    pub(crate) fn new(reactor: Option<Reactor>) -> Self {
        Self {
            handle: reactor.as_ref().map(Reactor::handle),
            events: Note::new(0),
            reactor: CachePadded::new(Mutex::new(reactor.map(|reactor| Waiter {
                alarm: None,
                set_for: 0,
                reactor,
            }))),
        }
    }

    pub(crate) fn handle(&self) -> Option<&Handle> {
        self.handle.as_ref()
    }

    /// The right to turn, if there is a reactor and nobody has it.
    pub(crate) fn try_lock(&self) -> Option<Turn<'_>> {
        self.handle.as_ref()?;
        let guard = self.reactor.try_lock()?;
        guard.is_some().then_some(Turn {
            guard,
            events: &self.events,
        })
    }

    /// How many events have been delivered to those who wait for them.
    pub(crate) fn events(&self) -> u64 {
        // Ordering: Relaxed, a statistic.
        self.events.load(Ordering::Relaxed)
    }

    /// Ends the reactor: whoever waits for readiness gets an error.
    pub(crate) fn close(&self) {
        let reactor = self.reactor.lock().take();
        // It wakes whoever waits, and a waker may panic.
        foreign::call(|| drop(reactor));
    }
}

impl Turn<'_> {
    /// Waits for events until `clock` shows `deadline`, or less long, and wakes who waits for them.
    pub(crate) fn wait(&mut self, deadline: Option<u64>, clock: &Clock) {
        let timeout = deadline.and_then(|deadline| {
            let (now, deadline) = clock.real(deadline);
            if deadline <= now {
                return Some(Duration::ZERO);
            }
            let will_ring = self.waiter().set_alarm(now, deadline);
            (!will_ring).then(|| Duration::from_nanos(deadline - now))
        });
        self.turn(|reactor| reactor.turn(timeout));
    }

    /// Waits for events for `time`, or less long, and wakes who waits for them.
    pub(crate) fn wait_for(&mut self, time: Duration) {
        self.turn(|reactor| reactor.turn(Some(time)));
    }

    /// Looks for events without waiting, and wakes who waits for them.
    pub(crate) fn look(&mut self) {
        self.turn(|reactor| reactor.look());
    }

    fn turn(&mut self, turn: impl FnOnce(&mut Reactor) -> io::Result<reactor::Turn>) {
        // It fails if somebody has closed what is the reactor's, and in a child that was forked while a thread drove the
        // runtime, and has come back to it. Going on would spin, and a panic would be one thread's, while everything waits.
        match turn(&mut self.waiter().reactor) {
            Ok(turn) => {
                // Ordering: Relaxed, a statistic that only who has the lock writes.
                let events = self.events.load(Ordering::Relaxed) + turn.events as u64;
                self.events.store(events, Ordering::Relaxed);
            }
            Err(error) => {
                eprintln!(
                    "leno: the reactor cannot wait for events any more ({error}). Was its descriptor closed, or has a \
                     forked child gone on in its parent's loop?"
                );
                std::process::abort();
            }
        }
        turns::turned();
    }

    fn waiter(&mut self) -> &mut Waiter {
        match self.guard.as_mut() {
            Some(waiter) => waiter,
            None => unreachable!("checked when the right was given, and the lock is still held"),
        }
    }
}

impl Waiter {
    /// Makes sure that the alarm goes off by `deadline`, which is after `now`. False if there is no alarm.
    fn set_alarm(&mut self, now: u64, deadline: u64) -> bool {
        if self.set_for == REFUSED {
            return false;
        }
        if now < self.set_for && self.set_for <= deadline {
            return true;
        }
        if self.alarm.is_none() {
            self.alarm = Alarm::new(&self.reactor.handle());
        }
        let is_set = self.alarm.as_mut().is_some_and(|alarm| alarm.set(deadline));
        self.set_for = if is_set { deadline } else { REFUSED };
        is_set
    }
}
