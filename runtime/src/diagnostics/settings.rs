//! What is looked for, as the program and its surroundings say.

use super::deliver;
use crate::kernel::findings::Finding;
use crate::kernel::wanted::{self, Wanted};
use crate::runtime::current;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Switches everything on.
const DEBUG_VARIABLE: &str = "LENO_DEBUG";
/// Switches this and that on or off.
const LIST_VARIABLE: &str = "LENO_DIAGNOSTICS";

const SLOW: Duration = Duration::from_millis(100);
const HUGE: usize = 16 * 1024;
const LONG_WAIT: Duration = Duration::from_secs(5);

/// What a runtime looks for, for its [`Builder`](crate::runtime::Builder::diagnostics).
///
/// ```
/// use leno::diagnostics::Diagnostics;
/// use std::time::Duration;
///
/// let runtime = leno::runtime::Builder::new_multi_thread()
///     .diagnostics(Diagnostics::all().slow_polls(Duration::from_millis(50)))
///     .build()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Diagnostics {
    wanted: Wanted,
    socket: bool,
    record_to: Option<PathBuf>,
    abort: bool,
}

impl Default for Diagnostics {
    /// What costs nothing: panics that nobody sees, coroutines that nobody awaits; in a debug build also huge futures, slow polls (of 100 ms),
    /// and what a shutdown leaves.
    fn default() -> Self {
        let debug = cfg!(debug_assertions);
        Self {
            wanted: Wanted {
                lost_panics: true,
                never_awaited: true,
                huge_futures: debug.then_some(HUGE),
                still_running: debug,
                slow_polls: debug.then_some(SLOW),
                ..Wanted::NOTHING
            },
            socket: false,
            record_to: None,
            abort: false,
        }
    }
}

impl Diagnostics {
    /// Everything that there is.
    pub fn all() -> Self {
        Self {
            wanted: Wanted {
                lost_panics: true,
                lost_errors: true,
                never_awaited: true,
                huge_futures: Some(HUGE),
                still_running: true,
                slow_polls: Some(SLOW),
                stacks: true,
                recorder: true,
                waits: Some(LONG_WAIT),
            },
            socket: true,
            record_to: None,
            abort: false,
        }
    }

    /// Nothing.
    pub fn off() -> Self {
        Self {
            wanted: Wanted::NOTHING,
            socket: false,
            record_to: None,
            abort: false,
        }
    }

    /// Panics and errors of tasks whose handle was dropped, so that nobody will see them.
    #[must_use]
    pub fn lost_failures(mut self, on: bool) -> Self {
        self.wanted.lost_panics = on;
        self.wanted.lost_errors = on;
        self
    }

    /// Futures of more than so many bytes, when they are spawned; `None` for not at all.
    ///
    /// A large future is moved around as it is made, and takes the space of all that it might ever need, on the stack too.
    /// Closures of [`spawn_blocking`](crate::task::spawn_blocking) are looked at as well, a `block_on`'s future is not: it stays
    /// where it is. Futures of 1024 bytes and less are never reported, whatever is said here: so those cost nothing.
    #[must_use]
    pub fn huge_futures(mut self, bytes: impl Into<Option<usize>>) -> Self {
        self.wanted.huge_futures = bytes.into();
        self
    }

    /// [Coroutines](crate::Coroutine) that are dropped before anybody has awaited them.
    #[must_use]
    pub fn never_awaited(mut self, on: bool) -> Self {
        self.wanted.never_awaited = on;
        self
    }

    /// What did not stop in the time that [`shutdown_timeout`](crate::runtime::Runtime::shutdown_timeout) gave it: tasks that do
    /// not yield, blocking closures. (What [`shutdown`](crate::runtime::Runtime::shutdown) returns tells it in any case.)
    #[must_use]
    pub fn still_running(mut self, on: bool) -> Self {
        self.wanted.still_running = on;
        self
    }

