//! What mio's sockets have in common although mio has no trait for it.

use super::sys::Native;
use leno_reactor::{Interest, Io};
use socket2::SockRef;
use std::io;

/// A mio socket that data is sent and received on.
pub(super) trait Socket: Native + Sized {
    /// The socket, for socket2's operations. Costs nothing.
    fn raw(&self) -> SockRef<'_>;

    /// Calls an operation on the socket that mio does not know. On Windows, mio then arms the selector again if it
    /// would block; elsewhere it is just a call.
    fn attempt<R>(&self, operation: impl FnOnce() -> io::Result<R>) -> io::Result<R>;

    /// Told before the user's own operations are tried.
    #[inline]
    fn will_be_tried(&self, _interest: Interest) {}

    /// True if a read that did not fill its buffer has read all there was, and what comes later brings an event of its
    /// own.
    ///
    /// A read also ends at a mark in the stream, though there is more behind it: at urgent data (TCP), at file
    /// descriptors and a change of the sender's credentials (Unix). To wait then would be to wait for ever.
    #[inline]
    fn short_read_is_last(_io: &Io<Self>) -> bool {
        false
    }
}

/// Makes a [`Socket`] of a type of mio's.
macro_rules! socket {
    ($Socket:ty) => {
        impl $crate::net::socket::Socket for $Socket {
            #[inline]
            fn raw(&self) -> socket2::SockRef<'_> {
                socket2::SockRef::from(self)
            }

            #[inline]
            fn attempt<R>(
                &self,
                operation: impl FnOnce() -> std::io::Result<R>,
            ) -> std::io::Result<R> {
                self.try_io(operation)
            }
        }
    };
}

pub(super) use socket;
