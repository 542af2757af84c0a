//! What the system takes: its calls, its wakes and its timers.

use super::threads::Waking;
use super::{Effort, median};
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::OwnedFd;
use rustix::thread::futex;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

const MILLISECOND: i64 = 1_000_000;

pub(super) fn call(effort: &Effort) -> Option<f64> {
    Some(effort.per_operation(200_000, || {
        black_box(rustix::process::getppid());
    }))
}

/// An eventfd in an epoll instance of its own, level-triggered.
fn watched_eventfd() -> Option<(OwnedFd, OwnedFd)> {
    let event = eventfd(0, EventfdFlags::NONBLOCK).ok()?;
    let poll = epoll::create(CreateFlags::empty()).ok()?;
    epoll::add(&poll, &event, EventData::new_u64(0), EventFlags::IN).ok()?;
    Some((event, poll))
}

/// One look, or one wait without a limit; the number of events.
fn wait(poll: &OwnedFd, limit: Option<&Timespec>) -> usize {
    let mut events = [Event {
        flags: EventFlags::empty(),
        data: EventData::new_u64(0),
    }];
    // A signal that interrupts it is no event.
    epoll::wait(poll, &mut events, limit).unwrap_or(0)
}

const NO_WAIT: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};

pub(super) fn epoll_wait(effort: &Effort, ready: bool) -> Option<f64> {
    let (event, poll) = watched_eventfd()?;
    if ready {
        rustix::io::write(&event, &1_u64.to_ne_bytes()).ok()?;
    }
    assert_eq!(wait(&poll, Some(&NO_WAIT)), usize::from(ready));
    Some(effort.per_operation(100_000, || {
        black_box(wait(&poll, Some(&NO_WAIT)));
    }))
}

pub(super) fn eventfd_wake(effort: &Effort, waker: usize, sleeper: usize) -> Option<f64> {
    let (event, poll) = watched_eventfd()?;
    let event = &event;
    Waking {
        processors: (waker, sleeper),
        sleep: move |_| {
            wait(&poll, None);
            // So that the next wait waits; nothing is there if a signal ended the wait.
            let _ = rustix::io::read(event, &mut [0; 8]);
        },
        wake: |_, _| {
            rustix::io::write(event, &1_u64.to_ne_bytes()).expect("the counter has room");
        },
        call: false,
    }
    .measure(effort)
}

pub(super) fn futex_wake(effort: &Effort) -> Option<f64> {
    let word = AtomicU32::new(0);
    let word = &word;
    Waking {
        processors: (0, 1),
        sleep: move |wake| {
            // Fails at once if the word has changed, which is what is waited for.
            let _ = futex::wait(word, futex::Flags::PRIVATE, wake as u32 - 1, None);
        },
        wake: move |_, wake| {
            word.store(wake as u32, Ordering::Release);
            futex::wake(word, futex::Flags::PRIVATE, 1).expect("the word is there");
        },
        call: true,
    }
    .measure(effort)
}

pub(super) fn timer_lateness(effort: &Effort) -> Option<f64> {
    let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::empty()).ok()?;
    let spec = Itimerspec {
        it_interval: NO_WAIT,
        it_value: Timespec {
            tv_sec: 0,
            tv_nsec: MILLISECOND,
        },
    };
    let times = (effort.batches as u32 * 30 / effort.haste).max(20);
    let latenesses = (0..times).map(|_| {
        let start = Instant::now();
        timerfd_settime(&timer, TimerfdTimerFlags::empty(), &spec).ok()?;
        rustix::io::read(&timer, &mut [0; 8]).ok()?;
        Some(start.elapsed().as_nanos() as f64 - MILLISECOND as f64)
    });
    Some(median(latenesses.collect::<Option<_>>()?))
}
