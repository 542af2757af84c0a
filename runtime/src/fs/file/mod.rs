//! An open file.

mod operations;
mod shared;
mod sides;
mod traits;

use super::{FileTimes, OpenOptions};
use crate::io::blocking::{self, DEFAULT_MAX_BUF_SIZE};
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::locks::Mutex;
use crate::runtime::current::Need;
use crate::runtime::required::required;
use operations::Operations;
use shared::Shared;
use std::fs::{Metadata, Permissions};
use std::future::{Future, poll_fn};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

/// An open file.
///
/// Reading, writing and seeking are [`AsyncRead`](crate::io::AsyncRead), [`AsyncWrite`](crate::io::AsyncWrite) and
/// [`AsyncSeek`](crate::io::AsyncSeek), whose methods come with [`AsyncReadExt`](crate::io::AsyncReadExt),
/// [`AsyncWriteExt`](crate::io::AsyncWriteExt) and [`AsyncSeekExt`](crate::io::AsyncSeekExt). Each operation runs on a
/// blocking thread; see [the module](super) for what that means.
///
/// # Writing goes on behind
///
/// A write is done when a blocking thread has been given a copy of the bytes. Its error is therefore returned by the
/// next write, [`flush`](crate::io::AsyncWriteExt::flush) or [sync](Self::sync_all), and a file that is dropped is closed
/// only when its last write is over. **Flush before you drop a file**: then all is with the system and no error
/// is missed. What has been written is not lost if the runtime shuts down, except by the end of the process.
///
/// As in std's [`BufWriter`](std::io::BufWriter), **what could not be written stays**. Each later write, flush and sync tries
/// it again first, and fails as long as that fails, taking nothing new; so a flush that succeeds means that everything is with
/// the system. So do a read, a seek and [`set_len`](Self::set_len), which would otherwise move the place where it belongs,
/// or not see it; only where there is no such place (a terminal, a pipe, or a file that is not open for writing) reads go on
/// as if nothing had happened. To get rid of it cut it off with `set_len`, or take the file apart with
/// [`into_std`](Self::into_std). A file that is dropped tries once more.
///
/// A read that was given up is not lost either: what it brings is for the next read, and whatever else comes next starts
/// where the reader is.
///
/// # Examples
///
/// ```
/// use leno::fs::File;
/// use leno::io::{AsyncReadExt, AsyncWriteExt};
///
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("greeting");
/// let mut file = File::create(&path).await?;
/// file.write_all(b"hello").await?;
/// file.flush().await?;
///
/// let mut text = String::new();
/// File::open(&path).await?.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub struct File {
    shared: Arc<Shared>,
    /// Locked by the methods that borrow the file shared; the traits have it to themselves.
    operations: Mutex<Operations>,
    max_buf_size: usize,
}

