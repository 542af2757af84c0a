//! What is different on unix: sockets are file descriptors.

use crate::net::{
    TcpListener, TcpSocket, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixSocket,
    UnixStream,
};
pub(in crate::net) use crate::prim::descriptor::over;
use mio::event::Source;
use socket2::{SockRef, Socket};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, RawFd};

/// What can be registered, and asked about.
pub(in crate::net) trait Native: Source + AsFd {}

impl<S: Source + AsFd> Native for S {}

/// Refuses a socket that would block the thread, as a wrong program that should be found early; in debug builds only.
#[track_caller]
pub(in crate::net) fn expect_nonblocking(socket: &impl AsFd) -> io::Result<()> {
    if cfg!(debug_assertions) {
        assert!(
            SockRef::from(socket).nonblocking()?,
            "this socket blocks, and would block the runtime: call `set_nonblocking(true)` on it before `from_std`"
        );
    }
    Ok(())
}

/// True if a connect has not failed but begun.
#[inline]
pub(in crate::net) fn is_connecting(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EINPROGRESS)
}

macro_rules! as_fd {
    ($($Socket:ty => |$socket:ident| $inner:expr;)*) => {$(
        impl AsRawFd for $Socket {
            #[inline]
            fn as_raw_fd(&self) -> RawFd {
                self.as_fd().as_raw_fd()
            }
        }

        impl AsFd for $Socket {
            #[inline]
            fn as_fd(&self) -> BorrowedFd<'_> {
                let $socket = self;
                $inner.as_fd()
            }
        }
    )*};
}

as_fd! {
    TcpListener => |socket| socket.io().get_ref();
    TcpSocket => |socket| socket.raw();
    TcpStream => |socket| socket.io().get_ref();
    UdpSocket => |socket| socket.io().get_ref();
    UnixDatagram => |socket| socket.io().get_ref();
    UnixListener => |socket| socket.io().get_ref();
    UnixSocket => |socket| socket.raw();
    UnixStream => |socket| socket.io().get_ref();
}

macro_rules! raw_fd {
    ($($Socket:ty),*) => {$(
        impl FromRawFd for $Socket {
            /// Makes a socket of a file descriptor.
            ///
            /// # Safety
            ///
            /// The descriptor must be open, nobody else's, and a socket of this kind in non-blocking mode.
            #[inline]
            unsafe fn from_raw_fd(fd: RawFd) -> Self {
                // SAFETY: the caller says that the descriptor is open, and gives it away.
                Self::from_raw(unsafe { Socket::from_raw_fd(fd) })
            }
        }

        impl IntoRawFd for $Socket {
            #[inline]
            fn into_raw_fd(self) -> RawFd {
                self.into_raw().into_raw_fd()
            }
        }
    )*};
}

raw_fd!(TcpSocket, UnixSocket);
