//! The wheel against an ordered map, on one thread: no interleavings, random times.

use super::explore;
use crate::kernel::clock::Clock;
use crate::kernel::rng::Rng;
use crate::kernel::seat::Seat;
use crate::kernel::wheel::{Entry, Handle, Wheel};
use crate::prim::Arc;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Poll, Wake, Waker};

/// Who was woken, in order.
type Log = std::sync::Arc<Mutex<Vec<usize>>>;

struct Note {
    id: usize,
    log: Log,
}

impl Wake for Note {
    fn wake(self: std::sync::Arc<Self>) {
        self.log.lock().unwrap().push(self.id);
    }
}

/// A wheel, and what it should do.
struct Pair {
    wheel: Handle,
    clock: Arc<Clock>,
    /// By id. An entry that fired stays until it is replaced or reset.
    entries: Vec<Option<Pin<Box<Entry>>>>,
    log: Log,
    /// (deadline, order of filing) → id.
    expected: BTreeMap<(u64, u64), usize>,
    filed: u64,
    now: u64,
}

impl Pair {
    fn new(now: u64) -> Self {
        let clock = Arc::new(Clock::new());
        assert!(clock.pause());
        clock.advance_to(now);
        Self {
            wheel: Wheel::new(Arc::new(Seat::new(None)), clock.clone()),
            clock,
            entries: Vec::new(),
            log: Log::default(),
            expected: BTreeMap::new(),
            filed: 0,
            now,
        }
    }

    fn waker(&self, id: usize) -> Waker {
        let log = self.log.clone();
        Waker::from(std::sync::Arc::new(Note { id, log }))
    }

    fn insert(&mut self, deadline: u64) -> usize {
        let id = self.entries.len();
        let entry = Box::pin(Entry::new(self.wheel.clone(), deadline));
        self.entries.push(Some(entry));
        self.poll(id, deadline);
        id
    }

    /// Polls an entry that is not filed.
    fn poll(&mut self, id: usize, deadline: u64) {
        let waker = self.waker(id);
        let entry = self.entries[id].as_mut().unwrap();
        let polled = entry.as_mut().poll_elapsed(&waker);
        if deadline <= self.now {
            assert_eq!(
                polled,
                Poll::Ready(Ok(())),
                "past deadlines are ready at once"
            );
        } else {
            assert_eq!(polled, Poll::Pending);
            self.filed += 1;
            self.expected.insert((deadline, self.filed), id);
        }
    }

    fn forget(&mut self, id: usize) -> bool {
        let filed = self.expected.iter().find(|(_, other)| **other == id);
        let Some((&key, _)) = filed else {
            return false;
        };
        self.expected.remove(&key);
        true
    }

    fn cancel(&mut self, id: usize) {
        self.forget(id);
        self.entries[id] = None;
    }

    fn reset(&mut self, id: usize, deadline: u64) {
        if self.entries[id].is_none() {
            return;
        }
        let was_filed = self.forget(id);
        let entry = self.entries[id].as_mut().unwrap();
        entry.as_mut().reset(deadline);
        if !was_filed {
            assert!(!entry.is_elapsed(), "a reset entry starts anew");
            self.poll(id, deadline);
        } else if deadline <= self.now {
            assert_eq!(
                self.log.lock().unwrap().pop(),
                Some(id),
                "who waits is told at once"
            );
            assert!(self.entries[id].as_ref().unwrap().is_elapsed());
        } else {
            self.filed += 1;
            self.expected.insert((deadline, self.filed), id);
        }
    }

    /// Lets the time be `now`, and compares what fires.
    fn advance(&mut self, now: u64) {
        self.now = now;
        self.clock.advance_to(now);
        let later = self.expected.split_off(&(now + 1, 0));
        let due: Vec<usize> = std::mem::replace(&mut self.expected, later)
            .into_values()
            .collect();
        assert_eq!(self.wheel.fire(now), due.len());
        assert_eq!(
            std::mem::take(&mut *self.log.lock().unwrap()),
            due,
            "in order of deadline"
        );
        for id in due {
            assert!(self.entries[id].as_ref().unwrap().is_elapsed());
        }
        self.check_earliest();
    }

    fn check_earliest(&self) {
        let next = self.expected.keys().next().map(|key| key.0);
        let bound = self.wheel.prepare_sleep();
        let shared = self.wheel.prepare_shared_sleep();
        self.wheel.awake();
        assert_eq!(bound.is_none(), shared.is_none());
        if let (Some(bound), Some(shared)) = (bound, shared) {
            assert!(
                shared >= bound && shared - bound < 4 << 15,
                "within four ticks"
            );
        }
        assert_eq!(
            bound.is_none(),
            next.is_none(),
            "it sleeps for ever only if nothing is filed"
        );
        assert!(bound <= next, "it never sleeps past a deadline");
        assert!(
            !self.wheel.overdue(self.now),
            "nobody else is called for help"
        );
        assert!(self.wheel.earliest() <= next.unwrap_or(u64::MAX));
    }

