//! A file's traits: reading, writing and seeking, and what it is made of.

use super::File;
use crate::io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf, SeekFrom};
use std::fmt;
use std::io::{self, IoSlice};
#[cfg(unix)]
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::pin::Pin;
use std::task::{Context, Poll};

impl AsyncRead for File {
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let operations = this.operations.get_mut();
        operations.poll_read(cx, buf, this.max_buf_size)
    }
}

/// What has been written is on its way; [`flush`](crate::io::AsyncWriteExt::flush) waits until the system has it.
impl AsyncWrite for File {
    #[track_caller]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    #[track_caller]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let operations = this.operations.get_mut();
        operations.poll_write(cx, bufs, this.max_buf_size)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    #[track_caller]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().operations.get_mut().poll_flush(cx)
    }

    /// Flushes; the file stays open.
    #[track_caller]
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

impl AsyncSeek for File {
    #[track_caller]
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        self.get_mut().operations.get_mut().start_seek(position)
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        self.get_mut().operations.get_mut().poll_complete(cx)
    }
}

/// Programs, tokio's own tests among them, look for tokio's name in it.
impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("tokio::fs::File")
            .field("std", &self.shared.std)
            .finish()
    }
}

impl From<std::fs::File> for File {
    fn from(std: std::fs::File) -> Self {
        Self::from_std(std)
    }
}

#[cfg(unix)]
impl From<OwnedFd> for File {
    fn from(fd: OwnedFd) -> Self {
        Self::from_std(fd.into())
    }
}

#[cfg(unix)]
impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shared.std.as_fd()
    }
}

#[cfg(unix)]
impl AsRawFd for File {
    fn as_raw_fd(&self) -> RawFd {
        self.shared.std.as_raw_fd()
    }
}

#[cfg(unix)]
impl FromRawFd for File {
    /// Makes a file of a file descriptor.
    ///
    /// # Safety
    ///
    /// The descriptor must be open, and nobody else's.
    unsafe fn from_raw_fd(fd: RawFd) -> Self {
        // SAFETY: the caller says that the descriptor is open, and gives it away.
        Self::from_std(unsafe { std::fs::File::from_raw_fd(fd) })
    }
}
