//! `sleep`, `sleep_until` and `Sleep`.

mod time_support;

use leno::runtime::Builder;
use leno::time::error::Error;
use leno::time::{Duration, Instant, Sleep, advance, sleep, sleep_until};
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};
use time_support::{Bell, ms, panic_of, paused, poll, poll_with, us};

#[leno::test(start_paused = true)]
async fn a_sleep_ends_exactly_at_its_deadline_on_a_paused_clock() {
    for duration in [
        Duration::from_nanos(1),
        us(1),
        us(32),
        us(33),
        ms(1) + Duration::from_nanos(1),
        ms(60),
        ms(64),
        ms(4095),
        Duration::from_secs(86_400),
    ] {
        let start = Instant::now();
        sleep(duration).await;
        assert_eq!(start.elapsed(), duration);
    }
}

// It asks for real time, which a simulation has none of.
#[leno::test(sim = false)]
async fn a_sleep_never_ends_early_on_a_running_clock() {
    for duration in [Duration::ZERO, us(1), us(300), ms(1), ms(3)] {
        let start = std::time::Instant::now();
        sleep(duration).await;
        assert!(start.elapsed() >= duration);
    }
}

#[leno::test(start_paused = true)]
async fn deadlines_in_the_past_are_ready_at_once_on_a_paused_clock() {
    let now = Instant::now();
    for deadline in [now, now - us(1)] {
        let mut sleep = pin!(sleep_until(deadline));
        assert!(!sleep.is_elapsed(), "nobody has polled it");
        assert!(poll(sleep.as_mut()).is_ready());
        assert!(sleep.is_elapsed());
    }
    assert_eq!(now.elapsed(), Duration::ZERO);
}

#[leno::test]
async fn deadlines_before_the_process_began_are_fine() {
    let long_ago = Instant::now()
        .checked_sub(Duration::from_secs(1))
        .unwrap_or_else(Instant::now);
    let sleep = sleep_until(long_ago);
    assert_eq!(sleep.deadline(), long_ago);
    sleep.await;
}

#[leno::test]
async fn a_thousand_empty_sleeps_end() {
    for _ in 0..1000 {
        sleep(Duration::ZERO).await;
    }
}

#[leno::test(start_paused = true)]
async fn a_sleep_is_elapsed_only_when_its_time_has_come() {
    let mut sleep = pin!(sleep(ms(10)));
    assert!(!sleep.is_elapsed());
    assert!(poll(sleep.as_mut()).is_pending());
    assert!(!sleep.is_elapsed());
    sleep.as_mut().await;
    assert!(sleep.is_elapsed());
    // It stays ready.
    assert!(poll(sleep.as_mut()).is_ready());
}

/// Notes that it was woken.
struct Push<T>(T, Arc<Mutex<Vec<T>>>);

impl<T: Copy + Send + Sync + 'static> Wake for Push<T> {
    fn wake(self: Arc<Self>) {
        self.1.lock().unwrap().push(self.0);
    }
}

#[test]
fn sleeps_end_in_the_order_of_their_deadlines() {
    paused(async {
        let woken = Arc::new(Mutex::new(Vec::new()));
        let start = Instant::now();
        // Microseconds: within one tick of the wheel, and far apart.
        let deadlines = [900_000, 7, 5, 40, 6, 100, 5, 3_000_000];
        let mut sleeps = Vec::new();
        for (n, &deadline) in deadlines.iter().enumerate() {
            let mut sleep = Box::pin(sleep_until(start + us(deadline)));
            let waker = Waker::from(Arc::new(Push(n, woken.clone())));
            assert!(poll_with(sleep.as_mut(), &waker).is_pending());
            sleeps.push(sleep);
        }
        sleep_until(start + us(3_000_001)).await;
        assert_eq!(*woken.lock().unwrap(), [2, 6, 4, 1, 3, 5, 0, 7]);
    });
}

