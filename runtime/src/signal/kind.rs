//! The kinds of signals, and their names.

use std::ffi::c_int;

/// Which signal to listen for.
///
/// # Examples
///
/// ```
/// use leno::signal::unix::SignalKind;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let reload = SignalKind::hangup();
/// assert_ne!(reload, SignalKind::terminate());
/// assert_eq!(reload, SignalKind::from(1)); // SIGHUP has this number everywhere
/// assert_eq!(i32::from(reload), 1);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignalKind(c_int);

/// Declares a constructor for each named signal.
macro_rules! signal_kinds {
    ($($(#[$attr:meta])* $name:ident = $number:ident;)+) => {
        $(
            $(#[$attr])*
            pub const fn $name() -> Self {
                Self(libc::$number)
            }
        )+
    };
}

impl SignalKind {
    /// The signal with this number, which is different on different systems.
    ///
    /// Every number can be named here; [`signal()`](super::unix::signal()) refuses those that cannot be listened for.
    ///
    /// # Examples
    ///
    /// A real-time signal of Linux, which has no name:
    ///
    /// ```
    /// use leno::signal::unix::{SignalKind, signal};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # #[cfg(target_os = "linux")] {
    /// let kind = SignalKind::from_raw(libc::SIGRTMIN());
    /// let mut received = signal(kind)?;
    /// # assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0);
    /// // Somebody has sent it.
    /// assert_eq!(received.recv().await, Some(()));
    /// # }
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub const fn from_raw(signum: c_int) -> Self {
        Self(signum)
    }

    /// The number of the signal.
    ///
    /// # Examples
    ///
    /// To send it, by whatever sends signals; the shell here:
    ///
    /// ```
    /// use leno::process::Command;
    /// use leno::signal::unix::{SignalKind, signal};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let kind = SignalKind::user_defined1();
    /// let mut received = signal(kind)?;
    /// let kill = format!("kill -{} {}", kind.as_raw_value(), std::process::id());
    /// assert!(Command::new("sh").args(["-c", &kill]).status().await?.success());
    /// assert_eq!(received.recv().await, Some(()));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub const fn as_raw_value(&self) -> c_int {
        self.0
    }

    signal_kinds! {
        /// `SIGALRM`: a timer has run out. By default it ends the program.
        ///
        /// # Examples
        ///
        /// A timer of a C library becomes something to wait for; of one's own there is [`sleep`](crate::time::sleep()):
        ///
        /// ```
        /// use leno::signal::unix::{SignalKind, signal};
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        /// let mut alarms = signal(SignalKind::alarm())?;
        /// # assert_eq!(unsafe { libc::raise(libc::SIGALRM) }, 0);
        /// // `alarm` or `setitimer` has been called, and the time is up.
        /// assert_eq!(alarms.recv().await, Some(()));
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        alarm = SIGALRM;
        /// `SIGCHLD`: a child process has ended or stopped. By default it is ignored.
        ///
        /// # Examples
        ///
        /// For who starts processes by other means than [`Command`](crate::process::Command), which needs nothing of this. One
        /// signal may stand for several children, so ask for each:
        ///
        /// ```
        /// use leno::signal::unix::{SignalKind, signal};
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        /// let mut changes = signal(SignalKind::child())?;
        /// let mut child = std::process::Command::new("true").spawn()?;
        /// let status = loop {
        ///     match child.try_wait()? {
        ///         Some(status) => break status,
        ///         None => changes.recv().await.expect("the runtime is there"),
        ///     }
        /// };
        /// assert!(status.success());
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        child = SIGCHLD;
        /// `SIGHUP`: the terminal has gone; for a service, by custom, "read your configuration again". By default it
        /// ends the program.
        ///
        /// # Examples
        ///
        /// Reading the configuration again:
        ///
        /// ```
        /// use leno::signal::unix::{SignalKind, signal};
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        /// # fn raise(kind: SignalKind) { assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0); }
        ///
        /// # let directory = tempfile::tempdir()?;
        /// # let path = directory.path().join("settings");
        /// let mut reloads = signal(SignalKind::hangup())?;
        /// std::fs::write(&path, "verbose")?;
        /// raise(SignalKind::hangup()); // as `kill -HUP` does
        ///
        /// reloads.recv().await.expect("the runtime is there");
        /// let settings = leno::fs::read_to_string(&path).await?;
        /// assert_eq!(settings, "verbose");
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        hangup = SIGHUP;
        /// `SIGINFO`: Ctrl-T, a question for the program's progress. By default it is ignored.
        #[cfg(any(
            target_os = "dragonfly",
            target_os = "freebsd",
            target_os = "macos",
            target_os = "netbsd",
            target_os = "openbsd",
            target_os = "illumos"
        ))]
        info = SIGINFO;
        /// `SIGINT`: Ctrl-C. By default it ends the program.
        ///
        /// # Examples
        ///
        /// The first one asks politely, the second does not wait for the answer:
        ///
        /// ```
        /// use leno::signal::unix::{SignalKind, signal};
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        /// # fn raise(kind: SignalKind) { assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0); }
        ///
        /// let mut interrupts = signal(SignalKind::interrupt())?;
        /// # raise(SignalKind::interrupt());
        /// interrupts.recv().await;
        /// let draining = std::future::pending::<()>(); // a client that does not go
        /// # raise(SignalKind::interrupt());
        /// let is_forced = leno::select! {
        ///     () = draining => false,
        ///     _ = interrupts.recv() => true,
        /// };
        /// assert!(is_forced);
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        interrupt = SIGINT;
        /// `SIGIO`: a descriptor is ready. By default it is ignored or ends the program.
        ///
        /// # Examples
        ///
        /// A listener may also be for what others in the process have asked the system for:
        ///
        /// ```
        /// use leno::signal::unix::{SignalKind, signal};
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        /// # fn raise(kind: SignalKind) { assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0); }
        ///
        /// let mut ready = signal(SignalKind::io())?;
        /// raise(SignalKind::io()); // as the system does for a descriptor with `O_ASYNC`
        /// assert_eq!(ready.recv().await, Some(()));
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[cfg(not(target_os = "haiku"))]
        io = SIGIO;
        /// `SIGPOLL`: a descriptor is ready. By default it ends the program.
        #[cfg(target_os = "haiku")]
        io = SIGPOLL;
        /// `SIGPIPE`: nobody reads what was written. Rust programs ignore it, and see an error instead.
        ///
        /// # Examples
        ///
        /// Listening to it changes nothing of the error:
        ///
        /// ```
        /// use leno::net::unix::pipe;
        /// use leno::signal::unix::{SignalKind, signal};
        /// use std::io::ErrorKind;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        /// let mut broken = signal(SignalKind::pipe())?;
        /// let (sender, receiver) = pipe::pipe()?;
        /// drop(receiver);
        /// assert_eq!(sender.try_write(b"hello").unwrap_err().kind(), ErrorKind::BrokenPipe);
        /// assert_eq!(broken.recv().await, Some(()));
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        pipe = SIGPIPE;
        /// `SIGQUIT`: Ctrl-\. By default it ends the program with a core dump.
        ///
        /// # Examples
        ///
        /// What the program is doing, for who sits before it and wonders; it goes on after that:
        ///
        /// ```
        /// use leno::signal::unix::{SignalKind, signal};
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        /// # fn raise(kind: SignalKind) { assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0); }
        ///
        /// let mut questions = signal(SignalKind::quit())?;
        /// let tasks = leno::runtime::Handle::current().metrics();
        /// # raise(SignalKind::quit());
        /// questions.recv().await;
        /// eprintln!("{} tasks are alive", tasks.num_alive_tasks());
        /// # assert_eq!(tasks.num_alive_tasks(), 0);
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        quit = SIGQUIT;
        /// `SIGTERM`: please end. By default it ends the program.
        ///
        /// # Examples
        ///
        /// What a service manager sends first. It waits a while before it sends `SIGKILL`, which nobody can listen for:
        ///
        /// ```
        /// use leno::signal::unix::{SignalKind, signal};
        /// use leno::sync::watch;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        /// # fn raise(kind: SignalKind) { assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0); }
        ///
        /// let (stop, mut stopped) = watch::channel(false);
        /// let worker = leno::spawn(async move {
        ///     stopped.wait_for(|&is_stopped| is_stopped).await.map(|_| "drained").unwrap()
        /// });
        ///
        /// let mut terminations = signal(SignalKind::terminate())?;
        /// # raise(SignalKind::terminate());
        /// terminations.recv().await;
        /// stop.send_replace(true);
        /// assert_eq!(worker.await?, "drained");
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        terminate = SIGTERM;
        /// `SIGUSR1`: whatever the program says it means. By default it ends the program.
        ///
        /// # Examples
        ///
        /// A switch of a program that runs:
        ///
        /// ```
        /// use leno::signal::unix::{SignalKind, signal};
        /// use std::sync::atomic::{AtomicBool, Ordering};
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        /// # fn raise(kind: SignalKind) { assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0); }
        ///
        /// static VERBOSE: AtomicBool = AtomicBool::new(false);
        ///
        /// let mut toggles = signal(SignalKind::user_defined1())?;
        /// let switch = leno::spawn(async move {
        ///     toggles.recv().await;
        ///     VERBOSE.fetch_xor(true, Ordering::Relaxed);
        /// });
        /// raise(SignalKind::user_defined1());
        /// switch.await?;
        /// assert!(VERBOSE.load(Ordering::Relaxed));
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        user_defined1 = SIGUSR1;
        /// `SIGUSR2`: whatever the program says it means. By default it ends the program.
        ///
        /// # Examples
        ///
        /// Two kinds that are waited for at once:
        ///
        /// ```
        /// use leno::signal::unix::{SignalKind, signal};
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        /// # fn raise(kind: SignalKind) { assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0); }
        ///
        /// let mut louder = signal(SignalKind::user_defined1())?;
        /// let mut quieter = signal(SignalKind::user_defined2())?;
        /// raise(SignalKind::user_defined2());
        /// let change = leno::select! {
        ///     _ = louder.recv() => 1,
        ///     _ = quieter.recv() => -1,
        /// };
        /// assert_eq!(change, -1);
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        user_defined2 = SIGUSR2;
        /// `SIGWINCH`: the terminal's window has another size. By default it is ignored.
        ///
        /// # Examples
        ///
        /// A program with a full screen draws it anew. However often the window has changed meanwhile, it does so once:
        ///
        /// ```
        /// use leno::signal::unix::{SignalKind, signal};
        /// use std::task::Poll;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        /// # fn raise(kind: SignalKind) { assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0); }
        ///
        /// let mut changes = signal(SignalKind::window_change())?;
        /// for _ in 0..3 {
        ///     raise(SignalKind::window_change());
        /// }
        /// assert_eq!(changes.recv().await, Some(()));
        /// let next = std::future::poll_fn(|cx| Poll::Ready(changes.poll_recv(cx))).await;
        /// assert!(next.is_pending());
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        window_change = SIGWINCH;
    }
}

impl From<c_int> for SignalKind {
    fn from(signum: c_int) -> Self {
        Self::from_raw(signum)
    }
}

impl From<SignalKind> for c_int {
    fn from(kind: SignalKind) -> Self {
        kind.as_raw_value()
    }
}
