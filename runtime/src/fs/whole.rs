//! Whole files.

use crate::io::blocking;
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::runtime::current::Need;
use crate::runtime::required::required;
use std::future::Future;
use std::io;
use std::path::Path;

/// Reads a whole file.
///
/// # Errors
///
/// As [`std::fs::read`]; see also [the module](super#errors-and-panics).
///
/// # Cancel safety
///
/// Dropping the future loses nothing: the file is as it was.
#[track_caller]
pub fn read(path: impl AsRef<Path>) -> impl CancelSafe<Output = io::Result<Vec<u8>>> {
    assert_cancel_safe(required(Need::Runtime, async move {
        let path = path.as_ref().to_owned();
        blocking::run(move || std::fs::read(path)).await
    }))
}

/// Reads a whole file that contains text.
///
/// # Errors
///
/// As [`std::fs::read_to_string`]; [`InvalidData`](io::ErrorKind::InvalidData) if it is not UTF-8. See also
/// [the module](super#errors-and-panics).
///
/// # Cancel safety
///
/// Dropping the future loses nothing: the file is as it was.
#[track_caller]
pub fn read_to_string(path: impl AsRef<Path>) -> impl CancelSafe<Output = io::Result<String>> {
    assert_cancel_safe(required(Need::Runtime, async move {
        let path = path.as_ref().to_owned();
        blocking::run(move || std::fs::read_to_string(path)).await
    }))
}

/// Writes a whole file, in place of what it contained.
///
/// Copies `contents`, as the thread that writes may outlive the future.
///
/// # Errors
///
/// As [`std::fs::write`]; see also [the module](super#errors-and-panics). The file may then be written in part.
///
/// # Cancel safety
///
/// Dropping the future does not stop the operation.
#[track_caller]
pub fn write(
    path: impl AsRef<Path>,
    contents: impl AsRef<[u8]>,
) -> impl Future<Output = io::Result<()>> {
    required(Need::Runtime, async move {
        let path = path.as_ref().to_owned();
        let contents = contents.as_ref().to_owned();
        blocking::run(move || std::fs::write(path, contents)).await
    })
}
