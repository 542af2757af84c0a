//! Files and directories.
//!
//! Operating systems have no way to wait for a file: reading one is always "ready", and may take long all the same. So
//! every operation here is one of [`std::fs`]'s, run on a blocking thread
//! ([`spawn_blocking`](crate::task::spawn_blocking)) while the task waits.
//!
//! | to | use |
//! | --- | --- |
//! | read or write a file at once | [`read`], [`read_to_string`], [`write`](write()) |
//! | read or write in parts | [`File`], opened with [`OpenOptions`] |
//! | list a directory | [`read_dir`] |
//! | make a directory | [`create_dir`], [`create_dir_all`], [`DirBuilder`] |
//! | ask about a path | [`metadata`], [`try_exists`], [`canonicalize`], [`read_link`] |
//! | change what is there | [`copy`], [`rename`], [`remove_file`], [`remove_dir_all`], … |
//!
//! ```
//! # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("greeting");
//! leno::fs::write(&path, "hello").await?;
//! assert_eq!(leno::fs::read_to_string(&path).await?, "hello");
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! # What it costs
//!
//! Each operation is two hand-overs between threads, some microseconds, whatever it does. So do much at once: read whole
//! files, put a [`BufReader`](crate::io::BufReader) or [`BufWriter`](crate::io::BufWriter) around a [`File`], and put
//! what belongs together into one `spawn_blocking` with std's functions.
//!
//! ```
//! use leno::fs::File;
//! use leno::io::{AsyncBufReadExt, BufReader};
//!
//! # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("words");
//! # leno::fs::write(&path, "one\ntwo\nthree\n").await?;
//! // Line by line, however large the file is; a hand-over for every 64 KiB, not for every line.
//! let mut lines = BufReader::with_capacity(64 * 1024, File::open(&path).await?).lines();
//! let mut longest = 0;
//! while let Some(line) = lines.next_line().await? {
//!     longest = longest.max(line.len());
//! }
//! assert_eq!(longest, 5);
//!
//! // Many small operations as one: two hand-overs instead of two for each file.
//! let size = leno::task::spawn_blocking(move || {
//!     std::fs::read_dir(folder.path())?.map(|entry| Ok(entry?.metadata()?.len())).sum::<std::io::Result<u64>>()
//! });
//! assert_eq!(size.await.unwrap()?, 14);
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! Several operations at once run on several threads, up to the runtime's
//! [`max_blocking_threads`](crate::runtime::Builder::max_blocking_threads); more than that wait in line. What one [`File`]
//! does is done one after the other.
//!
//! # What is on the disk
//!
//! A write to a [`File`] is done when a thread has been given the bytes; after
//! [`flush`](crate::io::AsyncWriteExt::flush) the system has them, so every reader sees them; after
//! [`File::sync_all`] the disk has them, so that they outlive a power failure. A file that must never be seen half written is
//! written under another name first:
//!
//! ```
//! use leno::fs::{self, File};
//! use leno::io::AsyncWriteExt;
//!
//! # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("settings");
//! let draft = path.with_extension("draft");
//! let mut file = File::create(&draft).await?;
//! file.write_all(b"volume = 11\n").await?;
//! file.sync_all().await?;
//! fs::rename(&draft, &path).await?;
//! assert_eq!(fs::read_to_string(&path).await?, "volume = 11\n");
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! # Cancel safety
//!
//! A future that is dropped after its first poll no longer waits, but **the operation takes place all the same**: a write
//! whose future is gone still writes. Only the end of the runtime cancels operations that no thread has begun, except for
//! what has been written to a [`File`], which is never lost to that.
//!
//! # Errors and panics
//!
//! The errors are std's. Also, an operation fails if the runtime has shut down or the system has no thread for it. All
//! functions panic outside of a runtime when they are polled. They need neither IO nor timers to be enabled.
//!
//! Pipes, terminals and devices are not files. A read from one waits for input without a thread (off Unix with one), but
//! opening it, or writing to it, may block a thread for ever, and hold the runtime's end up. For pipes there is
//! [`net::unix::pipe`](crate::net::unix::pipe), for the rest [`AsyncFd`](crate::io::unix::AsyncFd).

mod dir_builder;
mod file;
mod file_times;
mod open_options;
mod paths;
mod read_dir;
mod whole;

pub use dir_builder::DirBuilder;
pub use file::File;
pub use file_times::FileTimes;
pub use open_options::OpenOptions;
#[cfg(unix)]
pub use paths::symlink;
pub use paths::{
    canonicalize, copy, create_dir, create_dir_all, hard_link, metadata, read_link, remove_dir,
    remove_dir_all, remove_file, rename, set_permissions, symlink_metadata, try_exists,
};
pub use read_dir::{DirEntry, ReadDir, read_dir};
pub use whole::{read, read_to_string, write};
