//! The parts of [`TcpStream`](crate::net::TcpStream): halves that read and write.
//!
//! | | halves | for | costs | together again |
//! | --- | --- | --- | --- | --- |
//! | [`split`] | [`ReadHalf`], [`WriteHalf`] | one task that does both | nothing | by dropping both |
//! | [`into_split`] | [`OwnedReadHalf`], [`OwnedWriteHalf`] | two tasks | an allocation | [`reunite`](OwnedReadHalf::reunite) |
//!
//! [`split`]: crate::net::TcpStream::split
//! [`into_split`]: crate::net::TcpStream::into_split
//!
//! The directions of a connection do not disturb each other, and no lock is taken. Dropping an [`OwnedWriteHalf`] ends its
//! direction: the peer reads the end of the stream, and may still answer. Dropping any other half does nothing.
//!
//! ```
//! use leno::io::{AsyncReadExt, AsyncWriteExt};
//! use leno::net::{TcpListener, TcpStream};
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let (mut reader, mut writer) = TcpStream::connect(listener.local_addr()?).await?.into_split();
//! let (mut peer, _) = listener.accept().await?;
//!
//! let sending = leno::spawn(async move { writer.write_all(b"question").await });
//! let mut question = String::new();
//! peer.read_to_string(&mut question).await?; // ends with the half, which ends with its task
//! peer.write_all(b"answer").await?;
//! drop(peer);
//!
//! let mut answer = String::new();
//! reader.read_to_string(&mut answer).await?;
//! assert_eq!((&*question, &*answer), ("question", "answer"));
//! sending.await??;
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```

pub(super) mod listener;
pub(super) mod socket;
mod socket_options;
pub(super) mod source;
mod split;
mod split_owned;
pub(super) mod stream;
mod stream_options;

// Reads end at urgent data, although there is more behind it.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "urgent/linux.rs"]
pub(super) mod urgent;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "urgent/other.rs"]
pub(super) mod urgent;

pub use split::{ReadHalf, WriteHalf};
pub use split_owned::{OwnedReadHalf, OwnedWriteHalf, ReuniteError};
