//! Room in a bounded channel that was set aside.

use super::bounded::{Sender, Tx};
use std::fmt;
use std::mem::ManuallyDrop;

/// Room for one value, from [`Sender::reserve`]; dropping it gives the room back.
///
/// # Examples
///
/// Sending in two steps, so that a `select!` that chooses another branch loses no value:
///
/// ```
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (sender, mut receiver) = leno::sync::mpsc::channel(1);
/// let mut queue = vec!["only one"];
/// leno::select! {
///     permit = sender.reserve() => permit.unwrap().send(queue.pop().unwrap()),
///     () = std::future::pending() => {}
/// }
/// assert!(queue.is_empty());
/// assert_eq!(receiver.recv().await, Some("only one"));
/// # });
/// ```
pub struct Permit<'a, T> {
    chan: &'a Tx<T>,
}

/// Room for several values, from [`Sender::reserve_many`]: an iterator of [`Permit`]s.
///
/// Dropping it gives the room that is left back.
///
/// # Examples
///
/// ```
/// let (sender, receiver) = leno::sync::mpsc::channel(8);
/// let mut room = sender.try_reserve_many(3).unwrap();
/// assert_eq!(room.len(), 3);
/// room.next().unwrap().send('x');
/// // The room of the other two goes back.
/// drop(room);
/// assert_eq!((receiver.len(), receiver.capacity()), (1, 7));
/// ```
pub struct PermitIterator<'a, T> {
    chan: &'a Tx<T>,
    n: usize,
}

/// Room for one value and the sender it is for, from [`Sender::reserve_owned`].
///
/// Dropping it gives the room back, and drops the sender.
///
/// # Examples
///
/// Each answer has its room before the question is asked:
///
/// ```
/// use leno::sync::mpsc::{self, OwnedPermit};
///
/// fn answer(question: &str, room: OwnedPermit<usize>) {
///     room.send(question.len());
/// }
///
/// let (sender, mut receiver) = mpsc::channel(2);
/// answer("how long?", sender.clone().try_reserve_owned().unwrap());
/// answer("and this?!", sender.try_reserve_owned().unwrap());
/// assert_eq!(receiver.try_recv(), Ok(9));
/// assert_eq!(receiver.try_recv(), Ok(10));
/// ```
pub struct OwnedPermit<T> {
    /// None when the room was used or given back.
    chan: Option<Tx<T>>,
}

impl<'a, T> Permit<'a, T> {
    /// A permit that was taken from the channel's semaphore.
    pub(super) fn new(chan: &'a Tx<T>) -> Self {
        Self { chan }
    }

    /// Sends a value in the room. It does not wait, and does not fail: if the receiver is gone, the value is
    /// dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = leno::sync::mpsc::channel(1);
    /// let permit = sender.try_reserve().unwrap();
    /// // Also what is sent with permits from before it was closed arrives.
    /// receiver.close();
    /// permit.send(1);
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// ```
    pub fn send(self, value: T) {
        ManuallyDrop::new(self).chan.send_permitted(value);
    }
}

impl<T> Drop for Permit<'_, T> {
    fn drop(&mut self) {
        self.chan.give_back(1);
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

impl<'a, T> PermitIterator<'a, T> {
    /// `n` permits that were taken from the channel's semaphore.
    pub(super) fn new(chan: &'a Tx<T>, n: usize) -> Self {
        Self { chan, n }
    }
}

impl<'a, T> Iterator for PermitIterator<'a, T> {
    type Item = Permit<'a, T>;

    fn next(&mut self) -> Option<Self::Item> {
        self.n = self.n.checked_sub(1)?;
        Some(Permit::new(self.chan))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.n, Some(self.n))
    }
}

impl<T> ExactSizeIterator for PermitIterator<'_, T> {}
impl<T> std::iter::FusedIterator for PermitIterator<'_, T> {}

impl<T> Drop for PermitIterator<'_, T> {
    fn drop(&mut self) {
        if self.n != 0 {
            self.chan.give_back(self.n);
        }
    }
}

impl<T> fmt::Debug for PermitIterator<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PermitIterator")
            .field("capacity", &self.n)
            .finish_non_exhaustive()
    }
}

impl<T> OwnedPermit<T> {
    /// A permit that was taken from the channel's semaphore.
    pub(super) fn new(chan: Tx<T>) -> Self {
        Self { chan: Some(chan) }
    }

    /// Sends a value in the room, and gives the sender back. It does not wait, and does not fail: if the
    /// receiver is gone, the value is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = leno::sync::mpsc::channel(2);
    /// let sender = sender.try_reserve_owned().unwrap().send('a');
    /// let _sender = sender.try_reserve_owned().unwrap().send('b');
    /// assert_eq!((receiver.try_recv(), receiver.try_recv()), (Ok('a'), Ok('b')));
    /// ```
    pub fn send(mut self, value: T) -> Sender<T> {
        let chan = self.take();
        chan.send_permitted(value);
        Sender { chan }
    }

    /// Gives the room back, and the sender to the caller.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = leno::sync::mpsc::channel::<u8>(1);
    /// let permit = sender.try_reserve_owned().unwrap();
    /// assert_eq!(receiver.capacity(), 0);
    /// let sender = permit.release();
    /// assert_eq!(sender.capacity(), 1);
    /// ```
    pub fn release(mut self) -> Sender<T> {
        let chan = self.take();
        chan.give_back(1);
        Sender { chan }
    }

    /// True if both are room in the same channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::mpsc;
    ///
    /// let (sender, _receiver) = mpsc::channel::<u8>(2);
    /// let (other, _other_receiver) = mpsc::channel::<u8>(2);
    /// let permit = sender.clone().try_reserve_owned().unwrap();
    /// assert!(permit.same_channel(&sender.try_reserve_owned().unwrap()));
    /// assert!(!permit.same_channel(&other.try_reserve_owned().unwrap()));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        match (&self.chan, &other.chan) {
            (Some(a), Some(b)) => a.same_channel(b),
            _ => false,
        }
    }

    /// True if this is room in the channel of `sender`.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = leno::sync::mpsc::channel::<u8>(2);
    /// let permit = sender.clone().try_reserve_owned().unwrap();
    /// assert!(permit.same_channel_as_sender(&sender));
    /// ```
    pub fn same_channel_as_sender(&self, sender: &Sender<T>) -> bool {
        self.chan
            .as_ref()
            .is_some_and(|chan| chan.same_channel(&sender.chan))
    }

    fn take(&mut self) -> Tx<T> {
        let Some(chan) = self.chan.take() else {
            unreachable!("the room is only taken by methods that take the permit");
        };
        chan
    }
}

impl<T> Drop for OwnedPermit<T> {
    fn drop(&mut self) {
        if let Some(chan) = self.chan.take() {
            chan.give_back(1);
        }
    }
}

impl<T> fmt::Debug for OwnedPermit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPermit").finish_non_exhaustive()
    }
}