/// Many of one tick of the wheel, of which some have the same deadline: these end in the order in which they have begun.
#[test]
fn sleeps_that_end_together_end_in_the_order_of_their_deadlines() {
    paused(async {
        let woken = Arc::new(Mutex::new(Vec::new()));
        let start = Instant::now() + ms(1);
        let mut sleeps = Vec::new();
        for number in 0..100 {
            let deadline = number * 37 % 50;
            let sleep = sleep_until(start + Duration::from_nanos(deadline as u64));
            let mut sleep = Box::pin(sleep);
            let waker = Waker::from(Arc::new(Push((deadline, number), woken.clone())));
            assert!(poll_with(sleep.as_mut(), &waker).is_pending());
            sleeps.push(sleep);
        }
        advance(Duration::from_secs(1)).await;
        let woken = woken.lock().unwrap();
        assert_eq!(woken.len(), 100);
        assert!(woken.is_sorted(), "{woken:?}");
    });
}

#[leno::test(start_paused = true)]
async fn the_last_waker_given_is_the_one_that_is_woken() {
    let (first, first_waker) = Bell::new();
    let (second, second_waker) = Bell::new();
    let mut nap = pin!(sleep(ms(10)));
    assert!(poll_with(nap.as_mut(), &first_waker).is_pending());
    assert!(poll_with(nap.as_mut(), &second_waker).is_pending());
    sleep(ms(20)).await;
    assert_eq!((first.rung(), second.rung()), (0, 1));
    assert!(nap.is_elapsed());
}

#[leno::test(start_paused = true)]
async fn a_dropped_sleep_wakes_nobody_and_keeps_no_waker() {
    let (bell, waker) = Bell::new();
    let mut nap = Box::pin(sleep(ms(10)));
    assert!(poll_with(nap.as_mut(), &waker).is_pending());
    drop(waker);
    drop(nap);
    assert_eq!(Arc::strong_count(&bell), 1);
    sleep(ms(20)).await;
    assert_eq!(bell.rung(), 0);
}

#[leno::test(start_paused = true)]
async fn reset_before_the_first_poll_counts() {
    let start = Instant::now();
    let mut sleep = pin!(sleep(ms(100)));
    sleep.as_mut().reset(start + ms(30));
    assert_eq!(sleep.deadline(), start + ms(30));
    sleep.await;
    assert_eq!(start.elapsed(), ms(30));
}

#[leno::test(start_paused = true)]
async fn reset_moves_a_waiting_sleep_in_both_directions() {
    for new in [80, 200, 100] {
        let start = Instant::now();
        let (bell, waker) = Bell::new();
        let mut nap = Box::pin(sleep_until(start + ms(100)));
        assert!(poll_with(nap.as_mut(), &waker).is_pending());
        sleep(ms(10)).await;
        nap.as_mut().reset(start + ms(new));
        // The task that waits for it goes on waiting, without having polled it.
        sleep_until(start + ms(new) - us(1)).await;
        assert_eq!(bell.rung(), 0);
        sleep_until(start + ms(new)).await;
        assert_eq!(bell.rung(), 1);
        assert!(nap.is_elapsed());
    }
}

#[leno::test(start_paused = true)]
async fn reset_to_the_past_wakes_who_waits() {
    let start = Instant::now();
    let (bell, waker) = Bell::new();
    let mut nap = pin!(sleep_until(start + ms(100)));
    assert!(poll_with(nap.as_mut(), &waker).is_pending());
    sleep(ms(50)).await;
    assert_eq!(bell.rung(), 0);
    nap.as_mut().reset(start + ms(40));
    assert_eq!(bell.rung(), 1);
    assert!(poll(nap).is_ready());
}

#[leno::test(start_paused = true)]
async fn reset_after_the_end_starts_anew() {
    let start = Instant::now();
    let mut nap = pin!(sleep_until(start + ms(100)));
    nap.as_mut().await;
    nap.as_mut().reset(start + ms(110));
    assert!(!nap.is_elapsed());
    nap.as_mut().await;
    assert_eq!(start.elapsed(), ms(110));
    nap.as_mut().reset(start + Duration::from_secs(600));
    assert!(poll(nap.as_mut()).is_pending());
    assert!(poll(nap.as_mut()).is_pending());
}

#[leno::test(start_paused = true)]
async fn a_reset_sleep_may_be_dropped_when_its_old_deadline_has_passed() {
    let start = Instant::now();
    let mut first = Box::pin(sleep(ms(5)));
    let mut moved = Box::pin(sleep(ms(5)));
    let mut last = Box::pin(sleep(ms(10)));
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(moved.as_mut()).is_pending());
    assert!(poll(last.as_mut()).is_pending());
    moved.as_mut().reset(start + ms(10));
    first.await;
    assert_eq!(start.elapsed(), ms(5));
    drop(moved);
    last.await;
    assert_eq!(start.elapsed(), ms(10));
}