    /// Does what a worker without other work does: sleep until told, fire, until something fired.
    fn sleep_and_fire(&mut self) {
        let before = self.expected.len();
        // A cancelled entry may cost a look, but the look moves the others down a level: so there are
        // fewer looks than there are levels and cancelled entries.
        for _ in 0..1000 {
            let Some(next) = self.wheel.prepare_sleep() else {
                assert_eq!(before, 0);
                return;
            };
            self.wheel.awake();
            self.advance(next.max(self.now));
            if self.expected.len() < before {
                return;
            }
        }
        panic!("it wakes up again and again for nothing");
    }
}

/// A duration of any order of magnitude.
fn duration(rng: &Rng, magnitudes: u32) -> u64 {
    let bits = rng.below(magnitudes);
    let random = u64::from(rng.below(u32::MAX)) << 32 | u64::from(rng.below(u32::MAX));
    random & ((1 << bits) - 1)
}

fn random_run(seed: u64, magnitudes: u32) {
    let rng = Rng::unseeded();
    rng.seed(seed);
    let mut pair = Pair::new(duration(&rng, 62));
    for _ in 0..400 {
        let some_id = rng.below(pair.entries.len().max(1) as u32) as usize;
        match rng.below(10) {
            0..=3 => {
                let deadline = pair.now + duration(&rng, magnitudes);
                pair.insert(deadline);
            }
            4 if !pair.entries.is_empty() => pair.cancel(some_id),
            // The next one to fire: its slot's bound becomes stale.
            5 => {
                if let Some(&id) = pair.expected.values().next() {
                    pair.cancel(id);
                }
            }
            6 if !pair.entries.is_empty() => {
                let deadline = pair.now + duration(&rng, magnitudes);
                pair.reset(some_id, deadline);
            }
            7 => pair.advance(pair.now + duration(&rng, magnitudes)),
            8 => {
                // Just before the next one.
                if let Some(key) = pair.expected.keys().next() {
                    pair.advance(key.0 - 1);
                }
            }
            _ => pair.sleep_and_fire(),
        }
        pair.check_earliest();
    }
    while !pair.expected.is_empty() {
        pair.sleep_and_fire();
    }
}

// Mutations, each failing one or more of the tests below:
// - `Levels::take_due` moves the origin to `now` and not to the slot's start, or does not move it → abort (an
//   assertion fails, and the entries are dropped outside of the model);
// - `Place::relative` or `Place::start` computes another digit → abort, as above;
// - `take_due` does not sort, or `merged` is unstable → "in order of deadline";
// - it does not mark the due ones `Place::DUE` → abort, `a_waker_may_cancel_the_rest_of_its_batch`;
// - `Levels::insert` does not lower `earliest` → "it never sleeps past a deadline";
// - `Levels::remove` does not clear the bit → "it sleeps for ever only if nothing is filed";
// - `Wheel::fire` does not publish the hint → "nobody else is called for help".
#[test]
fn the_wheel_fires_what_an_ordered_map_would() {
    for seed in 0..40 {
        for magnitudes in [14, 24, 40, 61] {
            explore(0, move || random_run(seed, magnitudes));
        }
    }
}

#[test]
fn a_lone_deadline_is_slept_for_exactly() {
    explore(0, || {
        for bits in 0..63 {
            for deadline in [1 << bits, (1 << bits) + 12_345, (2 << bits) - 1] {
                let mut pair = Pair::new(0);
                pair.insert(deadline);
                assert_eq!(pair.wheel.prepare_sleep(), Some(deadline));
                pair.advance(deadline - 1);
                assert_eq!(pair.wheel.prepare_sleep(), Some(deadline));
                pair.advance(deadline);
                assert_eq!(pair.wheel.prepare_sleep(), None);
            }
        }
    });
}

#[test]
fn deadlines_within_one_tick_share_a_wake_up_and_others_do_not() {
    explore(0, || {
        let mut pair = Pair::new(1 << 20);
        let first = (1 << 20) + 100;
        pair.insert(first);
        pair.insert((1 << 20) + (1 << 15));
        assert_eq!(pair.wheel.prepare_shared_sleep(), Some(first), "alone");
        pair.insert(first + 1000);
        let end = (1 << 20) + (1 << 15) - 1;
        assert_eq!(pair.wheel.prepare_shared_sleep(), Some(end));
        assert_eq!(pair.wheel.prepare_sleep(), Some(first));
        pair.advance(end);
        assert_eq!(pair.expected.len(), 1);
    });
}

