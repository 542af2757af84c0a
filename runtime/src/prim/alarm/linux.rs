//! A timerfd that a reactor waits for, and the timer slack of a thread.
//!
//! The timerfd is registered edge-triggered and never read: that it is still readable from last time does not matter, as
//! each expiration is a new event, and setting it anew forgets the last.

use crate::prim::clock::BEFORE_BOOT;
use crate::prim::descriptor::Descriptor;
use crate::prim::process;
use leno_reactor::{Handle, Interest, Io};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

/// Ends a turn of a reactor at a given moment.
#[derive(Debug)]
pub(crate) struct Alarm {
    timer: Io<Descriptor<TimerFd>>,
    /// The [number](process::number) of the process whose it is. A forked child has the same timer, not another.
    origin: u32,
}

impl Alarm {
    /// `None` if the system refuses.
    pub(crate) fn new(reactor: &Handle) -> Option<Self> {
        let timer = reactor.register(Descriptor(TimerFd::new().ok()?), Interest::READABLE);
        timer.ok().map(|timer| Self {
            timer,
            origin: process::number(),
        })
    }

    /// Goes off at `moment` (as [`now`](crate::prim::now) counts), and at no other: what it was set for before is
    /// forgotten. False if that cannot be.
    pub(crate) fn set(&mut self, moment: u64) -> bool {
        process::number() == self.origin && self.timer.get_ref().0.set(moment).is_ok()
    }
}

#[derive(Debug)]
struct TimerFd(OwnedFd);

impl AsRawFd for TimerFd {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl TimerFd {
    fn new() -> io::Result<Self> {
        let flags = libc::TFD_NONBLOCK | libc::TFD_CLOEXEC;
        // SAFETY: takes no pointers.
        let fd = unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, flags) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: just made, and nobody else knows it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    fn set(&self, moment: u64) -> io::Result<()> {
        // 0 would disarm it.
        let moment = moment.saturating_sub(BEFORE_BOOT).max(1);
        let once = libc::itimerspec {
            it_interval: libc::timespec {
                tv_sec: 0,
                tv_nsec: 0,
            },
            it_value: libc::timespec {
                tv_sec: (moment / 1_000_000_000)
                    .try_into()
                    .unwrap_or(libc::time_t::MAX),
                // Below a billion, which every type for it can hold.
                tv_nsec: (moment % 1_000_000_000) as _,
            },
        };
        let absolute = libc::TFD_TIMER_ABSTIME;
        // SAFETY: the descriptor is open as long as `self` is, `once` can be read, and the old value is not asked for.
        let result = unsafe {
            libc::timerfd_settime(
                self.0.as_raw_fd(),
                absolute,
                &raw const once,
                ptr::null_mut(),
            )
        };
        if result < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }
}

/// Calls `wait`, which waits for a time, with as little of the system's own delay as possible (50 µs are usual).
///
/// The thread's slack is put back afterwards, since threads and processes that it starts inherit it.
pub(crate) fn finely<R>(wait: impl FnOnce() -> R) -> R {
    struct Restore(libc::c_ulong);
    impl Drop for Restore {
        fn drop(&mut self) {
            set_slack(self.0);
        }
    }
    // SAFETY: takes no pointers.
    let slack = unsafe { libc::prctl(libc::PR_GET_TIMERSLACK) };
    // An error, or a slack of hours that does not fit, is left alone; 0 there means the default.
    let _restore = match libc::c_ulong::try_from(slack) {
        Ok(slack) if slack > 1 => {
            set_slack(1);
            Some(Restore(slack))
        }
        _ => None,
    };
    wait()
}

fn set_slack(nanoseconds: libc::c_ulong) {
    // SAFETY: takes no pointers. It cannot fail; and if it did, waits would be less exact.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, nanoseconds) };
}
