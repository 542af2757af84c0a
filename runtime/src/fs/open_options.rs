//! How to open a file.

use super::File;
use crate::io::blocking;
use crate::runtime::current::Need;
use crate::runtime::required::required;
use std::future::Future;
use std::io;
#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// How to open a file, as [`std::fs::OpenOptions`].
///
/// # Example
///
/// ```
/// use leno::fs::OpenOptions;
/// use leno::io::AsyncWriteExt;
///
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("log");
/// let mut log = OpenOptions::new().create(true).append(true).open(&path).await?;
/// log.write_all(b"one line more\n").await?;
/// log.flush().await?;
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct OpenOptions(std::fs::OpenOptions);

macro_rules! options {
    ($($(#[$attr:meta])* $name:ident;)+) => {$(
        $(#[$attr])*
        pub fn $name(&mut self, $name: bool) -> &mut OpenOptions {
            self.0.$name($name);
            self
        }
    )+};
}

impl OpenOptions {
    /// Options that open nothing: set [`read`](Self::read), [`write`](Self::write) or [`append`](Self::append).
    pub fn new() -> OpenOptions {
        OpenOptions(std::fs::OpenOptions::new())
    }

    options! {
        /// Whether to read.
        read;
        /// Whether to write, over what is there.
        write;
        /// Whether to write, always at the end of the file.
        append;
        /// Whether to empty the file first. It has to be writable.
        truncate;
        /// Whether to make the file if it is not there. It has to be writable.
        create;
        /// Whether to make the file, and to fail if it is there. It has to be writable.
        ///
        /// The two are one step, so of several that try only one succeeds. [`create`](Self::create) and
        /// [`truncate`](Self::truncate) have no effect then.
        create_new;
    }

    /// The permissions of a file that is made, of which the system takes away those of the umask. By default `0o666`.
    #[cfg(unix)]
    pub fn mode(&mut self, mode: u32) -> &mut OpenOptions {
        self.0.mode(mode);
        self
    }

    /// Further flags for the system's `open`. Those that say whether to read or write are ignored.
    #[cfg(unix)]
    pub fn custom_flags(&mut self, flags: i32) -> &mut OpenOptions {
        self.0.custom_flags(flags);
        self
    }

    /// Opens the file at `path`.
    ///
    /// # Errors
    ///
    /// As [`std::fs::OpenOptions::open`]; see also [the module](super#errors-and-panics).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the operation: the file may be made, or emptied. It is closed again.
    #[track_caller]
    pub fn open(&self, path: impl AsRef<Path>) -> impl Future<Output = io::Result<File>> {
        required(Need::Runtime, self.open_at(path))
    }

    async fn open_at(&self, path: impl AsRef<Path>) -> io::Result<File> {
        let path = path.as_ref().to_owned();
        let options = self.0.clone();
        let file = blocking::run(move || options.open(path)).await?;
        Ok(File::from_std(file))
    }
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl From<std::fs::OpenOptions> for OpenOptions {
    fn from(options: std::fs::OpenOptions) -> Self {
        Self(options)
    }
}
