//! Pipes; and Unix sockets' addresses, credentials, and the parts of [`UnixStream`](crate::net::UnixStream).

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
