//! A stand-in for the reactor: it has no sources, only the waker that ends a turn, and the alarm.
//!
//! Time stands still while anybody has something to do. A turn that would wait, with nothing to end it but its alarm, lets
//! the clock leap to when that goes off, after all who can go on have had the opportunity.

use loom::sync::{Arc, Condvar, Mutex};
use std::cell::Cell;
use std::io;
use std::time::Duration;

thread_local! {
    /// What the clock shows. No object of loom's, so it costs no interleavings; all threads of a model are on one.
    static TIME: Cell<u64> = const { Cell::new(0) };
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    condvar: Condvar,
}

#[derive(Debug, Default)]
struct State {
    woken: bool,
    /// When the alarm will go off. Once it has, a turn has to take note before it is set again, or never does.
    alarm: Option<u64>,
}

#[derive(Debug)]
pub(crate) struct Reactor(Arc<Shared>);

#[derive(Debug, Clone)]
pub(crate) struct Handle(Arc<Shared>);

#[derive(Debug)]
pub(crate) struct Alarm(Arc<Shared>);

/// What a turn has done.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) events: usize,
}

/// Begins an execution of a model.
pub(crate) fn reset_time() {
    TIME.set(0);
}

/// The clock leaps: the system had other things to do.
pub(crate) fn pass(time: u64) {
    TIME.set(now() + time);
}

pub(crate) fn now() -> u64 {
    TIME.get()
}

impl Reactor {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(Arc::new(Shared::default())))
    }

    pub(crate) fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.0))
    }

    /// Waits for a wake or the alarm, unless the timeout is zero. (Any other timeout is for ever.)
    pub(crate) fn turn(&mut self, timeout: Option<Duration>) -> io::Result<Turn> {
        let mut state = self.0.state.lock().unwrap();
        let mut others_went_on = false;
        while !state.woken && timeout != Some(Duration::ZERO) {
            match state.alarm {
                None => state = self.0.condvar.wait(state).unwrap(),
                Some(moment) if others_went_on || moment <= now() => {
                    TIME.set(now().max(moment));
                    break;
                }
                Some(_) => {
                    drop(state);
                    loom::thread::yield_now();
                    others_went_on = true;
                    state = self.0.state.lock().unwrap();
                }
            }
        }
        state.woken = false;
        // The event is told once.
        state.alarm = state.alarm.filter(|&moment| moment > now());
        Ok(Turn { events: 0 })
    }
}

impl Reactor {
    /// A turn that does not wait.
    pub(crate) fn look(&mut self) -> io::Result<Turn> {
        self.turn(Some(Duration::ZERO))
    }
}

impl Handle {
    pub(crate) fn wake(&self) -> io::Result<()> {
        self.0.state.lock().unwrap().woken = true;
        self.0.condvar.notify_one();
        Ok(())
    }

    pub(crate) fn count_tries(&self) {}

    /// There are no sources.
    pub(crate) fn tries(&self) -> u64 {
        0
    }
}

impl Alarm {
    pub(crate) fn new(reactor: &Handle) -> Option<Self> {
        Some(Self(Arc::clone(&reactor.0)))
    }

    pub(crate) fn set(&mut self, moment: u64) -> bool {
        self.0.state.lock().unwrap().alarm = Some(moment);
        true
    }
}
