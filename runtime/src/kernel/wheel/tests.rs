//! Until when a wheel lets its owner sleep.

use super::*;
use crate::kernel::clock::SIMULATED;
use crate::prim::{SelfArc, on_one_thread};
use std::pin::Pin;
use std::task::{Poll, Wake, Waker};

/// How long a tick takes.
const TICK: u64 = 1 << 15;

/// A wheel that is empty, and begins at [`SIMULATED`], where a tick of every level does.
fn wheel() -> Handle {
    let clock = Arc::new(Clock::new_simulated());
    Wheel::new(Arc::new(Seat::new(None)), clock)
}

/// An entry that waits, whose deadline is so long after the wheel's beginning.
fn entry(wheel: &Handle, after: u64, waker: &Waker) -> Pin<Box<Entry>> {
    let mut entry = Box::pin(Entry::new(wheel.clone(), SIMULATED + after));
    assert_eq!(entry.as_mut().poll_elapsed(waker), Poll::Pending);
    entry
}

/// Until when the owner of a wheel with these deadlines sleeps, at most and where it may wait for more of them.
fn sleeps(deadlines: &[u64]) -> (Option<u64>, Option<u64>) {
    let wheel = wheel();
    let entries = deadlines.iter();
    let entries = entries.map(|&after| entry(&wheel, after, Waker::noop()));
    let _entries: Vec<_> = entries.collect();
    let after = |until: u64| until - SIMULATED;
    (
        wheel.prepare_sleep().map(after),
        wheel.prepare_shared_sleep().map(after),
    )
}

#[test]
fn deadlines_that_come_thick_share_a_wake_up() {
    on_one_thread(|| {
        assert_eq!(sleeps(&[]), (None, None));
        // Each in its tick, or in one of a higher level, is waited for exactly.
        for alone in [
            &[100][..],
            &[100, TICK + 5],
            &[5 * TICK + 1, 7 * TICK],
            &[TICK + 1, 4 * TICK, 5 * TICK],
            &[70 * TICK + 7],
            &[70 * TICK + 7, 70 * TICK + 8],
            &[64 * TICK, 65 * TICK, 66 * TICK, 67 * TICK],
        ] {
            assert_eq!(sleeps(alone), (Some(alone[0]), Some(alone[0])), "{alone:?}");
        }
        // Several of one tick are waited for until its end, and nearly four ticks full of them until the end of the fourth.
        for (together, ticks) in [
            (&[100, 200][..], 1),
            (&[5 * TICK + 1, 5 * TICK + 2, 7 * TICK], 6),
            (&[1, TICK, 2 * TICK], 4),
            (&[1, TICK, 3 * TICK], 4),
            (&[10 * TICK, 11 * TICK, 12 * TICK, 13 * TICK, 14 * TICK], 14),
            // There is no slot behind.
            (&[61 * TICK, 62 * TICK, 63 * TICK], 64),
        ] {
            let end = ticks * TICK - 1;
            let first = Some(together[0]);
            assert_eq!(sleeps(together), (first, Some(end)), "{together:?}");
        }
    });
}

/// What the owner of a wheel was told while it woke who was due.
struct Asks {
    wheel: Handle,
    told: Mutex<Vec<(Option<u64>, Option<u64>)>>,
}

impl Wake for Asks {
    fn wake(self: SelfArc<Self>) {
        let told = (
            self.wheel.prepare_sleep(),
            self.wheel.prepare_shared_sleep(),
        );
        self.told.lock().push(told);
    }
}

#[test]
fn nobody_sleeps_while_some_are_due() {
    on_one_thread(|| {
        let wheel = wheel();
        let asks = SelfArc::new(Asks {
            wheel: wheel.clone(),
            told: Mutex::new(Vec::new()),
        });
        let waker = Waker::from(asks.clone());
        // One more than are woken at a time.
        let deadlines = 1..=33;
        let entries: Vec<_> = deadlines
            .map(|after| entry(&wheel, after, &waker))
            .collect();
        assert_eq!(wheel.fire(SIMULATED + TICK), 33);
        assert_eq!(wheel.fired(), 33);
        let told = std::mem::take(&mut *asks.told.lock());
        let (last, others) = told.split_last().unwrap();
        assert_eq!(*last, (None, None));
        assert_eq!(others, [(Some(0), Some(0)); 32]);
        drop((entries, waker));
    });
}

#[test]
fn a_wheel_tells_its_earliest_deadline() {
    on_one_thread(|| {
        let wheel = wheel();
        let _entry = entry(&wheel, 7, Waker::noop());
        let earliest = SIMULATED + 7;
        assert_eq!(wheel.earliest(), earliest);
        assert!(!wheel.overdue(earliest - 1) && wheel.overdue(earliest));
        assert_eq!(
            format!("{:?}", *wheel),
            format!("Wheel {{ earliest: {earliest}, .. }}")
        );
    });
}
