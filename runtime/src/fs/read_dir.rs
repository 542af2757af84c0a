//! Listing a directory.
//!
//! An entry costs the system next to nothing, so they are read in batches, one hand-over for each. The batch travels
//! with std's directory: to the thread, and back with what was read.

use crate::io::blocking;
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::runtime::current::Need;
use crate::runtime::required::required;
use crate::task::JoinHandle;
use pin_project_lite::pin_project;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{FileType, Metadata};
use std::future::Future;
use std::io;
use std::marker::PhantomPinned;
use std::mem;
#[cfg(unix)]
use std::os::unix::fs::DirEntryExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// How many entries are read at once.
const BATCH: usize = 64;

/// Opens a directory to be listed.
///
/// # Errors
///
/// As [`std::fs::read_dir`]; see also [the module](super#errors-and-panics).
///
/// # Cancel safety
///
/// Dropping the future loses nothing.
///
/// # Example
///
/// ```
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path();
/// leno::fs::write(path.join("only"), "").await?;
/// let mut entries = leno::fs::read_dir(path).await?;
/// while let Some(entry) = entries.next_entry().await? {
///     assert_eq!(entry.file_name(), "only");
/// }
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn read_dir(path: impl AsRef<Path>) -> impl CancelSafe<Output = io::Result<ReadDir>> {
    assert_cancel_safe(required(Need::Runtime, read_first(path)))
}

async fn read_first(path: impl AsRef<Path>) -> io::Result<ReadDir> {
    let path = path.as_ref().to_owned();
    let batch = blocking::run(move || {
        let mut batch = Batch {
            entries: VecDeque::new(),
            rest: Some(std::fs::read_dir(path)?),
        };
        batch.read();
        Ok(batch)
    })
    .await?;
    Ok(ReadDir(State::Idle(batch)))
}

/// The entries of a directory, in no particular order; made by [`read_dir`].
///
/// `.` and `..` are not among them. Whether entries that come or go meanwhile are is up to the system.
///
/// # Examples
///
/// ```
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// # leno::fs::write(folder.join("b.txt"), "").await?;
/// # leno::fs::write(folder.join("a.txt"), "").await?;
/// // In no particular order, so whoever wants one sorts.
/// let mut names = Vec::new();
/// let mut entries = leno::fs::read_dir(folder).await?;
/// while let Some(entry) = entries.next_entry().await? {
///     names.push(entry.file_name());
/// }
/// names.sort();
/// assert_eq!(names, ["a.txt", "b.txt"]);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
#[must_use = "the directory is not read unless it is asked for entries"]
pub struct ReadDir(State);

#[derive(Debug)]
enum State {
    Idle(Batch),
    Busy(JoinHandle<Batch>),
}

#[derive(Debug, Default)]
struct Batch {
    entries: VecDeque<io::Result<DirEntry>>,
    /// `None` when all has been read.
    rest: Option<std::fs::ReadDir>,
}

impl Batch {
    /// Reads more entries; an error ends the batch, but not the listing.
    fn read(&mut self) {
        while self.entries.len() < BATCH {
            let Some(entry) = self.rest.as_mut().and_then(Iterator::next) else {
                self.rest = None;
                return;
            };
            let is_error = entry.is_err();
            self.entries.push_back(entry.map(DirEntry::new));
            if is_error {
                return;
            }
        }
    }
}

impl ReadDir {
    /// The next entry; `None` if there are no more.
    ///
    /// # Errors
    ///
    /// Those of the system; the next call goes on with the next entry. See also [the module](super#errors-and-panics).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the next call has the entry.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// # leno::fs::create_dir(folder.join("sub")).await?;
    /// # leno::fs::write(folder.join("sub/file"), "12345").await?;
    /// // A whole tree, without recursion.
    /// let mut size = 0;
    /// let mut directories = vec![folder.to_owned()];
    /// while let Some(directory) = directories.pop() {
    ///     let mut entries = leno::fs::read_dir(directory).await?;
    ///     while let Some(entry) = entries.next_entry().await? {
    ///         if entry.file_type().await?.is_dir() {
    ///             directories.push(entry.path());
    ///         } else {
    ///             size += entry.metadata().await?.len();
    ///         }
    ///     }
    /// }
    /// assert_eq!(size, 5);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn next_entry(&mut self) -> impl CancelSafe<Output = io::Result<Option<DirEntry>>> {
        NextEntry {
            directory: self,
            pinned: PhantomPinned,
        }
    }

    /// Polls for the next entry; it is `None` if there are no more.
    ///
    /// The task of the last poll is woken when there is one.
    ///
    /// # Errors
    ///
    /// As [`next_entry`](Self::next_entry).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// leno::fs::write(folder.join("only"), "").await?;
    /// let mut entries = leno::fs::read_dir(folder).await?;
    /// let entry = poll_fn(|cx| entries.poll_next_entry(cx)).await?;
    /// assert_eq!(entry.unwrap().file_name(), "only");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn poll_next_entry(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<DirEntry>>> {
        loop {
            match &mut self.0 {
                State::Idle(batch) => {
                    if let Some(entry) = batch.entries.pop_front() {
                        return Poll::Ready(entry.map(Some));
                    }
                    if batch.rest.is_none() {
                        return Poll::Ready(Ok(None));
                    }
                    let mut batch = mem::take(batch);
                    self.0 = State::Busy(blocking::start(move || {
                        batch.read();
                        batch
                    })?);
                }
                State::Busy(reading) => {
                    let read = ready!(Pin::new(reading).poll(cx));
                    // Whose batch is lost, by the end of the runtime, has no more entries.
                    self.0 = State::Idle(Batch::default());
                    self.0 = State::Idle(read?);
                }
            }
        }
    }
}

