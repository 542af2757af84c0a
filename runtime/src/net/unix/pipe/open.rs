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
/// # Example
///
/// ```no_run
/// use leno::io::AsyncReadExt;
/// use leno::net::unix::pipe;
///
/// # #[leno::main]
/// # async fn main() -> std::io::Result<()> {
/// // Read-write, so that it does not come to an end whenever a writer leaves.
/// let mut commands = pipe::OpenOptions::new().read_write(true).open_receiver("commands")?;
/// let first = commands.read_u8().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    read_write: bool,
    unchecked: bool,
}

impl OpenOptions {
    /// Options that open one direction, of what must be a pipe.
    pub fn new() -> OpenOptions {
        OpenOptions::default()
    }

    /// Whether to open the end for the other direction too. By default, not.
    ///
    /// So a sender can be opened while there is no receiver, and a receiver does not see the end of the stream while
    /// there is no sender. The end must not be used for the other direction. Only Linux has this.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub fn read_write(&mut self, value: bool) -> &mut Self {
        self.read_write = value;
        self
    }

    /// Whether not to check that it is a pipe. By default, it is checked.
    ///
    /// What is not a pipe may behave otherwise than the ends' documentation says: a file cannot be registered.
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
    #[track_caller]
    pub fn open_sender<P: AsRef<Path>>(&self, path: P) -> io::Result<Sender> {
        let mut options = File::options();
        options.read(self.is_read_write()).write(true);
        Sender::from_file_unchecked(self.open(&mut options, path.as_ref())?)
    }

    fn is_read_write(&self) -> bool {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        return self.read_write;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        return false;
    }

    fn open(&self, options: &mut std::fs::OpenOptions, path: &Path) -> io::Result<File> {
        options.custom_flags(libc::O_NONBLOCK);
        let file = options.open(path)?;
        if !self.unchecked {
            expect_pipe(file.as_fd())?;
        }
        Ok(file)
    }
}
