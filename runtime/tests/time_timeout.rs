//! `timeout`, `timeout_at` and `Timeout`.

mod time_support;

use leno::runtime::Builder;
use leno::time::error::Elapsed;
use leno::time::{Duration, Instant, advance, sleep, sleep_until, timeout, timeout_at};
use std::future::{Future, pending, poll_fn, ready};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use time_support::{Bell, ms, panic_of, paused, poll, poll_with};

#[leno::test(start_paused = true)]
async fn a_ready_future_wins_over_a_passed_deadline() {
    let now = Instant::now();
    for deadline in [now + ms(1), now, now - ms(1)] {
        assert_eq!(
            poll(pin!(timeout_at(deadline, ready(7)))),
            Poll::Ready(Ok(7))
        );
    }
    assert_eq!(timeout(Duration::ZERO, ready(7)).await, Ok(7));
}

#[leno::test(start_paused = true)]
async fn a_passed_deadline_wins_over_a_pending_future() {
    let late = timeout_at(Instant::now(), pending::<()>());
    assert!(matches!(poll(pin!(late)), Poll::Ready(Err(_))));
    let late = timeout(Duration::ZERO, pending::<()>());
    assert!(late.await.is_err());
}

#[leno::test(start_paused = true)]
async fn the_time_counts_from_the_call() {
    let start = Instant::now();
    let late = timeout(ms(100), pending::<()>());
    sleep(ms(60)).await;
    assert!(late.await.is_err());
    assert_eq!(start.elapsed(), ms(100));
}

#[leno::test(start_paused = true)]
async fn the_limit_ends_the_wait_exactly() {
    let start = Instant::now();
    let slow = sleep(Duration::from_secs(3600));
    assert!(timeout(ms(300), slow).await.is_err());
    assert_eq!(start.elapsed(), ms(300));
}

#[leno::test(start_paused = true)]
async fn a_future_that_is_ready_in_time_ends_the_wait() {
    let start = Instant::now();
    let answer = timeout(Duration::from_secs(3600), async {
        sleep(ms(20)).await;
        42
    });
    assert_eq!(answer.await, Ok(42));
    assert_eq!(start.elapsed(), ms(20));
}

#[leno::test(start_paused = true)]
async fn the_task_is_woken_by_the_deadline() {
    let (bell, waker) = Bell::new();
    let mut late = pin!(timeout(ms(300), pending::<()>()));
    assert!(poll_with(late.as_mut(), &waker).is_pending());
    advance(ms(299)).await;
    assert_eq!(bell.rung(), 0);
    assert!(poll_with(late.as_mut(), &waker).is_pending());
    advance(ms(1)).await;
    assert_eq!(bell.rung(), 1);
    assert!(matches!(poll(late), Poll::Ready(Err(_))));
}

// Unless the future is held up at that very moment, as it may be in a simulation.
#[leno::test(start_paused = true, sim = false)]
async fn equal_deadlines_let_the_future_win() {
    let deadline = Instant::now() + ms(10);
    assert_eq!(timeout_at(deadline, sleep_until(deadline)).await, Ok(()));
}

#[leno::test(start_paused = true)]
async fn the_longest_duration_is_no_limit() {
    let mut patient = pin!(timeout(Duration::MAX, pending::<()>()));
    assert!(poll(patient.as_mut()).is_pending());
    advance(Duration::from_secs(10 * 365 * 86_400)).await;
    assert!(poll(patient.as_mut()).is_pending());
    assert_eq!(timeout(Duration::MAX, ready(1)).await, Ok(1));
}

#[test]
fn anything_that_becomes_a_future_can_be_limited() {
    struct Soon;
    impl IntoFuture for Soon {
        type Output = u8;
        type IntoFuture = std::future::Ready<u8>;
        fn into_future(self) -> Self::IntoFuture {
            ready(3)
        }
    }
    paused(async {
        assert_eq!(timeout(ms(1), Soon).await, Ok(3));
        assert_eq!(timeout_at(Instant::now(), Soon).await, Ok(3));
    });
}

#[leno::test(start_paused = true)]
async fn the_future_can_be_reached_and_taken_back() {
    let mut limited = timeout(ms(1), ready(1));
    assert_eq!(limited.get_ref().clone().into_inner(), 1);
    *limited.get_mut() = ready(2);
    assert_eq!(limited.into_inner().await, 2);
}

/// Takes every unit of the budget, in every poll.
struct Greedy;

impl Future for Greedy {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut ready = pin!(sleep_until(Instant::now() - Duration::from_nanos(1)));
        while ready.as_mut().poll(cx).is_ready() {}
        Poll::Pending
    }
}

#[leno::test(start_paused = true)]
async fn a_future_that_eats_the_budget_does_not_eat_the_limit() {
    let start = Instant::now();
    let mut greedy = pin!(timeout(ms(1), Greedy));
    let result = poll_fn(|cx| {
        let polled = greedy.as_mut().poll(cx);
        if polled.is_pending() {
            cx.waker().wake_by_ref();
        }
        polled
    });
    // The greedy task never lets the runtime idle: somebody has to move the clock.
    let mut result = pin!(result);
    let mut turns = 0;
    let result = poll_fn(|cx| {
        turns += 1;
        assert!(turns < 1000);
        if turns == 3 {
            assert!(pin!(advance(ms(1))).poll(cx).is_pending());
        }
        result.as_mut().poll(cx)
    });
    assert!(result.await.is_err());
    assert_eq!(start.elapsed(), ms(1));
}

#[leno::test]
async fn a_busy_task_hears_of_its_limit_on_a_running_clock() {
    let busy = timeout(ms(1), async {
        loop {
            sleep(Duration::ZERO).await;
        }
    });
    let result: Result<(), Elapsed> = busy.await;
    assert!(result.is_err());
}

#[test]
fn elapsed_becomes_an_io_error() {
    let elapsed = paused(timeout_in_runtime());
    assert_eq!(elapsed.to_string(), "deadline has elapsed");
    let error = std::io::Error::from(elapsed);
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}

async fn timeout_in_runtime() -> Elapsed {
    timeout(ms(1), pending::<()>()).await.unwrap_err()
}

#[test]
fn the_caller_is_blamed() {
    let (_, file) = panic_of(|| drop(timeout(ms(1), pending::<()>())));
    assert_eq!(file, file!());
    let runtime = Builder::new_current_thread().build().unwrap();
    let (text, file) = panic_of(|| {
        runtime.block_on(async { drop(timeout_at(Instant::now(), pending::<()>())) });
    });
    assert!(text.contains("enable_time"), "{text}");
    assert_eq!(file, file!());
}
