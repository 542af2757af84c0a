//! Timers: the wheel's owner fires and sleeps while futures file, move and cancel entries.

use super::explore;
use crate::kernel::clock::Clock;
use crate::kernel::seat::Seat;
use crate::kernel::wheel::{Entry, Handle, Wheel};
use crate::prim::Arc;
use crate::prim::atomic::AtomicBool;
use loom::thread;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Wake, Waker};

/// A waker that counts. Its counter is no loom object: the models look at it after joining only.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Count {
    fn new() -> (std::sync::Arc<Self>, Waker) {
        let count = std::sync::Arc::new(Self::default());
        (count.clone(), count.into())
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

fn wheel() -> (Handle, Arc<Seat>) {
    let seat = Arc::new(Seat::new(None));
    let wheel = Wheel::new(seat.clone(), Arc::new(Clock::new()));
    (wheel, seat)
}

fn pending(wheel: &Handle, deadline: u64, waker: &Waker) -> Pin<Box<Entry>> {
    let mut entry = Box::pin(Entry::new(wheel.clone(), deadline));
    assert_eq!(entry.as_mut().poll_elapsed(waker), Poll::Pending);
    entry
}

// Mutation: `drop` without `unlink`, or `unlink` that does not look at the state again under the lock → the
// test process aborts, the wheel follows a link into freed memory.
#[test]
fn cancel_or_fire_wins_and_the_wheel_forgets_the_entry() {
    explore(3, || {
        let (wheel, _) = wheel();
        let (woken, waker) = Count::new();
        let entry = pending(&wheel, 10, &waker);
        drop(waker);
        let owner = thread::spawn({
            let wheel = wheel.clone();
            move || wheel.fire(10)
        });
        drop(entry);
        let fired = owner.join().unwrap();
        assert_eq!(woken.get(), fired, "woken if and only if fired");
        assert_eq!(std::sync::Arc::strong_count(&woken), 1, "no waker leaks");
        assert_eq!(wheel.fire(20), 0);
        assert_eq!(wheel.prepare_sleep(), None, "nothing is left");
    });
}

// Mutation: `finish_due` leaves the entry in the list (`front` for `pop_front`) → abort, its
// waker is taken twice.
#[test]
fn two_workers_fire_an_entry_once() {
    explore(2, || {
        let (wheel, _) = wheel();
        let (woken, waker) = Count::new();
        let first = pending(&wheel, 10, &waker);
        let second = pending(&wheel, 1 << 20, &waker);
        let thief = thread::spawn({
            let wheel = wheel.clone();
            move || wheel.try_fire(1 << 20)
        });
        let mut fired = wheel.fire(1 << 20);
        fired += thief.join().unwrap();
        // Both may have missed: the one the lock, the other by an old hint. Then somebody looks again.
        fired += wheel.fire(1 << 20);
        assert_eq!(fired, 2);
        assert_eq!(woken.get(), 2);
        assert!(first.is_elapsed() && second.is_elapsed());
    });
}

/// Two workers that fire one wheel, and leave off where they find it locked, leave nothing behind: the owner does not go to
/// sleep while anything is due. There is one more timer than a batch has room for.
#[test]
fn who_leaves_off_leaves_no_timer_behind() {
    explore(2, || {
        let (wheel, _) = wheel();
        let (woken, waker) = Count::new();
        let entries: Vec<_> = (0..33).map(|_| pending(&wheel, 10, &waker)).collect();
        let thief = thread::spawn({
            let wheel = wheel.clone();
            move || wheel.try_fire(10)
        });
        while wheel.prepare_sleep().is_some() {
            wheel.awake();
            if wheel.overdue(10) {
                wheel.try_fire(10);
            }
            thread::yield_now();
        }
        thief.join().unwrap();
        assert_eq!(woken.get(), entries.len());
    });
}

/// What the owner does when it has nothing else to do: it fires at the deadline that it is told, or when
/// it is poked.
fn owner_sleeps_until_something_fires(wheel: &Wheel, seat: &Seat) {
    loop {
        match wheel.prepare_sleep() {
            // The clock is taken to get there at once.
            Some(deadline) => {
                wheel.awake();
                if wheel.fire(deadline) > 0 {
                    return;
                }
            }
            None => {
                // Nobody wakes it up but a poke: a lost one is a deadlock.
                seat.park(None);
                wheel.awake();
            }
        }
    }
}

// Mutation: `prepare_sleep` reads the deadline under one lock and publishes `until` under another → deadlock;
// it does not publish `until` → deadlock.
#[test]
fn the_owner_never_sleeps_past_a_deadline() {
    explore(3, || {
        let (wheel, seat) = wheel();
        let owner = thread::spawn({
            let wheel = wheel.clone();
            move || owner_sleeps_until_something_fires(&wheel, &seat)
        });
        let (woken, waker) = Count::new();
        let _entry = pending(&wheel, 10, &waker);
        owner.join().unwrap();
        assert_eq!(woken.get(), 1);
    });
}

#[test]
fn an_earlier_deadline_by_reset_wakes_the_owner_too() {
    explore(3, || {
        let (wheel, seat) = wheel();
        let (woken, waker) = Count::new();
        let mut entry = pending(&wheel, 1 << 40, &waker);
        let owner = thread::spawn({
            let wheel = wheel.clone();
            move || {
                // The far deadline is as good as none: only a poke ends this sleep.
                if wheel.prepare_sleep() == Some(1 << 40) {
                    seat.park(None);
                }
                wheel.awake();
                wheel.prepare_sleep()
            }
        });
        entry.as_mut().reset(10);
        assert_eq!(owner.join().unwrap(), Some(10));
        assert_eq!(wheel.fire(10), 1);
        assert_eq!(woken.get(), 1);
    });
}

#[test]
fn reset_or_fire_wins_and_the_new_deadline_counts() {
    explore(3, || {
        let (wheel, _) = wheel();
        let (woken, waker) = Count::new();
        let mut entry = pending(&wheel, 10, &waker);
        let owner = thread::spawn({
            let wheel = wheel.clone();
            move || wheel.fire(10)
        });
        entry.as_mut().reset(1 << 20);
        assert!(!entry.is_elapsed(), "whoever wins, it is reset");
        assert_eq!(entry.as_mut().poll_elapsed(&waker), Poll::Pending);
        let fired = owner.join().unwrap();
        assert_eq!(woken.get(), fired);
        assert_eq!(wheel.fire((1 << 20) - 1), 0);
        assert_eq!(wheel.fire(1 << 20), 1);
        assert_eq!(woken.get(), fired + 1);
        assert!(entry.is_elapsed());
    });
}

// Mutation: `register` keeps the old waker → the new one is woken 0 times; it replaces the waker without looking
// at the state again → abort, the old waker is dropped twice.
#[test]
fn a_new_waker_is_woken_or_the_poll_is_ready() {
    explore(3, || {
        let (wheel, _) = wheel();
        let (woken_before, before) = Count::new();
        let (woken_after, after) = Count::new();
        let mut entry = pending(&wheel, 10, &before);
        let owner = thread::spawn({
            let wheel = wheel.clone();
            move || wheel.fire(10)
        });
        // As when the task has moved to another worker's `join!`.
        let polled = entry.as_mut().poll_elapsed(&after);
        assert_eq!(owner.join().unwrap(), 1);
        match polled {
            Poll::Pending => assert_eq!(woken_after.get(), 1),
            Poll::Ready(_) => assert_eq!(woken_before.get(), 1),
        }
        assert_eq!(woken_before.get() + woken_after.get(), 1);
        drop((before, after));
        assert_eq!(std::sync::Arc::strong_count(&woken_before), 1);
        assert_eq!(std::sync::Arc::strong_count(&woken_after), 1);
    });
}

// Mutation: `finish` takes the waker by a write to its cell → causality violation with the comparison.
#[test]
fn polling_again_with_the_same_waker_may_race_with_fire() {
    explore(3, || {
        let (wheel, _) = wheel();
        let (woken, waker) = Count::new();
        let mut entry = pending(&wheel, 10, &waker);
        let owner = thread::spawn({
            let wheel = wheel.clone();
            move || wheel.fire(10)
        });
        // Compares the bits of a waker that the other thread may be taking.
        if entry.as_mut().poll_elapsed(&waker).is_ready() {
            // All of the entry is its owner's again, without the lock.
            entry.as_mut().reset(1 << 20);
            assert_eq!(entry.as_mut().poll_elapsed(&waker), Poll::Pending);
        }
        assert_eq!(owner.join().unwrap(), 1);
        assert_eq!(woken.get(), 1);
    });
}

/// Who finds a timer fired, by a look at it or by a poll, sees what was done before it was fired, with Relaxed on purpose.
#[test]
fn who_finds_a_timer_fired_sees_what_was_done_before() {
    for polls in [false, true] {
        explore(3, move || {
            let (wheel, _) = wheel();
            let (_, waker) = Count::new();
            let mut entry = pending(&wheel, 10, &waker);
            let done = Arc::new(AtomicBool::new(false));
            let owner = thread::spawn({
                let done = done.clone();
                move || {
                    done.store(true, Ordering::Relaxed);
                    wheel.fire(10)
                }
            });
            let looks = thread::spawn(move || {
                let has_fired = if polls {
                    entry.as_mut().poll_elapsed(&waker).is_ready()
                } else {
                    entry.is_elapsed()
                };
                assert!(!has_fired || done.load(Ordering::Relaxed));
            });
            owner.join().unwrap();
            looks.join().unwrap();
        });
    }
}

#[test]
fn close_reaches_every_entry() {
    explore(3, || {
        let (wheel, _) = wheel();
        let (woken, waker) = Count::new();
        let closer = thread::spawn({
            let wheel = wheel.clone();
            move || wheel.close()
        });
        let mut entry = Box::pin(Entry::new(wheel.clone(), 10));
        let polled = entry.as_mut().poll_elapsed(&waker);
        closer.join().unwrap();
        match polled {
            Poll::Pending => assert_eq!(woken.get(), 1),
            Poll::Ready(result) => assert!(result.is_err()),
        }
        assert!(matches!(
            entry.as_mut().poll_elapsed(&waker),
            Poll::Ready(Err(_))
        ));
        assert_eq!(wheel.prepare_sleep(), None);
    });
}

// Mutations, `wheel/handle.rs`: `own` does not add `OWNED`, or `disown` takes that away without moving the owner's half over →
// "Arc leaked", or causality violation: the wheel is freed while its owner uses it.
#[test]
fn the_last_handle_frees_the_wheel_whoever_owned_it() {
    explore(3, || {
        let (wheel, seat) = wheel();
        drop(seat);
        // Counted before there is an owner, and dropped by it.
        let early = wheel.clone();
        let thief = wheel.clone();
        // SAFETY: there was no owner, and there is no other while this thread is.
        assert!(unsafe { wheel.own() });
        // Counted by the owner, and dropped by another thread.
        let late = wheel.clone();
        let other = thread::spawn(move || {
            late.awake();
            drop(late);
            drop(thief);
        });
        drop(early);
        // Counted and dropped by the owner.
        drop(wheel.clone());
        wheel.awake();
        wheel.disown();
        drop(wheel);
        other.join().unwrap();
        // loom finds the seat if the wheel has not been freed.
    });
}

/// A wheel that is put back to how it was made is nobody else's any more, and what others did with it came before.
#[test]
fn who_renews_a_wheel_sees_what_others_have_done() {
    explore(3, || {
        let (mut wheel, _) = wheel();
        let done = Arc::new(AtomicBool::new(false));
        let other = thread::spawn({
            let (wheel, done) = (wheel.clone(), done.clone());
            move || {
                done.store(true, Ordering::Relaxed);
                drop(wheel);
            }
        });
        let renews = thread::spawn(move || {
            assert!(!wheel.renew(0) || done.load(Ordering::Relaxed));
        });
        other.join().unwrap();
        renews.join().unwrap();
    });
}

/// Ownership goes from thread to thread with what it belongs to; here, with a mutex.
// Mutation: `disown` leaves the owner's half where it is, for the next owner → "Arc leaked", as the last owner leaves it there.
#[test]
fn the_next_owner_counts_on() {
    explore(3, || {
        let (wheel, _) = wheel();
        let core = Arc::new(crate::prim::Mutex::new(wheel));
        let owners = [(), ()].map(|()| {
            thread::spawn({
                let core = core.clone();
                move || {
                    let core = core.lock();
                    // SAFETY: owners hold the mutex.
                    assert!(unsafe { core.own() });
                    let timer = core.clone();
                    // SAFETY: as above.
                    assert!(!unsafe { core.own() }, "it owns one already");
                    core.disown();
                    timer
                }
            })
        });
        for owner in owners {
            drop(owner.join().unwrap());
        }
    });
}
