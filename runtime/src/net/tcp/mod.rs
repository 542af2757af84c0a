//! The parts of [`TcpStream`](crate::net::TcpStream): halves that read and write.

pub(super) mod listener;
pub(super) mod socket;
pub(super) mod source;
mod split;
mod split_owned;
pub(super) mod stream;

// Reads end at urgent data, although there is more behind it.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "urgent/linux.rs"]
pub(super) mod urgent;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "urgent/other.rs"]
pub(super) mod urgent;

pub use split::{ReadHalf, WriteHalf};
pub use split_owned::{OwnedReadHalf, OwnedWriteHalf, ReuniteError};
