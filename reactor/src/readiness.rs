//! The protocol: what is known of one source's readiness, and who is told when more is known.
//!
//! # The words
//!
//! Each direction of a source has one word:
//!
//! ```text
//!    63 ................ 24 │ 23 ......... 8 │   7    │   6   │ 5 ....... 0
//!            tick           │   generation   │ CLOSED │ FRESH │ ready bits
//! ```
//!
//! *Ready bits* are edges: an event sets them, and only a [`clear`](Readiness::clear) of the same tick takes
//! them away. That a half is closed, and that there is an error, is taken away by a later event too, if that does not say
//! so any more: what was closed may be open again (a FIFO has a next writer, a socket listens now), and errors pass. *Tick* counts the events of this direction. 40 bits of it would take a source that gets a
//! million events a second twelve days to come round, all of them between an operation and its own clear:
//! a tick never aliases. *Generation* counts the owners of the slot: an event fetched for an owner that has
//! left differs in it. FRESH means that no event has come and nothing has been tried yet. CLOSED means that
//! the reactor is gone; it stays.
//!
//! | transition | who | from → to |
//! | --- | --- | --- |
//! | `event` | the thread in `Reactor::turn` | generation as in its token → tick + 1, ready bits on, [what is over](over) and FRESH off |
//! | `clear` | any user | tick and generation as seen → the bits seen off, CLOSED stays |
//! | `mark_fresh` | the new owner, before the source enters the selector | FRESH on; in the write word, writable too, and in the read word what the owner says |
//! | `release` | the owner leaving, after the source left the selector | generation + 1, all bits but CLOSED off |
//! | `close` | the reactor's drop | CLOSED on |
//!
//! # What is over
//!
//! `event` may take bits off a word that it sets none in, and then leaves the tick as it is: whoever clears with what it saw
//! before takes off no more than it knows of. Events are delivered in the order in which the selector told them, by one
//! thread at a time, so what is over when an event takes it off has not come back.
//!
//! A clear takes off that a half is closed only if an operation of that half, and no other, would have blocked, which its
//! caller decides ([`Snapshot::only`]): the end of a stream is told by one event, and whoever loses it waits for ever.
//! Where that is not certain the bit stays, and whoever goes on waiting waits for what is [beyond](Snapshot::beyond) it: a
//! bit that he knows, or an event that says so again, which raises the tick.
//!
//! # Waiting, and waking
//!
//! | a waiter | an event, or close |
//! | --- | --- |
//! | 1. locks the waiters | 1. changes the word |
//! | 2. leaves its waker, unlocks | 2. locks the waiters |
//! | 3. looks at the word again | 3. takes the wakers, unlocks, wakes |
//!
//! The lock orders the two: either the event's step 3 finds the waker, or its unlock comes before the waiter's
//! lock, and then step 3 of the waiter sees the changed word.
//!
//! An event of an old generation can pass its first look at the word just before the owner leaves, and reach
//! its step 2 when the slot has a new owner. So it looks again under the lock: the new owner's waiters came
//! after the generation was raised, hence under the lock the raised one is seen, and nobody is woken.
//!
//! # Orderings
//!
//! One pair is needed. `event` publishes (Release) what the selector reported; `snapshot` receives it (Acquire)
//! before the operation is tried. Otherwise an operation could look at the source *before* the event and find
//! it empty, take the event's tick *after* it, and clear an event whose data it has not seen. Every transition is a
//! read-modify-write, so the pair holds through any number of them. All else is ordered by the lock or
//! concerns one word alone: Relaxed.
//!
//! *Rejected:* one word for both directions (a clear of reads would be refused because a write event came);
//! a tick of the turn instead of the word's own (short, shared, and it aliases); wakers in atomics (three
//! words more, and the list needs the lock anyway).

use crate::prim::Mutex;
use crate::prim::atomic::{AtomicU64, Ordering};
use crate::waiters::{Batch, Key, Panics, Waiters, keep_or_replace};
use std::task::{Context, Poll};

pub(crate) const READABLE: u8 = 1;
pub(crate) const WRITABLE: u8 = 1 << 1;
pub(crate) const READ_CLOSED: u8 = 1 << 2;
pub(crate) const WRITE_CLOSED: u8 = 1 << 3;
pub(crate) const PRIORITY: u8 = 1 << 4;
pub(crate) const ERROR: u8 = 1 << 5;
/// Worth one try although no event has come. In a mask: a fresh word counts as ready.
pub(crate) const FRESH: u8 = 1 << 6;
/// The reactor is gone.
const CLOSED: u8 = 1 << 7;

