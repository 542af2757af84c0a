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
