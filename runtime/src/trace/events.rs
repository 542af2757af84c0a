//! What happened, as a program reads it: events with their times, made of what the tracks say.
//!
//! Events have no time if they were not stamped; then it lies between those of the stamps around, in equal steps. Who has woken
//! or spawned a task is not said by the event: it is the task whose poll ends next on that track, or the turn of events or timers.

use super::format::{Clock, Data, TrackData, string};
use crate::kernel::observe::event::{self, Kind, Word};
use crate::kernel::observe::store::OUTSIDE;
use std::time::Duration;

/// Something that has happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When, counted from [`Snapshot::origin`](super::Snapshot::origin).
    pub time: Duration,
    /// True if the clock was read for it. Else the time lies between those of the events around which it was read for: what is
    /// recorded all the time reads it for one event of sixteen while polls are short.
    pub is_exact: bool,
    /// The number of the runtime; see [`Id`](crate::runtime::Id).
    pub runtime: u64,
    /// On which of its workers.
    pub worker: Worker,
    /// What.
    pub kind: EventKind,
}

/// Where something has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Worker {
    /// On this worker; there may be more than the runtime was built with, while some are stuck.
    Number(usize),
    /// On a thread that is no worker.
    Outside,
}

/// What has happened. Tasks are called by the number of their [`Id`](crate::task::Id).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// A task has been polled.
    Poll {
        /// Which.
        task: u64,
        /// Since when, counted as [`Event::time`].
        since: Duration,
        /// What became of it.
        outcome: Outcome,
    },
    /// A task was woken. One that wakes itself while it is polled is not among these: see [`Outcome::Woken`].
    Wake {
        /// Which.
        task: u64,
        /// By what.
        by: Cause,
    },
    /// A task was spawned.
    Spawn {
        /// Which.
        task: u64,
        /// By which task, if by any.
        by: Option<u64>,
    },
    /// The worker has taken a task over, and others perhaps, from another.
    Steal {
        /// Which.
        task: u64,
        /// From which worker.
        from: usize,
    },
    /// The worker had nothing to do, and went to sleep.
    Park,
    /// It is awake again.
    Unpark {
        /// How many tasks were woken by what it has waited for.
        woken: u64,
    },
    /// It looks around, between two polls.
    Look,
    /// It has looked for events of sockets and the like.
    Io {
        /// How many tasks they have woken.
        woken: u64,
    },
    /// It has fired timers.
    Timers {
        /// How many tasks they have woken.
        woken: u64,
    },
    /// A task waits in [place](crate::task::block_in_place), and its thread has left the worker to another thread.
    BlockInPlace {
        /// Which.
        task: u64,
    },
    /// A poll was found to last for long.
    Slow {
        /// Of this task.
        task: u64,
        /// On this worker.
        worker: usize,
    },
    /// A spare worker has started, since others are stuck.
    SpareStarts {
        /// Which.
        worker: usize,
    },
    /// A spare worker leaves.
    SpareLeaves {
        /// Which.
        worker: usize,
    },
    /// The program has [marked](super::mark) the moment.
    Mark {
        /// As it says.
        label: String,
        /// The task that did, if it was one.
        task: Option<u64>,
    },
}

/// What became of a task that was polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// It sleeps.
    Asleep,
    /// It has woken itself, or was woken meanwhile, and is queued again.
    Woken,
    /// It is done; or it has panicked.
    Done,
    /// It was cancelled, and its future dropped instead of polled.
    Cancelled,
}

/// What has woken a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// The task of this number, while it was polled.
    Task(u64),
    /// An event of a socket, or the like.
    Io,
    /// A timer.
    Timer,
    /// A thread that is no worker.
    Outside,
    /// It is not known: what it was has not ended when the record did.
    Unknown,
}

impl Clock {
    pub(super) fn time(&self, ticks: u64) -> Duration {
        let since = u128::from(ticks.saturating_sub(self.ticks));
        let nanoseconds = since * 1_000_000_000 / u128::from(self.ticks_per_second);
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }
}

/// All events, in the order of their times.
pub(super) fn all(data: &Data) -> Vec<Event> {
    let mut events: Vec<_> = data
        .tracks
        .iter()
        .flat_map(|track| Reading::new(data, track).read())
        .collect();
    // Stable: events of one worker stay in their order.
    events.sort_by_key(|event| event.time);
    events
}