/// The bits that say what a source is ready for.
const READY: u8 = FRESH - 1;
/// The ready bits kept in the read word.
const READ_SIDE: u8 = READABLE | READ_CLOSED | PRIORITY | ERROR;
/// The ready bits kept in the write word.
const WRITE_SIDE: u8 = WRITABLE | WRITE_CLOSED;
/// What a poll for reads waits for.
const POLL_READ: u8 = READABLE | READ_CLOSED;
/// What a poll for writes waits for.
const POLL_WRITE: u8 = WRITABLE | WRITE_CLOSED;
/// What only an operation that would have blocked disproves, not one that has moved less than it was asked for.
pub(crate) const HALVES_CLOSED: u8 = READ_CLOSED | WRITE_CLOSED;
/// Events tell all that a source is ready for when they are fetched: where the selector is epoll.
const EVENTS_ARE_WHOLE: bool = cfg!(any(
    target_os = "linux",
    target_os = "android",
    target_os = "illumos"
));

const BITS: u64 = 0xff;
const GENERATION: u64 = 0xffff << 8;
const TICK: u64 = 1 << 24;

/// A half of a source.
///
/// # Examples
///
/// ```
/// use leno_reactor::{Direction, Interest, Reactor, block_on};
/// use mio::net::UdpSocket;
/// use std::future::poll_fn;
///
/// # fn main() -> std::io::Result<()> {
/// let mut reactor = Reactor::new()?;
/// let socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
/// let socket = reactor.handle().register(socket, Interest::READABLE | Interest::WRITABLE)?;
/// let address = socket.get_ref().local_addr()?;
/// let send = |socket: &UdpSocket| socket.send_to(b"hello", address);
/// let sent = block_on(&mut reactor, poll_fn(|cx| socket.poll_io(cx, Direction::Write, send)))??;
/// assert_eq!(sent, 5);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The half that is read from.
    Read,
    /// The half that is written to.
    Write,
}

impl Direction {
    /// What a poll of this direction waits for.
    pub(crate) fn mask(self) -> u8 {
        match self {
            Direction::Read => POLL_READ,
            Direction::Write => POLL_WRITE,
        }
    }
}

/// The words as somebody saw them, reduced to the bits that were asked for.
#[derive(Clone, Copy)]
pub(crate) struct Snapshot {
    read: u64,
    write: u64,
}

impl Snapshot {
    /// Says nothing, of no moment.
    pub(crate) const NOTHING: Snapshot = Snapshot { read: 0, write: 0 };

    fn bits(self) -> u8 {
        (self.read | self.write) as u8
    }

    /// What the source was ready for.
    pub(crate) fn ready(self) -> u8 {
        self.bits() & READY
    }

    /// True if an operation is worth trying.
    pub(crate) fn is_worth_trying(self) -> bool {
        self.bits() & (READY | FRESH) != 0
    }

    pub(crate) fn is_closed(self) -> bool {
        self.bits() & CLOSED != 0
    }

    /// True if a waiter has nothing more to wait for.
    fn is_due(self) -> bool {
        self.bits() != 0
    }

    /// The same moment, with only these bits left.
    #[inline]
    pub(crate) fn only(self, bits: u8) -> Self {
        let keep = u64::from(bits | CLOSED) | !BITS;
        Self {
            read: self.read & keep,
            write: self.write & keep,
        }
    }

    /// What is left without what `known` says, as long as no event has said so again.
    fn beyond(self, known: Self) -> Self {
        let beyond = |now: u64, known: u64| match (now ^ known) & !BITS {
            0 => now & !(known & u64::from(READY)),
            _ => now,
        };
        Self {
            read: beyond(self.read, known.read),
            write: beyond(self.write, known.write),
        }
    }
}

/// What is known of one source.
#[derive(Debug)]
pub(crate) struct Readiness {
    read: AtomicU64,
    write: AtomicU64,
    waiters: Mutex<Waiters>,
}

impl Readiness {
    pub(crate) fn new() -> Self {
        Self {
            read: AtomicU64::new(0),
            write: AtomicU64::new(0),
            waiters: Mutex::new(Waiters::default()),
        }
    }

