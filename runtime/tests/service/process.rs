//! The service as a child process.

use crate::client::Connection;
use std::cell::RefCell;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

/// A free port.
const LISTEN: [&str; 1] = ["--listen=127.0.0.1:0"];

/// A service that has not started.
#[derive(Debug)]
pub struct Failure {
    code: Option<i32>,
    output: String,
    pub errors: String,
}

/// A running service, killed when dropped.
pub struct Service {
    child: RefCell<Child>,
    errors: RefCell<BufReader<ChildStderr>>,
    pub address: SocketAddr,
}

impl Service {
    /// Starts it on a free port and waits until it says that it listens.
    pub fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(program());
        Self::start_command(command.args(arguments).args(LISTEN))
    }

    /// As [`start`](Self::start), after what a shell does with `limits`.
    pub fn start_limited(limits: &str, arguments: &[&str]) -> Self {
        Self::start_command(limited(limits, arguments).args(LISTEN))
    }

    fn start_command(command: &mut Command) -> Self {
        Self::try_start_command(command).unwrap_or_else(|failure| panic!("{failure:?}"))
    }

    /// As [`start`](Self::start), or what became of it.
    pub fn try_start(arguments: &[&str]) -> Result<Self, Failure> {
        Self::try_start_command(Command::new(program()).args(arguments).args(LISTEN))
    }

    fn try_start_command(command: &mut Command) -> Result<Self, Failure> {
        let mut child = command
            // In a debug build, on a busy machine, polls take long that do not otherwise.
            .env("LENO_DIAGNOSTICS", "slow-polls=off")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let Some(address) = line.trim_end().strip_prefix("listening on http://") else {
            let mut text = String::new();
            errors.read_to_string(&mut text).unwrap();
            return Err(Failure {
                code: child.wait().unwrap().code(),
                output: line,
                errors: text,
            });
        };
        Ok(Self {
            address: address.parse().unwrap(),
            child: child.into(),
            errors: errors.into(),
        })
    }

    pub fn connect(&self) -> Connection {
        Connection::new(TcpStream::connect(self.address).unwrap())
    }

    pub fn signal(&self, name: &str) {
        let process = self.child.borrow().id().to_string();
        let status = Command::new("kill").args(["-s", name, &process]).status();
        assert!(status.unwrap().success(), "kill -s {name} {process}");
    }

    /// Waits until the process stands still after a SIGSTOP.
    pub fn wait_until_stopped(&self) {
        let process = self.child.borrow().id().to_string();
        loop {
            let output = Command::new("ps")
                .args(["-o", "stat=", "-p", &process])
                .output();
            if output.unwrap().stdout.starts_with(b"T") {
                return;
            }
        }
    }

    pub fn wait_until_connections_are_refused(&self) {
        while TcpStream::connect(self.address).is_ok() {}
    }

    /// The next line on stderr.
    pub fn next_error_line(&self) -> String {
        let mut line = String::new();
        self.errors.borrow_mut().read_line(&mut line).unwrap();
        line
    }

    /// Waits for the end: the exit code (none after a signal), and what is left on stderr.
    pub fn wait(&self) -> (Option<i32>, String) {
        let mut text = String::new();
        self.errors.borrow_mut().read_to_string(&mut text).unwrap();
        (self.child.borrow_mut().wait().unwrap().code(), text)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.get_mut().kill();
        let _ = self.child.get_mut().wait();
    }
}

/// Starts the service with arguments it must refuse, and returns the line that says why.
pub fn fails_to_start(arguments: &[&str]) -> String {
    refuses(Command::new(program()).args(arguments), arguments)
}

/// As [`fails_to_start`], after what a shell does with `limits`.
pub fn fails_to_start_limited(limits: &str, arguments: &[&str]) -> String {
    refuses(&mut limited(limits, arguments), arguments)
}

fn refuses(command: &mut Command, arguments: &[&str]) -> String {
    let listen: &[&str] = match arguments.contains(&"--listen") {
        true => &[],
        false => &LISTEN,
    };
    let Err(failure) = Service::try_start_command(command.args(listen)) else {
        panic!("it has started with {arguments:?}");
    };
    let Failure {
        code,
        output,
        errors,
    } = failure;
    assert_eq!(code, Some(1), "{errors}");
    assert_eq!(output, "");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert!(!errors.contains("panicked"), "{errors}");
    errors
}

/// What `--help` prints.
pub fn help() -> String {
    let output = Command::new(program()).arg("--help").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).unwrap()
}

fn limited(limits: &str, arguments: &[&str]) -> Command {
    let script = format!("{limits}; exec \"$0\" \"$@\"");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).arg(program()).args(arguments);
    shell
}

/// The built example: cargo puts it beside the directory of this test's own executable.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let program = profile.join("examples").join("service");
    assert!(
        program.exists(),
        "{} is missing: build it with `cargo build --example service` \
         (`cargo test` without a choice of targets does)",
        program.display()
    );
    program
}

/// The path of a data file that does not exist yet, in a directory of its own, which is removed when dropped.
pub struct DataFile {
    directory: PathBuf,
    path: String,
}

pub fn data_file(name: &str) -> DataFile {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("service-{name}"));
    match fs::remove_dir_all(&directory) {
        Err(error) if error.kind() != ErrorKind::NotFound => panic!("{directory:?}: {error}"),
        _ => fs::create_dir_all(&directory).unwrap(),
    }
    let path = directory.join("store.log");
    let path = path.to_str().unwrap().to_string();
    DataFile { directory, path }
}

impl DataFile {
    pub fn text(&self) -> &str {
        &self.path
    }

    /// The path of another file in the same directory.
    pub fn beside(&self, name: &str) -> String {
        let path = self.directory.join(name);
        path.to_str().unwrap().to_string()
    }

    /// The names of all files in the directory.
    pub fn names(&self) -> Vec<String> {
        let names = fs::read_dir(&self.directory).unwrap();
        let mut names: Vec<_> = names
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for DataFile {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}
