//! What mio's sockets have in common although mio has no trait for it.

use mio::event::Source;
use socket2::SockRef;
use std::io;

/// A mio socket that data is sent and received on.
pub(super) trait Socket: Source {
    /// The socket, for socket2's operations. Costs nothing.
    fn raw(&self) -> SockRef<'_>;

    /// Calls an operation on the socket that mio does not know. On Windows, mio then arms the selector again if it
    /// would block; elsewhere it is just a call.
    fn attempt<R>(&self, operation: impl FnOnce() -> io::Result<R>) -> io::Result<R>;
}

macro_rules! socket {
    ($Socket:ty) => {
        impl Socket for $Socket {
            #[inline]
            fn raw(&self) -> SockRef<'_> {
                SockRef::from(self)
            }

            #[inline]
            fn attempt<R>(&self, operation: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
                self.try_io(operation)
            }
        }
    };
}

socket!(mio::net::TcpStream);