    // ---- the owner ----

    /// The generation of the present owner.
    pub(crate) fn generation(&self) -> u16 {
        // Ordering: Relaxed. Only the owner changes it, and the owner is who asks.
        generation(self.read.load(Ordering::Relaxed))
    }

    /// Lets one operation of each direction be tried before any event has come. The write half counts as ready:
    /// nothing has been sent that could fill it. The read half counts as `readable`.
    pub(crate) fn mark_fresh(&self, readable: u8) {
        // Ordering: Relaxed. The owner alone sees the source so far.
        self.read
            .fetch_or(u64::from(FRESH | readable), Ordering::Relaxed);
        self.write
            .fetch_or(u64::from(FRESH | WRITABLE), Ordering::Relaxed);
    }

    /// Ends the present owner's generation; its events find nobody from here on.
    ///
    /// The caller has taken the source out of the selector, and hands the slot to a next owner afterwards.
    pub(crate) fn release(&self) {
        for word in [&self.read, &self.write] {
            // Ordering: Relaxed. An event compares the generation in the very read-modify-write that sets
            // its bits; for its look under the lock, the lock orders this before the next owner's waiters.
            update(word, Ordering::Relaxed, |now| {
                let next = (now & GENERATION).wrapping_add(1 << 8) & GENERATION;
                Some((now & !(GENERATION | BITS)) | next | (now & u64::from(CLOSED)))
            });
        }
        // Dropped after the lock is released: wakers are foreign code.
        let left = std::mem::take(&mut *self.waiters.lock());
        drop(left);
    }

    // ---- the user ----

    /// What is known of the bits in `mask`.
    #[inline]
    pub(crate) fn snapshot(&self, mask: u8) -> Snapshot {
        let keep = u64::from(mask | CLOSED) | !BITS;
        // Ordering: Acquire, partner of `event`'s Release: what is tried next sees at least what the event saw.
        let load = |word: &AtomicU64, side: u8| match mask & side {
            0 => 0,
            _ => word.load(Ordering::Acquire) & keep,
        };
        Snapshot {
            read: load(&self.read, READ_SIDE),
            write: load(&self.write, WRITE_SIDE),
        }
    }

    /// Takes back what `seen` says, unless a newer event has come.
    #[inline]
    pub(crate) fn clear(&self, seen: Snapshot) {
        for (word, seen) in [(&self.read, seen.read), (&self.write, seen.write)] {
            let off = seen & BITS & !u64::from(CLOSED);
            if off != 0 {
                // Ordering: Relaxed. It publishes nothing, and comparing the tick needs this word alone.
                update(word, Ordering::Relaxed, |now| {
                    ((now ^ seen) & !BITS == 0).then_some(now & !off)
                });
            }
        }
    }

    /// Waits in the place that this direction has for polls; the last poll's waker is the one woken.
    pub(crate) fn poll(&self, cx: &Context<'_>, direction: Direction, mask: u8) -> Poll<Snapshot> {
        let now = self.snapshot(mask);
        if now.is_due() {
            return Poll::Ready(now);
        }
        // Cloned and dropped outside the lock.
        let waker = cx.waker().clone();
        let mut waiters = self.waiters.lock();
        let unneeded = match direction {
            Direction::Read => keep_or_replace(&mut waiters.reader, waker),
            Direction::Write => keep_or_replace(&mut waiters.writer, waker),
        };
        drop(waiters);
        drop(unneeded);
        // An event that did not find the waker has changed the word.
        due(self.snapshot(mask))
    }

    /// Waits in the list, where `key` is this waiter's place, for anything but what is `known`: that has to be told anew.
    pub(crate) fn poll_listed(
        &self,
        cx: &Context<'_>,
        mask: u8,
        known: Snapshot,
        key: &mut Option<Key>,
    ) -> Poll<Snapshot> {
        let mut now = self.snapshot(mask);
        if !now.beyond(known).is_due() {
            let waker = cx.waker().clone();
            let mut waiters = self.waiters.lock();
            let unneeded = match *key {
                Some(key) => waiters.replace(key, waker),
                None => {
                    *key = Some(waiters.insert(mask & READY, waker));
                    None
                }
            };
            drop(waiters);
            drop(unneeded);
            now = self.snapshot(mask);
        }
        if !now.beyond(known).is_due() {
            return Poll::Pending;
        }
        self.forget(key);
        Poll::Ready(now)
    }

