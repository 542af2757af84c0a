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

/// What the program is given.
impl Command {
    /// Adds an argument.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::process::Command;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let output = Command::new("printf").arg("%s-").arg("one").arg("two words").output().await?;
    /// assert_eq!(output.stdout, b"one-two words-");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn arg<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Command {
        self.std.arg(arg);
        self
    }

    /// Adds arguments.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::process::Command;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let words = ["one", "two", "three"];
    /// let output = Command::new("printf").arg("[%s]").args(words).output().await?;
    /// assert_eq!(output.stdout, b"[one][two][three]");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn args<I, S>(&mut self, args: I) -> &mut Command
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.std.args(args);
        self
    }

    /// Sets argument 0, which is the program by default.
    ///
    /// # Examples
    ///
    /// Some programs, as shells and busybox, do different things by different names:
    ///
    /// ```
    /// use leno::process::Command;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let output = Command::new("sh").arg0("greeter").args(["-c", "echo $0"]).output().await?;
    /// assert_eq!(output.stdout, b"greeter\n");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn arg0<S>(&mut self, arg: S) -> &mut Command
    where
        S: AsRef<OsStr>,
    {
        self.std.arg0(arg);
        self
    }

    /// Sets a variable of the environment.
    ///
    /// # Examples
    ///
    /// A later one counts, and over what this process has:
    ///
    /// ```
    /// use leno::process::Command;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut command = Command::new("sh");
    /// command.args(["-c", "echo $MODE"]).env("MODE", "slow").env("MODE", "fast");
    /// assert_eq!(command.output().await?.stdout, b"fast\n");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn env<K, V>(&mut self, key: K, val: V) -> &mut Command
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.std.env(key, val);
        self
    }

    /// Sets variables of the environment.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::process::Command;
    /// use std::collections::HashMap;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let settings = HashMap::from([("HOST", "localhost"), ("PORT", "80")]);
    /// let output = Command::new("sh").args(["-c", "echo $HOST:$PORT"]).envs(settings).output().await?;
    /// assert_eq!(output.stdout, b"localhost:80\n");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
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
    ///
    /// # Examples
    ///
    /// What the program is not to know:
    ///
    /// ```
    /// use leno::process::Command;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut command = Command::new("sh");
    /// command.args(["-c", "echo ${TOKEN:-none}"]).env("TOKEN", "secret").env_remove("TOKEN");
    /// assert_eq!(command.output().await?.stdout, b"none\n");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn env_remove<K: AsRef<OsStr>>(&mut self, key: K) -> &mut Command {
        self.std.env_remove(key);
        self
    }

    /// Empties the environment; what is set later counts.
    ///
    /// # Examples
    ///
    /// The same everywhere, whoever runs it. The program is still looked for in the `PATH` of this process:
    ///
    /// ```
    /// use leno::process::Command;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let output = Command::new("env").env_clear().env("LANG", "C").output().await?;
    /// assert_eq!(output.stdout, b"LANG=C\n");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn env_clear(&mut self) -> &mut Command {
        self.std.env_clear();
        self
    }

    /// Sets the directory that the program starts in.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::process::Command;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// std::fs::write(directory.path().join("note"), "hello")?;
    /// let output = Command::new("cat").arg("note").current_dir(&directory).output().await?;
    /// assert_eq!(output.stdout, b"hello");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn current_dir<P: AsRef<Path>>(&mut self, dir: P) -> &mut Command {
        self.std.current_dir(dir);
        self
    }

    /// Sets where the standard input comes from; [`Stdio::piped`] makes [`Child::stdin`].
    ///
    /// # Examples
    ///
    /// From nothing, so that a program that asks gets no answer instead of taking ours:
    ///
    /// ```
    /// use leno::process::Command;
    /// use std::process::Stdio;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let output = Command::new("cat").stdin(Stdio::null()).output().await?;
    /// assert!(output.status.success() && output.stdout.is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn stdin<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.std.stdin(cfg);
        self
    }

    /// Sets where the standard output goes to; [`Stdio::piped`] makes [`Child::stdout`].
    ///
    /// # Examples
    ///
    /// Into a file, which the program writes by itself:
    ///
    /// ```
    /// use leno::process::Command;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("log");
    /// let log = std::fs::File::create(&path)?;
    /// assert!(Command::new("echo").arg("hello").stdout(log).status().await?.success());
    /// assert_eq!(std::fs::read_to_string(&path)?, "hello\n");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn stdout<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.std.stdout(cfg);
        self
    }

    /// Sets where the standard error output goes to; [`Stdio::piped`] makes [`Child::stderr`].
    ///
    /// # Examples
    ///
    /// Complaints that nobody wants to see:
    ///
    /// ```
    /// use leno::process::Command;
    /// use std::process::Stdio;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut command = Command::new("ls");
    /// let status = command.arg("/no/such/file").stderr(Stdio::null()).status().await?;
    /// assert!(!status.success());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
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
    ///
    /// # Examples
    ///
    /// With a time limit, the program ends with the future that waits for it:
    ///
    /// ```
    /// use leno::process::Command;
    /// use leno::time::{Duration, timeout};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut command = Command::new("sleep");
    /// let sleeping = command.arg("1000").kill_on_drop(true).status();
    /// assert!(timeout(Duration::from_millis(5), sleeping).await.is_err());
    /// // Nothing sleeps any more.
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn kill_on_drop(&mut self, kill_on_drop: bool) -> &mut Command {
        self.kill_on_drop = kill_on_drop;
        self
    }

    /// What [`kill_on_drop`](Self::kill_on_drop) was set to.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::process::Command;
    ///
    /// let mut command = Command::new("sleep");
    /// assert!(!command.get_kill_on_drop());
    /// assert!(command.kill_on_drop(true).get_kill_on_drop());
    /// ```
    pub fn get_kill_on_drop(&self) -> bool {
        self.kill_on_drop
    }

    /// Sets the user that the program runs as. See [`CommandExt::uid`].
    ///
    /// # Examples
    ///
    /// Another user needs privileges; the same one does not:
    ///
    /// ```
    /// use leno::process::Command;
    /// use std::os::unix::fs::MetadataExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// let ours = std::fs::metadata(&directory)?.uid();
    /// let output = Command::new("id").arg("-u").uid(ours).output().await?;
    /// assert_eq!(output.stdout, format!("{ours}\n").as_bytes());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn uid(&mut self, id: u32) -> &mut Command {
        self.std.uid(id);
        self
    }

    /// Sets the group that the program runs as. See [`CommandExt::gid`].
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::process::Command;
    /// use std::os::unix::fs::MetadataExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// let ours = std::fs::metadata(&directory)?.gid();
    /// let output = Command::new("id").arg("-g").gid(ours).output().await?;
    /// assert_eq!(output.stdout, format!("{ours}\n").as_bytes());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn gid(&mut self, id: u32) -> &mut Command {
        self.std.gid(id);
        self
    }

    /// Sets the process group that the program runs in; 0 for a new one. See [`CommandExt::process_group`].
    ///
    /// # Examples
    ///
    /// A group of its own is not interrupted by our terminal's Ctrl-C, and can be ended with all that it has started:
    ///
    /// ```
    /// use leno::process::Command;
    /// use std::os::unix::process::ExitStatusExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut child = Command::new("sh").args(["-c", "sleep 1000; true"]).process_group(0).spawn()?;
    /// let kill = format!("kill -TERM -{}", child.id().unwrap()); // the group has the child's number
    /// assert!(Command::new("sh").args(["-c", &kill]).status().await?.success());
    /// assert_eq!(child.wait().await?.signal(), Some(15));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
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
    ///
    /// # Examples
    ///
    /// A limit that it starts with:
    ///
    /// ```
    /// use leno::process::Command;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut command = Command::new("sh");
    /// command.args(["-c", "ulimit -n"]);
    /// // SAFETY: setrlimit is a system call, and touches nothing but its argument.
    /// unsafe {
    ///     command.pre_exec(|| {
    ///         let files = libc::rlimit { rlim_cur: 16, rlim_max: 16 };
    ///         match libc::setrlimit(libc::RLIMIT_NOFILE, &files) {
    ///             0 => Ok(()),
    ///             _ => Err(std::io::Error::last_os_error()),
    ///         }
    ///     });
    /// }
    /// assert_eq!(command.output().await?.stdout, b"16\n");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
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
