//! Waiting for room of which no event tells, by trying again after a while.
//!
//! Linux says `EAGAIN` twice where it has no event to follow: a connect finds the listener's queue full, or a message finds
//! its receiver's queue full, to which the sender is not connected. (The sender itself has room, so it counts as writable,
//! and each attempt even makes an event that says so.) Whoever waits there tries again after a pause that grows from one
//! time to the next: it begins with what a receiver needs that is but busy, and ends where forty attempts a second cost
//! nothing to speak of, and nobody is kept waiting noticeably.
//!
//! A [thread](waits) tells when a pause is over, and not one of the runtime's timers: sockets may be used where there are none,
//! or where their clock stands still. It needs no descriptor, however many wait, and when there are none left.

mod waits;

use crate::prim::system::{Polled, poll};
use leno_reactor::Handle;
use std::io;
use std::os::fd::AsFd;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use waits::Wait;

/// The first pause.
pub(in crate::net) const FIRST: Duration = Duration::from_micros(100);
/// The longest.
const LONGEST: Duration = Duration::from_micros(25_600);

/// Pauses, each twice as long as the last.
#[derive(Debug)]
pub(in crate::net) struct Pause {
    wait: Option<Wait>,
    length: Duration,
}

impl Pause {
    /// Costs nothing until it is waited for.
    pub(in crate::net) const fn new() -> Self {
        Self::lasting(FIRST)
    }

    /// As [`new`](Self::new), with a first pause of another length.
    pub(in crate::net) const fn lasting(length: Duration) -> Self {
        Self { wait: None, length }
    }

    /// Waits for the end of the pause that is under way, or begins one.
    ///
    /// It is an error if the reactor is gone (which is noticed at the end of a pause at the latest), or the system has no
    /// thread.
    #[inline]
    pub(in crate::net) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        reactor: &Handle,
    ) -> Poll<io::Result<()>> {
        if let Err(gone) = reactor.check() {
            return Poll::Ready(Err(gone));
        }
        if let Some(wait) = &self.wait {
            if !wait.is_over(cx.waker()) {
                return Poll::Pending;
            }
            self.wait = None;
            return Poll::Ready(Ok(()));
        }
        // What is waited for takes real time, as traffic does.
        reactor.note_try();
        let wait = Wait::until(Instant::now() + self.length, cx.waker());
        self.length = longer(self.length);
        match wait {
            Ok(wait) => self.wait = Some(wait),
            Err(error) => return Poll::Ready(Err(error)),
        }
        Poll::Pending
    }
}

/// The pause after one of this length.
#[inline]
pub(in crate::net) fn longer(length: Duration) -> Duration {
    (2 * length).min(LONGEST)
}

/// True if a connect has failed because the listener's queue is full.
#[inline]
pub(in crate::net) fn is_full(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// True if a socket has room, so that a message that it could not send has found its receiver's queue full.
pub(in crate::net) fn has_room(socket: &impl AsFd) -> bool {
    let mut asked = [Polled::new(socket, libc::POLLOUT)];
    poll(&mut asked, Some(Duration::ZERO)).is_ok() && asked[0].found() & libc::POLLOUT != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixDatagram;

    #[test]
    fn a_socket_has_room_until_it_is_full() {
        let (sender, receiver) = UnixDatagram::pair().unwrap();
        sender.set_nonblocking(true).unwrap();
        assert!(has_room(&sender));
        while sender.send(b"message").is_ok() {}
        assert!(!has_room(&sender));
        while !has_room(&sender) {
            assert_eq!(receiver.recv(&mut [0; 8]).unwrap(), 7);
        }
    }

    #[test]
    fn each_pause_is_twice_as_long_as_the_last() {
        assert_eq!(longer(FIRST), 2 * FIRST);
        assert_eq!(longer(LONGEST), LONGEST);
    }
}