/// Opening.
impl File {
    /// Opens a file to be read.
    ///
    /// # Errors
    ///
    /// As [`std::fs::File::open`]; see also [the module](super#errors-and-panics).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::File;
    /// use leno::io::AsyncReadExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("picture");
    /// # leno::fs::write(&path, [0x89, b'P', b'N', b'G', 0]).await?;
    /// let mut picture = File::open(&path).await?;
    /// let mut signature = [0; 4];
    /// picture.read_exact(&mut signature).await?;
    /// assert_eq!(&signature, b"\x89PNG");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn open(path: impl AsRef<Path>) -> impl CancelSafe<Output = io::Result<File>> {
        assert_cancel_safe(required(Need::Runtime, async move {
            Self::options().read(true).open(path).await
        }))
    }

    /// Opens a file to be written: makes it if it is not there, and empties it if it is.
    ///
    /// # Errors
    ///
    /// As [`std::fs::File::create`]; see also [the module](super#errors-and-panics).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the operation.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::File;
    /// use leno::io::AsyncWriteExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("report");
    /// let mut report = File::create(&path).await?;
    /// report.write_all(b"all is well\n").await?;
    /// // An error of the write above is told here.
    /// report.flush().await?;
    /// assert_eq!(leno::fs::read_to_string(&path).await?, "all is well\n");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn create(path: impl AsRef<Path>) -> impl Future<Output = io::Result<File>> {
        required(Need::Runtime, async move {
            let mut options = Self::options();
            options.write(true).create(true).truncate(true);
            options.open(path).await
        })
    }

    /// Makes a file to be read and written, which must not be there yet.
    ///
    /// # Errors
    ///
    /// As [`std::fs::File::create_new`]; see also [the module](super#errors-and-panics).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the operation.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::File;
    /// use leno::io::ErrorKind;
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("ticket");
    /// File::create_new(&path).await?;
    /// let error = File::create_new(&path).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn create_new<P: AsRef<Path>>(path: P) -> impl Future<Output = io::Result<File>> {
        required(Need::Runtime, async move {
            let mut options = Self::options();
            options.read(true).write(true).create_new(true);
            options.open(path).await
        })
    }

    /// The same as [`OpenOptions::new`].
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::File;
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("log");
    /// let log = File::options().append(true).create(true).open(&path).await?;
    /// assert!(log.metadata().await?.is_file());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// Makes a file of std's.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::File;
    /// use leno::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// // A file that another crate has opened: one that has no name, and goes when it is closed.
    /// let mut scratch = File::from_std(tempfile::tempfile()?);
    /// scratch.write_all(b"scratch").await?;
    /// scratch.rewind().await?;
    /// let mut text = String::new();
    /// scratch.read_to_string(&mut text).await?;
    /// assert_eq!(text, "scratch");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn from_std(std: std::fs::File) -> File {
        let shared = Arc::new(Shared::new(std));
        File {
            operations: Mutex::new(Operations::new(Arc::clone(&shared))),
            shared,
            max_buf_size: DEFAULT_MAX_BUF_SIZE,
        }
    }
}

/// Taking apart.
impl File {
    /// Waits for the operation that is under way, and makes std's file of this one.
    ///
    /// Its position is where the reader was. What could not be written is tried once more, and given up if that fails:
    /// [`flush`](crate::io::AsyncWriteExt::flush) before, to be told. What has been read and not taken yet is lost if the file
    /// cannot seek.
    ///
    /// # Panics
    ///
    /// If a method's future was dropped while it was on a thread, still is, and the system refuses a second descriptor.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses data: the file, which is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::File;
    /// use leno::io::AsyncWriteExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("file");
    /// let mut file = File::create(&path).await?;
    /// file.write_all(b"text").await?;
    /// // All that std has and this module has not, on a thread that may block.
    /// let std_file = file.into_std().await;
    /// let length = leno::task::spawn_blocking(move || std_file.metadata()).await.unwrap()?.len();
    /// assert_eq!(length, 4);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub async fn into_std(mut self) -> std::fs::File {
        let operations = self.operations.get_mut();
        operations.settle().await;
        if self.shared.bytes().has_unwritten() {
            let _ = poll_fn(|cx| operations.poll_flush(cx)).await;
        }
        self.take_apart()
    }

    /// Makes std's file of this one, if no operation is under way and nothing is left to be written.
    ///
    /// Its position is where the reader was. What has been read and not taken yet is lost if the file cannot seek.
    ///
    /// # Errors
    ///
    /// Returns the file if an operation is under way, or a write has failed: [`flush`](crate::io::AsyncWriteExt::flush) it,
    /// or [`into_std`](Self::into_std) gives up what cannot be written.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::File;
    /// use leno::io::AsyncWriteExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("file");
    /// let mut file = File::create(&path).await?;
    /// file.write_all(b"text").await?;
    /// file.flush().await?;
    /// // Nothing is under way, so there is nothing to wait for.
    /// let std_file = file.try_into_std().unwrap();
    /// assert_eq!(std_file.metadata()?.len(), 4);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn try_into_std(mut self) -> Result<std::fs::File, Self> {
        // Held by this and by its operations; a third one is a method whose future was dropped.
        let is_shared = Arc::strong_count(&self.shared) > 2;
        if is_shared || self.operations.get_mut().is_busy() || self.shared.bytes().has_unwritten() {
            return Err(self);
        }
        Ok(self.take_apart())
    }

    /// Gives up what is not written.
    fn take_apart(self) -> std::fs::File {
        let File {
            shared, operations, ..
        } = self;
        let mut bytes = shared.bytes();
        // Seeking waits for nothing. If it fails there is no better place.
        let _ = bytes.go_back(&shared.std);
        bytes.forget_unwritten();
        drop(bytes);
        drop(operations);
        Arc::try_unwrap(shared).map_or_else(
            |shared| {
                let file = shared.std.try_clone();
                file.expect("a dropped operation has the file, and it cannot be duplicated")
            },
            Shared::into_std,
        )
    }

    /// Makes a second handle to the same file: they share their position.
    ///
    /// Waits for the operation that is under way first, and goes back to where the reader is. What has been read and not
    /// taken yet stays with this handle if the file cannot seek, and so does what could not be written.
    ///
    /// # Errors
    ///
    /// Those of the system; see also [the module](super#errors-and-panics).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::File;
    /// use leno::io::AsyncReadExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("file");
    /// leno::fs::write(&path, "abcd").await?;
    /// let mut one = File::open(&path).await?;
    /// let mut other = one.try_clone().await?;
    /// // They share one position.
    /// assert_eq!(one.read_u8().await?, b'a');
    /// assert_eq!(other.read_u8().await?, b'b');
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn try_clone(&self) -> impl CancelSafe<Output = io::Result<File>> {
        assert_cancel_safe(required(Need::Runtime, self.clone_settled()))
    }

    async fn clone_settled(&self) -> io::Result<File> {
        let std = self.operations.lock().await.try_clone().await?;
        let mut clone = File::from_std(std);
        clone.max_buf_size = self.max_buf_size;
        Ok(clone)
    }
}

