//! The shared part of a broadcast channel: a ring of values, each of which knows who has yet to see it.
//!
//! ```text
//!            tail − capacity                      tail
//!                  ▼                                ▼
//!   … gone …     [ value of position p, unseen by n ]  written next, over the oldest
//!                          ▲
//!                    a receiver's next
//!
//!   send                                        receive, at position `next`
//!   S1  lock the tail; no receivers: give up    R1  lock next's slot: is it of position `next`?
//!   S2  take the tail's position, move it on    R2  yes: clone the value, next += 1; unseen − 1, and the
//!   S3  lock the slot: put position and value       last one takes the value out, to drop it unlocked
//!       in, unseen by all receivers; unlock     R3  no: lock the tail, compare its position with `next`:
//!   S4  wake who waits; drop the old value          the same: nothing there, or the end if there are no
//!                                                   senders; too far ahead: lagged; else: R1 again
//! ```
//!
//! The tail's lock is taken before a slot's, never after it. A slot's position says what is in it, so a receiver needs
//! the tail only if its value is not there. The value is cloned under its slot's lock, so a sender that comes round to
//! this very slot waits for that; no other foreign code runs under a lock.
//!
//! **Who is counted.** Receivers come and go under the tail's lock, so each value is unseen by exactly the receivers
//! that were there when it was sent. One that leaves counts as having seen all that was sent until then.
//!
//! **The end.** The count of senders is looked at while the tail's lock is still held: no value can come between the
//! look at the position and that at the count. If the count is 0 all sends are over, and none has moved the position.
//!
//! **Who waits** makes its `Notified` first and then does R1 to R3. S4, and the last sender's leave, come after the
//! news; so does the last receiver's for senders that wait for it.
//!
//! Orderings: values and counts are under locks. The count of senders is AcqRel: who sees 0 sees
//! what the senders did before they went.

use super::super::notify::Notify;
use super::error::TryRecvError;
use crate::prim::atomic::AtomicUsize;
use crate::prim::atomic::Ordering;
use crate::prim::{Mutex, MutexGuard, asked};

pub(super) struct Shared<T> {
    /// As many as the capacity: a power of two.
    slots: Box<[Mutex<Slot<T>>]>,
    tail: Mutex<Tail>,
    /// How many `Sender`s there are. At 0 it stays 0.
    pub(super) senders: AtomicUsize,
    /// How many weak senders there are, for who asks.
    pub(super) weak_senders: AtomicUsize,
    /// Notified after a value was sent, and when the last sender is gone.
    pub(super) sent: Notify,
    /// Notified when the last receiver is gone.
    pub(super) left: Notify,
}

struct Tail {
    /// The position of the next value.
    position: u64,
    receivers: usize,
}

struct Slot<T> {
    position: u64,
    /// How many receivers have yet to see the value.
    unseen: usize,
    value: Option<T>,
}

/// A slot whose value this receiver is seeing: it has seen it when this is dropped.
struct Seeing<'a, T>(Option<MutexGuard<'a, Slot<T>>>);

impl<T> Seeing<'_, T> {
    fn value(&self) -> Option<&T> {
        self.0.as_ref()?.value.as_ref()
    }
}

impl<T> Drop for Seeing<'_, T> {
    fn drop(&mut self) {
        let Some(mut slot) = self.0.take() else {
            return;
        };
        slot.unseen -= 1;
        let last = if slot.unseen == 0 {
            slot.value.take()
        } else {
            None
        };
        drop(slot);
        drop(last);
    }
}

impl<T> Shared<T> {
    /// A channel for `capacity` values, rounded up to a power of two, with one sender.
    #[track_caller]
    pub(super) fn new(capacity: usize, receivers: usize) -> Self {
        assert!(
            capacity > 0,
            "broadcast channel capacity cannot be zero: use 1 for the smallest channel"
        );
        assert!(
            capacity <= usize::MAX >> 1,
            "broadcast channel capacity exceeded `usize::MAX / 2`: ask for less"
        );
        let capacity = capacity.next_power_of_two();
        let slots = (0..capacity as u64).map(|i| {
            Mutex::new(Slot {
                // One round before the first: nobody takes it for a value.
                position: i.wrapping_sub(capacity as u64),
                unseen: 0,
                value: None,
            })
        });
        Self {
            slots: slots.collect(),
            tail: Mutex::new(Tail {
                position: 0,
                receivers,
            }),
            senders: AtomicUsize::new(1),
            weak_senders: AtomicUsize::new(0),
            sent: Notify::new(),
            left: Notify::new(),
        }
    }

    fn capacity(&self) -> u64 {
        self.slots.len() as u64
    }