/// When each event was, and whether that is exact.
fn times(track: &TrackData, clock: &Clock) -> Vec<(Duration, bool)> {
    let stamps = track.events.iter().enumerate();
    let stamps = stamps.filter(|(_, [time, _])| *time != 0);
    let mut times = Vec::with_capacity(track.events.len());
    let mut last: Option<u64> = None;
    for (index, &[ticks, word]) in stamps {
        // A counter may be a little different on another processor.
        let ticks = ticks.max(last.unwrap_or(0));
        let missing = (index - times.len()) as u64;
        // What comes between polls takes no time, so the poll before it has ended then.
        let is_between = matches!(
            Word(word).kind(),
            Some(Kind::Park | Kind::Look | Kind::Io | Kind::Timers | Kind::Steal)
        );
        let steps = missing + u64::from(!is_between);
        // Before the first stamp all that is known is that it was before.
        let from = last.unwrap_or(ticks);
        for step in 1..=missing {
            let ticks = from + (ticks - from) / steps * step;
            times.push((clock.time(ticks), false));
        }
        times.push((clock.time(ticks), true));
        last = Some(ticks);
    }
    let end = clock.time(last.unwrap_or(clock.ticks));
    times.resize(track.events.len(), (end, false));
    times
}

/// Reading one track.
struct Reading<'a> {
    data: &'a Data,
    track: &'a TrackData,
    read: Vec<Event>,
    /// Where those are whose cause is not known yet.
    open: Vec<usize>,
    /// When what belongs to no poll was last.
    boundary: Option<Duration>,
}

impl<'a> Reading<'a> {
    fn new(data: &'a Data, track: &'a TrackData) -> Self {
        Self {
            data,
            track,
            read: Vec::with_capacity(track.events.len()),
            open: Vec::new(),
            boundary: None,
        }
    }

    fn read(mut self) -> Vec<Event> {
        let times = times(self.track, &self.data.clock);
        for (&[_, word], (time, is_exact)) in self.track.events.iter().zip(times) {
            self.event(Word(word), time, is_exact);
        }
        self.read
    }

    fn event(&mut self, word: Word, time: Duration, is_exact: bool) {
        let is_outside = self.track.worker == OUTSIDE;
        // What is of a later version, or damaged, is passed over.
        let Some(kind) = word.kind() else {
            return;
        };
        let (id, peer) = (word.id(), word.of_peer());
        let by = if is_outside {
            Cause::Outside
        } else {
            Cause::Unknown
        };
        let (mut closes, mut is_open) = (None, false);
        let kind = match kind {
            Kind::PollEnd => {
                closes = Some(Cause::Task(id));
                EventKind::Poll {
                    task: id,
                    since: self.boundary.unwrap_or(time),
                    outcome: word.of_outcome().into(),
                }
            }
            Kind::Wake => {
                is_open = true;
                EventKind::Wake { task: id, by }
            }
            Kind::Spawn => {
                is_open = true;
                EventKind::Spawn { task: id, by: None }
            }
            Kind::Steal => EventKind::Steal {
                task: id,
                from: peer,
            },
            Kind::Park => EventKind::Park,
            Kind::Unpark => {
                closes = Some(Cause::Io);
                EventKind::Unpark { woken: id }
            }
            Kind::Look => EventKind::Look,
            Kind::Io => {
                closes = Some(Cause::Io);
                EventKind::Io { woken: id }
            }
            Kind::Timers => {
                closes = Some(Cause::Timer);
                EventKind::Timers { woken: id }
            }
            Kind::BlockInPlace => {
                closes = Some(Cause::Task(id));
                EventKind::BlockInPlace { task: id }
            }
            Kind::Slow => EventKind::Slow {
                task: id,
                worker: peer,
            },
            Kind::Spare if id == 0 => EventKind::SpareStarts { worker: peer },
            Kind::Spare => EventKind::SpareLeaves { worker: peer },
            Kind::Mark => {
                is_open = true;
                EventKind::Mark {
                    label: string(&self.data.strings, id as u32).unwrap_or_default(),
                    task: None,
                }
            }
            Kind::End | Kind::Known => return,
        };
        let is_in_poll = is_open || matches!(kind, EventKind::Slow { .. });
        if let Some(cause) = closes {
            self.close(cause);
        }
        if is_open && !is_outside {
            self.open.push(self.read.len());
        } else if !is_in_poll {
            self.open.clear();
            self.boundary = Some(time);
        }
        self.read.push(Event {
            time,
            is_exact,
            runtime: self.track.runtime,
            worker: worker(self.track.worker),
            kind,
        });
    }

    /// What has been read since the last boundary was caused by this.
    fn close(&mut self, cause: Cause) {
        let of_task = match cause {
            Cause::Task(task) => Some(task),
            _ => None,
        };
        for index in self.open.drain(..) {
            match &mut self.read[index].kind {
                EventKind::Wake { by, .. } => *by = cause,
                EventKind::Spawn { by, .. } => *by = of_task,
                EventKind::Mark { task, .. } => *task = of_task,
                _ => {}
            }
        }
    }
}

pub(super) fn worker(number: usize) -> Worker {
    if number == OUTSIDE {
        Worker::Outside
    } else {
        Worker::Number(number)
    }
}

impl From<event::Outcome> for Outcome {
    fn from(outcome: event::Outcome) -> Self {
        match outcome {
            event::Outcome::Asleep => Self::Asleep,
            event::Outcome::Woken => Self::Woken,
            event::Outcome::Done => Self::Done,
            event::Outcome::Cancelled => Self::Cancelled,
        }
    }
}
