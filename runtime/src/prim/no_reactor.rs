//! There is no reactor in a build without features that wait for the system's events: a runtime waits by condition variables.
//!
//! The types have no values, so whatever is done with one is never compiled to code.

use std::io;
use std::time::Duration;

/// There is none.
#[derive(Debug)]
pub(crate) enum Reactor {}

/// Refers to one, of which there is none.
#[derive(Debug, Clone)]
pub(crate) enum Handle {}

/// What a turn has brought.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) events: usize,
}

/// No error comes from a reactor.
pub(crate) fn is_reactor_gone(_: &io::Error) -> bool {
    false
}

impl Handle {
    pub(crate) fn count_tries(&self) {
        match *self {}
    }

    pub(crate) fn tries(&self) -> u64 {
        match *self {}
    }

    pub(crate) fn wake(&self) -> io::Result<()> {
        match *self {}
    }
}

impl Reactor {
    pub(crate) fn with_process_number(
        _turn: usize,
        _look: usize,
        _number: fn() -> u32,
    ) -> io::Result<Self> {
        // Nobody can ask a builder for one.
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn handle(&self) -> Handle {
        match *self {}
    }

    pub(crate) fn turn(&mut self, _timeout: Option<Duration>) -> io::Result<Turn> {
        match *self {}
    }

    pub(crate) fn look(&mut self) -> io::Result<Turn> {
        match *self {}
    }
}