/// What is done to the file as a whole.
impl File {
    /// Waits until the contents and the metadata are on the disk.
    ///
    /// # Errors
    ///
    /// Those of the system, and those of a write before; see also [the module](super#errors-and-panics).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the operation goes on, and what could not be written is tried again, and told,
    /// next time.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::File;
    /// use leno::io::AsyncWriteExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("ledger");
    /// let mut ledger = File::create(&path).await?;
    /// ledger.write_all(b"paid\n").await?;
    /// // Only what is on the disk outlives a power failure.
    /// ledger.sync_all().await?;
    /// assert_eq!(leno::fs::read(&path).await?, b"paid\n");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn sync_all(&self) -> impl CancelSafe<Output = io::Result<()>> {
        assert_cancel_safe(required(Need::Runtime, self.sync(std::fs::File::sync_all)))
    }

    /// Waits until the contents are on the disk, but not all of the metadata.
    ///
    /// # Errors
    ///
    /// As [`sync_all`](Self::sync_all).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing, as with [`sync_all`](Self::sync_all).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::File;
    /// use leno::io::AsyncWriteExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("journal");
    /// let mut journal = File::create(&path).await?;
    /// for record in [b"one\n", b"two\n"] {
    ///     journal.write_all(record).await?;
    ///     journal.sync_data().await?;
    /// }
    /// assert_eq!(leno::fs::read(&path).await?, b"one\ntwo\n");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn sync_data(&self) -> impl CancelSafe<Output = io::Result<()>> {
        assert_cancel_safe(required(Need::Runtime, self.sync(std::fs::File::sync_data)))
    }

    async fn sync(&self, sync: fn(&std::fs::File) -> io::Result<()>) -> io::Result<()> {
        let mut operations = self.operations.lock().await;
        let written = poll_fn(|cx| operations.poll_flush(cx)).await;
        let shared = Arc::clone(&self.shared);
        let synced = blocking::run(move || sync(&shared.std)).await;
        written.and(synced)
    }

    /// Makes the file `size` bytes long: cuts it off, or fills it up with zeroes. The position stays where it is.
    ///
    /// After a write that has failed this cuts off what could not be written, too, if it would be beyond `size`.
    ///
    /// # Errors
    ///
    /// As [`std::fs::File::set_len`], and those of a write before; see also [the module](super#errors-and-panics).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the operation; what is done next comes after it.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::File;
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("file");
    /// # leno::fs::write(&path, "text and rubbish").await?;
    /// let file = File::options().write(true).open(&path).await?;
    /// file.set_len(4).await?;
    /// assert_eq!(leno::fs::read(&path).await?, b"text");
    /// file.set_len(6).await?;
    /// assert_eq!(leno::fs::read(&path).await?, b"text\0\0");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn set_len(&self, size: u64) -> impl Future<Output = io::Result<()>> {
        required(Need::Runtime, self.set_len_settled(size))
    }

    async fn set_len_settled(&self, size: u64) -> io::Result<()> {
        let mut operations = self.operations.lock().await;
        operations.set_len(size).await
    }

    /// Tells the file's size, kind, permissions and times.
    ///
    /// Does not wait for the write that is under way: flush before if you want to know the size.
    ///
    /// # Errors
    ///
    /// Those of the system; see also [the module](super#errors-and-panics).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::File;
    /// use leno::io::AsyncWriteExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// let mut file = File::create(folder.path().join("file")).await?;
    /// file.write_all(b"12345").await?;
    /// file.flush().await?;
    /// assert_eq!(file.metadata().await?.len(), 5);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn metadata(&self) -> impl CancelSafe<Output = io::Result<Metadata>> {
        assert_cancel_safe(required(Need::Runtime, async {
            let shared = Arc::clone(&self.shared);
            blocking::run(move || shared.std.metadata()).await
        }))
    }

    /// Changes the file's permissions. What is open stays open.
    ///
    /// # Errors
    ///
    /// Those of the system; see also [the module](super#errors-and-panics).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the operation.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::File;
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// let file = File::create(folder.path().join("file")).await?;
    /// let mut permissions = file.metadata().await?.permissions();
    /// permissions.set_readonly(true);
    /// file.set_permissions(permissions).await?;
    /// assert!(file.metadata().await?.permissions().readonly());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn set_permissions(&self, perm: Permissions) -> impl Future<Output = io::Result<()>> {
        required(Need::Runtime, async {
            let shared = Arc::clone(&self.shared);
            blocking::run(move || shared.std.set_permissions(perm)).await
        })
    }

    /// Changes the file's times, after the operation that is under way, which would change them again.
    ///
    /// # Errors
    ///
    /// Those of the system; see also [the module](super#errors-and-panics).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the operation.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::{File, FileTimes};
    /// use std::time::SystemTime;
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// let file = File::create(folder.path().join("file")).await?;
    /// let times = FileTimes::new().set_accessed(SystemTime::UNIX_EPOCH).set_modified(SystemTime::UNIX_EPOCH);
    /// file.set_times(times).await?;
    /// assert_eq!(file.metadata().await?.accessed()?, SystemTime::UNIX_EPOCH);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn set_times(&self, times: FileTimes) -> impl Future<Output = io::Result<()>> {
        required(Need::Runtime, self.set_times_settled(times))
    }

    async fn set_times_settled(&self, times: FileTimes) -> io::Result<()> {
        let mut operations = self.operations.lock().await;
        operations.settle().await;
        let shared = Arc::clone(&self.shared);
        blocking::run(move || shared.std.set_times(times.into_std())).await
    }

    /// Changes the time of the last modification; see [`set_times`](Self::set_times).
    ///
    /// # Errors
    ///
    /// Dropping the future does not stop the operation.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the operation.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::File;
    /// use std::time::{Duration, SystemTime};
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// let file = File::create(folder.path().join("file")).await?;
    /// let yesterday = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    /// file.set_modified(yesterday).await?;
    /// assert_eq!(file.metadata().await?.modified()?, yesterday);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn set_modified(&self, time: SystemTime) -> impl Future<Output = io::Result<()>> {
        self.set_times(FileTimes::new().set_modified(time))
    }

    /// Sets how much one read or write moves at most; 2 MiB by default.
    ///
    /// It is also how much memory the file may come to hold for reading, and once more for writing.
    ///
    /// # Panics
    ///
    /// If it is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::File;
    /// use leno::io::AsyncReadExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("file");
    /// leno::fs::write(&path, [7; 1000]).await?;
    /// let mut file = File::open(&path).await?;
    /// file.set_max_buf_size(100);
    /// assert_eq!(file.read(&mut [0; 1000]).await?, 100);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn set_max_buf_size(&mut self, max_buf_size: usize) {
        assert!(max_buf_size > 0, "`max_buf_size` must be greater than 0");
        self.max_buf_size = max_buf_size;
    }

    /// How much one read or write moves at most.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::File;
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// let file = File::from_std(tempfile::tempfile()?);
    /// assert_eq!(file.max_buf_size(), 2 * 1024 * 1024);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn max_buf_size(&self) -> usize {
        self.max_buf_size
    }
}
