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
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::OpenOptions;
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("file");
    /// # leno::fs::write(&path, "").await?;
    /// // It has to be told what for.
    /// assert!(OpenOptions::new().open(&path).await.is_err());
    /// OpenOptions::new().read(true).open(&path).await?;
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn new() -> OpenOptions {
        OpenOptions(std::fs::OpenOptions::new())
    }

    options! {
        /// Whether to read.
        ///
        /// # Examples
        ///
        /// ```
        /// use leno::fs::OpenOptions;
        /// use leno::io::AsyncReadExt;
        ///
        /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        /// # let folder = tempfile::tempdir()?;
        /// # let path = folder.path().join("file");
        /// # leno::fs::write(&path, "text").await?;
        /// let mut file = OpenOptions::new().read(true).open(&path).await?;
        /// let mut text = String::new();
        /// file.read_to_string(&mut text).await?;
        /// assert_eq!(text, "text");
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        read;
        /// Whether to write, over what is there.
        ///
        /// # Examples
        ///
        /// ```
        /// use leno::fs::OpenOptions;
        /// use leno::io::AsyncWriteExt;
        ///
        /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        /// # let folder = tempfile::tempdir()?;
        /// # let path = folder.path().join("file");
        /// leno::fs::write(&path, "old text").await?;
        /// let mut file = OpenOptions::new().write(true).open(&path).await?;
        /// file.write_all(b"new").await?;
        /// file.flush().await?;
        /// assert_eq!(leno::fs::read_to_string(&path).await?, "new text");
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        write;
        /// Whether to write, always at the end of the file.
        ///
        /// # Examples
        ///
        /// ```
        /// use leno::fs::OpenOptions;
        /// use leno::io::AsyncWriteExt;
        ///
        /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        /// # let folder = tempfile::tempdir()?;
        /// # let path = folder.path().join("log");
        /// let mut options = OpenOptions::new();
        /// options.append(true).create(true);
        /// // Each write goes to the end, wherever that is by then.
        /// let (mut one, mut other) = (options.open(&path).await?, options.open(&path).await?);
        /// for file in [&mut one, &mut other] {
        ///     file.write_all(b"line\n").await?;
        ///     file.flush().await?;
        /// }
        /// assert_eq!(leno::fs::read_to_string(&path).await?, "line\nline\n");
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        append;
        /// Whether to empty the file first. It has to be writable.
        ///
        /// # Examples
        ///
        /// ```
        /// use leno::fs::OpenOptions;
        ///
        /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        /// # let folder = tempfile::tempdir()?;
        /// # let path = folder.path().join("file");
        /// leno::fs::write(&path, "old text").await?;
        /// OpenOptions::new().write(true).truncate(true).open(&path).await?;
        /// assert_eq!(leno::fs::metadata(&path).await?.len(), 0);
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        truncate;
        /// Whether to make the file if it is not there. It has to be writable.
        ///
        /// # Examples
        ///
        /// ```
        /// use leno::fs::OpenOptions;
        ///
        /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        /// # let folder = tempfile::tempdir()?;
        /// # let path = folder.path().join("file");
        /// let mut options = OpenOptions::new();
        /// options.write(true);
        /// assert!(options.open(&path).await.is_err());
        /// options.create(true).open(&path).await?;
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        create;
        /// Whether to make the file, and to fail if it is there. It has to be writable.
        ///
        /// The two are one step, so of several that try only one succeeds. [`create`](Self::create) and
        /// [`truncate`](Self::truncate) have no effect then.
        ///
        /// # Examples
        ///
        /// ```
        /// use leno::fs::OpenOptions;
        /// use leno::io::ErrorKind;
        ///
        /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        /// # let folder = tempfile::tempdir()?;
        /// # let path = folder.path().join("lock");
        /// let mut options = OpenOptions::new();
        /// options.write(true).create_new(true);
        /// let _lock = options.open(&path).await?;
        /// let error = options.open(&path).await.unwrap_err();
        /// assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        create_new;
    }

    /// The permissions of a file that is made, of which the system takes away those of the umask. By default `0o666`.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::OpenOptions;
    /// use std::os::unix::fs::PermissionsExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("key");
    /// let key = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).await?;
    /// assert_eq!(key.metadata().await?.permissions().mode() & 0o077, 0);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[cfg(unix)]
    pub fn mode(&mut self, mode: u32) -> &mut OpenOptions {
        self.0.mode(mode);
        self
    }

    /// Further flags for the system's `open`. Those that say whether to read or write are ignored.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::OpenOptions;
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// leno::fs::symlink("/etc/passwd", folder.join("upload")).await?;
    /// // Does not follow the link that somebody has put there.
    /// let opened = OpenOptions::new()
    ///     .read(true)
    ///     .custom_flags(libc::O_NOFOLLOW)
    ///     .open(folder.join("upload"))
    ///     .await;
    /// assert!(opened.is_err());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::OpenOptions;
    /// use leno::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("counter");
    /// let mut file = OpenOptions::new().read(true).write(true).create(true).open(&path).await?;
    /// file.write_u32(7).await?;
    /// file.rewind().await?;
    /// assert_eq!(file.read_u32().await?, 7);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
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
