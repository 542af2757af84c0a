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
//!
//! # The end
//!
//! The loop above ends when the last sender is gone, so the original has to be dropped. A sender that somebody forgets
//! about keeps the receiver waiting for ever; a [`WeakSender`] is for who wants to be able to send without keeping the channel open.
//!
//! A receiver that wants to stop has two ways. Dropped, it drops what is in the channel, and every send is an error from then on.
//! [Closed](Receiver::close), it refuses what is new and still gets what was sent before, until `None`. Senders see either in the error of a
//! send, or wait for it by [`closed`](Sender::closed). A task that serves all that was accepted before it ends:
//!
//! ```
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use leno::sync::{mpsc, watch};
//!
//! let (sender, mut orders) = mpsc::channel(10);
//! let (stop, mut stopped) = watch::channel(());
//! for number in 0..3 {
//!     sender.send(number).await.unwrap();
//! }
//! let shop = leno::spawn(async move {
//!     let mut served = 0;
//!     loop {
//!         leno::select! {
//!             biased;
//!             Ok(()) = stopped.changed() => orders.close(),
//!             order = orders.recv() => match order {
//!                 Some(_) => served += 1,
//!                 None => return served,
//!             },
//!         }
//!     }
//! });
//! stop.send(()).unwrap();
//! leno::task::yield_now().await;
//! assert!(sender.send(3).await.is_err());
//! assert_eq!(shop.await.unwrap(), 3);
//! # });
//! ```
//!
//! # The bound
//!
//! It is the number of values that have been sent and not received, and of the [permits](Permit) that were given out for values to come.
//! When there is no room, senders wait in the order in which they came, and [`try_send`](Sender::try_send) fails at once. A bound of 1
//! hands values over nearly one by one; a larger one evens out bursts, and costs memory only as it is used. What it should be
//! follows from how much a burst brings, and how long what waits may wait.
//!
//! Where a value is dear to make, or must not be lost, room comes first: [`reserve`](Sender::reserve) waits for it and gives a
//! permit, whose `send` neither waits nor fails.
//!
//! Two tasks that send to each other through full channels wait for each other, for ever: one of the two directions should drop
//! values, or have no bound.
//!
//! ```
//! use leno::sync::mpsc;
//!
//! let (sender, mut receiver) = mpsc::channel(2);
//! let permit = sender.try_reserve().unwrap();
//! sender.try_send("second").unwrap();
//! // One value and one permit: that is two.
//! assert!(sender.try_send("third").is_err());
//! permit.send("first to have room");
//! assert_eq!(receiver.try_recv(), Ok("second"));
//! assert_eq!(receiver.try_recv(), Ok("first to have room"));
//! ```
//!
//! # Several at once
//!
//! [`recv_many`](Receiver::recv_many) takes what has piled up with one wait, for who writes in batches.
//! [`reserve_many`](Sender::reserve_many) is its counterpart.
//!
//! # Blocking threads
//!
//! A thread without tasks uses `blocking_send` and `blocking_recv`, on the same channel. The other way round, from a task to a thread and
//! back, they are a bridge between the two worlds:
//!
//! ```
//! use leno::sync::{mpsc, oneshot};
//! use std::thread;
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let (jobs, mut incoming) = mpsc::channel::<(Vec<u32>, oneshot::Sender<Vec<u32>>)>(4);
//! let sorter = thread::spawn(move || {
//!     while let Some((mut list, answer)) = incoming.blocking_recv() {
//!         list.sort();
//!         let _ = answer.send(list);
//!     }
//! });
//! let (answer, sorted) = oneshot::channel();
//! jobs.send((vec![3, 1, 2], answer)).await.unwrap();
//! assert_eq!(sorted.await.unwrap(), [1, 2, 3]);
//! drop(jobs);
//! sorter.join().unwrap();
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
