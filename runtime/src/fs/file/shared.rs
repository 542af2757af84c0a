//! What a file has in common with the operation that is under way.
//!
//! The bytes are between the system and the user: read and not taken yet, or taken and not written yet. They stay with
//! the file, so that an operation that fails, or that the end of the runtime cancels, loses none. The mutex is never
//! waited for: the file looks at the bytes only while no operation is under way, and at most one is.

use crate::io::ReadBuf;
use crate::io::blocking::Buffer;
#[cfg(unix)]
use crate::prim::system::{kind, status};
use std::fs::File;
use std::io::{self, ErrorKind, IoSlice, Seek, SeekFrom};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) std: File,
    bytes: Mutex<Bytes>,
}

/// - *Unread bytes*: the system's position is that much ahead of where the reader is, and whatever is not a read drops
///   them and goes back first. Where there is no position (a terminal, a pipe, many devices) they stay.
/// - *Unwritten bytes*: what a write has taken and the system has refused. They are tried again before anything else is
///   written, and before anything that moves the position at which they belong.
#[derive(Debug, Default)]
pub(super) struct Bytes {
    unread: Buffer,
    /// How the last read has ended, until a reader is told.
    end_of_read: Option<io::Result<()>>,
    unwritten: Buffer,
    /// The unwritten bytes belong at the system's position.
    is_positioned: bool,
}

impl Shared {
    pub(super) fn new(std: File) -> Self {
        Self {
            std,
            bytes: Mutex::default(),
        }
    }

    pub(super) fn bytes(&self) -> MutexGuard<'_, Bytes> {
        // What a panic leaves is what there is: each byte is counted when it is moved.
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn into_std(self) -> File {
        self.std
    }

    /// A second descriptor, to wait for input with, if this is one of those from which a read may wait for ever, and that
    /// can be waited for: a terminal, a pipe, a socket, an `eventfd`.
    #[cfg(unix)]
    pub(super) fn stream(&self) -> Option<File> {
        let flags = status(&self.std).ok()?;
        let is_stream = flags & libc::O_NONBLOCK == 0 && may_wait(&self.std);
        // Not the same one, which would not be closed with the file.
        is_stream.then(|| self.std.try_clone().ok()).flatten()
    }
}

/// Whether a read may wait for ever.
#[cfg(unix)]
fn may_wait(mut file: &File) -> bool {
    // Seeking waits for nothing, whatever the file is.
    if file.stream_position().is_err() {
        return true;
    }
    // There are some that say yes to any seek. A device that never waits says that it is ready.
    match kind(file) {
        Ok(libc::S_IFCHR) => true,
        Ok(
            libc::S_IFREG
            | libc::S_IFDIR
            | libc::S_IFLNK
            | libc::S_IFBLK
            | libc::S_IFIFO
            | libc::S_IFSOCK,
        )
        | Err(_) => false,
        Ok(_) => is_waiting_descriptor(file),
    }
}

/// Whether this descriptor, which is of no kind of file, is there to be waited for and then read: others can be waited for
/// and not read, and then the wait would be in vain.
#[cfg(target_os = "linux")]
fn is_waiting_descriptor(file: &File) -> bool {
    use std::os::fd::AsRawFd;
    const KINDS: [&str; 6] = [
        "[eventfd]",
        "[fanotify]",
        "[signalfd]",
        "[timerfd]",
        "[userfaultfd]",
        "inotify",
    ];
    let link = std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()));
    link.is_ok_and(|link| {
        let kind = link
            .to_str()
            .and_then(|link| link.strip_prefix("anon_inode:"));
        kind.is_some_and(|kind| KINDS.contains(&kind))
    })
}

#[cfg(all(unix, not(target_os = "linux")))]
fn is_waiting_descriptor(_: &File) -> bool {
    false
}

/// Reading.
impl Bytes {
    pub(super) fn read(&mut self, file: &File, limit: usize) {
        self.end_of_read = Some(self.unread.read_from(file, limit));
    }

