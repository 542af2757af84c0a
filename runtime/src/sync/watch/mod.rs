//! A channel that keeps only the value that was sent last.
//!
//! For a state that many tasks follow and none needs the history of: a configuration, a phase, the word to
//! shut down. Each [`Receiver`] remembers which value it has *seen*:
//!
//! | | asks | marks as seen |
//! | --- | --- | --- |
//! | [`borrow`](Receiver::borrow) | what is the value? | no |
//! | [`borrow_and_update`](Receiver::borrow_and_update) | what is the value? | yes |
//! | [`has_changed`](Receiver::has_changed) | is there one that I have not seen? | no |
//! | [`changed`](Receiver::changed) | the same, and waits for it | yes |
//! | [`wait_for`](Receiver::wait_for) | is it one that I want?, and waits for it | yes |
//!
//! The value that is there when a receiver is made counts as seen. A loop around `changed` reads with
//! `borrow_and_update`: `borrow` would leave a value that was sent in between unseen, and the loop would
//! meet it twice.
//!
//! When the last [`Sender`] is dropped, the channel is closed: [`has_changed`](Receiver::has_changed) is an
//! error from then on, [`changed`](Receiver::changed) only after the last value has been seen. When the
//! last receiver is dropped, [`Sender::closed`] is ready and [`Sender::send`] an error, until there is a new
//! receiver from [`Sender::subscribe`]. The value lives as long as any of them.
//!
//! A send costs the lock of the value and one of the queue of receivers; reading the value costs a shared
//! lock, and asking whether it has changed one atomic load. A channel is one allocation.
//!
//! # Examples
//!
//! ```
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use leno::sync::watch;
//!
//! let (sender, mut receiver) = watch::channel("starting");
//! let follower = leno::spawn(async move {
//!     let mut last = *receiver.borrow_and_update();
//!     while receiver.changed().await.is_ok() {
//!         last = *receiver.borrow_and_update();
//!     }
//!     last
//! });
//! sender.send("running").unwrap();
//! sender.send("stopping").unwrap();
//! drop(sender);
//! assert_eq!(follower.await.unwrap(), "stopping");
//! # });
//! ```
//!
//! A closed channel still has a last value:
//!
//! ```
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let (sender, mut receiver) = leno::sync::watch::channel(0);
//! sender.send(1).unwrap();
//! drop(sender);
//! assert!(receiver.has_changed().is_err());
//! assert!(receiver.changed().await.is_ok());
//! assert!(receiver.changed().await.is_err());
//! assert_eq!(*receiver.borrow(), 1);
//! # });
//! ```
//!
//! Settings that change while a task is at work, which starts over with the new ones:
//!
//! ```
//! use leno::sync::watch;
//! use leno::time::{Duration, Instant, sleep};
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
//! let (sender, mut settings) = watch::channel(Duration::from_secs(3600));
//! let start = Instant::now();
//! let job = leno::spawn(async move {
//!     loop {
//!         let pause = *settings.borrow_and_update();
//!         leno::select! {
//!             () = sleep(pause) => return Instant::now(),
//!             Ok(()) = settings.changed() => {}
//!         }
//!     }
//! });
//! sleep(Duration::from_secs(5)).await;
//! sender.send(Duration::from_secs(1)).unwrap();
//! assert_eq!(job.await.unwrap() - start, Duration::from_secs(6));
//! # });
//! ```
//!
//! A part of a larger state: who sends says whether the change is worth waking anybody.
//!
//! ```
//! let (sender, receiver) = leno::sync::watch::channel((0, "idle"));
//! let count = |state: &mut (u32, &str)| {
//!     state.0 += 1;
//!     false
//! };
//! sender.send_if_modified(count);
//! assert!(!receiver.has_changed().unwrap());
//! sender.send_modify(|state| state.1 = "busy");
//! assert!(receiver.has_changed().unwrap());
//! assert_eq!(*receiver.borrow(), (1, "busy"));
//! ```

pub mod error;
mod receiver;
mod sender;
mod shared;

pub use receiver::Receiver;
pub use sender::Sender;

use crate::prim::{Arc, RwLockReadGuard};
use shared::Shared;
use std::ops::Deref;

/// Creates a channel with its first value, which counts as seen.
///
/// # Examples
///
/// ```
/// let (sender, receiver) = leno::sync::watch::channel(1);
/// sender.send(2).unwrap();
/// assert_eq!(*receiver.borrow(), 2);
/// ```
pub fn channel<T>(init: T) -> (Sender<T>, Receiver<T>) {
    let sender = Sender::from_shared(Arc::new(Shared::new(init)));
    let receiver = sender.subscribe();
    (sender, receiver)
}

/// The value of a channel, borrowed.
///
/// # Blocking
///
/// It holds the channel's lock for reading: meanwhile every send *blocks its thread*. So keep it short, and
/// never across an `.await` (it is not `Send`, so a task that may move to another thread cannot).
///
/// Do not borrow again while you hold one: a sender that waits in between may make the second wait for it,
/// while it waits for the first.
///
/// # Examples
///
/// What is needed for longer is cloned, and the lock is free again:
///
/// ```
/// use leno::sync::watch;
///
/// let (sender, receiver) = watch::channel(vec![1, 2]);
/// let copy = receiver.borrow().clone();
/// sender.send(vec![3]).unwrap();
/// assert_eq!(copy, [1, 2]);
/// assert_eq!(receiver.borrow().len(), 1);
/// ```
#[derive(Debug)]
pub struct Ref<'a, T> {
    value: RwLockReadGuard<'a, T>,
    has_changed: bool,
}

impl<T> Ref<'_, T> {
    /// True if the receiver had not marked this value as seen when it borrowed it.
    ///
    /// Unlike [`Receiver::has_changed`] this does not fail when the channel is closed. It is false for what
    /// a [`Sender`] has borrowed.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = leno::sync::watch::channel(1);
    /// sender.send(2).unwrap();
    /// assert!(!sender.borrow().has_changed());
    /// drop(sender);
    /// assert!(receiver.borrow().has_changed());
    /// assert!(receiver.borrow_and_update().has_changed());
    /// assert!(!receiver.borrow().has_changed());
    /// ```
    pub fn has_changed(&self) -> bool {
        self.has_changed
    }
}

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
