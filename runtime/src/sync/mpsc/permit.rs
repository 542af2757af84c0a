//! Room in a bounded channel that was set aside.

use super::bounded::{Sender, Tx};
use std::fmt;
use std::mem::ManuallyDrop;

/// Room for one value, from [`Sender::reserve`]; dropping it gives the room back.
pub struct Permit<'a, T> {
    chan: &'a Tx<T>,
}

/// Room for several values, from [`Sender::reserve_many`]: an iterator of [`Permit`]s.
///
/// Dropping it gives the room that is left back.
pub struct PermitIterator<'a, T> {
    chan: &'a Tx<T>,
    n: usize,
}

/// Room for one value and the sender it is for, from [`Sender::reserve_owned`].
///
/// Dropping it gives the room back, and drops the sender.
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
    pub fn send(mut self, value: T) -> Sender<T> {
        let chan = self.take();
        chan.send_permitted(value);
        Sender { chan }
    }

    /// Gives the room back, and the sender to the caller.
    pub fn release(mut self) -> Sender<T> {
        let chan = self.take();
        chan.give_back(1);
        Sender { chan }
    }

    /// True if both are room in the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        match (&self.chan, &other.chan) {
            (Some(a), Some(b)) => a.same_channel(b),
            _ => false,
        }
    }

    /// True if this is room in the channel of `sender`.
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
