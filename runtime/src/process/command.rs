//! What program to run, and how.

mod settings;

use super::{Child, orphans};
use crate::runtime::current;
use std::ffi::OsStr;
use std::future::Future;
use std::io;
use std::process::{ExitStatus, Output, Stdio};

/// What program to run, and how; as [`std::process::Command`].
///
/// # Example
///
/// ```
/// use leno::process::Command;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let status = Command::new("sh").arg("-c").arg("exit $CODE").env("CODE", "3").status().await?;
/// assert_eq!(status.code(), Some(3));
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Command {
    std: std::process::Command,
    kill_on_drop: bool,
}

/// Making and taking apart.
impl Command {
    /// A command that runs `program`, which is looked for in `PATH` unless it contains a slash.
    ///
    /// Without arguments, with this process' environment, directory and standard streams.
    ///
    /// # Examples
    ///
    /// No shell is involved: nothing in the arguments has a meaning of its own.
    ///
    /// ```
    /// use leno::process::Command;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let output = Command::new("echo").arg("$HOME; *").output().await?;
    /// assert_eq!(output.stdout, b"$HOME; *\n");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// A program that is not there is an error of starting it:
    ///
    /// ```
    /// use leno::process::Command;
    /// use std::io::ErrorKind;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let error = Command::new("no-such-program").status().await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::NotFound);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn new<S: AsRef<OsStr>>(program: S) -> Command {
        std::process::Command::new(program).into()
    }

    /// Std's command, to be looked at.
    ///
    /// # Examples
    ///
    /// What was set, for a log:
    ///
    /// ```
    /// use leno::process::Command;
    ///
    /// let mut command = Command::new("echo");
    /// command.args(["hello", "world"]).env("LANG", "C");
    /// assert_eq!(command.as_std().get_program(), "echo");
    /// assert_eq!(command.as_std().get_args().len(), 2);
    /// assert_eq!(command.as_std().get_envs().len(), 1);
    /// ```
    pub fn as_std(&self) -> &std::process::Command {
        &self.std
    }

    /// Std's command, to be changed. It is what [`spawn`](Self::spawn) uses.
    ///
    /// # Examples
    ///
    /// For what only std's has, or code that takes std's:
    ///
    /// ```
    /// use leno::process::Command;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// fn in_english(command: &mut std::process::Command) {
    ///     command.env("LC_ALL", "C");
    /// }
    ///
    /// let mut command = Command::new("sh");
    /// in_english(command.as_std_mut());
    /// let output = command.args(["-c", "echo $LC_ALL"]).output().await?;
    /// assert_eq!(output.stdout, b"C\n");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn as_std_mut(&mut self) -> &mut std::process::Command {
        &mut self.std
    }

    /// Makes std's command of it; [`kill_on_drop`](Self::kill_on_drop) is lost.
    ///
    /// # Examples
    ///
    /// Where there is no runtime:
    ///
    /// ```
    /// use leno::process::Command;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut command = Command::new("true");
    /// command.kill_on_drop(true);
    /// let mut command: std::process::Command = command.into_std();
    /// assert!(command.status()?.success());
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_std(self) -> std::process::Command {
        self.std
    }
}

