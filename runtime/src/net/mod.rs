//! TCP, UDP and Unix sockets.
//!
//! | | listens | streams | exchanges messages |
//! | --- | --- | --- | --- |
//! | TCP | [`TcpListener`] | [`TcpStream`] | |
//! | UDP | | | [`UdpSocket`] |
//! | Unix | [`UnixListener`] | [`UnixStream`] | [`UnixDatagram`] |
//!
//! [`TcpSocket`] sets options before it listens or connects. Addresses are given as [`ToSocketAddrs`]; names are
//! resolved on a blocking thread, as [`lookup_host`] does by itself. Pipes are in [`unix::pipe`].
//!
//! # Which runtime
//!
//! A socket belongs to the runtime on which it was made, and waits by way of that runtime's reactor wherever it is
//! used afterwards. Making one panics outside of a runtime, and in a runtime without IO
//! ([`enable_io`](crate::runtime::Builder::enable_io)). Once the runtime has shut down, waiting for its sockets ends
//! with an error, also for those who wait already; it never hangs.
//!
//! # What it costs
//!
//! An operation that can go on at once is one system call and a few atomic loads. A connection that has just been
//! accepted is read without asking first whether it is readable. A read of TCP that
//! did not fill its buffer, or a write that was not done in full, has found the end of what there was, so that the next
//! one waits at once instead of trying in vain first.

mod accept;
mod addr;
mod evented;
mod halves;
mod message;
mod ready;
mod receive;
mod socket;
mod stream;
pub mod tcp;
mod udp;
#[cfg(unix)]
pub mod unix;

// Options that only some systems have.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "options/linux.rs"]
mod options_linux;
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "macos",
    target_os = "netbsd",
    target_os = "openbsd"
))]
#[path = "options/unix.rs"]
mod options_unix;

#[cfg(unix)]
#[path = "sys/unix.rs"]
mod sys;
#[cfg(windows)]
#[path = "sys/windows.rs"]
mod sys;

pub use addr::{ToSocketAddrs, lookup_host};
pub use tcp::{listener::TcpListener, socket::TcpSocket, stream::TcpStream};
pub use udp::UdpSocket;
#[cfg(unix)]
pub use unix::{
    datagram::UnixDatagram, listener::UnixListener, socket::UnixSocket, stream::UnixStream,
};
