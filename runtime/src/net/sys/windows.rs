//! What is different on Windows: sockets are sockets.

use crate::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use leno_reactor::Ready;
use mio::event::Source;
use socket2::Socket;
use std::io;
use std::os::windows::io::{
    AsRawSocket, AsSocket, BorrowedSocket, FromRawSocket, IntoRawSocket, RawSocket,
};

/// What can be registered.
pub(in crate::net) use mio::event::Source as Native;

/// Nothing can be asked that would tell.
pub(in crate::net) fn over(_: &impl Source) -> Ready {
    Ready::EMPTY
}

/// Whether a socket blocks cannot be found out here.
pub(in crate::net) fn expect_nonblocking(_socket: &impl AsSocket) -> io::Result<()> {
    Ok(())
}

/// True if a connect has not failed but begun.
#[inline]
pub(in crate::net) fn is_connecting(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

macro_rules! as_socket {
    ($($Socket:ty => |$socket:ident| $inner:expr;)*) => {$(
        impl AsRawSocket for $Socket {
            #[inline]
            fn as_raw_socket(&self) -> RawSocket {
                self.as_socket().as_raw_socket()
            }
        }

        impl AsSocket for $Socket {
            #[inline]
            fn as_socket(&self) -> BorrowedSocket<'_> {
                let $socket = self;
                $inner.as_socket()
            }
        }
    )*};
}

as_socket! {
    TcpListener => |socket| socket.io().get_ref();
    TcpSocket => |socket| socket.raw();
    TcpStream => |socket| socket.io().get_ref();
    UdpSocket => |socket| socket.io().get_ref();
}

impl FromRawSocket for TcpSocket {
    /// Makes a socket of a raw one.
    ///
    /// # Safety
    ///
    /// The raw socket must be open, nobody else's, and of TCP in non-blocking mode.
    #[inline]
    unsafe fn from_raw_socket(socket: RawSocket) -> Self {
        // SAFETY: the caller says that the socket is open, and gives it away.
        Self::from_raw(unsafe { Socket::from_raw_socket(socket) })
    }
}

impl IntoRawSocket for TcpSocket {
    #[inline]
    fn into_raw_socket(self) -> RawSocket {
        self.into_raw().into_raw_socket()
    }
}
