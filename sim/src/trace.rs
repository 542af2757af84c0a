//! A failure as a file: small enough to be committed, exact enough to be done again, told so that people can read it.

mod choices;
mod text;

use crate::actor::Key;
use crate::cause::Why;
use crate::program::Failure;
use crate::record::Record;
use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// A failure that was found: which it is, why it comes about, and all of its run.
///
/// As text, which it is written as and [parsed](FromStr) from, it is a keyword and a value a line:
///
/// ```text
/// leno-trace 1
/// test     kv::acknowledged_writes_survive
/// program  leno-sim 0.1.0 · x86_64-linux · 9c1f02aa4be0d713
/// seed     41523   strategy pct(3)
/// failure  panic at kv.rs:88 "acknowledged write is lost"
/// who      0.3 0.1
/// print    6be1c3d20f9a7745
/// run      18,231 decisions, hash 5d0c77e1a4b2c3d4, ends at 12,004,000,000 ns
/// why      hold 0.3 "serve" kv.rs:41 from its 2nd turn
/// checks   gAJdDHfh…
/// all      AAEAAgAAAAEDBAAB…
/// end      0f1e2d3c
/// ```
///
/// `why` is the shrunk form, by keys. `all` is the exact form: every answer that was not the calm one. `checks` are hashes on the
/// way. The number after `end` is a sum over all before it; who edits a trace leaves it away.
///
/// ```
/// use leno_sim::Trace;
///
/// let text = r#"leno-trace 1
/// test     lock_order
/// seed     17   strategy walk
/// failure  deadlock at bank.rs:34 "nobody can go on"
/// print    6be1c3d20f9a7745
/// run      212 decisions, hash 5d0c77e1a4b2c3d4, ends at 0 ns
/// why      hold 0.3 "transfer" bank.rs:30 from its 2nd turn
/// end
/// "#;
/// let trace: Trace = text.parse()?;
/// assert_eq!(trace.seed, 17);
/// assert_eq!(
///     trace.why[0].to_string(),
///     "task `transfer` (bank.rs:30) is held up before its 2nd turn, until nobody else can go on"
/// );
/// let again: Trace = trace.to_string().parse()?;
/// assert_eq!(again, trace);
/// # Ok::<(), leno_sim::NotATrace>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trace {
    /// What the test is called.
    pub test: String,
    /// Which build it was: version, target, and a hash of the executable.
    pub program: String,
    /// The seed that found it.
    pub seed: u64,
    /// The strategy that found it.
    pub strategy: String,
    /// What kind of failure it is: a [word](crate::FailureKind::word).
    pub kind: String,
    /// Where it happens, if that is known.
    pub place: Option<String>,
    /// What it says.
    pub message: String,
    /// Who is part of it.
    pub who: Vec<Key>,
    /// Which failure it is: [`Failure::fingerprint`].
    pub fingerprint: String,
    /// The run, exactly.
    pub record: Record,
    /// The run, in what it differs from the calm one.
    pub why: Vec<Why>,
}

/// A text that is no trace of a version that can be read, or a file that cannot be read. It says in which line, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotATrace {
    pub(crate) line: Option<usize>,
    pub(crate) text: String,
}

impl fmt::Display for NotATrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

impl std::error::Error for NotATrace {}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write(self, f)
    }
}

impl FromStr for Trace {
    type Err = NotATrace;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text::parse(text)
    }
}

impl Trace {
    /// The trace of `failure`, which `record` is the run of.
    pub(crate) fn new(
        test: &str,
        seed: u64,
        strategy: &str,
        failure: &Failure,
        record: Record,
        why: Vec<Why>,
    ) -> Self {
        Self {
            test: test.to_owned(),
            program: program(),
            seed,
            strategy: strategy.to_owned(),
            kind: failure.kind.word().to_owned(),
            place: failure.place.clone(),
            message: failure.message.clone(),
            who: failure.actors.clone(),
            fingerprint: failure.fingerprint(),
            record,
            why,
        }
    }

    /// Reads the trace in `file`.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or is none that this version reads: the error has the file's name and the line.
    pub fn read(file: impl AsRef<Path>) -> Result<Self, NotATrace> {
        let file = file.as_ref();
        let said = |line, text: String| NotATrace {
            line: None,
            text: match line {
                Some(line) => format!("{}:{line}: {text}", file.display()),
                None => format!("{}: {text}", file.display()),
            },
        };
        let bytes = fs::read(file)
            .map_err(|error| said(None, format!("the trace cannot be read: {error}")))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + good.iter().filter(|&&byte| byte == b'\n').count();
            said(Some(line), "this is no text, so it is no trace".to_owned())
        })?;
        text.parse()
            .map_err(|NotATrace { line, text }| said(line, text))
    }

    /// Writes it into `directory`, which is made if it is not there, and returns the file's name: `<test>-<fingerprint>.trace`,
    /// with as many digits of the fingerprint as tell it from the traces that are there.
    ///
    /// The file is there as a whole or not at all, also if several processes write it at once.
    ///
    /// # Errors
    ///
    /// If the directory or the file cannot be written.
    pub fn write(&self, directory: impl AsRef<Path>) -> io::Result<PathBuf> {
        let directory = directory.as_ref();
        fs::create_dir_all(directory)?;
        let test = file_name(&self.test);
        let digits = self.fingerprint.len();
        let file = (4.min(digits)..=digits)
            .map(|digits| directory.join(format!("{test}-{}.trace", &self.fingerprint[..digits])))
            .find(|file| match Self::read(file) {
                Ok(there) => {
                    (there.fingerprint, there.test) == (self.fingerprint.clone(), self.test.clone())
                }
                Err(_) => !file.exists(),
            })
            // All lengths are taken by files that are none of ours: the full name is this failure's.
            .unwrap_or_else(|| directory.join(format!("{test}-{}.trace", self.fingerprint)));
        // A name that nobody else writes to, in this process or another.
        static WRITTEN: AtomicU64 = AtomicU64::new(0);
        let written = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let beside = file.with_extension(format!("trace.{}.{written}", process::id()));
        fs::write(&beside, self.to_string())?;
        fs::rename(&beside, &file).inspect_err(|_| {
            // What matters is why it could not be renamed.
            let _ = fs::remove_file(&beside);
        })?;
        Ok(file)
    }

    /// True if it was written by another build than the one that runs: then it may not be exact any more.
    pub fn is_of_another_build(&self) -> bool {
        self.program != program()
    }
}

