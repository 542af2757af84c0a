//! What is different on Windows: sockets are sockets.

use crate::net::{TcpListener, TcpStream};
use std::io;
use std::os::windows::io::{AsRawSocket, AsSocket, BorrowedSocket, RawSocket};

/// Whether a socket blocks cannot be found out here.
pub(in crate::net) fn expect_nonblocking(_socket: &impl AsSocket) -> io::Result<()> {
    Ok(())
}

macro_rules! as_socket {
    ($($Socket:ty),*) => {$(
        impl AsRawSocket for $Socket {
            fn as_raw_socket(&self) -> RawSocket {
                self.as_socket().as_raw_socket()
            }
        }

        impl AsSocket for $Socket {
            fn as_socket(&self) -> BorrowedSocket<'_> {
                self.io().get_ref().as_socket()
            }
        }
    )*};
}

as_socket!(TcpListener, TcpStream);
