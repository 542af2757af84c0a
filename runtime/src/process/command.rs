//! What program to run, and how.

use super::{Child, orphans};
use crate::runtime::current;
use std::ffi::OsStr;
use std::future::Future;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
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
    pub fn new<S: AsRef<OsStr>>(program: S) -> Command {
        std::process::Command::new(program).into()
    }

    /// Std's command, to be looked at.
    pub fn as_std(&self) -> &std::process::Command {
        &self.std
    }

    /// Std's command, to be changed. It is what [`spawn`](Self::spawn) uses.
    pub fn as_std_mut(&mut self) -> &mut std::process::Command {
        &mut self.std
    }

    /// Makes std's command of it; [`kill_on_drop`](Self::kill_on_drop) is lost.
    pub fn into_std(self) -> std::process::Command {
        self.std
    }
}

/// What the program is given.
impl Command {
    /// Adds an argument.
    pub fn arg<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Command {
        self.std.arg(arg);
        self
    }

    /// Adds arguments.
    pub fn args<I, S>(&mut self, args: I) -> &mut Command
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.std.args(args);
        self
    }

    /// Sets argument 0, which is the program by default.
    pub fn arg0<S>(&mut self, arg: S) -> &mut Command
    where
        S: AsRef<OsStr>,
    {
        self.std.arg0(arg);
        self
    }

    /// Sets a variable of the environment.
    pub fn env<K, V>(&mut self, key: K, val: V) -> &mut Command
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.std.env(key, val);
        self
    }

    /// Sets variables of the environment.
    pub fn envs<I, K, V>(&mut self, vars: I) -> &mut Command
    where
        I: IntoIterator<Item = (K, V)>,
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.std.envs(vars);
        self
    }

    /// Takes a variable out of the environment.
    pub fn env_remove<K: AsRef<OsStr>>(&mut self, key: K) -> &mut Command {
        self.std.env_remove(key);
        self
    }

    /// Empties the environment; what is set later counts.
    pub fn env_clear(&mut self) -> &mut Command {
        self.std.env_clear();
        self
    }

    /// Sets the directory that the program starts in.
    pub fn current_dir<P: AsRef<Path>>(&mut self, dir: P) -> &mut Command {
        self.std.current_dir(dir);
        self
    }

    /// Sets where the standard input comes from; [`Stdio::piped`] makes [`Child::stdin`].
    pub fn stdin<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.std.stdin(cfg);
        self
    }

    /// Sets where the standard output goes to; [`Stdio::piped`] makes [`Child::stdout`].
    pub fn stdout<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.std.stdout(cfg);
        self
    }

    /// Sets where the standard error output goes to; [`Stdio::piped`] makes [`Child::stderr`].
    pub fn stderr<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.std.stderr(cfg);
        self
    }
}

/// How it runs.
impl Command {
    /// Whether to kill the child when its [`Child`] is dropped before its end is known. By default, not.
    ///
    /// Also when the future of [`status`](Self::status) or [`output`](Self::output) is dropped. The child is waited for
    /// in either case, later and elsewhere.
    pub fn kill_on_drop(&mut self, kill_on_drop: bool) -> &mut Command {
        self.kill_on_drop = kill_on_drop;
        self
    }

    /// What [`kill_on_drop`](Self::kill_on_drop) was set to.
    pub fn get_kill_on_drop(&self) -> bool {
        self.kill_on_drop
    }

    /// Sets the user that the program runs as. See [`CommandExt::uid`].
    pub fn uid(&mut self, id: u32) -> &mut Command {
        self.std.uid(id);
        self
    }

    /// Sets the group that the program runs as. See [`CommandExt::gid`].
    pub fn gid(&mut self, id: u32) -> &mut Command {
        self.std.gid(id);
        self
    }

    /// Sets the process group that the program runs in; 0 for a new one. See [`CommandExt::process_group`].
    pub fn process_group(&mut self, pgroup: i32) -> &mut Command {
        self.std.process_group(pgroup);
        self
    }

    /// Has `f` called in the child before the program starts.
    ///
    /// If it fails, so does [`spawn`](Self::spawn), with its error.
    ///
    /// # Safety
    ///
    /// The closure runs in a copy of this process that has one thread only: a lock that another thread holds stays locked
    /// for ever there, the allocator's included. It must do nothing but what is async-signal-safe. See
    /// [`CommandExt::pre_exec`].
    pub unsafe fn pre_exec<F>(&mut self, f: F) -> &mut Command
    where
        F: FnMut() -> io::Result<()> + Send + Sync + 'static,
    {
        // SAFETY: the caller's promise is the one that is asked for.
        unsafe { self.std.pre_exec(f) };
        self
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
