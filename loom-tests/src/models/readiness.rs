//! The reactor's protocol (`reactor/src/readiness.rs`): clears and events, generations, waiters, the end.

use super::explore;
use crate::prim::Mutex;
use crate::readiness::{
    Direction, FRESH, PRIORITY, READ_CLOSED, READABLE, Readiness, Snapshot, WRITABLE, WRITE_CLOSED,
};
use crate::waiters::Panics;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use loom::thread;
use std::task::{Context, Poll, Wake, Waker};

/// A waker that remembers having been woken.
struct Flag(AtomicBool);

impl Flag {
    fn new() -> (std::sync::Arc<Self>, Waker) {
        let flag = std::sync::Arc::new(Self(AtomicBool::new(false)));
        (flag.clone(), Waker::from(flag))
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Flag {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn event(readiness: &Readiness, generation: u16, bits: u8) -> bool {
    let mut panics = Panics::default();
    let noted = readiness.event(generation, u16::MAX, bits, &mut panics);
    panics.resume();
    noted
}

fn poll(readiness: &Readiness, waker: &Waker, direction: Direction) -> Poll<Snapshot> {
    readiness.poll(&Context::from_waker(waker), direction, direction.mask())
}

/// An operation of the source's user: tries, and clears if there is nothing.
fn try_once(readiness: &Readiness, data: &AtomicUsize) {
    let seen = readiness.snapshot(READABLE | FRESH);
    if seen.is_worth_trying() && data.swap(0, Ordering::Relaxed) == 0 {
        readiness.clear(seen);
    }
}

/// A clear never erases an event newer than the operation it belongs to: data that is there is known of.
#[test]
fn a_clear_never_erases_a_newer_event() {
    explore(3, || {
        let readiness = Arc::new(Readiness::new());
        let data = Arc::new(AtomicUsize::new(0));
        // An event whose data is gone already.
        event(&readiness, 0, READABLE);

        let user = thread::spawn({
            let (readiness, data) = (readiness.clone(), data.clone());
            move || {
                try_once(&readiness, &data);
                try_once(&readiness, &data);
            }
        });
        let reactor = thread::spawn({
            let (readiness, data) = (readiness.clone(), data.clone());
            move || {
                data.store(1, Ordering::Relaxed);
                event(&readiness, 0, READABLE);
            }
        });
        try_once(&readiness, &data);
        user.join().unwrap();
        reactor.join().unwrap();

        let ready = readiness.snapshot(READABLE).ready() != 0;
        assert!(
            ready || data.load(Ordering::Relaxed) == 0,
            "data, not ready"
        );
    });
}

/// The same for a source that is tried before any event has come; and a blocking try ends its freshness.
///
/// Mutation: `clear` takes FRESH off both words → fails (no longer fresh).
#[test]
fn a_fresh_try_never_erases_the_first_event() {
    explore(3, || {
        let readiness = Arc::new(Readiness::new());
        let data = Arc::new(AtomicUsize::new(0));
        readiness.mark_fresh(0);

        let reactor = thread::spawn({
            let (readiness, data) = (readiness.clone(), data.clone());
            move || {
                data.store(1, Ordering::Relaxed);
                event(&readiness, 0, READABLE);
            }
        });
        try_once(&readiness, &data);
        reactor.join().unwrap();

        let ready = readiness.snapshot(READABLE).ready() != 0;
        assert!(
            ready || data.load(Ordering::Relaxed) == 0,
            "data, not ready"
        );
        // The half without an event is fresh until a try of its own blocks.
        let seen = readiness.snapshot(WRITABLE | FRESH);
        assert!(seen.is_worth_trying(), "no longer fresh");
        readiness.clear(seen);
        let seen = readiness.snapshot(WRITABLE | FRESH);
        assert!(!seen.is_worth_trying(), "worth trying for ever");
    });
}

/// A clear that disproves a closed half never erases that it was closed again: an end that is there is known of.
#[test]
fn a_clear_never_erases_a_newer_end() {
    explore(3, || {
        let readiness = Arc::new(Readiness::new());
        let has_ended = Arc::new(AtomicBool::new(false));
        // A pipe that had ended, and has a new writer.
        event(&readiness, 0, READ_CLOSED);

        let reactor = thread::spawn({
            let (readiness, has_ended) = (readiness.clone(), has_ended.clone());
            move || {
                has_ended.store(true, Ordering::Relaxed);
                event(&readiness, 0, READ_CLOSED);
            }
        });
        let seen = readiness.snapshot(READABLE | READ_CLOSED);
        let was_open = !has_ended.load(Ordering::Relaxed);
        if was_open {
            readiness.clear(seen);
        }
        let before = readiness.snapshot(READ_CLOSED);
        if was_open && before.is_worth_trying() {
            // Said by the second event, then.
            assert!(has_ended.load(Ordering::Relaxed), "ended for ever");
        }
        reactor.join().unwrap();
        let knows = readiness.snapshot(READ_CLOSED).is_worth_trying();
        assert!(knows, "an end, not known");
    });
}

/// Whoever knows that a half is closed, and waits for anything else, is not kept from it by that, and is told when it is said
/// again, also if somebody takes it off meanwhile.
///
/// Mutation: `beyond` does not compare the tick → fails (an end, not told).
#[test]
fn what_is_known_is_waited_for_until_it_is_told_anew() {
    explore(3, || {
        let readiness = Arc::new(Readiness::new());
        event(&readiness, 0, READ_CLOSED);
        let known = readiness.snapshot(READABLE | WRITABLE | READ_CLOSED);
        let (flag, waker) = Flag::new();
        let cx = Context::from_waker(&waker);
        let mask = READABLE | WRITABLE | READ_CLOSED;
        let mut key = None;
        let polled = readiness.poll_listed(&cx, mask, known, &mut key);
        assert!(polled.is_pending(), "it does not wait");
        readiness.forget(&mut key);

        let reactor = thread::spawn({
            let readiness = readiness.clone();
            move || event(&readiness, 0, READ_CLOSED)
        });
        let other = thread::spawn({
            let readiness = readiness.clone();
            // It was open in between.
            move || readiness.clear(known)
        });
        let polled = readiness.poll_listed(&cx, mask, known, &mut key);
        reactor.join().unwrap();
        other.join().unwrap();
        assert!(polled.is_ready() || flag.is_set(), "an end, not told");
        let polled = readiness.poll_listed(&cx, mask, known, &mut key);
        assert!(polled.is_ready(), "an end, not told");
    });
}

/// What an event no longer says to be closed is over, in the other direction too, whoever clears meanwhile; and the event's
/// own bits are kept.
///
/// Mutation: it takes off the ready bits there too → fails (data, not ready).
/// Mutation: it takes off what the event says, and not what it does not → fails (writing is not closed).
#[test]
fn what_an_event_does_not_say_any_more_is_over() {
    explore(3, || {
        let readiness = Arc::new(Readiness::new());
        let data = Arc::new(AtomicUsize::new(0));
        event(&readiness, 0, READ_CLOSED | WRITE_CLOSED);
        let reactor = thread::spawn({
            let (readiness, data) = (readiness.clone(), data.clone());
            move || {
                data.store(1, Ordering::Relaxed);
                event(&readiness, 0, READABLE | READ_CLOSED | WRITE_CLOSED);
                // Events are whole where the models run.
                event(&readiness, 0, WRITABLE | WRITE_CLOSED);
            }
        });
        try_once(&readiness, &data);
        reactor.join().unwrap();

        let ready = readiness.snapshot(READABLE).ready() != 0;
        assert!(
            ready || data.load(Ordering::Relaxed) == 0,
            "data, not ready"
        );
        let write = readiness.snapshot(WRITE_CLOSED).ready();
        assert_eq!(write, WRITE_CLOSED, "writing is not closed");
        event(&readiness, 0, READ_CLOSED);
        event(&readiness, 0, WRITABLE);
        let read = readiness.snapshot(READ_CLOSED).ready();
        assert_eq!(read, 0, "reading is closed for ever");
    });
}

/// Who sees that something was taken back sees what was noted before, if a fence stands between. So streams learn that urgent
/// data may have been taken (`runtime/src/net/tcp/source.rs`, whose two lines are repeated here).
///
/// Mutation: no fence → fails (taken back, not noted).
#[test]
fn what_is_noted_before_a_clear_is_seen_after_it() {
    explore(3, || {
        let readiness = Arc::new(Readiness::new());
        let note = Arc::new(AtomicBool::new(false));
        event(&readiness, 0, READABLE | PRIORITY);
        let reader = thread::spawn({
            let (readiness, note) = (readiness.clone(), note.clone());
            move || {
                if !readiness.snapshot(PRIORITY).is_worth_trying() {
                    assert!(note.load(Ordering::Relaxed), "taken back, not noted");
                }
            }
        });
        note.store(true, Ordering::Relaxed);
        fence(Ordering::Release);
        readiness.clear(readiness.snapshot(PRIORITY));
        reader.join().unwrap();
    });
}

/// An event fetched for an owner that has left sets nothing for the next one, and does not wake its waiter.
#[test]
fn a_stale_event_sets_nothing_and_wakes_no_one() {
    explore(3, || {
        let readiness = Arc::new(Readiness::new());
        // The free list.
        let free = Arc::new(Mutex::new(false));
        let fetched_for = readiness.generation();

        let reactor = thread::spawn({
            let readiness = readiness.clone();
            move || event(&readiness, fetched_for, READABLE | WRITABLE)
        });
        let leaving = thread::spawn({
            let (readiness, free) = (readiness.clone(), free.clone());
            move || {
                readiness.release();
                *free.lock() = true;
            }
        });
        let (flag, waker) = Flag::new();
        let claimed = *free.lock();
        if claimed {
            assert!(poll(&readiness, &waker, Direction::Read).is_pending());
            let mut key = None;
            let cx = Context::from_waker(&waker);
            assert!(
                readiness
                    .poll_listed(&cx, READABLE | WRITABLE, Snapshot::NOTHING, &mut key)
                    .is_pending()
            );
        }
        reactor.join().unwrap();
        leaving.join().unwrap();

        assert!(!flag.is_set(), "woken");
        assert_eq!(readiness.snapshot(READABLE | WRITABLE).ready(), 0, "ready");
        // The next owner's own events arrive.
        assert!(event(&readiness, readiness.generation(), READABLE));
        assert_eq!(flag.is_set(), claimed);
    });
}

/// A waiter that meets an event is told of it, or sees it: polls, futures in the list, several at once, one of
/// them giving up.
///
/// Mutation: `event` wakes before it changes the words → fails (a poll was not woken).
/// Mutation: `forget` removes the entry 0 instead of its own → fails (a future was not woken).
#[test]
fn a_waiter_that_meets_an_event_is_not_lost() {
    explore(3, || {
        let readiness = Arc::new(Readiness::new());
        let reactor = thread::spawn({
            let readiness = readiness.clone();
            move || event(&readiness, 0, READABLE | WRITABLE)
        });
        let other = thread::spawn({
            let readiness = readiness.clone();
            move || {
                // Gives up.
                let (_, waker) = Flag::new();
                let mut key = None;
                let cx = Context::from_waker(&waker);
                let _ = readiness.poll_listed(&cx, READABLE, Snapshot::NOTHING, &mut key);
                readiness.forget(&mut key);

                let (flag, waker) = Flag::new();
                let polled = poll(&readiness, &waker, Direction::Write);
                (flag, polled)
            }
        });
        let (flag, waker) = Flag::new();
        let mut key = None;
        let cx = Context::from_waker(&waker);
        let listed = readiness.poll_listed(&cx, READABLE, Snapshot::NOTHING, &mut key);

        reactor.join().unwrap();
        let (other, polled) = other.join().unwrap();
        assert!(listed.is_ready() || flag.is_set(), "a future was not woken");
        assert!(polled.is_ready() || other.is_set(), "a poll was not woken");
        // Who was woken finds it ready.
        assert!(
            readiness
                .poll_listed(&cx, READABLE, Snapshot::NOTHING, &mut key)
                .is_ready()
        );
        assert_eq!(readiness.listed(), 0);
    });
}

/// The last poll of a direction is the one woken, when it changes hands while an event comes.
///
/// Mutation: `keep_or_replace` keeps the waker that is there → fails (the last poll was not woken).
#[test]
fn the_last_poll_of_a_direction_is_woken() {
    explore(3, || {
        let readiness = Arc::new(Readiness::new());
        let (_, first) = Flag::new();
        assert!(poll(&readiness, &first, Direction::Read).is_pending());
        let reactor = thread::spawn({
            let readiness = readiness.clone();
            move || event(&readiness, 0, READABLE)
        });
        let (flag, last) = Flag::new();
        let polled = poll(&readiness, &last, Direction::Read);
        reactor.join().unwrap();
        assert!(
            polled.is_ready() || flag.is_set(),
            "the last poll was not woken"
        );
    });
}

/// A waiter that meets the reactor's end completes with the news, as do all that come later, and those of the
/// next owner if the slot has been given on.
#[test]
fn a_waiter_that_meets_the_end_completes() {
    explore(3, || {
        let readiness = Arc::new(Readiness::new());
        let reactor = thread::spawn({
            let readiness = readiness.clone();
            move || {
                let mut panics = Panics::default();
                readiness.close(&mut panics);
                panics.resume();
            }
        });
        let other = thread::spawn({
            let readiness = readiness.clone();
            move || {
                let (flag, waker) = Flag::new();
                let mut key = None;
                let cx = Context::from_waker(&waker);
                let polled = readiness.poll_listed(&cx, WRITABLE, Snapshot::NOTHING, &mut key);
                (flag, polled, key)
            }
        });
        let (flag, waker) = Flag::new();
        let polled = poll(&readiness, &waker, Direction::Read);
        reactor.join().unwrap();
        let (other, listed, mut key) = other.join().unwrap();

        assert!(polled.is_ready() || flag.is_set(), "was not woken");
        assert!(listed.is_ready() || other.is_set(), "was not woken");
        readiness.forget(&mut key);
        readiness.release();
        for direction in [Direction::Read, Direction::Write] {
            match poll(&readiness, &waker, direction) {
                Poll::Ready(seen) => assert!(seen.is_closed(), "not closed"),
                Poll::Pending => panic!("not closed"),
            }
        }
    });
}
