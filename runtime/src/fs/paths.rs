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
        fn $name:ident($($path:ident),+ $(; $argument:ident: $Argument:ty)?) -> $Output:ty = $function:path;
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
    fn canonicalize(path) -> PathBuf = std::fs::canonicalize;

    /// Tells a file's size, kind, permissions and times. Follows symbolic links.
    fn metadata(path) -> Metadata = std::fs::metadata;

    /// Tells where a symbolic link leads.
    fn read_link(path) -> PathBuf = std::fs::read_link;

    /// As [`metadata`], but tells about a symbolic link itself.
    fn symlink_metadata(path) -> Metadata = std::fs::symlink_metadata;

    /// True if there is something at the path. Follows symbolic links: one that leads nowhere is not there.
    fn try_exists(path) -> bool = std::fs::exists;
}

// What changes something.
on_paths! {
    Future, std::convert::identity, "Dropping the future does not stop the operation.";

    /// Copies a file's contents and permissions, and returns how many bytes that were.
    ///
    /// What was in `to` is lost.
    fn copy(from, to) -> u64 = std::fs::copy;

    /// Makes a directory in one that is there.
    ///
    /// See [`create_dir_all`] for making its parents too.
    fn create_dir(path) -> () = std::fs::create_dir;

    /// Makes a directory and those of its parents that are missing.
    ///
    /// That it is there already is no error.
    fn create_dir_all(path) -> () = std::fs::create_dir_all;

    /// Gives a file another name, on the same file system.
    fn hard_link(original, link) -> () = std::fs::hard_link;

    /// Removes a directory, which must be empty.
    fn remove_dir(path) -> () = std::fs::remove_dir;

    /// Removes a directory with everything in it. Does not follow symbolic links, but removes them.
    fn remove_dir_all(path) -> () = std::fs::remove_dir_all;

    /// Removes a file's name; the file itself goes when nobody has it open any more.
    fn remove_file(path) -> () = std::fs::remove_file;

    /// Gives a file or directory another name, on the same file system. A file of that name is replaced.
    fn rename(from, to) -> () = std::fs::rename;

    /// Changes a file's permissions.
    fn set_permissions(path; perm: Permissions) -> () = std::fs::set_permissions;
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
