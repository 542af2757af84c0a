//! The parts of [`TcpStream`](super::TcpStream): halves that read and write.

mod listener;
mod socket;
mod split;
mod split_owned;
mod stream;

// Reads end at urgent data, although there is more behind it.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "urgent/linux.rs"]
pub(super) mod urgent;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "urgent/other.rs"]
pub(super) mod urgent;

pub use listener::TcpListener;
pub use socket::TcpSocket;
pub use split::{ReadHalf, WriteHalf};
pub use split_owned::{OwnedReadHalf, OwnedWriteHalf, ReuniteError};
pub use stream::TcpStream;