    /// Gives a reader what has been read; false if that is nothing, not even an end or an error.
    pub(super) fn take_into(&mut self, destination: &mut ReadBuf<'_>) -> io::Result<bool> {
        match self.end_of_read.take() {
            Some(Err(error)) => return Err(error),
            None if self.unread.is_empty() => return Ok(false),
            _ => self.unread.take_into(destination),
        }
        Ok(true)
    }

    /// Takes the system's position back to where the reader is, if there is one.
    pub(super) fn go_back(&mut self, mut file: &File) -> io::Result<()> {
        if self.unread.is_empty() && self.end_of_read.is_none() {
            return Ok(());
        }
        // A buffer holds less than 2^63 bytes.
        let unread = self.unread.len() as i64;
        let is_back = file.stream_position().and_then(|position| {
            let target = position.checked_add_signed(-unread);
            // Some devices say yes to any seek, and stay where they are.
            Ok(target.is_some() && target == Some(file.seek(SeekFrom::Current(-unread))?))
        });
        match is_back {
            Ok(true) => {
                self.unread.clear();
                self.end_of_read = None;
                Ok(())
            }
            Ok(false) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotSeekable => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Writing.
impl Bytes {
    pub(super) fn has_unwritten(&self) -> bool {
        !self.unwritten.is_empty()
    }

    /// Whether a write that has failed stands in the way of what moves the position.
    pub(super) fn has_unwritten_here(&self) -> bool {
        self.has_unwritten() && self.is_positioned
    }

    /// Takes up to `limit` bytes to be written; there must be none.
    pub(super) fn fill(&mut self, sources: &[IoSlice<'_>], limit: usize) -> usize {
        debug_assert!(!self.has_unwritten());
        self.unwritten.fill(sources, limit)
    }

    /// Gives the unwritten bytes up.
    pub(super) fn forget_unwritten(&mut self) {
        self.unwritten.clear();
    }

    /// Writes what there is to write. What cannot be written stays.
    pub(super) fn write(&mut self, mut file: &File) -> io::Result<()> {
        if !self.has_unwritten() {
            return Ok(());
        }
        let result = self
            .go_back(file)
            .and_then(|()| self.unwritten.write_to(file));
        if let Err(error) = &result {
            self.is_positioned = !is_closed_to_writing(error) && file.stream_position().is_ok();
        }
        result
    }

    /// Writes what has to be written before the position is moved.
    pub(super) fn write_here(&mut self, file: &File) -> io::Result<()> {
        if self.has_unwritten_here() {
            return self.write(file);
        }
        Ok(())
    }

    /// Makes the file `size` bytes long. What cannot be written is not needed if it would be cut off.
    pub(super) fn set_len(&mut self, mut file: &File, size: u64) -> io::Result<()> {
        let Err(error) = self.write_here(file) else {
            // What has been read ahead may not be there any more.
            self.go_back(file)?;
            return file.set_len(size);
        };
        let appends = appends(file)?;
        let start = if appends {
            file.metadata()?.len()
        } else {
            file.stream_position()?
        };
        if start < size {
            return Err(error);
        }
        self.go_back(file)?;
        // Only what has been cut off is given up.
        file.set_len(size)?;
        if !appends {
            // Where it would be after the write.
            file.seek(SeekFrom::Current(self.unwritten.len() as i64))?;
        }
        self.forget_unwritten();
        Ok(())
    }
}

/// Whether the file has not been opened to be written: then no position matters to the bytes.
fn is_closed_to_writing(error: &io::Error) -> bool {
    #[cfg(unix)]
    const CLOSED: i32 = libc::EBADF;
    // ERROR_ACCESS_DENIED.
    #[cfg(not(unix))]
    const CLOSED: i32 = 5;
    error.raw_os_error() == Some(CLOSED)
}

/// Whether each write goes to the end of the file.
#[cfg(unix)]
fn appends(file: &File) -> io::Result<bool> {
    Ok(status(file)? & libc::O_APPEND != 0)
}

#[cfg(not(unix))]
fn appends(_: &File) -> io::Result<bool> {
    Ok(false)
}