#[leno::test(start_paused = true)]
async fn the_longest_durations_are_safe() {
    let start = Instant::now();
    let year = Duration::from_secs(365 * 24 * 60 * 60);
    for duration in [Duration::MAX, Duration::MAX - ms(1), 31 * year] {
        let nap = sleep(duration);
        assert!(nap.deadline() > start + 29 * year);
        assert!(poll(pin!(nap)).is_pending());
    }
    sleep(Duration::MAX).await;
    assert!(start.elapsed() > 29 * year);
    let later = Instant::now();
    sleep(ms(10)).await;
    assert_eq!(later.elapsed(), ms(10));
}

#[leno::test(start_paused = true)]
async fn a_deadline_beyond_the_clock_is_no_trouble_for_the_others() {
    let start = Instant::now();
    // The clock counts to some 584 years; not every platform's `Instant` does.
    if let Some(never) = start.checked_add(Duration::from_secs(700 * 365 * 86_400)) {
        let mut never = pin!(sleep_until(never));
        assert!(poll(never.as_mut()).is_pending());
        sleep(ms(10)).await;
        assert_eq!(start.elapsed(), ms(10));
        assert!(!never.is_elapsed());
    }
}

#[test]
fn a_waker_may_drop_timers() {
    type Naps = Arc<Mutex<Vec<Pin<Box<Sleep>>>>>;
    struct DropAll(Naps);
    impl Wake for DropAll {
        fn wake(self: Arc<Self>) {
            let naps = std::mem::take(&mut *self.0.lock().unwrap());
            drop(naps);
        }
    }
    paused(async {
        let naps = Naps::default();
        let waker = Waker::from(Arc::new(DropAll(naps.clone())));
        for _ in 0..100 {
            let mut nap = Box::pin(sleep(ms(10)));
            assert!(poll_with(nap.as_mut(), &waker).is_pending());
            naps.lock().unwrap().push(nap);
        }
        sleep(ms(11)).await;
        assert!(naps.lock().unwrap().is_empty());
    });
}

#[test]
fn the_destructor_of_a_waker_may_use_timers() {
    struct Owner(Mutex<Option<Pin<Box<Sleep>>>>);
    impl Wake for Owner {
        fn wake(self: Arc<Self>) {}
    }
    impl Drop for Owner {
        fn drop(&mut self) {
            drop(self.0.lock().unwrap().take());
            assert!(poll(pin!(sleep(ms(5)))).is_pending());
        }
    }
    paused(async {
        let mut inner = Box::pin(sleep(Duration::from_secs(3600)));
        assert!(poll(inner.as_mut()).is_pending());
        let waker = Waker::from(Arc::new(Owner(Mutex::new(Some(inner)))));
        let mut outer = Box::pin(sleep(Duration::from_secs(3600)));
        assert!(poll_with(outer.as_mut(), &waker).is_pending());
        drop(waker);
        // Once by a change of wakers, and then by cancelling.
        assert!(poll(outer.as_mut()).is_pending());
        drop(outer);
    });
}

#[leno::test]
async fn a_sleep_yields_when_the_budget_is_used_up() {
    let mut ready = pin!(sleep(Duration::ZERO));
    ready.as_mut().await;
    // Ready for ever, and still it lets other tasks run now and then.
    let (bell, waker) = Bell::new();
    let mut polls = 0;
    while poll_with(ready.as_mut(), &waker).is_ready() {
        polls += 1;
        assert!(polls < 10_000);
    }
    // It comes after what is ready, as this does.
    leno::task::yield_now().await;
    assert_eq!(
        bell.rung(),
        1,
        "its task is woken, to go on in its next turn"
    );
}

