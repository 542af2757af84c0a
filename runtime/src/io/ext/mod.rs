//! The extension traits: what can be awaited on a stream.
//!
//! Each method returns an [`Operation`](operation::Operation) around a small struct of its arguments and
//! its state, whose `step` does the work. The structs live beside the trait whose methods return them, and
//! cannot be named outside of the crate.

mod buf_read;
mod chain;
mod lines;
mod number;
mod operation;
mod read;
mod read_to_end;
mod seek;
mod take;
mod write;
mod write_buf;

pub use buf_read::AsyncBufReadExt;
pub use chain::Chain;
pub use lines::{Lines, Split};
pub(super) use operation::{Operation, Step};
pub use read::AsyncReadExt;
pub use seek::AsyncSeekExt;
pub use take::Take;
pub use write::AsyncWriteExt;
