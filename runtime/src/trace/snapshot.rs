//! What a runtime's recorder holds at a moment, to be looked at and saved.

use super::events::{self, Event};
use super::format::{self, Clock, Data, TrackData};
use super::recording;
use super::tasks::{self, TracedTask};
use crate::prim::tick;
use crate::runtime::Handle;
use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
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
        Self::take_all(std::slice::from_ref(handle))
    }

    /// What the recorders of these runtimes hold, those of which something has been recorded.
    pub(super) fn take_all(handles: &[Handle]) -> io::Result<Self> {
        let mut strings = None;
        let mut tracks = Vec::new();
        for handle in handles {
            let observation = handle.inner().observation();
            let Some((source, copied)) = observation.read() else {
                continue;
            };
            let name = source.name.as_deref();
            let name = name.map_or(0, |name| source.store.strings.number(name));
            tracks.extend(copied.into_iter().map(|copied| TrackData {
                runtime: source.runtime,
                worker: copied.worker,
                name,
                events: copied.events.records,
                lives: copied.lives.records,
            }));
            strings = Some(source.store);
        }
        let Some(store) = strings else {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "nothing has been recorded of this runtime: `Diagnostics::recorder`, `LENO_DIAGNOSTICS=recorder`, `leno::trace::record` \
                 or `leno::trace::start` has it recorded",
            ));
        };
        let mut data = Data {
            clock: clock(),
            tracks,
            // After the tracks: what those refer to is there. All runtimes of a process have one table.
            strings: store.strings.copy(),
        };
        for handle in handles {
            tasks::add(&mut data, &handle.tasks());
        }
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
        let (beside, mut file) = create_beside(path)?;
        let written = file.write_all(&self.to_bytes());
        drop(file);
        let written = written.and_then(|()| std::fs::rename(&beside, path));
        if written.is_err() {
            // What has come of it is of no use.
            let _ = std::fs::remove_file(&beside);
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
        let mut file = File::open(path)?;
        // Of what is none not more than this is read: it might never end.
        let mut first = vec![0; 8 * format::HEAD];
        let length = read_up_to(&mut file, &mut first)?;
        first.truncate(length);
        format::check(&first)?;
        file.read_to_end(&mut first)?;
        // Who writes it while it is read has said so before, and the second reading finds that. What comes through a pipe has been
        // written by then, and comes once.
        let mut second = None;
        if file.metadata()?.is_file() {
            file.seek(SeekFrom::Start(0))?;
            let mut bytes = Vec::with_capacity(first.len());
            file.read_to_end(&mut bytes)?;
            second = Some(bytes);
        }
        format::read(&first, second.as_deref()).map(Self::of)
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

/// A new file beside `path`, which is in nobody's way: there may be somebody who does the same, and what a process has left that had
/// this one's id. It is not opened through a link that somebody else has put there.
fn create_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    static LAST: AtomicU64 = AtomicU64::new(0);
    const ATTEMPTS: usize = 100;
    let mut result = Err(io::ErrorKind::AlreadyExists.into());
    for _ in 0..ATTEMPTS {
        // Ordering: Relaxed, all that matters is that each is used once.
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}-{number}.part", std::process::id()));
        match File::create_new(&beside) {
            Ok(file) => return Ok((beside.into(), file)),
            Err(error) => result = Err(error),
        }
        if !matches!(&result, Err(error) if error.kind() == io::ErrorKind::AlreadyExists) {
            break;
        }
    }
    result
}

/// Reads as much as there is, up to the end of `bytes`.
fn read_up_to(file: &mut File, bytes: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < bytes.len() {
        match file.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
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
