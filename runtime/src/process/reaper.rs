//! A thread that turns a reactor for the [orphans](super::orphans) that no runtime has, and says when to look again at
//! children of whose end there are no news.
//!
//! It is started when it is needed, belongs to no runtime, and ends when nothing is left to do. One mutex holds the looks
//! that are due some time and its *bell*, which is there if and only if the thread is, and wakes it for a look that is
//! earlier than what it waits for. It leaves, and takes the bell down, under the lock under which it has seen that it has
//! nothing to do. Whoever has just got its reactor and registers with it finds that gone, then or by a wake, and asks for
//! another.
//!
//! Without descriptors there is no reactor; then the thread sleeps between the looks. `SIGCHLD`, where it comes, makes
//! all looks due that may be already. It is not listened for where it makes the system discard children that end (it is
//! ignored, say): a handler would put an end to that, which is the program's choice.

use crate::kernel::foreign;
use crate::prim::process::{self, PerProcess};
use crate::prim::{Mutex, MutexGuard};
use crate::signal::unix::{Signal, SignalKind, discards_children, signal_on};
use leno_reactor::{Handle, Reactor};
use std::collections::BTreeMap;
use std::io;
use std::task::{Context, Poll, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// The shortest and the longest time between two looks. They become longer as the child does: an end is noticed after an
/// eighth more of the child's time at most, and ten looks in a second are nothing.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_millis(100);

/// The shortest time between two looks at a crowd, for each that is in it: most of a look is one system call for each, less
/// than a hundredth of that.
const SHORTEST_EACH: Duration = Duration::from_micros(100);

/// Stands for the crowd among the children's numbers: no process has it.
const CROWD: u32 = 0;

/// How long the thread stays at least, so that whoever has started it can register; and after the last look, since that mostly
/// asks for the next.
const LINGER: Duration = Duration::from_millis(500);

/// How many events one turn takes.
const EVENTS: usize = 64;

static REAPER: PerProcess<Mutex<Reaper>> = PerProcess::new();

#[derive(Debug, Default)]
struct Reaper {
    /// By the child's number, which has one waiter.
    looks: BTreeMap<u32, Look>,
    bell: Option<Bell>,
}

#[derive(Debug)]
struct Look {
    due: Instant,
    /// When it may be due if there is a sign that something has happened.
    earliest: Instant,
    waker: Waker,
}

/// Wakes the thread.
#[derive(Debug)]
enum Bell {
    Reactor(Handle),
    Sleep(Thread),
}

/// Looking again and again at a child.
#[derive(Debug)]
pub(super) struct Looks {
    since: Instant,
}

impl Looks {
    pub(super) fn new() -> Self {
        let since = Instant::now();
        Self { since }
    }

    /// Wakes the task when it is time to look, and is never ready with anything but an error: if there is no thread to
    /// be had.
    pub(super) fn poll(&self, id: u32, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let now = Instant::now();
        let pause = (now - self.since) / 8;
        let due = now + pause.clamp(SHORTEST, LONGEST);
        let look = Look {
            due,
            earliest: now,
            waker: cx.waker().clone(),
        };
        match subscribe(id, look) {
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

/// Wakes when it is time to look at all of a crowd of so many children. An error if there is no thread to be had.
pub(super) fn look_at_crowd(size: usize, waker: Waker) -> io::Result<()> {
    let now = Instant::now();
    let pause = SHORTEST_EACH.saturating_mul(size.try_into().unwrap_or(u32::MAX));
    let look = Look {
        due: now + pause.max(LONGEST),
        earliest: now + pause,
        waker,
    };
    subscribe(CROWD, look)
}

fn subscribe(id: u32, look: Look) -> io::Result<()> {
    let mut reaper = REAPER.get().lock();
    if let Err(error) = reaper.start() {
        drop(reaper);
        return Err(error);
    }
    let replaced = reaper.looks.insert(id, look);
    if let Some(bell) = &reaper.bell {
        bell.ring();
    }
    drop(reaper);
    drop(replaced);
    Ok(())
}

/// The thread's reactor. `None` if there is no thread to be had, or no descriptor.
pub(super) fn reactor() -> Option<Handle> {
    let mut reaper = REAPER.get().lock();
    reaper.start().ok()?;
    match &reaper.bell {
        Some(Bell::Reactor(handle)) => Some(handle.clone()),
        _ => None,
    }
}

impl Bell {
    fn ring(&self) {
        match self {
            // It fails only if it is full, and then it has rung.
            Self::Reactor(handle) => drop(handle.wake()),
            Self::Sleep(thread) => thread.unpark(),
        }
    }
}

impl Reaper {
    /// Starts the thread if it is not there.
    fn start(&mut self) -> io::Result<()> {
        if self.bell.is_some() {
            return Ok(());
        }
        let reactor = Reactor::with_process_number(EVENTS, EVENTS, process::number).ok();
        let handle = reactor.as_ref().map(Reactor::handle);
        let thread = thread::Builder::new()
            .name("leno-reaper".to_owned())
            .spawn(move || run(reactor))?;
        self.bell = Some(match handle {
            Some(handle) => Bell::Reactor(handle),
            None => Bell::Sleep(thread.thread().clone()),
        });
        Ok(())
    }

    /// Something has happened.
    fn hurry(&mut self) {
        for look in self.looks.values_mut() {
            look.due = look.due.min(look.earliest);
        }
    }

    fn take_due(&mut self) -> Vec<Waker> {
        let now = Instant::now();
        let (due, looks) = std::mem::take(&mut self.looks)
            .into_iter()
            .partition(|(_, look)| look.due <= now);
        self.looks = looks;
        let due: BTreeMap<u32, Look> = due;
        due.into_values().map(|look| look.waker).collect()
    }
}

/// What the thread does.
fn run(mut reactor: Option<Reactor>) {
    let mut signals = None;
    let mut until = Instant::now() + LINGER;
    loop {
        let reaper = REAPER.get().lock();
        if !reaper.looks.is_empty() {
            until = Instant::now() + LINGER;
        }
        let orphans = reactor
            .as_ref()
            .map_or(0, |reactor| reactor.handle().sources())
            - usize::from(signals.is_some());
        let Some(timeout) = time_to_wait(&reaper, orphans, until) else {
            leave(reaper);
            return;
        };
        let has_looks = !reaper.looks.is_empty();
        drop(reaper);
        if has_looks && signals.is_none() {
            signals = listen(reactor.as_ref());
        }
        wait(reactor.as_mut(), timeout);
        let signal_came = signals.as_mut().is_some_and(has_come);
        let mut reaper = REAPER.get().lock();
        if signal_came {
            reaper.hurry();
        }
        let due = reaper.take_due();
        drop(reaper);
        for waker in due {
            foreign::call(|| waker.wake());
        }
    }
}

/// How long to wait: `Some(None)` until something happens, and `None` if there is nothing to wait for.
fn time_to_wait(reaper: &Reaper, orphans: usize, until: Instant) -> Option<Option<Duration>> {
    let now = Instant::now();
    let next = reaper.looks.values().map(|look| look.due).min();
    let next = next.map(|due| due.saturating_duration_since(now));
    if next.is_some() || orphans > 0 {
        return Some(next);
    }
    let left = until.saturating_duration_since(now);
    (!left.is_zero()).then_some(Some(left))
}

fn leave(mut reaper: MutexGuard<'_, Reaper>) {
    reaper.bell = None;
}

fn listen(reactor: Option<&Reactor>) -> Option<Signal> {
    if discards_children() {
        return None;
    }
    // If it cannot be, the looks are as often.
    signal_on(&reactor?.handle(), SignalKind::child()).ok()
}

fn has_come(signals: &mut Signal) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    signals.poll_recv(&mut cx).is_ready()
}

fn wait(reactor: Option<&mut Reactor>, timeout: Option<Duration>) {
    let mut turned = false;
    if let Some(reactor) = reactor {
        foreign::call(|| turned = reactor.turn(timeout).is_ok());
    }
    // Without a reactor, or with one whose descriptor somebody has closed.
    if !turned {
        thread::park_timeout(timeout.unwrap_or(LONGEST).min(LONGEST));
    }
}
