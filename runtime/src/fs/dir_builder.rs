//! Making directories with options.

use crate::io::blocking;
use crate::runtime::current::Need;
use crate::runtime::required::required;
use std::future::Future;
use std::io;
use std::path::Path;

/// Makes directories, as [`std::fs::DirBuilder`] does.
///
/// # Example
///
/// ```
/// use leno::fs::DirBuilder;
///
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("deep/down");
/// DirBuilder::new().recursive(true).create(&path).await?;
/// assert!(path.is_dir());
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Default)]
pub struct DirBuilder {
    recursive: bool,
    #[cfg(unix)]
    mode: Option<u32>,
}

impl DirBuilder {
    /// A builder that makes one directory, with the system's usual permissions.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::DirBuilder;
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("one");
    /// DirBuilder::new().create(&path).await?;
    /// assert!(path.is_dir());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether to make the missing parents too; then it is no error if the directory is there. By default, not.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::DirBuilder;
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("deep/down");
    /// assert!(DirBuilder::new().create(&path).await.is_err());
    /// DirBuilder::new().recursive(true).create(&path).await?;
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn recursive(&mut self, recursive: bool) -> &mut Self {
        self.recursive = recursive;
        self
    }

    /// The permissions of the new directories, of which the system takes away those of the umask.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::DirBuilder;
    /// use std::os::unix::fs::PermissionsExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("secrets");
    /// // Private from the start: there is no moment at which others can look in.
    /// DirBuilder::new().mode(0o700).create(&path).await?;
    /// let mode = leno::fs::metadata(&path).await?.permissions().mode();
    /// assert_eq!(mode & 0o077, 0);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[cfg(unix)]
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.mode = Some(mode);
        self
    }

    /// Makes the directory.
    ///
    /// # Errors
    ///
    /// As [`std::fs::DirBuilder::create`]; see also [the module](super#errors-and-panics).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the operation.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::DirBuilder;
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// let mut builder = DirBuilder::new();
    /// builder.recursive(true);
    /// // One builder, any number of directories.
    /// for name in ["a/inbox", "a/outbox"] {
    ///     builder.create(folder.path().join(name)).await?;
    /// }
    /// assert!(folder.path().join("a/outbox").is_dir());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn create(&self, path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
        required(Need::Runtime, self.create_at(path))
    }

    async fn create_at(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let path = path.as_ref().to_owned();
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(self.recursive);
        #[cfg(unix)]
        if let Some(mode) = self.mode {
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, mode);
        }
        blocking::run(move || builder.create(path)).await
    }
}