    /// Gives up a waiter's place in the list.
    pub(crate) fn forget(&self, key: &mut Option<Key>) {
        if let Some(key) = key.take() {
            let waker = self.waiters.lock().remove(key);
            drop(waker);
        }
    }

    /// How many futures wait in the list.
    pub(crate) fn listed(&self) -> usize {
        self.waiters.lock().listed()
    }

    // ---- the reactor ----

    /// Notes an event and wakes who waits for it; false if it is stale.
    ///
    /// `of` is the part of the generation that the event's token has room for, given by `relevant`.
    pub(crate) fn event(&self, of: u16, relevant: u16, bits: u8, panics: &mut Panics) -> bool {
        let is_ours = |word: u64| (generation(word) ^ of) & relevant == 0;
        let over = over(bits);
        let note = |word: &AtomicU64, side: u8| {
            let on = u64::from(bits & side);
            let off = u64::from(over & side);
            if on == 0 {
                // Ordering: Relaxed, both. Bits are taken off, which publishes nothing; only this thread puts them on.
                if word.load(Ordering::Relaxed) & off != 0 {
                    update(word, Ordering::Relaxed, |now| {
                        is_ours(now).then_some(now & !off)
                    });
                }
                return false;
            }
            let off = off | u64::from(FRESH);
            // Ordering: Release, partner of `snapshot`'s Acquire: publishes what the selector reported.
            update(word, Ordering::Release, |now| {
                is_ours(now).then_some((now.wrapping_add(TICK) | on) & !off)
            })
        };
        let read = note(&self.read, READ_SIDE);
        let write = note(&self.write, WRITE_SIDE);
        if read || write {
            self.wake(bits, is_ours, panics);
        }
        read || write
    }

    /// Ends every wait, now and in future, with the news that the reactor is gone.
    pub(crate) fn close(&self, panics: &mut Panics) {
        // Ordering: Relaxed. The bit is all there is to see, and the lock in `wake` orders it with waiters.
        self.read.fetch_or(u64::from(CLOSED), Ordering::Relaxed);
        self.write.fetch_or(u64::from(CLOSED), Ordering::Relaxed);
        self.wake(READY, |_| true, panics);
    }

    /// Wakes the waiters for any of `bits`, as long as the slot is still its owner's.
    fn wake(&self, bits: u8, is_ours: impl Fn(u64) -> bool, panics: &mut Panics) {
        let mut batch = Batch::new();
        let mut from = 0;
        loop {
            let mut waiters = self.waiters.lock();
            // Ordering: Relaxed. If the waiters are a next owner's, the lock has ordered its generation
            // before them.
            if !is_ours(self.read.load(Ordering::Relaxed)) {
                return;
            }
            if from == 0 {
                if bits & POLL_READ != 0 {
                    batch.push(waiters.reader.take());
                }
                if bits & POLL_WRITE != 0 {
                    batch.push(waiters.writer.take());
                }
            }
            let next = waiters.take(bits, from, &mut batch);
            drop(waiters);
            batch.wake_all(panics);
            match next {
                Some(next) => from = next,
                None => return,
            }
        }
    }
}

/// What an event that says `bits` disproves: that a half is closed that it does not call so, and an error.
///
/// Where events are not whole, each concerns one direction, and knows of the other's neither that it is closed nor its
/// errors.
#[inline]
fn over(bits: u8) -> u8 {
    let known = if EVENTS_ARE_WHOLE {
        HALVES_CLOSED | ERROR
    } else {
        let read = if bits & READABLE != 0 { READ_CLOSED } else { 0 };
        let write = if bits & WRITABLE != 0 {
            WRITE_CLOSED
        } else {
            0
        };
        read | write
    };
    known & !bits
}

fn generation(word: u64) -> u16 {
    ((word & GENERATION) >> 8) as u16
}

fn due(now: Snapshot) -> Poll<Snapshot> {
    if now.is_due() {
        Poll::Ready(now)
    } else {
        Poll::Pending
    }
}

/// Applies `f` to the word until it holds or `f` declines; true if it was applied.
#[inline]
fn update(word: &AtomicU64, success: Ordering, f: impl Fn(u64) -> Option<u64>) -> bool {
    // Ordering: Relaxed on failure: a refused value is only looked at, or tried again.
    word.fetch_update(success, Ordering::Relaxed, f).is_ok()
}
