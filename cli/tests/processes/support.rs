//! Children, the program under test, and a small test harness.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// The variable that says what a child is to do.
pub const ROLE: &str = "LENO_CLI_TEST_ROLE";

/// Longer than anything here takes that comes at all.
pub const NEVER: Duration = Duration::from_secs(60);

pub type Test = (&'static str, fn());

/// Runs the tests, or those whose names contain an argument.
pub fn run(tests: &[Test]) {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        tests.iter().for_each(|(name, _)| println!("{name}: test"));
        return;
    }
    let names: Vec<_> = arguments
        .iter()
        .filter(|argument| !argument.starts_with('-') && argument.parse::<u32>().is_err())
        .collect();
    let wanted = |name: &str| names.is_empty() || names.iter().any(|part| name.contains(*part));
    let mut failed = Vec::new();
    for (name, test) in tests.iter().filter(|(name, _)| wanted(name)) {
        println!("test {name}");
        if catch_unwind(test).is_err() {
            failed.push(*name);
        }
    }
    assert!(failed.is_empty(), "failed: {failed:?}");
}

/// A directory for sockets that no other test has.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where the runtime puts sockets.
    pub fn sockets(&self) -> PathBuf {
        self.path().join("leno")
    }

    pub fn make_sockets(&self, mode: u32) {
        std::fs::create_dir(self.sockets()).unwrap();
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(self.sockets(), permissions).unwrap();
    }

    /// A child with a socket.
    pub fn child(&self, role: &str) -> Process {
        self.child_with(role, Some("socket"))
    }

    pub fn child_with(&self, role: &str, diagnostics: Option<&str>) -> Process {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .env(ROLE, role)
            .env("XDG_RUNTIME_DIR", self.path())
            .env_remove("LENO_DEBUG")
            .env_remove("LENO_DIAGNOSTICS")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(list) = diagnostics {
            command.env("LENO_DIAGNOSTICS", list);
        }
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let output = child.stdout.as_mut().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "the child has failed");
        Process(child)
    }

    /// Runs the program.
    pub fn leno(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_leno"));
        command
            .args(arguments)
            .env("XDG_RUNTIME_DIR", self.path())
            .env_remove("NO_COLOR");
        command
    }

    /// Runs the program, which has an answer.
    #[track_caller]
    pub fn answer(&self, arguments: &[&str]) -> String {
        let output = self.leno(arguments);
        let (text, errors) = texts(&output);
        assert_eq!((output.status.code(), errors.as_str()), (Some(0), ""));
        text
    }

    /// Runs the program, which has none, and says why in one line.
    #[track_caller]
    pub fn fault(&self, arguments: &[&str]) -> String {
        let output = self.leno(arguments);
        let (text, errors) = texts(&output);
        assert_eq!((output.status.code(), text.as_str()), (Some(2), ""));
        assert_eq!(errors.lines().count(), 1, "{errors}");
        errors.strip_prefix("leno: ").unwrap().trim_end().to_owned()
    }

    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let text = self.answer(arguments);
        assert_eq!(text.lines().count(), 1);
        serde_json::from_str(&text).unwrap()
    }
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

/// A child that does what it was told, until this is dropped.
pub struct Process(Child);

impl Process {
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    pub fn arg(&self) -> String {
        self.pid().to_string()
    }

    pub fn socket(&self, place: &Place) -> PathBuf {
        place.sockets().join(format!("{}.sock", self.pid()))
    }

    /// As a client that is not `leno`.
    pub fn connect(&self, place: &Place) -> UnixStream {
        let stream = UnixStream::connect(self.socket(place)).unwrap();
        stream.set_read_timeout(Some(NEVER)).unwrap();
        stream
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Lets the child end as programs do; what it has said on the standard error.
    pub fn end(mut self) -> String {
        drop(self.0.stdin.take());
        let mut errors = String::new();
        let mut stderr = self.0.stderr.take().unwrap();
        stderr.read_to_string(&mut errors).unwrap();
        assert!(self.0.wait().unwrap().success(), "{errors}");
        errors
    }

    /// Kills it.
    pub fn kill(mut self) -> u32 {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
        self.pid()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The text with what differs from run to run taken out: numbers, how wide a column is for it, and what the summary says of spare
/// workers, and of the threads that those have left: on a busy machine workers may seem to be stuck.
pub fn masked(text: &str) -> Vec<String> {
    let line = |line: &str| {
        let mut masked = String::new();
        for character in line.trim_start().chars() {
            let character = if character.is_ascii_digit() {
                '#'
            } else {
                character
            };
            let is_again = masked.ends_with(character) && character == '#';
            let is_space = masked.ends_with("  ") && character == ' ';
            if !is_again && !is_space {
                masked.push(character);
            }
        }
        let end = masked
            .find(", # asleep")
            .filter(|_| masked.starts_with("# tasks"));
        masked.truncate(end.map_or(masked.len(), |end| end + ", # asleep".len()));
        masked
    };
    text.lines().map(line).collect()
}