#[test]
fn a_sleep_of_a_runtime_that_is_gone_panics_with_a_text() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let (bell, waker) = Bell::new();
    let (mut waiting, mut elapsed) = runtime.block_on(async {
        let mut waiting = Box::pin(sleep(Duration::from_secs(3600)));
        assert!(poll_with(waiting.as_mut(), &waker).is_pending());
        let mut elapsed = Box::pin(sleep(Duration::ZERO));
        elapsed.as_mut().await;
        (waiting, elapsed)
    });
    drop(runtime);
    assert_eq!(bell.rung(), 1, "who waits hears of it");
    let (text, _) = panic_of(|| poll(waiting.as_mut()));
    assert!(text.contains("has been shut down"), "{text}");
    assert!(
        poll(elapsed.as_mut()).is_ready(),
        "what has passed has passed"
    );
    // Dropping them, and resetting them, is harmless.
    waiting.as_mut().reset(Instant::now() + ms(1));
    assert!(!waiting.is_elapsed());
}

#[test]
fn a_timer_stays_with_the_runtime_it_was_made_in() {
    let new = || {
        Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap()
    };
    let (mine, other) = (new(), new());
    let mut made = None;
    mine.block_on(async {
        let nap = made.insert(Box::pin(sleep(ms(1))));
        assert!(poll(nap.as_mut()).is_pending());
    });
    let mut nap = made.unwrap();
    let deadline = nap.deadline() + ms(1);
    other.block_on(async { nap.as_mut().reset(deadline) });
    mine.block_on(async {
        let start = Instant::now();
        nap.await;
        assert_eq!(start.elapsed(), ms(2));
    });
}

#[test]
fn off_a_runtime_the_caller_is_blamed() {
    let (_, file) = panic_of(|| sleep(ms(1)));
    assert_eq!(file, file!());
    let (_, file) = panic_of(|| sleep_until(Instant::now()));
    assert_eq!(file, file!());
}

#[test]
fn without_timers_the_caller_is_blamed_and_told_what_to_do() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let (text, file) = panic_of(|| runtime.block_on(async { drop(sleep(ms(1))) }));
    assert!(text.contains("enable_time"), "{text}");
    assert_eq!(file, file!());
}

#[test]
fn a_panicking_waker_does_not_stop_the_other_timers() {
    struct Bomb;
    impl Wake for Bomb {
        fn wake(self: Arc<Self>) {
            panic!("boom");
        }
    }
    paused(async {
        let waker = Waker::from(Arc::new(Bomb));
        let mut bomb = pin!(sleep(ms(1)));
        assert!(poll_with(bomb.as_mut(), &waker).is_pending());
        let (bell, waker) = Bell::new();
        let mut nap = Box::pin(sleep(ms(1)));
        assert!(poll_with(nap.as_mut(), &waker).is_pending());
        let advanced = std::panic::catch_unwind(AssertUnwindSafe(|| {
            let advance = pin!(leno::time::advance(ms(1)));
            poll(advance)
        }));
        assert!(advanced.is_err());
        assert_eq!(bell.rung(), 1);
        assert!(bomb.is_elapsed());
        assert!(poll(nap.as_mut()).is_ready());
        sleep(ms(1)).await;
    });
}

#[test]
fn the_futures_are_send_and_sync() {
    fn check<T: Send + Sync>(_: &T) {}
    paused(async {
        check(&sleep(ms(1)));
        check(&leno::time::timeout(ms(1), async {}));
        check(&leno::time::interval(ms(1)));
        fn unpin<T: Unpin>(_: &T) {}
        unpin(&leno::time::interval(ms(1)));
    });
}

#[leno::test(start_paused = true)]
async fn a_sleep_prints_when_it_ends_and_whether_it_has() {
    let deadline = Instant::now() + ms(1);
    let mut sleep = pin!(sleep_until(deadline));
    let printed =
        |is_elapsed| format!("Sleep {{ deadline: {deadline:?}, is_elapsed: {is_elapsed} }}");
    assert_eq!(format!("{sleep:?}"), printed(false));
    sleep.as_mut().await;
    assert_eq!(format!("{sleep:?}"), printed(true));
}

#[test]
fn a_timers_error_is_of_one_kind_and_says_of_which() {
    let kinds = |error: Error| {
        [
            error.is_shutdown(),
            error.is_at_capacity(),
            error.is_invalid(),
        ]
    };
    for (error, is, words) in [
        (Error::shutdown(), [true, false, false], "has shut down"),
        (
            Error::at_capacity(),
            [false, true, false],
            "too many timers",
        ),
        (Error::invalid(), [false, false, true], "out of range"),
    ] {
        assert_eq!(kinds(error), is);
        assert!(error.to_string().contains(words), "{error}");
    }
}
