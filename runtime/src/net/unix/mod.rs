//! Pipes; and Unix sockets' addresses, credentials, and the parts of [`UnixStream`](crate::net::UnixStream).
//!
//! [`SocketAddr`] says where a socket is, which is mostly nowhere: a client needs no name. [`UCred`] says whose process is at the
//! other end. [`ReadHalf`] and [`WriteHalf`], [`OwnedReadHalf`] and [`OwnedWriteHalf`] are as those of [TCP](crate::net::tcp).
//! [`pipe`] has a module of its own.
//!
//! ```
//! use leno::io::AsyncWriteExt;
//! use leno::net::{UnixListener, UnixStream};
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("service.sock");
//! let listener = UnixListener::bind(&path)?;
//! let mut client = UnixStream::connect(&path).await?;
//! let (server, peer) = listener.accept().await?;
//!
//! assert!(peer.is_unnamed());
//! assert_eq!(client.peer_addr()?.as_pathname(), Some(path.as_path()));
//! assert_eq!(server.peer_cred()?.uid(), client.peer_cred()?.uid()); // both are this process
//!
//! let (reader, _writer) = server.into_split();
//! client.write_all(b"hello").await?;
//! reader.readable().await?;
//! assert_eq!(reader.try_read(&mut [0; 16])?, 5);
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! # Names
//!
//! A socket's file is made by `bind`, and stays when the socket is gone. So a service removes what a former run has left, before
//! it binds; and since two that start at once would each remove the other's, it takes a lock first, or leaves that to a service
//! manager. A path is at most 107 bytes long on Linux, and less elsewhere. Who may connect is said by the permissions of the
//! file, and better by those of its directory, as the file gets its own only after it is there.
//!
//! On Linux a name may be *abstract*, which begins with a zero byte and is no file: it is gone with its socket, and open to all.

pub(super) mod datagram;
pub(super) mod listener;
pub mod pipe;
mod send_to;
pub(super) mod socket;
mod socketaddr;
mod split;
mod split_owned;
pub(super) mod stream;
mod ucred;

// Names that are not in the file system.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "abstract_name/linux.rs"]
mod abstract_name;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "abstract_name/other.rs"]
mod abstract_name;

// Room of which no event tells.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "pause/linux.rs"]
mod pause;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "pause/other.rs"]
mod pause;

pub use socketaddr::SocketAddr;
pub use split::{ReadHalf, WriteHalf};
pub use split_owned::{OwnedReadHalf, OwnedWriteHalf, ReuniteError};
pub use ucred::UCred;

/// A user's number.
#[expect(non_camel_case_types, reason = "the system's name")]
pub type uid_t = u32;

/// A group's number.
#[expect(non_camel_case_types, reason = "the system's name")]
pub type gid_t = u32;

/// A process' number.
#[expect(non_camel_case_types, reason = "the system's name")]
pub type pid_t = i32;