/// Running it.
impl Command {
    /// Starts the program.
    ///
    /// Blocks the thread for as long as the system takes to start it, mostly less than a millisecond.
    ///
    /// # Errors
    ///
    /// Those of the system: [`NotFound`](io::ErrorKind::NotFound) if there is no such program,
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if there are too many processes. Also if the runtime has shut down and a
    /// stream is to be piped: then the child has been killed.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, or if it was built without IO. The program has not been started then.
    ///
    /// # Examples
    ///
    /// Several at once:
    ///
    /// ```
    /// use leno::process::Command;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut children = Vec::new();
    /// for code in ["0", "1", "2"] {
    ///     children.push(Command::new("sh").args(["-c", "exit $0", code]).spawn()?);
    /// }
    /// let mut codes = Vec::new();
    /// for mut child in children {
    ///     codes.push(child.wait().await?.code().unwrap());
    /// }
    /// assert_eq!(codes, [0, 1, 2]);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn spawn(&mut self) -> io::Result<Child> {
        self.spawn_with(std::process::Command::spawn)
    }

    /// As [`spawn`](Self::spawn), with a way to start it of your own.
    ///
    /// # Errors
    ///
    /// Those of `with`, otherwise as [`spawn`](Self::spawn).
    ///
    /// # Panics
    ///
    /// As [`spawn`](Self::spawn).
    ///
    /// # Examples
    ///
    /// What has to be in place only while the system starts it, here to know how long that takes:
    ///
    /// ```
    /// use leno::process::Command;
    /// use std::time::{Duration, Instant};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut took = Duration::ZERO;
    /// let mut child = Command::new("true").spawn_with(|command| {
    ///     let before = Instant::now();
    ///     let child = command.spawn();
    ///     took = before.elapsed();
    ///     child
    /// })?;
    /// assert!(child.wait().await?.success());
    /// assert!(took > Duration::ZERO);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn spawn_with(
        &mut self,
        with: impl FnOnce(&mut std::process::Command) -> io::Result<std::process::Child>,
    ) -> io::Result<Child> {
        let reactor = current::reactor();
        orphans::remember();
        Child::new(with(&mut self.std)?, self.kill_on_drop, reactor)
    }

    /// Starts the program at once; the future waits for its end.
    ///
    /// Streams that were to be [piped](Stdio::piped) are closed.
    ///
    /// # Errors
    ///
    /// Those of [`spawn`](Self::spawn) and [`wait`](Child::wait).
    ///
    /// # Panics
    ///
    /// As [`spawn`](Self::spawn), when this is called.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses data: how the program has ended. It goes on, unless [`kill_on_drop`](Self::kill_on_drop) is set.
    ///
    /// # Examples
    ///
    /// The end of a program is a code, or a signal:
    ///
    /// ```
    /// use leno::process::Command;
    /// use std::os::unix::process::ExitStatusExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let sh = |script: &str| Command::new("sh").arg("-c").arg(script).status();
    /// assert_eq!(sh("exit 3").await?.code(), Some(3));
    ///
    /// let killed = sh("kill -KILL $$").await?;
    /// assert_eq!((killed.code(), killed.signal()), (None, Some(9)));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn status(&mut self) -> impl Future<Output = io::Result<ExitStatus>> + use<> {
        let child = self.spawn();
        async move {
            let mut child = child?;
            // A child that reads or writes them would wait for us, and we for it.
            drop((child.stdin.take(), child.stdout.take(), child.stderr.take()));
            child.wait().await
        }
    }

    /// Starts the program at once; the future waits for its end, and collects its output.
    ///
    /// The standard output and error output are piped, whatever they were set to.
    ///
    /// # Errors
    ///
    /// Those of [`spawn`](Self::spawn) and [`wait_with_output`](Child::wait_with_output).
    ///
    /// # Panics
    ///
    /// As [`spawn`](Self::spawn), when this is called.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses data: the output. The program goes on, unless [`kill_on_drop`](Self::kill_on_drop) is set.
    ///
    /// # Examples
    ///
    /// A failure is none of the future; the status says it, and mostly the error output why:
    ///
    /// ```
    /// use leno::process::Command;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let output = Command::new("sh").args(["-c", "echo half; echo oh no >&2; exit 1"]).output().await?;
    /// assert_eq!(output.status.code(), Some(1));
    /// assert_eq!((&*output.stdout, &*output.stderr), (&b"half\n"[..], &b"oh no\n"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn output(&mut self) -> impl Future<Output = io::Result<Output>> + use<> {
        self.std.stdout(Stdio::piped());
        self.std.stderr(Stdio::piped());
        let child = self.spawn();
        async move { child?.wait_with_output().await }
    }
}

impl From<std::process::Command> for Command {
    fn from(std: std::process::Command) -> Command {
        Command {
            std,
            kill_on_drop: false,
        }
    }
}
