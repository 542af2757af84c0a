//! Whether a scheduler is observed, how closely, and what has been recorded of it.
//!
//! Off, recording, tracing: the closest of what somebody wants. The scheduler is told under the lock of this; its workers look
//! when they look around, or wake up. What was recorded stays when nobody wants it any more.

use super::event::{EVENT, Kind, LIFE, Word};
use super::histogram::Counted;
use super::recorder::Recorder;
use super::ring::Copied;
use super::sample::Sample;
use super::store::{OUTSIDE, Store, Track};
use crate::kernel::task::Header;
use crate::prim::atomic::{AtomicU32, Ordering};
use crate::prim::{Mutex, SelfArc, process};
use std::fmt;

/// How closely a scheduler is observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    Off,
    /// Sparse stamps: to be always on.
    Recording,
    /// Every event with its time.
    Tracing,
}

/// What somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Record(bool),
    BeginTrace,
    EndTrace,
}

/// Who is observed, and where that is written.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) store: SelfArc<Store>,
    /// The runtime's number, and its name.
    pub(crate) runtime: u64,
    pub(crate) name: Option<String>,
}

/// What all recorders of a scheduler have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    mode: AtomicU32,
    pub(super) sample: Sample,
}

impl Shared {
    pub(super) fn is_tracing(&self) -> bool {
        // Ordering: Relaxed; who looks late looks again.
        self.mode.load(Ordering::Relaxed) == Mode::Tracing as u32
    }

    fn is_off(&self) -> bool {
        // Ordering: as above.
        self.mode.load(Ordering::Relaxed) == Mode::Off as u32
    }
}

/// The observation of one scheduler.
pub(crate) struct Observe {
    shared: SelfArc<Shared>,
    state: Mutex<State>,
    /// The pen of all threads that are not the scheduler's.
    outside: Mutex<Option<Box<Recorder>>>,
    /// The process whose threads those are.
    process: u32,
}

#[derive(Debug)]
struct State {
    recording: bool,
    traces: usize,
    source: Option<Source>,
    tracks: Vec<SelfArc<Track>>,
}

/// What a track showed.
#[derive(Debug)]
pub(crate) struct CopiedTrack {
    pub(crate) worker: usize,
    pub(crate) events: Copied<EVENT>,
    pub(crate) lives: Copied<LIFE>,
}

impl Observe {
    pub(crate) fn new() -> Self {
        Self {
            shared: SelfArc::new(Shared {
                mode: AtomicU32::new(Mode::Off as u32),
                sample: Sample::new(),
            }),
            state: Mutex::new(State {
                recording: false,
                traces: 0,
                source: None,
                tracks: Vec::new(),
            }),
            outside: Mutex::new(None),
            process: process::number(),
        }
    }

    /// True if it is as it was made: nobody has ever wanted to observe anything. Nobody else knows it.
    #[allow(dead_code, reason = "there may be no simulation")]
    pub(crate) fn is_as_new(&mut self) -> bool {
        let Self {
            // Nothing of it changes without a source.
            shared: _,
            state,
            // It is of a source too.
            outside: _,
            process,
        } = self;
        let State {
            // Whoever has wanted any of these has given a source.
            recording: _,
            traces: _,
            tracks: _,
            source,
        } = state.get_mut();
        source.is_none() && *process == process::number()
    }

    /// Somebody wants something else from now on. `source` is asked when that is first anything; `tell` tells the workers
    /// whether to observe.
    pub(crate) fn change(
        &self,
        change: Change,
        source: impl FnOnce() -> Source,
        tell: impl FnOnce(bool),
    ) {
        let mut state = self.state.lock();
        match change {
            Change::Record(on) => state.recording = on,
            Change::BeginTrace => state.traces += 1,
            Change::EndTrace => state.traces -= 1,
        }
        let mode = if state.traces > 0 {
            Mode::Tracing
        } else if state.recording {
            Mode::Recording
        } else {
            Mode::Off
        };
        if mode != Mode::Off {
            state.source.get_or_insert_with(source);
        }
        // Ordering: Relaxed, see `is_tracing`; a worker that is told sees it.
        self.shared.mode.store(mode as u32, Ordering::Relaxed);
        tell(mode != Mode::Off);
    }

