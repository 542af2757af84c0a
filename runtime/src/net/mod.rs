//! TCP, UDP and Unix sockets.
//!
//! | | listens | streams | exchanges messages |
//! | --- | --- | --- | --- |
//! | TCP | [`TcpListener`] | [`TcpStream`] | |
//! | UDP | | | [`UdpSocket`] |
//! | Unix | [`UnixListener`] | [`UnixStream`] | [`UnixDatagram`] |
//! | pipes | | [`pipe::Sender`](unix::pipe::Sender), [`pipe::Receiver`](unix::pipe::Receiver) | |
//!
//! [`TcpSocket`] and [`UnixSocket`] set options before they listen or connect. Addresses are given as [`ToSocketAddrs`]; names
//! are resolved on a blocking thread, as [`lookup_host`] does by itself.
//!
//! ```
//! use leno::io::{AsyncReadExt, AsyncWriteExt};
//! use leno::net::{TcpListener, TcpStream};
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let address = listener.local_addr()?;
//! leno::spawn(async move {
//!     loop {
//!         let (mut stream, _peer) = listener.accept().await?;
//!         leno::spawn(async move { stream.write_all(b"hello").await });
//!     }
//!     # #[allow(unreachable_code)]
//!     # Ok::<(), std::io::Error>(())
//! });
//!
//! let mut text = String::new();
//! TcpStream::connect(address).await?.read_to_string(&mut text).await?;
//! assert_eq!(text, "hello");
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! # Which one
//!
//! - *TCP* for a stream of bytes between hosts: whole and in order, or an error.
//! - *UDP* for single messages between hosts, each of which arrives whole, twice, late or not at all. Nobody slows down a sender:
//!   what the receiver's buffer has no room for is lost, and nobody is told.
//! - *Unix sockets* between processes of this host. They are quicker than TCP on the loopback interface, a directory's
//!   permissions say who may connect, and [`peer_cred`](UnixStream::peer_cred) who it is. [`UnixDatagram`] loses nothing, unlike
//!   UDP: a sender waits for room.
//! - *A pair* ([`UnixStream::pair`], [`UnixDatagram::pair`]) for a child process, or where a peer has to be a descriptor. Between
//!   two tasks a [channel](crate::sync) or [`duplex`](crate::io::duplex) is quicker, and takes no descriptor.
//! - *A pipe* for one direction, as the standard streams of a child process are.
//! - Any other descriptor: [`AsyncFd`](crate::io::unix::AsyncFd).
//!
//! # Two ways to read and write
//!
//! A stream is [`AsyncRead`](crate::io::AsyncRead) and [`AsyncWrite`](crate::io::AsyncWrite), and has the methods of
//! [`AsyncReadExt`](crate::io::AsyncReadExt) and [`AsyncWriteExt`](crate::io::AsyncWriteExt). They take `&mut self`: one reader
//! and one writer at a time. To have both at once, split it: [`split`](TcpStream::split) lends two halves for nothing,
//! [`into_split`](TcpStream::into_split) gives them to two tasks for an allocation. Neither takes a lock, other than
//! [`io::split`](crate::io::split()), which is for any stream.
//!
//! The other way is to wait for readiness and then to try, with methods that take `&self`:
//!
//! ```
//! use leno::io::Interest;
//! use leno::net::UnixStream;
//! use std::io::ErrorKind;
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let (stream, peer) = UnixStream::pair()?;
//! peer.try_write(b"ping")?;
//!
//! // Nothing is held for the connection while it is idle.
//! let request = loop {
//!     stream.ready(Interest::READABLE).await?;
//!     let mut buffer = Vec::with_capacity(1024);
//!     match stream.try_read_buf(&mut buffer) {
//!         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
//!         result => break result.map(|_length| buffer)?,
//!     }
//! };
//! assert_eq!(request, b"ping");
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! Readiness is a hint. Another task may have been quicker, so the attempt may fail with
//! [`WouldBlock`](std::io::ErrorKind::WouldBlock), which takes the hint back: wait again, in a loop. It is for who holds very
//! many connections that are mostly idle, none of which shall keep a buffer; and for operations that leno has no method for
//! (`try_io`, `async_io`).
//!
//! # At the limits
//!
//! **A peer that sends too much** is slowed down by itself: who does not read lets the socket's buffer fill up, and then the
//! peer's, whose writes wait. Streams need no queue of their own for that, and should have none without a bound.
//!
//! **A peer that says nothing** is waited for for ever. TCP does not notice that a host has gone, unless something is sent to
//! it, or [`set_keepalive`](TcpSocket::set_keepalive) asks. So put a [`timeout`](crate::time::timeout()) around whatever a
//! stranger can delay:
//!
//! ```
//! use leno::io::AsyncReadExt;
//! use leno::net::UnixStream;
//! use leno::time::{Duration, timeout};
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let (mut stream, _silent) = UnixStream::pair()?;
//! let read = timeout(Duration::from_millis(5), stream.read_u8()).await;
//! assert!(read.is_err()); // the time is up
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! **Too many connections** end in an error of `accept`, that the process has too many open files. The listener stays usable;
//! see [`accept`](TcpListener::accept). A [`Semaphore`](crate::sync::Semaphore) bounds them before it comes to that, and lets
//! the others wait in the listener's queue:
//!
//! ```
//! use leno::net::{TcpListener, TcpStream};
//! use leno::sync::Semaphore;
//! use std::sync::Arc;
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let address = listener.local_addr()?;
//! let connections = Arc::new(Semaphore::new(1000));
//! # let counted = connections.clone();
//! leno::spawn(async move {
//!     loop {
//!         let permit = connections.clone().acquire_owned().await.unwrap();
//!         let (stream, _peer) = listener.accept().await?;
//!         leno::spawn(async move {
//!             // … serve it …
//!             drop((stream, permit));
//!         });
//!     }
//!     # #[allow(unreachable_code)]
//!     # Ok::<(), std::io::Error>(())
//! });
//! # let mut client = TcpStream::connect(address).await?;
//! # assert_eq!(leno::io::AsyncReadExt::read(&mut client, &mut [0]).await?, 0);
//! # assert!(counted.available_permits() >= 998);
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! **The end of a stream** is told by a read of 0 bytes. [`shutdown`](crate::io::AsyncWriteExt::shutdown) tells it to the peer,
//! and one can go on reading. Dropping a TCP stream while something lies there unread resets the connection, and the peer may
//! then lose what it has not read yet; so shut down and read the end before, if the last word matters.
//!
//! **A message that is longer than the buffer** is cut off (on Windows it is an error). With UDP, 1472 bytes go through Ethernet
//! in one packet with IPv4; up to 65,507 are possible, and lost as a whole if one of their packets is.
//!
//! # Cancel safety
//!
//! What the methods of the types here return is [`CancelSafe`](crate::task::CancelSafe) with one exception: dropped in a
//! `select!` or by a timeout, it has done nothing or loses nothing. The exception is `connect` of streams, which loses the
//! connection. What the extension traits add says so itself: `read`, `write` and `write_buf` lose nothing, `read_exact` and
//! `write_all` lose how far they had come.
//!
//! # Which runtime
//!
//! A socket belongs to the runtime on which it was made, and waits by way of that runtime's reactor wherever it is
//! used afterwards. Making one panics outside of a runtime, and in a runtime without IO
//! ([`enable_io`](crate::runtime::Builder::enable_io)). Once the runtime has shut down, waiting for its sockets ends
//! with an error, also for those who wait already; it never hangs.
//!
//! Sockets of std's and of others' libraries come in by `from_std`, which wants them non-blocking, and go out by `into_std`.
//!
//! # What it costs
//!
//! An operation that can go on at once is one system call and a few atomic loads. A connection that has just been
//! accepted is read without asking first whether it is readable. A read of TCP that
//! did not fill its buffer, or a write that was not done in full, has found the end of what there was, so that the next
//! one waits at once instead of trying in vain first.
//!
//! Each operation, large or small, is a system call of its own. Put a [`BufReader`](crate::io::BufReader) or a
//! [`BufWriter`](crate::io::BufWriter) around a stream of small ones.

mod accept;
mod addr;
mod even_docs;
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
