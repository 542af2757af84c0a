//! Waiting for room of which no event tells, by trying again after a while.
//!
//! Linux says `EAGAIN` twice where it has no event to follow: a connect finds the listener's queue full, or a message finds
//! its receiver's queue full, to which the sender is not connected. (The sender itself has room, so it counts as writable,
//! and each attempt even makes an event that says so.) Whoever waits there tries again after a pause that grows from one
//! time to the next: it begins with what a receiver needs that is but busy, and ends where forty attempts a second cost
//! nothing to speak of, and nobody is kept waiting noticeably.
//!
//! The pause is a timerfd in the reactor that the socket is with, and not one of the runtime's timers: sockets may be used
//! where there are none, or where their clock stands still.

use crate::prim::descriptor::Descriptor;
use leno_reactor::{Direction, Handle, Interest, Io, is_reactor_gone};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// The first pause.
pub(in crate::net) const FIRST: Duration = Duration::from_micros(100);
/// The longest.
const LONGEST: Duration = Duration::from_micros(25_600);

const AT_ONCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};

/// Pauses, each twice as long as the last.
#[derive(Debug)]
pub(in crate::net) struct Pause {
    timer: Option<Io<Descriptor<OwnedFd>>>,
    length: Duration,
    /// The timer is set.
    is_set: bool,
}

impl Pause {
    /// Costs nothing until it is waited for.
    pub(in crate::net) const fn new() -> Self {
        Self::lasting(FIRST)
    }

    /// As [`new`](Self::new), with a first pause of another length.
    pub(in crate::net) const fn lasting(length: Duration) -> Self {
        Self {
            timer: None,
            length,
            is_set: false,
        }
    }

    /// Waits for the end of the pause that is under way, or begins one.
    ///
    /// Without a descriptor for the timer it lets the other tasks have their turn, and that is all.
    pub(in crate::net) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        reactor: &Handle,
    ) -> Poll<io::Result<()>> {
        if !self.is_set {
            self.is_set = true;
            match self.set(reactor) {
                Err(error) if is_reactor_gone(&error) => return Poll::Ready(Err(error)),
                Err(_) => {
                    self.timer = None;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Ok(()) => {}
            }
        }
        if let Some(timer) = &self.timer {
            ready!(timer.poll_ready(cx, Direction::Read))?;
        }
        self.is_set = false;
        Poll::Ready(Ok(()))
    }

    fn set(&mut self, reactor: &Handle) -> io::Result<()> {
        let timer = match &mut self.timer {
            Some(timer) => timer,
            none => {
                let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
                let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
                none.insert(reactor.register(Descriptor(timer), Interest::READABLE)?)
            }
        };
        // The last time's event. Setting the timer makes it unreadable.
        timer.clear_blocked(timer.ready_event(Interest::READABLE), Interest::READABLE);
        let once = Itimerspec {
            it_interval: AT_ONCE,
            it_value: Timespec {
                tv_sec: 0,
                // Less than a second, but not 0, which would disarm it.
                tv_nsec: i64::from(self.length.subsec_nanos().max(1)),
            },
        };
        timerfd_settime(&timer.get_ref().0, TimerfdTimerFlags::empty(), &once)?;
        self.length = longer(self.length);
        Ok(())
    }
}

/// The pause after one of this length.
pub(in crate::net) fn longer(length: Duration) -> Duration {
    (2 * length).min(LONGEST)
}

/// True if a connect has failed because the listener's queue is full.
pub(in crate::net) fn is_full(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// True if a socket has room, so that a message that it could not send has found its receiver's queue full.
pub(in crate::net) fn has_room(socket: &impl AsFd) -> bool {
    let mut asked = [PollFd::new(socket, PollFlags::OUT)];
    match poll(&mut asked, Some(&AT_ONCE)) {
        Ok(_) => asked[0].revents().contains(PollFlags::OUT),
        Err(_) => false,
    }
}