    /// The pen of a worker, which begins to observe; `None` if nobody has said where to write.
    pub(crate) fn recorder(&self, worker: usize) -> Option<Box<Recorder>> {
        let mut state = self.state.lock();
        let source = state.source.clone()?;
        let there = state.tracks.iter().find(|track| track.worker == worker);
        let track = match there {
            Some(track) => SelfArc::clone(track),
            None => {
                let name = source.name.as_deref();
                let name = name.map_or(0, |name| source.store.strings.number(name));
                let track = Track::new(&source.store, source.runtime, name, worker);
                let track = SelfArc::new(track);
                state.tracks.push(SelfArc::clone(&track));
                track
            }
        };
        Some(Box::new(Recorder::new(
            SelfArc::clone(&self.shared),
            source.store,
            track,
        )))
    }

    // ----- threads outside ----------------------------------------------------------------------------

    /// Calls `f` with the pen of all threads that are not the scheduler's, if it is observed.
    #[cold]
    fn outside(&self, f: impl FnOnce(&Recorder)) {
        // In a process that was forked another thread's lock may never be released.
        if self.shared.is_off() || self.process != process::number() {
            return;
        }
        let mut outside = self.outside.lock();
        if outside.is_none() {
            *outside = self.recorder(OUTSIDE);
        }
        if let Some(recorder) = &*outside {
            f(recorder);
        }
    }

    /// A thread outside wakes a task; true if that is [timed](Recorder::wake).
    pub(crate) fn wake_from_outside(&self, id: u64) -> bool {
        let mut is_timed = false;
        self.outside(|recorder| is_timed = recorder.wake(id));
        is_timed
    }

    /// A thread outside spawns a task.
    pub(crate) fn spawn_from_outside(&self, task: &Header) {
        self.outside(|recorder| recorder.spawn(task));
    }

    /// A thread outside marks the moment.
    pub(crate) fn mark_from_outside(&self, label: &str) {
        self.outside(|recorder| recorder.mark(label));
    }

    /// A poll of task `id` has lasted for long on this worker.
    pub(crate) fn slow_from_outside(&self, id: u64, worker: usize) {
        let word = Word::new(Kind::Slow, id).peer(worker);
        self.outside(|recorder| recorder.within(word));
    }

    /// This spare worker has started, or has left.
    pub(crate) fn spare_from_outside(&self, worker: usize, leaves: bool) {
        let word = Word::new(Kind::Spare, u64::from(leaves)).peer(worker);
        self.outside(|recorder| recorder.within(word));
    }

    // ----- readers ------------------------------------------------------------------------------------

    /// Copies what has been recorded, while it goes on; nothing if nothing has.
    pub(crate) fn read(&self) -> Option<(Source, Vec<CopiedTrack>)> {
        let (source, tracks) = {
            let state = self.state.lock();
            (state.source.clone()?, state.tracks.clone())
        };
        // Lives last: whoever is in an event has been told of before it.
        let copy = |track: &SelfArc<Track>| CopiedTrack {
            worker: track.worker,
            events: track.events.read(),
            lives: track.lives.read(),
        };
        Some((source, tracks.iter().map(copy).collect()))
    }

    /// How long polls took, and how long tasks that were woken waited for theirs.
    pub(crate) fn histograms(&self) -> (Counted, Counted) {
        let state = self.state.lock();
        let (mut polls, mut delays) = (Counted::default(), Counted::default());
        for track in &state.tracks {
            track.poll_time.add_to(&mut polls);
            track.schedule_delay.add_to(&mut delays);
        }
        (polls, delays)
    }
}

impl fmt::Debug for Observe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observe")
            .field("shared", &self.shared)
            .finish_non_exhaustive()
    }
}
