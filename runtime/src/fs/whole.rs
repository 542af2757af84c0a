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
///
/// # Examples
///
/// ```
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("picture");
/// leno::fs::write(&path, [0x89, b'P', b'N', b'G']).await?;
/// let bytes = leno::fs::read(&path).await?;
/// assert!(bytes.starts_with(b"\x89PNG"));
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
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
///
/// # Examples
///
/// ```
/// use leno::io::ErrorKind;
///
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("name");
/// leno::fs::write(&path, "Zoë").await?;
/// assert_eq!(leno::fs::read_to_string(&path).await?, "Zoë");
///
/// leno::fs::write(&path, [0xff]).await?;
/// let error = leno::fs::read_to_string(&path).await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::InvalidData);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
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
///
/// # Examples
///
/// ```
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("settings");
/// // Readers of the file see the old contents or the new ones, never half of either.
/// let draft = path.with_extension("draft");
/// leno::fs::write(&draft, "volume = 11").await?;
/// leno::fs::rename(&draft, &path).await?;
/// assert_eq!(leno::fs::read_to_string(&path).await?, "volume = 11");
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
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
