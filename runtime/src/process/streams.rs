//! The standard streams of a child: pipes.

use crate::io::{AsyncRead, AsyncWrite, ReadBuf};
use crate::net::unix::pipe::{Receiver, Sender};
use crate::prim::system::set_nonblocking;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};

/// The standard input of a child.
///
/// Writing is [`AsyncWrite`], whose methods come with [`AsyncWriteExt`](crate::io::AsyncWriteExt). Dropping it ends the
/// stream, so that the child reads its end; [`shutdown`](crate::io::AsyncWriteExt::shutdown) does not.
#[derive(Debug)]
pub struct ChildStdin {
    pipe: Sender,
}

/// The standard output of a child.
///
/// Reading is [`AsyncRead`], whose methods come with [`AsyncReadExt`](crate::io::AsyncReadExt). It ends when the child, and
/// whoever has inherited the output from it, has closed it.
#[derive(Debug)]
pub struct ChildStdout {
    pipe: Receiver,
}

/// The standard error output of a child; as [`ChildStdout`].
#[derive(Debug)]
pub struct ChildStderr {
    pipe: Receiver,
}

macro_rules! streams {
    ($($Stream:ident: $End:ident;)*) => {$(
        impl $Stream {
            /// Makes a stream of std's; makes it non-blocking.
            ///
            /// # Errors
            ///
            /// If it cannot be registered.
            ///
            /// # Panics
            ///
            /// Outside of a runtime, or if it was built without IO.
            #[track_caller]
            pub fn from_std(inner: std::process::$Stream) -> io::Result<Self> {
                let fd = OwnedFd::from(inner);
                set_nonblocking(fd.as_fd(), true)?;
                let pipe = $End::from_owned_fd_unchecked(fd)?;
                Ok(Self { pipe })
            }

            /// Makes a descriptor of it, which blocks.
            ///
            /// # Errors
            ///
            /// If it cannot be deregistered or changed.
            pub fn into_owned_fd(self) -> io::Result<OwnedFd> {
                self.pipe.into_blocking_fd()
            }
        }

        /// For another child, whose stream it becomes.
        impl TryFrom<$Stream> for Stdio {
            type Error = io::Error;

            fn try_from(stream: $Stream) -> io::Result<Stdio> {
                stream.into_owned_fd().map(Stdio::from)
            }
        }

        impl AsRawFd for $Stream {
            fn as_raw_fd(&self) -> RawFd {
                self.pipe.as_raw_fd()
            }
        }

        impl AsFd for $Stream {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.pipe.as_fd()
            }
        }
    )*};
}

streams! {
    ChildStdin: Sender;
    ChildStdout: Receiver;
    ChildStderr: Receiver;
}

impl AsyncWrite for ChildStdin {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().pipe).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().pipe).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Nothing is kept back that could be flushed.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Does nothing: drop the stream to end it.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

macro_rules! async_read {
    ($($Stream:ty),*) => {$(
        impl AsyncRead for $Stream {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                Pin::new(&mut self.get_mut().pipe).poll_read(cx, buf)
            }
        }
    )*};
}

async_read!(ChildStdout, ChildStderr);
