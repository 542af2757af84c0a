//! `pause`, `resume`, `advance` and the clock that moves by itself.

mod time_support;

use leno::runtime::Builder;
use leno::time::{Duration, Instant, advance, pause, resume, sleep, sleep_until};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use time_support::{Bell, ms, panic_of, paused, poll, poll_with, running, us};

#[leno::test]
async fn a_paused_clock_stands_still() {
    pause();
    let start = Instant::now();
    // Real time passes.
    let real = std::time::Instant::now();
    while real.elapsed() < us(50) {
        std::hint::spin_loop();
    }
    assert_eq!(Instant::now(), start);
}

#[leno::test]
async fn pausing_does_not_move_the_clock() {
    let before = Instant::now();
    pause();
    let paused = Instant::now();
    assert!(paused >= before);
    assert!(paused <= Instant::from_std(std::time::Instant::now()));
}

#[leno::test(start_paused = true)]
async fn an_idle_runtime_moves_the_clock_to_the_next_deadline() {
    let real = std::time::Instant::now();
    let start = Instant::now();
    sleep(Duration::from_secs(100_000)).await;
    assert_eq!(start.elapsed(), Duration::from_secs(100_000));
    assert!(real.elapsed() < Duration::from_secs(100_000));
}

#[test]
fn paused_time_is_the_same_in_every_run() {
    fn run() -> Vec<Duration> {
        paused(async {
            let start = Instant::now();
            let mut state: u64 = 1;
            let mut times = Vec::new();
            for _ in 0..10_000 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                sleep(Duration::from_nanos(state >> 34)).await;
                times.push(start.elapsed());
            }
            times
        })
    }
    assert_eq!(run(), run());
}

#[leno::test(start_paused = true)]
async fn advance_moves_the_clock_exactly() {
    for duration in [
        Duration::ZERO,
        Duration::from_nanos(1),
        us(1),
        us(51_592),
        us(3_141_592),
        ms(1),
    ] {
        let start = Instant::now();
        advance(duration).await;
        assert_eq!(start.elapsed(), duration);
    }
}

#[leno::test(start_paused = true)]
async fn advance_goes_to_the_last_moment_and_not_beyond() {
    // As far as it goes, by ever smaller steps: what does not fit says so, and moves nothing.
    for bit in (0..u64::BITS).rev() {
        let mut step = pin!(advance(Duration::from_nanos(1 << bit)));
        let before = Instant::now();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| poll(step.as_mut()))) {
            let text = panic.downcast_ref::<String>().unwrap();
            assert!(text.contains("it would pass its last moment"), "{text}");
            assert_eq!(Instant::now(), before);
        }
    }
    // It stands there, paused.
    let last = Instant::now();
    advance(Duration::ZERO).await;
    assert_eq!(Instant::now(), last);
}

#[leno::test(start_paused = true)]
async fn advance_moves_the_clock_and_no_further() {
    let start = Instant::now();
    let mut nap = pin!(sleep_until(start + ms(300)));
    assert!(poll(nap.as_mut()).is_pending());
    advance(ms(100)).await;
    assert_eq!(start.elapsed(), ms(100), "not to the deadline of the sleep");
    assert!(poll(nap.as_mut()).is_pending());
}

#[leno::test(start_paused = true)]
async fn four_steps_are_as_good_as_one() {
    let (bell, waker) = Bell::new();
    let mut nap = pin!(sleep(ms(1)));
    assert!(poll_with(nap.as_mut(), &waker).is_pending());
    for _ in 0..3 {
        advance(us(250)).await;
        assert_eq!(bell.rung(), 0);
        assert!(poll_with(nap.as_mut(), &waker).is_pending());
    }
    advance(us(250)).await;
    assert_eq!(bell.rung(), 1);
    assert!(poll(nap).is_ready());
}

#[leno::test(start_paused = true)]
async fn a_sleep_first_polled_after_its_deadline_is_ready() {
    let mut nap = pin!(sleep(ms(1)));
    advance(us(1500)).await;
    assert!(poll(nap.as_mut()).is_ready());
}

#[leno::test(start_paused = true)]
async fn far_timers_do_not_disturb_near_ones() {
    let mut far = pin!(sleep(ms(10 << 36)));
    assert!(poll(far.as_mut()).is_pending());
    advance(ms((1 << 30) - 1)).await;
    let start = Instant::now();
    let mut first = Box::pin(sleep(ms(10)));
    let mut second = Box::pin(sleep(ms(20)));
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(second.as_mut()).is_pending());
    sleep(ms(10)).await;
    assert_eq!(start.elapsed(), ms(10));
    assert!(first.is_elapsed() && !second.is_elapsed());
    drop(first);
    advance(ms(1 << 31)).await;
    assert!(second.is_elapsed());
    assert!(!far.is_elapsed());
}

#[leno::test(start_paused = true)]
async fn a_resumed_clock_goes_on_from_where_it_stood() {
    advance(Duration::from_secs(1000)).await;
    let stopped = Instant::now();
    resume();
    assert!(Instant::now() >= stopped);
    let start = Instant::now();
    sleep(ms(1)).await;
    assert!(start.elapsed() >= ms(1));
    assert!(start.elapsed() < Duration::from_secs(1000));
    pause();
    assert!(Instant::now() >= start + ms(1));
    let again = Instant::now();
    sleep(Duration::from_secs(5)).await;
    assert_eq!(again.elapsed(), Duration::from_secs(5));
}

#[leno::test(start_paused = true)]
async fn a_closure_is_waited_for_however_long_its_thread_takes() {
    for round in 0..5_000 {
        let closure = leno::task::spawn_blocking(move || round);
        let output = leno::time::timeout(ms(1), closure).await;
        assert_eq!(output.expect("the clock has moved").unwrap(), round);
    }
}

// Not simulated: the other runtime's clock is real, and a simulation's begins at a moment of its own.
#[leno::test(start_paused = true, sim = false)]
async fn one_runtimes_clock_is_not_anothers() {
    sleep(Duration::from_secs(1000)).await;
    let there = Instant::now();
    let here = std::thread::spawn(|| running(async { Instant::now() }))
        .join()
        .unwrap();
    assert!(here < there);
}

#[test]
fn timers_need_not_be_enabled_to_play_with_the_clock() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        pause();
        let start = Instant::now();
        advance(ms(7)).await;
        assert_eq!(start.elapsed(), ms(7));
        resume();
    });
}

#[test]
fn misuse_panics_with_the_remedy_and_blames_the_caller() {
    let (text, file) = panic_of(|| running(async { resume() }));
    assert!(text.contains("pause()"), "{text}");
    assert_eq!(file, file!());

    let (text, file) = panic_of(|| paused(async { pause() }));
    assert!(text.contains("resume()"), "{text}");
    assert_eq!(file, file!());

    let (text, file) = panic_of(pause_anywhere);
    assert!(text.contains("within a runtime"), "{text}");
    assert_eq!(file, file!());

    let (text, _) = panic_of(|| running(advance(ms(1))));
    assert!(text.contains("pause()"), "{text}");

    let (text, _) = panic_of(|| paused(advance(Duration::MAX)));
    assert!(text.contains("cannot be advanced"), "{text}");

    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    let (text, file) = panic_of(|| runtime.block_on(async { pause() }));
    assert!(text.contains("new_current_thread"), "{text}");
    assert_eq!(file, file!());
}

fn pause_anywhere() {
    pause();
}