    /// Polls that take longer than this, which hold up the tasks behind them; `None` for not at all.
    ///
    /// A multi-threaded runtime tells of one while it lasts, once, with what the thread does: it computes, or it blocks, and
    /// in which function of the kernel (on Linux). It looks every 10 ms, so a poll is told of up to 20 ms late, and a
    /// shorter one may be missed. A current-thread runtime has nobody who could look: it tells when the poll is over. The
    /// future of a `block_on` and the tasks of a [`LocalSet`](crate::task::LocalSet) are not looked at.
    ///
    /// A poll costs some nanoseconds more, or on a current-thread runtime two looks at the clock.
    #[must_use]
    pub fn slow_polls(mut self, threshold: impl Into<Option<Duration>>) -> Self {
        self.wanted.slow_polls = threshold.into();
        self
    }

    /// The stack of a thread that is in a [slow poll](Self::slow_polls), as it is then. The feature `diagnostics` gives
    /// names to the addresses.
    ///
    /// A thread can only tell of its own stack, so it is interrupted by the signal `SIGURG`, once for each slow poll as a
    /// rule. Programs ignore that unless they have a handler of their own, which is called too if it was there before the
    /// runtime. A system call that the signal interrupts is restarted, except for those that never are, such as `poll(2)`
    /// and `nanosleep(2)`. The thread is held up for some microseconds. Code in assembly whose unwind information is wrong
    /// may make the thread crash.
    ///
    /// There are stacks on Linux with glibc from 2.35, and an unwinder in a library of its own, as it usually is. Elsewhere
    /// no signal is sent, and reports are without.
    #[must_use]
    pub fn stacks(mut self, on: bool) -> Self {
        self.wanted.stacks = on;
        self
    }

    /// A record of what each worker did last; the last some thousand polls, wakes and spawns.
    #[must_use]
    pub fn recorder(mut self, on: bool) -> Self {
        self.wanted.recorder = on;
        self
    }

    /// Saves what was [recorded](Self::recorder), which this switches on, in a directory when something is found: a slow poll, a
    /// deadlock or futurelock, or a panic that nobody sees. So what led to it can be looked at, with `leno trace FILE`.
    ///
    /// The file is `leno-PID-N.trace`, with the smallest N that is free; the report names it. It has what all runtimes of the
    /// process did that have the same directory. There is one for the first report of each kind and place, and at most 16 of a
    /// process, of some hundred KiB for each worker. They are written by the thread that delivers reports, so nobody else waits.
    /// If one cannot be written a line on the standard error says so, once, and the program goes on.
    #[must_use]
    pub fn record_to(mut self, directory: impl Into<PathBuf>) -> Self {
        self.record_to = Some(directory.into());
        self.wanted.recorder = true;
        self
    }

    /// What waits for longer than this for something that will never come: a lock whose holder waits in turn, a wake that
    /// nobody can send; and a lock that is held by a task which sleeps for as long. `None` for not at all.
    ///
    /// Each is told of once, however many wait behind it. Who holds a lock is known as far as
    /// [`Dump::deadlocks`](super::Dump::deadlocks) says.
    #[must_use]
    pub fn long_waits(mut self, threshold: impl Into<Option<Duration>>) -> Self {
        self.wanted.waits = threshold.into();
        self
    }

    /// A socket through which the program `leno` can ask this process, while it runs. (On Unix.)
    ///
    /// It is at `$XDG_RUNTIME_DIR/leno/PID.sock`, or else at `/tmp/leno-UID/PID.sock`, and answers the user that the process runs
    /// as, and root. If there can be none, since that directory is not this user's alone for instance, a line on the standard
    /// error says so, and the program goes on without. All runtimes of the process that have this on share one socket.
    #[must_use]
    pub fn socket(mut self, on: bool) -> Self {
        self.socket = on;
        self
    }

    /// A report ends the process, by [`abort`](std::process::abort), as soon as it has been printed: so tests fail if anything is found.
    ///
    /// Those that the program [reads](super::on_report) itself do not. This holds for reports of the whole process, from the
    /// first runtime on that has it.
    #[must_use]
    pub fn abort(mut self, on: bool) -> Self {
        self.abort = on;
        self
    }

