//! Opening a pipe by its name.

use super::{Receiver, Sender, expect_pipe};
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// How to open an end of a pipe that has a name in the file system.
///
/// Opening never waits for the other end, and is therefore not `async`.
///
/// # Examples
///
/// A command pipe, as of a daemon that scripts write into:
///
/// ```
/// use leno::io::{AsyncBufReadExt, BufReader};
/// use leno::net::unix::pipe;
/// use leno::process::Command;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let directory = tempfile::tempdir()?;
/// let path = directory.path().join("commands");
/// assert!(Command::new("mkfifo").arg(&path).status().await?.success());
///
/// # #[cfg(any(target_os = "linux", target_os = "android"))] {
/// // Read-write, so that it does not come to an end whenever a writer leaves.
/// let receiver = pipe::OpenOptions::new().read_write(true).open_receiver(&path)?;
/// let mut commands = BufReader::new(receiver).lines();
///
/// let script = format!("echo reload > '{}'", path.display());
/// Command::new("sh").arg("-c").arg(script).status().await?;
/// assert_eq!(commands.next_line().await?.as_deref(), Some("reload"));
/// # }
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    read_write: bool,
    unchecked: bool,
}

impl OpenOptions {
    /// Options that open one direction, of what must be a pipe.
    ///
    /// # Examples
    ///
    /// Neither end waits for the other: a receiver is there at once, and reads the end of the stream while nobody writes.
    ///
    /// ```
    /// use leno::net::unix::pipe::OpenOptions;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("pipe");
    /// # assert!(leno::process::Command::new("mkfifo").arg(&path).status().await?.success());
    /// let options = OpenOptions::new();
    /// let receiver = options.open_receiver(&path)?;
    /// let sender = options.open_sender(&path)?;
    /// sender.writable().await?;
    /// sender.try_write(b"hello")?;
    /// receiver.readable().await?;
    /// assert_eq!(receiver.try_read(&mut [0; 16])?, 5);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn new() -> OpenOptions {
        OpenOptions::default()
    }

    /// Whether to open the end for the other direction too. By default, not.
    ///
    /// So a sender can be opened while there is no receiver, and a receiver does not see the end of the stream while
    /// there is no sender. The end must not be used for the other direction. Only Linux has this.
    ///
    /// # Examples
    ///
    /// A sender that need not wait until somebody reads; the pipe holds what it may, 64 KiB on Linux:
    ///
    /// ```
    /// use leno::net::unix::pipe;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("events");
    /// # assert!(leno::process::Command::new("mkfifo").arg(&path).status().await?.success());
    /// let alone = pipe::OpenOptions::new().open_sender(&path);
    /// assert!(alone.is_err()); // ENXIO: nobody reads
    ///
    /// let sender = pipe::OpenOptions::new().read_write(true).open_sender(&path)?;
    /// sender.writable().await?;
    /// assert_eq!(sender.try_write(b"event")?, 5);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[inline]
    pub fn read_write(&mut self, value: bool) -> &mut Self {
        self.read_write = value;
        self
    }

    /// Whether not to check that it is a pipe. By default, it is checked.
    ///
    /// What is not a pipe may behave otherwise than the ends' documentation says: a file cannot be registered.
    ///
    /// # Examples
    ///
    /// What is checked is that it is a pipe at all:
    ///
    /// ```
    /// use leno::net::unix::pipe;
    /// use std::io::ErrorKind;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut options = pipe::OpenOptions::new();
    /// let error = options.open_receiver("/dev/null").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::InvalidInput);
    ///
    /// // Without the check, it is the reactor that says no.
    /// assert!(options.unchecked(true).open_receiver("/dev/null").is_err());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn unchecked(&mut self, value: bool) -> &mut Self {
        self.unchecked = value;
        self
    }

    /// Opens the end to read from.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if it is not a pipe; those of the system, and that the runtime has
    /// shut down.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, or if it was built without IO.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncReadExt;
    /// use leno::net::unix::pipe::OpenOptions;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("pipe");
    /// # assert!(leno::process::Command::new("mkfifo").arg(&path).status().await?.success());
    /// let mut receiver = OpenOptions::new().open_receiver(&path)?;
    /// let sender = OpenOptions::new().open_sender(&path)?;
    /// sender.writable().await?;
    /// sender.try_write(b"hello")?;
    /// drop(sender);
    ///
    /// let mut text = String::new();
    /// receiver.read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn open_receiver<P: AsRef<Path>>(&self, path: P) -> io::Result<Receiver> {
        let mut options = File::options();
        options.read(true).write(self.is_read_write());
        Receiver::from_file_unchecked(self.open(&mut options, path.as_ref())?)
    }

    /// Opens the end to write to.
    ///
    /// # Errors
    ///
    /// `ENXIO` if nobody has the pipe open for reading; otherwise as [`open_receiver`](Self::open_receiver).
    ///
    /// # Panics
    ///
    /// Outside of a runtime, or if it was built without IO.
    ///
    /// # Examples
    ///
    /// Until there is a reader:
    ///
    /// ```
    /// use leno::net::unix::pipe::OpenOptions;
    /// use leno::time::{Duration, sleep};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("pipe");
    /// # assert!(leno::process::Command::new("mkfifo").arg(&path).status().await?.success());
    /// # let receiver = OpenOptions::new().open_receiver(&path)?;
    /// let sender = loop {
    ///     match OpenOptions::new().open_sender(&path) {
    ///         Ok(sender) => break sender,
    ///         Err(error) if error.raw_os_error() == Some(libc::ENXIO) => sleep(Duration::from_millis(50)).await,
    ///         Err(error) => return Err(error),
    ///     }
    /// };
    /// sender.writable().await?;
    /// assert_eq!(sender.try_write(b"hello")?, 5);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn open_sender<P: AsRef<Path>>(&self, path: P) -> io::Result<Sender> {
        let mut options = File::options();
        options.read(self.is_read_write()).write(true);
        Sender::from_file_unchecked(self.open(&mut options, path.as_ref())?)
    }

    #[inline]
    fn is_read_write(&self) -> bool {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        return self.read_write;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        return false;
    }

    #[inline]
    fn open(&self, options: &mut std::fs::OpenOptions, path: &Path) -> io::Result<File> {
        options.custom_flags(libc::O_NONBLOCK);
        let file = options.open(path)?;
        if !self.unchecked {
            expect_pipe(file.as_fd())?;
        }
        Ok(file)
    }
}
