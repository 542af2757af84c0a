//! What a program is given, and how it runs.

use super::Command;
use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;

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

    /// Sets where the standard input comes from; [`Stdio::piped`] makes [`Child::stdin`](crate::process::Child::stdin).
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

    /// Sets where the standard output goes to; [`Stdio::piped`] makes [`Child::stdout`](crate::process::Child::stdout).
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

    /// Sets where the standard error output goes to; [`Stdio::piped`] makes [`Child::stderr`](crate::process::Child::stderr).
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
    /// Whether to kill the child when its [`Child`](crate::process::Child) is dropped before its end is known. By default, not.
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