    /// With what a list says, such as `slow-polls=20ms,socket,lost-failures=off`.
    ///
    /// | | |
    /// | --- | --- |
    /// | `all`, `off` | everything, nothing |
    /// | `lost-failures`, `never-awaited`, `still-running`, `stacks`, `recorder`, `socket`, `abort` | on; with `=off` off |
    /// | `record-to=DIRECTORY` | what was recorded is saved there when something is found; the name has no comma |
    /// | `huge-futures` | futures of more than 16 KiB; with `=4096` of so many bytes |
    /// | `slow-polls` | polls of more than 100 ms; with `=20ms` or `=2s` of so long |
    /// | `long-waits` | of more than 5 s |
    ///
    /// # Errors
    ///
    /// If the list has something else.
    pub fn with(mut self, list: &str) -> io::Result<Self> {
        for item in list.split(',').map(str::trim) {
            if !item.is_empty() {
                self = self.with_item(item).ok_or_else(|| unknown(item))?;
            }
        }
        Ok(self)
    }

    fn with_item(self, item: &str) -> Option<Self> {
        let (name, value) = match item.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (item, None),
        };
        Some(match name {
            "all" if value.is_none() => Self::all(),
            "off" if value.is_none() => Self::off(),
            "lost-failures" => self.lost_failures(switch(value)?),
            "never-awaited" => self.never_awaited(switch(value)?),
            "still-running" => self.still_running(switch(value)?),
            "stacks" => self.stacks(switch(value)?),
            "recorder" => self.recorder(switch(value)?),
            "socket" => self.socket(switch(value)?),
            "abort" => self.abort(switch(value)?),
            "record-to" => match value? {
                "" => return None,
                "off" => Self {
                    record_to: None,
                    ..self
                },
                directory => self.record_to(directory),
            },
            "huge-futures" => self.huge_futures(setting(value, HUGE, |text| text.parse().ok())?),
            "slow-polls" => self.slow_polls(setting(value, SLOW, duration)?),
            "long-waits" => self.long_waits(setting(value, LONG_WAIT, duration)?),
            _ => return None,
        })
    }

    /// With what the environment says.
    fn with_environment(self) -> io::Result<Self> {
        let mut settings = match std::env::var_os(DEBUG_VARIABLE) {
            Some(value) if is_on(&value) => Self::all(),
            _ => self,
        };
        if let Some(list) = std::env::var_os(LIST_VARIABLE) {
            settings = list
                .to_str()
                .ok_or_else(|| unknown("what is not Unicode"))
                .and_then(|list| settings.with(list))
                .map_err(|error| of_variable(&list, &error))?;
        }
        Ok(settings)
    }

    pub(crate) fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// Whether the program `leno` may ask.
    #[cfg(unix)]
    pub(crate) fn wants_socket(&self) -> bool {
        self.socket
    }

    /// Where what was recorded is to be saved when something is found.
    pub(crate) fn directory(&self) -> Option<&Path> {
        self.record_to.as_deref()
    }

    /// The same for ever, for what has no room for a count. Each value stays in memory once; programs have few of them.
    pub(crate) fn forever(&self) -> &'static Wanted {
        static ALL: Mutex<Vec<&'static Wanted>> = Mutex::new(Vec::new());
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(same) = all.iter().find(|same| ***same == self.wanted) {
            return same;
        }
        let new: &'static Wanted = Box::leak(Box::new(self.wanted.clone()));
        all.push(new);
        new
    }
}

/// Settles what a runtime looks for, and has findings delivered from now on.
///
/// # Errors
///
/// If an environment variable says what there is not.
pub(crate) fn prepare(program: Option<&Diagnostics>) -> io::Result<Diagnostics> {
    let usual = Diagnostics::default().with_environment()?;
    wanted::set_of_the_process(usual.wanted.clone());
    deliver::start();
    let settings = match program {
        Some(program) => program.clone().with_environment()?,
        None => usual,
    };
    if settings.abort {
        deliver::abort_from_now_on();
    }
    Ok(settings)
}

/// Tells of a finding, if the runtime that is current on this thread wants it, or the process where there is none.
#[cold]
pub(crate) fn tell_here(is_wanted: impl Fn(&Wanted) -> bool, finding: Finding) {
    let wanted = current::with(|inner| is_wanted(inner.wanted()));
    let wanted = wanted.unwrap_or_else(|| {
        // What the environment says wrongly, whoever builds a runtime is told.
        let _ = prepare(None);
        is_wanted(wanted::of_the_process())
    });
    if wanted {
        deliver::push(finding);
    }
}