    fn slot(&self, position: u64) -> MutexGuard<'_, Slot<T>> {
        // The capacity is a power of two.
        self.slots[(position & (self.capacity() - 1)) as usize].lock()
    }

    /// The slot of `position`, to see its value, if that is there.
    fn see(&self, position: u64) -> Option<Seeing<'_, T>> {
        let slot = self.slot(position);
        (slot.position == position).then(|| Seeing(Some(slot)))
    }

    /// Sends a value to all receivers and returns how many there are, or gives it back if there are none.
    pub(super) fn send(&self, value: T) -> Result<usize, T> {
        asked::changes(self);
        let mut tail = self.tail.lock();
        let receivers = tail.receivers;
        if receivers == 0 {
            return Err(value);
        }
        let position = tail.position;
        tail.position += 1;
        let mut slot = self.slot(position);
        // Dropped when everything else is done.
        let _old = slot.value.replace(value);
        slot.position = position;
        slot.unseen = receivers;
        drop(slot);
        drop(tail);
        self.sent.notify_waiters();
        Ok(receivers)
    }

    /// Receives the value at `next`, which moves on.
    pub(super) fn receive(&self, next: &mut u64) -> Result<T, TryRecvError>
    where
        T: Clone,
    {
        asked::changes(self);
        loop {
            if let Some(seeing) = self.see(*next) {
                // First: if the clone panics the value has been seen all the same.
                *next += 1;
                match seeing.value() {
                    Some(value) => return Ok(value.clone()),
                    None => unreachable!("a value stays until every receiver has seen it"),
                }
            }
            let tail = self.tail.lock();
            match tail.position - *next {
                // Under the lock: see the header.
                0 if self.strong_count() == 0 => return Err(TryRecvError::Closed),
                0 => return Err(TryRecvError::Empty),
                ahead if ahead > self.capacity() => {
                    let missed = ahead - self.capacity();
                    *next += missed;
                    return Err(TryRecvError::Lagged(missed));
                }
                // It has come meanwhile.
                _ => {}
            }
        }
    }

    /// Counts a new receiver; returns the position of the first value that it gets.
    #[track_caller]
    pub(super) fn join(&self) -> u64 {
        asked::changes(self);
        let mut tail = self.tail.lock();
        assert!(
            tail.receivers < usize::MAX >> 2,
            "too many receivers: drop some of them"
        );
        tail.receivers += 1;
        tail.position
    }

    /// A receiver that would have got `next` leaves: it counts as having seen what was sent.
    pub(super) fn leave(&self, next: u64) {
        asked::changes(self);
        struct Leave<'a, T> {
            shared: &'a Shared<T>,
            next: u64,
            end: u64,
            last: bool,
        }
        impl<T> Leave<'_, T> {
            fn run(&mut self) {
                while self.next < self.end {
                    let position = self.next;
                    self.next += 1;
                    drop(self.shared.see(position));
                }
            }
        }
        impl<T> Drop for Leave<'_, T> {
            fn drop(&mut self) {
                // Does something only if a value's destructor panicked.
                self.run();
                if self.last {
                    self.shared.left.notify_waiters();
                }
            }
        }
        let mut tail = self.tail.lock();
        tail.receivers -= 1;
        let (end, last) = (tail.position, tail.receivers == 0);
        drop(tail);
        let oldest = end.saturating_sub(self.capacity());
        Leave {
            shared: self,
            next: next.max(oldest),
            end,
            last,
        }
        .run();
    }

    pub(super) fn receivers(&self) -> usize {
        asked::looks(self);
        self.tail.lock().receivers
    }

    /// How many values were sent that a receiver at `next` has not received, those that are gone included.
    pub(super) fn unread(&self, next: u64) -> usize {
        asked::looks(self);
        (self.tail.lock().position - next) as usize
    }

    /// How many values some receiver has yet to see.
    pub(super) fn queued(&self) -> usize {
        asked::looks(self);
        let tail = self.tail.lock();
        // Receivers see values in their order, so what all have seen comes first: a binary search. Slots that were
        // never written count as seen.
        let (mut low, mut high) = (0, self.capacity());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.slot(tail.position.wrapping_add(middle)).unseen == 0 {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (self.capacity() - low) as usize
    }

    pub(super) fn strong_count(&self) -> usize {
        asked::looks(&self.senders);
        // Ordering: Acquire: at 0, what the senders have sent is there.
        self.senders.load(Ordering::Acquire)
    }

    pub(super) fn weak_count(&self) -> usize {
        asked::looks(&self.weak_senders);
        // Ordering: Relaxed, a snapshot.
        self.weak_senders.load(Ordering::Relaxed)
    }
}
