//! Which process a reactor belongs to.
//!
//! A selector is not copied by a fork: the child's descriptor names the parent's. What the child took out of it there
//! would be gone for the parent, what it put in would wake the parent for ever, and an event that it fetched would never
//! reach the parent, as each is told once. So in a process that has inherited a reactor, that reactor is as good as
//! gone: nothing is registered, deregistered, woken or fetched.
//!
//! Processes are told apart by a number. The system's own costs a system call, so it is asked for only where there is
//! another one to be spared, or something irreparable to be done: by default a wait in an inherited reactor is not
//! noticed. Whoever has a number that costs nothing gives it to
//! [`Reactor::with_process_number`](crate::Reactor::with_process_number).

use crate::reactor::gone_with_the_fork;
use std::io;

/// The process in which a reactor was made.
#[derive(Debug)]
pub(crate) struct Origin {
    number: u32,
    of_this_process: fn() -> u32,
    costs_nothing: bool,
}

impl Origin {
    /// This process, as the system numbers it.
    pub(crate) fn here() -> Self {
        Self {
            number: std::process::id(),
            of_this_process: std::process::id,
            costs_nothing: false,
        }
    }

    /// This process, by a number that costs nothing.
    pub(crate) fn numbered(of_this_process: fn() -> u32) -> Self {
        Self {
            number: of_this_process(),
            of_this_process,
            costs_nothing: true,
        }
    }

    /// True in a process that has been forked from the reactor's.
    pub(crate) fn is_elsewhere(&self) -> bool {
        (self.of_this_process)() != self.number
    }

    /// An error where [`is_elsewhere`](Self::is_elsewhere) is true and asking costs nothing.
    #[inline]
    pub(crate) fn check(&self) -> io::Result<()> {
        if self.costs_nothing && self.is_elsewhere() {
            return Err(gone_with_the_fork());
        }
        Ok(())
    }
}
