//! Questions about paths, and what is done to the files and directories there.
//!
//! Each is the function of std's with the same name, on a blocking thread.

use crate::io::blocking;
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::runtime::current::Need;
use crate::runtime::required::required;
use std::fs::{Metadata, Permissions};
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};

macro_rules! on_paths {
    ($Future:ident, $mark:path, $cancelled:literal; $(
        $(#[$attr:meta])*
        fn $name:ident($($path:ident),+ $(; $argument:ident: $Argument:ty)?) -> $Output:ty = $function:path {
            $(#[$example:meta])+
        }
    )+) => {$(
        $(#[$attr])*
        ///
        /// # Errors
        ///
        #[doc = concat!(
            "As [`", stringify!($function), "`]; see also [the module](super#errors-and-panics)."
        )]
        ///
        /// # Cancel safety
        ///
        #[doc = $cancelled]
        ///
        /// # Examples
        ///
        $(#[$example])+
        #[track_caller]
        pub fn $name(
            $($path: impl AsRef<Path>,)+
            $($argument: $Argument,)?
        ) -> impl $Future<Output = io::Result<$Output>> {
            $mark(required(Need::Runtime, async move {
                $(let $path = $path.as_ref().to_owned();)+
                blocking::run(move || $function($($path,)+ $($argument)?)).await
            }))
        }
    )+};
}

// What only looks.
on_paths! {
    CancelSafe, assert_cancel_safe, "Dropping the future loses nothing.";

    /// Makes a path absolute, and resolves the symbolic links in it.
    fn canonicalize(path) -> PathBuf = std::fs::canonicalize {
        /// ```
        /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        /// # let folder = tempfile::tempdir()?;
        /// let folder = folder.path();
        /// leno::fs::create_dir(folder.join("sub")).await?;
        /// let path = leno::fs::canonicalize(folder.join("sub/..")).await?;
        /// assert_eq!(path, leno::fs::canonicalize(folder).await?);
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
    }

    /// Tells a file's size, kind, permissions and times. Follows symbolic links.
    fn metadata(path) -> Metadata = std::fs::metadata {
        /// ```
        /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        /// # let folder = tempfile::tempdir()?;
        /// # let path = folder.path().join("data");
        /// leno::fs::write(&path, "12345").await?;
        /// let metadata = leno::fs::metadata(&path).await?;
        /// assert!(metadata.is_file());
        /// assert_eq!(metadata.len(), 5);
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
    }

    /// Tells where a symbolic link leads.
    fn read_link(path) -> PathBuf = std::fs::read_link {
        /// ```
        /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        /// # let folder = tempfile::tempdir()?;
        /// # let link = folder.path().join("current");
        /// leno::fs::symlink("release-7", &link).await?;
        /// // As it was written; it need not lead anywhere.
        /// assert_eq!(leno::fs::read_link(&link).await?.to_str(), Some("release-7"));
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
    }

    /// As [`metadata`], but tells about a symbolic link itself.
    fn symlink_metadata(path) -> Metadata = std::fs::symlink_metadata {
        /// ```
        /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        /// # let folder = tempfile::tempdir()?;
        /// # let link = folder.path().join("link");
        /// leno::fs::symlink("nowhere", &link).await?;
        /// assert!(leno::fs::symlink_metadata(&link).await?.is_symlink());
        /// assert!(leno::fs::metadata(&link).await.is_err());
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
    }

    /// True if there is something at the path. Follows symbolic links: one that leads nowhere is not there.
    fn try_exists(path) -> bool = std::fs::exists {
        /// ```
        /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        /// # let folder = tempfile::tempdir()?;
        /// # let path = folder.path().join("flag");
        /// assert!(!leno::fs::try_exists(&path).await?);
        /// leno::fs::write(&path, "").await?;
        /// assert!(leno::fs::try_exists(&path).await?);
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
    }
}

// What changes something.
on_paths! {
    Future, std::convert::identity, "Dropping the future does not stop the operation.";

    /// Copies a file's contents and permissions, and returns how many bytes that were.
    ///
    /// What was in `to` is lost.
    fn copy(from, to) -> u64 = std::fs::copy {
        /// ```
        /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        /// # let folder = tempfile::tempdir()?;
        /// # let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        /// leno::fs::write(&from, "12345").await?;
        /// assert_eq!(leno::fs::copy(&from, &to).await?, 5);
        /// assert_eq!(leno::fs::read(&to).await?, b"12345");
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
    }

    /// Makes a directory in one that is there.
    ///
    /// See [`create_dir_all`] for making its parents too.
    fn create_dir(path) -> () = std::fs::create_dir {
        /// ```
        /// use leno::io::ErrorKind;
        ///
        /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        /// # let folder = tempfile::tempdir()?;
        /// # let path = folder.path().join("inbox");
        /// leno::fs::create_dir(&path).await?;
        /// // Only one of those who try makes it: a simple lock.
        /// let error = leno::fs::create_dir(&path).await.unwrap_err();
        /// assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
    }

    /// Makes a directory and those of its parents that are missing.
    ///
    /// That it is there already is no error.
    fn create_dir_all(path) -> () = std::fs::create_dir_all {
        /// ```
        /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        /// # let folder = tempfile::tempdir()?;
        /// let path = folder.path().join("year/month/day");
        /// leno::fs::create_dir_all(&path).await?;
        /// leno::fs::create_dir_all(&path).await?;
        /// assert!(leno::fs::metadata(&path).await?.is_dir());
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
    }

    /// Gives a file another name, on the same file system.
    fn hard_link(original, link) -> () = std::fs::hard_link {
        /// ```
        /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        /// # let folder = tempfile::tempdir()?;
        /// # let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        /// leno::fs::write(&one, "shared").await?;
        /// leno::fs::hard_link(&one, &other).await?;
        /// // The contents stay for as long as one name is left.
        /// leno::fs::remove_file(&one).await?;
        /// assert_eq!(leno::fs::read_to_string(&other).await?, "shared");
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
    }

    /// Removes a directory, which must be empty.
    fn remove_dir(path) -> () = std::fs::remove_dir {
        /// ```
        /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        /// # let folder = tempfile::tempdir()?;
        /// # let path = folder.path().join("old");
        /// leno::fs::create_dir(&path).await?;
        /// leno::fs::write(path.join("forgotten"), "").await?;
        /// assert!(leno::fs::remove_dir(&path).await.is_err());
        ///
        /// leno::fs::remove_file(path.join("forgotten")).await?;
        /// leno::fs::remove_dir(&path).await?;
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
    }

    /// Removes a directory with everything in it. Does not follow symbolic links, but removes them.
    fn remove_dir_all(path) -> () = std::fs::remove_dir_all {
        /// ```
        /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        /// # let folder = tempfile::tempdir()?;
        /// # let path = folder.path().join("cache");
        /// leno::fs::create_dir_all(path.join("a/b")).await?;
        /// leno::fs::write(path.join("a/entry"), "").await?;
        /// leno::fs::remove_dir_all(&path).await?;
        /// assert!(!leno::fs::try_exists(&path).await?);
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
    }

    /// Removes a file's name; the file itself goes when nobody has it open any more.
    fn remove_file(path) -> () = std::fs::remove_file {
        /// ```
        /// use leno::io::ErrorKind;
        ///
        /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        /// # let folder = tempfile::tempdir()?;
        /// # let path = folder.path().join("pid");
        /// leno::fs::write(&path, "4711").await?;
        /// leno::fs::remove_file(&path).await?;
        ///
        /// // That it is gone already may be as good.
        /// match leno::fs::remove_file(&path).await {
        ///     Err(error) if error.kind() == ErrorKind::NotFound => {}
        ///     other => panic!("{other:?}"),
        /// }
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
    }

    /// Gives a file or directory another name, on the same file system. A file of that name is replaced.
    fn rename(from, to) -> () = std::fs::rename {
        /// ```
        /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        /// # let folder = tempfile::tempdir()?;
        /// # let (from, to) = (folder.path().join("draft"), folder.path().join("final"));
        /// leno::fs::write(&from, "new").await?;
        /// leno::fs::write(&to, "old").await?;
        /// leno::fs::rename(&from, &to).await?;
        /// assert_eq!(leno::fs::read_to_string(&to).await?, "new");
        /// assert!(!leno::fs::try_exists(&from).await?);
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
    }

    /// Changes a file's permissions.
    fn set_permissions(path; perm: Permissions) -> () = std::fs::set_permissions {
        /// ```
        /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        /// # let folder = tempfile::tempdir()?;
        /// # let path = folder.path().join("done");
        /// leno::fs::write(&path, "").await?;
        /// let mut permissions = leno::fs::metadata(&path).await?.permissions();
        /// permissions.set_readonly(true);
        /// leno::fs::set_permissions(&path, permissions).await?;
        /// assert!(leno::fs::metadata(&path).await?.permissions().readonly());
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
    }
}

/// Makes a symbolic link at `link` that leads to `original`.
///
/// # Errors
///
/// As [`std::os::unix::fs::symlink`]; see also [the module](super#errors-and-panics).
///
/// # Cancel safety
///
/// Dropping the future does not stop the operation.
///
/// # Examples
///
/// ```
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// leno::fs::write(folder.join("release-7"), "seven").await?;
/// // Relative to the directory of the link, not to that of the process.
/// leno::fs::symlink("release-7", folder.join("current")).await?;
/// assert_eq!(leno::fs::read_to_string(folder.join("current")).await?, "seven");
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[cfg(unix)]
#[track_caller]
pub fn symlink(
    original: impl AsRef<Path>,
    link: impl AsRef<Path>,
) -> impl Future<Output = io::Result<()>> {
    required(Need::Runtime, async move {
        let original = original.as_ref().to_owned();
        let link = link.as_ref().to_owned();
        blocking::run(move || std::os::unix::fs::symlink(original, link)).await
    })
}