/// A test's name as part of a file's: paths are joined by dots, and what some system refuses is left out.
fn file_name(test: &str) -> String {
    let name: String = test
        .replace("::", ".")
        .chars()
        .map(|letter| match letter {
            '.' | '_' | '-' => letter,
            letter if letter.is_alphanumeric() => letter,
            _ => '_',
        })
        .take(100)
        .collect();
    let name = name.trim_start_matches('.');
    if name.is_empty() { "test" } else { name }.to_owned()
}

/// Which build this is. The executable is read and hashed, so it is asked for only if a trace is written or compared.
fn program() -> String {
    static PROGRAM: OnceLock<String> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| {
        let hash = env::current_exe()
            .and_then(fs::read)
            .map(|bytes| {
                let mut hash = crate::run::Hash::new();
                for word in bytes.chunks(8) {
                    let mut padded = [0; 8];
                    padded[..word.len()].copy_from_slice(word);
                    hash.word(u64::from_le_bytes(padded));
                }
                format!("{:016x}", hash.value())
            })
            .unwrap_or_else(|_| "unknown".to_owned());
        format!(
            "leno-sim {} · {}-{} · {hash}",
            env!("CARGO_PKG_VERSION"),
            env::consts::ARCH,
            env::consts::OS
        )
    });
    program.clone()
}

/// cargo's directory for what it builds.
fn target() -> PathBuf {
    let named = env::var_os("CARGO_TARGET_DIR").filter(|name| !name.is_empty());
    let executable = env::current_exe().unwrap_or_default();
    let folder = env::current_dir().unwrap_or_default();
    target_for(named.map(PathBuf::from), &executable, &folder)
}

/// The same where `named` is what the environment says, for `executable` that runs in `folder`.
fn target_for(named: Option<PathBuf>, executable: &Path, folder: &Path) -> PathBuf {
    if let Some(named) = named.as_ref().filter(|named| named.is_absolute()) {
        return named.clone();
    }
    // cargo takes a relative one from where it was called, and calls tests elsewhere: there the executable says more. But that of a test in
    // the documentation is no part of what cargo builds; it runs in the folder of its package, and so within the workspace.
    target_of(executable).map_or_else(
        || {
            let target = named.unwrap_or_else(|| PathBuf::from("target"));
            workspace_of(folder).map_or_else(|| target.clone(), |folder| folder.join(&target))
        },
        Path::to_owned,
    )
}

/// Where traces are written if nobody says: `leno-sim` in cargo's directory for what it builds.
pub(crate) fn default_directory() -> PathBuf {
    target().join("leno-sim")
}

/// `file` as one would write it beside cargo's directory, where one calls cargo: `target/leno-sim/…`.
pub(crate) fn shown(file: &Path) -> &Path {
    let target = target();
    let beside = target.parent();
    beside
        .and_then(|beside| file.strip_prefix(beside).ok())
        .unwrap_or(file)
}

/// `directory`, and a relative one beside cargo's directory, where one calls cargo: tests run elsewhere.
pub(crate) fn beside(directory: &Path) -> PathBuf {
    let target = target();
    target.parent().unwrap_or(Path::new("")).join(directory)
}

/// The file that `file` means: a relative one may be meant from where cargo was called, which is further up than where tests run.
pub(crate) fn meant(file: &Path) -> PathBuf {
    if file.is_absolute() || file.exists() {
        return file.to_owned();
    }
    let here = env::current_dir().unwrap_or_default();
    let mut further_up = here.ancestors().skip(1).map(|folder| folder.join(file));
    further_up
        .find(|there| there.is_file())
        .unwrap_or_else(|| file.to_owned())
}

/// cargo's directory, of which `executable` is part: it marks it with a tag for programs that make backups.
fn target_of(executable: &Path) -> Option<&Path> {
    let tagged = |folder: &&Path| folder.join("CACHEDIR.TAG").is_file();
    executable.ancestors().skip(1).find(tagged).or_else(|| {
        let named = |folder: &&Path| folder.file_name() == Some(OsStr::new("target"));
        executable.ancestors().skip(1).find(named)
    })
}

/// The workspace that `folder` is in, or that it is: where cargo keeps its lock file.
fn workspace_of(folder: &Path) -> Option<&Path> {
    let mut folders = folder.ancestors();
    folders.find(|folder| folder.join("Cargo.lock").is_file())
}

#[cfg(test)]
mod tests;