#[test]
fn deadlines_in_tick_after_tick_share_a_wake_up() {
    explore(0, || {
        let (start, tick) = (1 << 20, 1 << 15);
        let mut pair = Pair::new(start);
        let first = start + 100;
        pair.insert(first);
        pair.insert(first + 3 * tick);
        assert_eq!(
            pair.wheel.prepare_shared_sleep(),
            Some(first),
            "two of four"
        );
        pair.insert(first + tick);
        let end = start + 4 * tick - 1;
        assert_eq!(pair.wheel.prepare_shared_sleep(), Some(end));
        pair.insert(first + 4 * tick);
        pair.advance(end);
        assert_eq!(pair.expected.len(), 1);
    });
}

#[test]
fn many_deadlines_within_one_tick_fire_in_order() {
    explore(0, || {
        let mut pair = Pair::new(1 << 20);
        for n in 0..100 {
            // Neither rising nor falling, some equal.
            pair.insert((1 << 20) + 1 + (n * 37) % 83);
        }
        pair.advance((1 << 20) + 40);
        pair.advance((1 << 20) + 41);
        pair.advance((1 << 20) + 500);
        assert!(pair.expected.is_empty());
    });
}

#[test]
fn the_last_moment_is_a_deadline_like_others() {
    explore(0, || {
        let mut pair = Pair::new(5);
        let last = u64::MAX - 1;
        pair.insert(last);
        // "Never" is cut down to the last moment.
        let never = pair.entries.len();
        let entry = Box::pin(Entry::new(pair.wheel.clone(), u64::MAX));
        pair.entries.push(Some(entry));
        pair.poll(never, last);
        pair.insert(7);
        pair.advance(6);
        pair.advance(last - 1);
        assert_eq!(pair.expected.len(), 2);
        pair.advance(last);
        assert!(pair.expected.is_empty());
        pair.insert(last);
    });
}

#[test]
fn a_closed_wheel_wakes_all_and_refuses_more() {
    explore(0, || {
        let mut pair = Pair::new(0);
        for n in 1..100 {
            pair.insert(n << (n % 50));
        }
        pair.wheel.close();
        assert_eq!(pair.log.lock().unwrap().len(), 99);
        assert_eq!(pair.wheel.prepare_sleep(), None);
        let waker = pair.waker(0);
        for entry in pair.entries.iter_mut().flatten() {
            assert!(matches!(
                entry.as_mut().poll_elapsed(&waker),
                Poll::Ready(Err(_))
            ));
            entry.as_mut().reset(1 << 60);
            assert!(matches!(
                entry.as_mut().poll_elapsed(&waker),
                Poll::Ready(Err(_))
            ));
        }
    });
}

#[test]
fn a_waker_may_cancel_the_rest_of_its_batch() {
    type Others = std::sync::Arc<Mutex<Vec<Pin<Box<Entry>>>>>;
    struct Cancel(Others);
    impl Wake for Cancel {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.lock().unwrap().clear();
        }
    }
    explore(0, || {
        let mut pair = Pair::new(0);
        let others = Others::default();
        let waker = Waker::from(std::sync::Arc::new(Cancel(others.clone())));
        for _ in 0..100 {
            let mut entry = Box::pin(Entry::new(pair.wheel.clone(), 10));
            assert_eq!(entry.as_mut().poll_elapsed(&waker), Poll::Pending);
            others.lock().unwrap().push(entry);
        }
        // Those of the first batch are marked before anybody is woken; the other 68 are gone.
        assert_eq!(pair.wheel.fire(10), 32);
        assert_eq!(pair.wheel.prepare_sleep(), None);
        pair.insert(11);
        pair.advance(11);
    });
}

#[test]
fn a_panicking_waker_strands_nobody() {
    struct Bomb;
    impl Wake for Bomb {
        fn wake(self: std::sync::Arc<Self>) {
            std::panic::resume_unwind(Box::new("boom"));
        }
    }
    explore(0, || {
        let mut pair = Pair::new(0);
        for deadline in 1..=50 {
            pair.insert(deadline);
        }
        let mut bomb = Box::pin(Entry::new(pair.wheel.clone(), 10));
        let waker = Waker::from(std::sync::Arc::new(Bomb));
        assert_eq!(bomb.as_mut().poll_elapsed(&waker), Poll::Pending);
        let wheel = pair.wheel.clone();
        let fired = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| wheel.fire(100)));
        assert!(fired.is_err());
        // The batch was woken while unwinding; the rest is found by the next look.
        assert!(wheel.overdue(100));
        wheel.fire(100);
        assert_eq!(pair.log.lock().unwrap().len(), 50);
        assert!(bomb.is_elapsed());
    });
}