/// Whether a variable that switches something on does so.
fn is_on(value: &OsStr) -> bool {
    let is_off = ["", "0", "off", "false", "no"]
        .iter()
        .any(|off| value.eq_ignore_ascii_case(off));
    !is_off
}

fn switch(value: Option<&str>) -> Option<bool> {
    match value {
        None | Some("on") => Some(true),
        Some("off") => Some(false),
        Some(_) => None,
    }
}

/// `usual` if nothing is said, and `None` if it is "off".
fn setting<T>(
    value: Option<&str>,
    usual: T,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Option<Option<T>> {
    match value {
        None | Some("on") => Some(Some(usual)),
        Some("off") => Some(None),
        Some(text) => parse(text).map(Some),
    }
}

/// `20ms`, `1.5s` or `100us`.
fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic())?);
    let unit = match unit {
        "s" => 1.0,
        "ms" => 1e-3,
        "us" | "µs" => 1e-6,
        _ => return None,
    };
    let number: f64 = number.trim().parse().ok()?;
    Duration::try_from_secs_f64(number * unit)
        .ok()
        .filter(|duration| !duration.is_zero())
}

fn unknown(item: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!(
            "{item:?} is not among the diagnostics: all, off, lost-failures, never-awaited, still-running, huge-futures[=BYTES], slow-polls[=20ms], stacks, \
             recorder, record-to=DIRECTORY, long-waits[=5s], socket, abort, each with =off to switch it off"
        ),
    )
}

fn of_variable(list: &OsString, error: &io::Error) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("the environment variable {LIST_VARIABLE} cannot be {list:?}: {error}"),
    )
}

impl fmt::Debug for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Diagnostics")
            .field("lost_failures", &self.wanted.lost_errors)
            .field("never_awaited", &self.wanted.never_awaited)
            .field("still_running", &self.wanted.still_running)
            .field("huge_futures", &self.wanted.huge_futures)
            .field("slow_polls", &self.wanted.slow_polls)
            .field("stacks", &self.wanted.stacks)
            .field("recorder", &self.wanted.recorder)
            .field("record_to", &self.record_to)
            .field("long_waits", &self.wanted.waits)
            .field("socket", &self.socket)
            .field("abort", &self.abort)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_adds_to_what_was() {
        let settings = Diagnostics::off()
            .with("slow-polls=20ms, socket,abort,record-to=/var/my traces,huge-futures=4096, long-waits=1.5s")
            .unwrap();
        let expected = Diagnostics::off()
            .slow_polls(Duration::from_millis(20))
            .socket(true)
            .abort(true)
            .record_to("/var/my traces")
            .huge_futures(4096)
            .long_waits(Duration::from_millis(1500));
        assert_eq!(settings, expected);
        assert_eq!(Diagnostics::off().with("all").unwrap(), Diagnostics::all());
        let nowhere = Diagnostics::off().with("record-to=here,record-to=off");
        assert_eq!(nowhere.unwrap(), Diagnostics::off().recorder(true));
        let without = Diagnostics::all().with("slow-polls=off,stacks=off");
        assert_eq!(
            without.unwrap(),
            Diagnostics::all().slow_polls(None).stacks(false)
        );
    }

    #[test]
    fn a_variable_says_no_by_any_of_the_usual_words() {
        for off in ["", "0", "off", "False", "no"] {
            assert!(!is_on(off.as_ref()), "{off}");
        }
        for on in ["1", "on", "true", "yes", "all"] {
            assert!(is_on(on.as_ref()), "{on}");
        }
    }

    #[test]
    fn what_is_no_diagnostic_is_refused() {
        for list in [
            "slowpolls",
            "slow-polls=0s",
            "slow-polls=20",
            "socket=2",
            "all=on",
            "long-waits=-1s",
            "record-to",
            "record-to=",
        ] {
            let error = Diagnostics::off().with(list).unwrap_err();
            assert!(error.to_string().contains(list), "{error}");
        }
    }
}
