//! `interval`, `interval_at` and `Interval`.

mod time_support;

use leno::time::{
    Duration, Instant, Interval, MissedTickBehavior, advance, interval, interval_at, sleep, timeout,
};
use std::task::{Context, Poll, Waker};
use time_support::{Bell, ms, panic_of, paused};

const PERIOD: Duration = Duration::from_millis(300);

/// Takes all ticks that are there now, and returns when they were due: milliseconds since `start`.
fn ticks(interval: &mut Interval, start: Instant) -> Vec<u128> {
    let mut context = Context::from_waker(Waker::noop());
    let mut due = Vec::new();
    while let Poll::Ready(tick) = interval.poll_tick(&mut context) {
        due.push((tick - start).as_millis());
    }
    due
}

#[leno::test(start_paused = true)]
async fn the_first_tick_comes_at_once_and_the_others_without_drift() {
    let start = Instant::now();
    let mut interval = interval(PERIOD);
    assert_eq!(interval.period(), PERIOD);
    for n in 0..5 {
        assert_eq!(interval.tick().await, start + n * PERIOD);
        assert_eq!(start.elapsed(), n * PERIOD);
        // Work in between is part of the period.
        sleep(ms(100)).await;
    }
}

#[leno::test(start_paused = true)]
async fn the_first_tick_can_be_later() {
    let start = Instant::now();
    let mut interval = interval_at(start + ms(50), PERIOD);
    assert!(ticks(&mut interval, start).is_empty());
    assert_eq!(interval.tick().await, start + ms(50));
    assert_eq!(interval.tick().await, start + ms(350));
}

#[leno::test]
async fn a_running_clock_ticks_too() {
    let start = Instant::now();
    let mut interval = interval_at(start, ms(2));
    for n in 0..5 {
        assert_eq!(interval.tick().await, start + n * ms(2));
        assert!(Instant::now() >= start + n * ms(2));
    }
}

#[leno::test(start_paused = true)]
async fn burst_makes_up_for_missed_ticks() {
    let start = Instant::now();
    let mut interval = interval(PERIOD);
    assert_eq!(interval.missed_tick_behavior(), MissedTickBehavior::Burst);
    assert_eq!(ticks(&mut interval, start), [0]);
    advance(ms(300)).await;
    assert_eq!(ticks(&mut interval, start), [300]);
    advance(ms(650)).await;
    assert_eq!(ticks(&mut interval, start), [600, 900]);
    advance(ms(249)).await;
    assert!(ticks(&mut interval, start).is_empty());
    advance(ms(1)).await;
    assert_eq!(ticks(&mut interval, start), [1200]);
}

#[leno::test(start_paused = true)]
async fn delay_starts_anew_after_a_missed_tick() {
    let start = Instant::now();
    let mut interval = interval(PERIOD);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    assert_eq!(ticks(&mut interval, start), [0]);
    advance(ms(950)).await;
    assert_eq!(ticks(&mut interval, start), [300]);
    advance(ms(299)).await;
    assert!(ticks(&mut interval, start).is_empty());
    advance(ms(1)).await;
    assert_eq!(ticks(&mut interval, start), [1250]);
    advance(ms(300)).await;
    assert_eq!(ticks(&mut interval, start), [1550]);
}

#[leno::test(start_paused = true)]
async fn skip_goes_on_with_the_next_multiple() {
    let start = Instant::now();
    let mut interval = interval(PERIOD);
    interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
    assert_eq!(ticks(&mut interval, start), [0]);
    advance(ms(950)).await;
    assert_eq!(ticks(&mut interval, start), [300]);
    advance(ms(249)).await;
    assert!(ticks(&mut interval, start).is_empty());
    advance(ms(1)).await;
    assert_eq!(ticks(&mut interval, start), [1200]);
    // Late by whole periods: the next one is still in the future.
    advance(ms(900)).await;
    assert_eq!(ticks(&mut interval, start), [1500]);
    advance(ms(300)).await;
    assert_eq!(ticks(&mut interval, start), [2400]);
}

