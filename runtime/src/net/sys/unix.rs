//! What is different on unix: sockets are file descriptors.

use crate::net::{TcpListener, TcpStream};
use socket2::SockRef;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

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

macro_rules! as_fd {
    ($($Socket:ty),*) => {$(
        impl AsRawFd for $Socket {
            fn as_raw_fd(&self) -> RawFd {
                self.as_fd().as_raw_fd()
            }
        }

        impl AsFd for $Socket {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.io().get_ref().as_fd()
            }
        }
    )*};
}

as_fd!(TcpListener, TcpStream);
