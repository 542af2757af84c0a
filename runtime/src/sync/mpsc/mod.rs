//! A channel from many senders to one receiver.
//!
//! [`channel`] has a bound: a sender waits while the channel is full, so a slow receiver slows its senders
//! down. [`unbounded_channel`] has none: a send never waits, and memory is the limit.
//!
//! Values arrive in the order in which they were sent. The channel closes when the receiver is dropped or
//! calls `close`, or when the last sender is dropped; what was sent before can still be received. A value is
//! received or dropped exactly once.
//!
//! What it costs, in atomic read-modify-writes per value while nobody has to wait: two to send and none to
//! receive without a bound, three and one with it. Values live in blocks of 32 that take turns, so a channel
//! allocates when it grows, not when it is used.
//!
//! # Blocking threads
//!
//! A thread without tasks uses `blocking_send` and `blocking_recv`, on the same channel.
//!
//! # Examples
//!
//! ```
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use leno::sync::mpsc;
//!
//! let (sender, mut receiver) = mpsc::channel(10);
//! for i in 0..3 {
//!     let sender = sender.clone();
//!     leno::spawn(async move { sender.send(i).await.unwrap() });
//! }
//! drop(sender);
//! let mut sum = 0;
//! while let Some(i) = receiver.recv().await {
//!     sum += i;
//! }
//! assert_eq!(sum, 3);
//! # });
//! ```

mod block;
mod bounded;
mod chan;
mod list;
mod permit;
mod receiver;
mod unbounded;

pub mod error;

pub use bounded::{Receiver, Sender, WeakSender, channel};
pub use permit::{OwnedPermit, Permit, PermitIterator};
pub use unbounded::{UnboundedReceiver, UnboundedSender, WeakUnboundedSender, unbounded_channel};