#[leno::test(start_paused = true)]
async fn five_milliseconds_late_is_not_missed() {
    for (late, next) in [(5, 600), (6, 606)] {
        let start = Instant::now();
        let mut interval = interval(PERIOD);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        assert_eq!(ticks(&mut interval, start), [0]);
        advance(ms(300 + late)).await;
        assert_eq!(ticks(&mut interval, start), [300]);
        assert_eq!(interval.tick().await, start + ms(next));
    }
}

#[test]
fn reset_and_its_kin_decide_the_next_tick() {
    type Reset = fn(&mut Interval);
    let resets: [(Reset, u64); 5] = [
        (|interval| interval.reset(), 400),
        (|interval| interval.reset_immediately(), 100),
        (|interval| interval.reset_after(ms(20)), 120),
        (|interval| interval.reset_at(Instant::now() + ms(40)), 140),
        (
            |interval| interval.reset_at(Instant::now() + ms(1000)),
            1100,
        ),
    ];
    for (reset, next) in resets {
        paused(async {
            let start = Instant::now();
            let mut interval = interval(PERIOD);
            // With a wait under way, and then with none.
            assert_eq!(ticks(&mut interval, start), [0]);
            advance(ms(100)).await;
            reset(&mut interval);
            assert_eq!(interval.tick().await, start + ms(next));
            assert_eq!(interval.tick().await, start + ms(next + 300));
            let start = Instant::now();
            sleep(ms(100)).await;
            reset(&mut interval);
            assert_eq!(interval.tick().await, start + ms(next));
        });
    }
}

#[leno::test(start_paused = true)]
async fn the_longest_durations_are_safe() {
    let mut interval = interval(Duration::MAX);
    interval.reset();
    assert!(timeout(ms(1), interval.tick()).await.is_err());
    interval.reset_after(Duration::MAX);
    assert!(timeout(ms(1), interval.tick()).await.is_err());
    interval.reset_immediately();
    interval.tick().await;
}

#[leno::test(start_paused = true)]
async fn a_cancelled_tick_is_not_lost() {
    let start = Instant::now();
    let mut interval = interval_at(start + PERIOD, PERIOD);
    assert!(timeout(ms(100), interval.tick()).await.is_err());
    assert!(timeout(ms(100), interval.tick()).await.is_err());
    assert_eq!(interval.tick().await, start + PERIOD);
}

#[leno::test(start_paused = true)]
async fn a_taken_tick_leaves_no_wake_up_behind() {
    let (bell, waker) = Bell::new();
    let mut context = Context::from_waker(&waker);
    let mut interval = interval(PERIOD);
    assert!(interval.poll_tick(&mut context).is_ready());
    sleep(2 * PERIOD).await;
    assert_eq!(bell.rung(), 0, "nobody has asked for the second tick");
    assert!(interval.poll_tick(&mut context).is_ready());
    assert!(interval.poll_tick(&mut context).is_ready());
    assert!(interval.poll_tick(&mut context).is_pending());
    sleep(PERIOD).await;
    assert_eq!(bell.rung(), 1);
}

#[test]
fn an_empty_period_panics_and_the_caller_is_blamed() {
    let (text, file) = panic_of(|| interval(Duration::ZERO));
    assert!(text.contains("must not be zero"), "{text}");
    assert_eq!(file, file!());
    let (_, file) = panic_of(|| interval_at(Instant::now(), Duration::ZERO));
    assert_eq!(file, file!());
}

#[leno::test(start_paused = true)]
async fn what_happens_when_a_tick_is_missed_can_be_asked() {
    let mut interval = interval(PERIOD);
    assert_eq!(interval.missed_tick_behavior(), MissedTickBehavior::Burst);
    for behavior in [MissedTickBehavior::Skip, MissedTickBehavior::Delay] {
        interval.set_missed_tick_behavior(behavior);
        assert_eq!(interval.missed_tick_behavior(), behavior);
    }
}