pin_project! {
    /// What `next_entry` returns: a type of its own, so that a runtime that is missing is missing where it is awaited.
    struct NextEntry<'a> {
        directory: &'a mut ReadDir,
        // As the future of an `async fn`.
        #[pin]
        pinned: PhantomPinned,
    }
}

impl Future for NextEntry<'_> {
    type Output = io::Result<Option<DirEntry>>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().directory.poll_next_entry(cx)
    }
}

impl CancelSafe for NextEntry<'_> {}

/// An entry of a directory. It keeps the directory open.
///
/// # Examples
///
/// ```
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// leno::fs::write(folder.join("old.tmp"), "").await?;
/// leno::fs::write(folder.join("kept"), "").await?;
/// let mut entries = leno::fs::read_dir(folder).await?;
/// while let Some(entry) = entries.next_entry().await? {
///     if entry.path().extension().is_some_and(|extension| extension == "tmp") {
///         leno::fs::remove_file(entry.path()).await?;
///     }
/// }
/// assert!(!folder.join("old.tmp").exists() && folder.join("kept").exists());
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct DirEntry {
    std: Arc<std::fs::DirEntry>,
    /// As a rule the system tells it along with the name.
    file_type: Option<FileType>,
}

impl DirEntry {
    fn new(entry: std::fs::DirEntry) -> Self {
        Self {
            file_type: entry.file_type().ok(),
            std: Arc::new(entry),
        }
    }

    /// The path of the directory as it was given to [`read_dir`], with the name of the entry.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// let folder = folder.path();
    /// leno::fs::write(folder.join("only"), "").await?;
    /// let entry = leno::fs::read_dir(folder).await?.next_entry().await?.unwrap();
    /// assert_eq!(entry.path(), folder.join("only"));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn path(&self) -> PathBuf {
        self.std.path()
    }

    /// The name of the entry.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// leno::fs::write(folder.join("report.pdf"), "").await?;
    /// let entry = leno::fs::read_dir(folder).await?.next_entry().await?.unwrap();
    /// // An `OsString`: not every name is text.
    /// let name = entry.file_name();
    /// assert!(name.to_str().is_some_and(|name| name.ends_with(".pdf")));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn file_name(&self) -> OsString {
        self.std.file_name()
    }

    /// Tells the size, kind, permissions and times. Does not follow symbolic links.
    ///
    /// # Errors
    ///
    /// Those of the system, as when the file is gone; see also [the module](super#errors-and-panics).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// leno::fs::write(folder.join("only"), "12345").await?;
    /// let entry = leno::fs::read_dir(folder).await?.next_entry().await?.unwrap();
    /// assert_eq!(entry.metadata().await?.len(), 5);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn metadata(&self) -> impl CancelSafe<Output = io::Result<Metadata>> {
        assert_cancel_safe(required(Need::Runtime, async {
            let std = Arc::clone(&self.std);
            blocking::run(move || std.metadata()).await
        }))
    }

    /// Tells what the entry is. Does not follow symbolic links.
    ///
    /// Costs nothing where the system has told it along with the name.
    ///
    /// # Errors
    ///
    /// As [`metadata`](Self::metadata).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// leno::fs::create_dir(folder.join("sub")).await?;
    /// let entry = leno::fs::read_dir(folder).await?.next_entry().await?.unwrap();
    /// assert!(entry.file_type().await?.is_dir());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn file_type(&self) -> impl CancelSafe<Output = io::Result<FileType>> {
        let need = match self.file_type {
            Some(_) => Need::Nothing,
            None => Need::Runtime,
        };
        assert_cancel_safe(required(need, async {
            if let Some(file_type) = self.file_type {
                return Ok(file_type);
            }
            let std = Arc::clone(&self.std);
            blocking::run(move || std.file_type()).await
        }))
    }

    /// The number of the file on its file system.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::fs::MetadataExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// leno::fs::write(folder.join("only"), "").await?;
    /// let entry = leno::fs::read_dir(folder).await?.next_entry().await?.unwrap();
    /// // Two names of one file have the same.
    /// assert_eq!(entry.ino(), leno::fs::metadata(entry.path()).await?.ino());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[cfg(unix)]
    pub fn ino(&self) -> u64 {
        self.std.ino()
    }
}
