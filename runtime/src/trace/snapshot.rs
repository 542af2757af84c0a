//! What a runtime's recorder holds at a moment, to be looked at and saved.

use super::events::{self, Event};
use super::format::{self, Clock, Data, TrackData};
use super::recording;
use super::tasks::{self, TracedTask};
use crate::kernel::observe::CopiedTrack;
use crate::prim::tick;
use crate::runtime::Handle;
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A copy of what a runtime's workers have done last, or of what a file says of that.
///
/// From [`trace::snapshot`](super::snapshot), [`Tracing::finish`](super::Tracing::finish) or a file.
#[derive(Clone)]
pub struct Snapshot {
    data: Data,
    tasks: HashMap<u64, TracedTask>,
}

/// How long, in nanoseconds, the counter must have run since the start for its speed to be measured by that.
const LONG_ENOUGH: u64 = 100_000_000;

impl Snapshot {
    /// What the recorder of this runtime holds.
    pub(super) fn take(handle: &Handle) -> io::Result<Self> {
        let observation = handle.inner().observation();
        let Some((source, tracks)) = observation.and_then(|observe| observe.read()) else {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "nothing has been recorded of this runtime: `Diagnostics::recorder`, `LENO_DIAGNOSTICS=recorder`, `leno::trace::record` \
                 or `leno::trace::start` has it recorded",
            ));
        };
        let track = |copied: CopiedTrack| TrackData {
            runtime: source.runtime,
            worker: copied.worker,
            name: source
                .name
                .as_deref()
                .map_or(0, |name| source.store.strings.number(name)),
            events: copied.events.records,
            lives: copied.lives.records,
        };
        let mut data = Data {
            clock: clock(),
            tracks: tracks.into_iter().map(track).collect(),
            // After the tracks: what those refer to is there.
            strings: source.store.strings.copy(),
        };
        tasks::add(&mut data, &handle.tasks());
        Ok(Self::of(data))
    }

    fn of(data: Data) -> Self {
        Self {
            tasks: tasks::all(&data),
            data,
        }
    }

    /// All events, in the order of their times. Those of one worker are in the order in which they happened.
    pub fn events(&self) -> impl Iterator<Item = Event> + use<> {
        events::all(&self.data).into_iter()
    }

    /// What is known of a task.
    pub fn task(&self, id: u64) -> Option<&TracedTask> {
        self.tasks.get(&id)
    }

    /// All tasks that something is known of, in no order.
    pub fn tasks(&self) -> impl Iterator<Item = &TracedTask> {
        self.tasks.values()
    }

    /// What to call a task: `task 812 "mailer", …` if it is known, `task 812 (ended)` if it is not.
    pub fn describe(&self, id: u64) -> String {
        match self.tasks.get(&id) {
            Some(task) => task.to_string(),
            None => format!("task {id} (ended)"),
        }
    }

    /// The name of a runtime, if it has one.
    pub fn runtime_name(&self, runtime: u64) -> Option<String> {
        let mut tracks = self.data.tracks.iter();
        let track = tracks.find(|track| track.runtime == runtime)?;
        format::string(&self.data.strings, track.name)
    }

    /// The moment that the times of events are counted from: when the process began to record.
    pub fn origin(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_nanos(self.data.clock.unix)
    }

    /// The process' id.
    pub fn process(&self) -> u32 {
        self.data.clock.process
    }

    // ----- files --------------------------------------------------------------------------------------

    /// Writes it to a file, which `leno trace FILE` makes a trace for Perfetto or Chrome of.
    ///
    /// # Errors
    ///
    /// As the system has them. A file that is there is replaced, once the new one is whole.
    pub fn save(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let path = path.as_ref();
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}.part", std::process::id()));
        let beside = Path::new(&beside);
        let written = std::fs::write(beside, self.to_bytes());
        let written = written.and_then(|()| std::fs::rename(beside, path));
        if written.is_err() {
            // What has come of it is of no use.
            let _ = std::fs::remove_file(beside);
        }
        written
    }

    /// Reads a file that [`save`](Self::save) has written, or a black box (`LENO_BLACKBOX`), of a process that is alive too.
    ///
    /// # Errors
    ///
    /// As the system has them, and [`InvalidData`](io::ErrorKind::InvalidData) if the file is no trace, or damaged.
    pub fn load(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let first = std::fs::read(path)?;
        // Who writes it while it is read has said so before, and the second reading finds that.
        let second = std::fs::read(path)?;
        format::read(&first, Some(&second)).map(Self::of)
    }

    /// As a file has it.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.data.write()
    }

    /// From what a file has.
    ///
    /// # Errors
    ///
    /// [`InvalidData`](io::ErrorKind::InvalidData) if that is no trace, or damaged.
    pub fn from_bytes(bytes: &[u8]) -> io::Result<Self> {
        format::read(bytes, None).map(Self::of)
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let events: usize = self
            .data
            .tracks
            .iter()
            .map(|track| track.events.len())
            .sum();
        f.debug_struct("Snapshot")
            .field("process", &self.process())
            .field("events", &events)
            .field("tasks", &self.tasks.len())
            .finish_non_exhaustive()
    }
}

/// The process' clock, as exactly as it is known by now.
fn clock() -> Clock {
    let mut clock = recording::clock();
    let (ticks, nanoseconds) = tick::both();
    let since = nanoseconds.saturating_sub(clock.nanoseconds);
    if since > LONG_ENOUGH {
        let ticks = u128::from(ticks.saturating_sub(clock.ticks)) * 1_000_000_000;
        let per_second = ticks / u128::from(since);
        clock.ticks_per_second = u64::try_from(per_second).unwrap_or(u64::MAX).max(1);
    }
    clock
}
