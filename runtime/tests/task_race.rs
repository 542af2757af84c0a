//! `task::race`: losers go on, each is polled when it was woken, nobody starves, and what waits in one can be seen.

#[path = "task_support/mod.rs"]
mod support;

use leno::sync::{Notify, mpsc, oneshot};
use leno::task::{CancelSafe, Race2, Race3, Race8, coop, race, yield_now};
use std::future::{Future, pending, poll_fn, ready};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use support::everywhere;

/// Polls it once, with a waker that wakes nobody.
fn is_pending<F: Future>(future: Pin<&mut F>) -> bool {
    future
        .poll(&mut Context::from_waker(Waker::noop()))
        .is_pending()
}

#[test]
fn a_loser_goes_on_where_it_was() {
    everywhere(|| async {
        let (numbers, mut received) = mpsc::channel(1);
        let (stop, stopped) = oneshot::channel::<()>();
        // Not cancel safe: what it has added up is in a variable of its own.
        let sum = async move {
            let mut sum = 0;
            while let Some(number) = received.recv().await {
                sum += number;
            }
            sum
        };
        let ticks = Arc::new(Notify::new());
        let ticked = ticks.clone();
        let tick = async move {
            ticked.notified().await;
            "tick"
        };
        let mut race = pin!(race((sum, tick, stopped)));
        assert_eq!(race.len(), 3);
        let sender = leno::spawn(async move {
            numbers.send(1).await.unwrap();
            ticks.notify_one();
            numbers.send(2).await.unwrap();
            stop.send(()).unwrap();
            numbers.send(3).await.unwrap();
        });
        let (mut order, mut total) = (Vec::new(), 0);
        while let Some(done) = race.as_mut().next().await {
            match done {
                Race3::First(sum) => total = sum,
                Race3::Second(text) => order.push(text),
                Race3::Third(result) => order.push(result.map(|()| "stop").unwrap()),
            }
        }
        order.sort_unstable();
        assert_eq!((order, total), (vec!["stop", "tick"], 6));
        assert!(race.is_empty());
        assert_eq!(race.as_mut().next().await, None);
        sender.await.unwrap();
    });
}

#[test]
fn all_of_a_vector_and_of_an_array_come_once_with_their_index() {
    everywhere(|| async {
        for count in [0, 1, 64, 65, 300] {
            let futures: Vec<_> = (0..count)
                .map(|index| async move {
                    for _ in 0..index % 7 {
                        yield_now().await;
                    }
                    index * 2
                })
                .collect();
            let mut race = pin!(race(futures));
            let mut seen = vec![false; count];
            while let Some((index, output)) = race.as_mut().next().await {
                assert_eq!(output, index * 2);
                assert!(!std::mem::replace(&mut seen[index], true));
            }
            assert!(seen.into_iter().all(|seen| seen));
        }
        let mut race = pin!(race([ready(3), ready(4)]));
        let mut outputs = Vec::new();
        while let Some(output) = race.as_mut().next().await {
            outputs.push(output);
        }
        assert_eq!(outputs, [(0, 3), (1, 4)]);
    });
}

#[test]
fn eight_of_different_types() {
    everywhere(|| async {
        let text = String::from("borrowed");
        let mut race = pin!(race((
            ready(1_u8),
            ready("two"),
            async { text.len() },
            ready(Some(4)),
            yield_now(),
            ready([6; 6]),
            pending::<()>(),
            ready(8.0),
        )));
        let mut order = String::new();
        while let Some(done) = race.as_mut().next().await {
            order += match done {
                Race8::First(1) => "1",
                Race8::Second("two") => "2",
                Race8::Third(8) => "3",
                Race8::Fourth(Some(4)) => "4",
                Race8::Fifth(()) => break,
                Race8::Sixth([6, 6, 6, 6, 6, 6]) => "6",
                Race8::Seventh(()) => unreachable!(),
                Race8::Eighth(_) => "8",
                _ => panic!("a wrong output"),
            };
        }
        assert_eq!((order.as_str(), race.len()), ("123468", 1));
    });
}

/// A future that counts its polls, and is done when it was polled after the flag was set.
fn counted<'a>(polls: &'a AtomicUsize, notify: &'a Notify) -> impl Future<Output = ()> + 'a {
    let mut notified = Box::pin(notify.notified());
    poll_fn(move |cx| {
        polls.fetch_add(1, Ordering::Relaxed);
        notified.as_mut().poll(cx)
    })
}

#[test]
fn only_those_woken_are_polled() {
    everywhere(|| async {
        let notifies: Vec<_> = (0..100).map(|_| Notify::new()).collect();
        let polls: Vec<_> = (0..100).map(|_| AtomicUsize::new(0)).collect();
        let futures: Vec<_> = polls
            .iter()
            .zip(&notifies)
            .map(|(polls, notify)| counted(polls, notify))
            .collect();
        let mut race = pin!(race(futures));
        assert!(is_pending(pin!(race.as_mut().next())));
        for index in [99, 7, 64, 63] {
            notifies[index].notify_one();
            assert_eq!(race.as_mut().next().await, Some((index, ())));
        }
        let polls: usize = polls
            .iter()
            .map(|polls| polls.load(Ordering::Relaxed))
            .sum();
        assert_eq!(polls, 104);
    });
}

/// Two of them wake themselves all the time; the third is woken from elsewhere, and gets its turn.
#[test]
fn nobody_starves() {
    everywhere(|| async {
        let greedy = || async {
            loop {
                yield_now().await;
            }
        };
        let (sender, receiver) = oneshot::channel();
        leno::spawn(async move { sender.send(3).unwrap() });
        let mut race = pin!(race((greedy(), greedy(), receiver)));
        match race.as_mut().next().await {
            Some(Race3::Third(number)) => assert_eq!(number, Ok(3)),
            other => panic!("{other:?}"),
        };
        assert_eq!(race.len(), 2);
    });
}

/// Someone who is ready at once, whenever he is asked, may not be asked for ever.
#[test]
fn outputs_cost_budget() {
    everywhere(|| async {
        let task = leno::spawn(async {
            let mut race = pin!(race((0..1000).map(ready).collect::<Vec<_>>()));
            poll_fn(move |cx| {
                let mut taken = 0;
                while let Poll::Ready(Some(_)) = race.as_mut().poll_next(cx) {
                    taken += 1;
                }
                Poll::Ready(taken)
            })
            .await
        });
        let taken = task.await.unwrap();
        // In a simulation a poll has what budget it is given.
        assert!(taken <= 128, "{taken}");
    });
}

#[test]
fn a_budget_that_is_spent_ends_the_turn() {
    everywhere(|| async {
        let polled = Arc::new(AtomicUsize::new(0));
        let polls = polled.clone();
        let task = leno::spawn(async move {
            let spends = |_| {
                let polls = polls.clone();
                async move {
                    polls.fetch_add(1, Ordering::Relaxed);
                    for _ in 0..100 {
                        coop::consume_budget().await;
                    }
                }
            };
            let mut race = pin!(race((0..50).map(spends).collect::<Vec<_>>()));
            let mut turns = 0;
            poll_fn(|cx| {
                turns += 1;
                let before = polls.load(Ordering::Relaxed);
                loop {
                    match race.as_mut().poll_next(cx) {
                        Poll::Ready(Some(_)) => {}
                        Poll::Ready(None) => return Poll::Ready(turns),
                        Poll::Pending => break,
                    }
                }
                // Each turn has budget for one and a bit.
                assert!(polls.load(Ordering::Relaxed) - before <= 2);
                Poll::Pending
            })
            .await
        });
        assert!(task.await.unwrap() >= 25);
        assert_eq!(polled.load(Ordering::Relaxed), 50);
    });
}

#[test]
fn dropping_next_loses_nothing_and_dropping_the_race_drops_all() {
    fn safe<F: CancelSafe>(future: F) -> F {
        future
    }
    everywhere(|| async {
        let alive = Arc::new(());
        let token = alive.clone();
        let held = async move {
            let _token = token;
            pending::<()>().await;
        };
        let (sender, mut receiver) = mpsc::channel(1);
        let number = async move {
            let first: u32 = receiver.recv().await.unwrap();
            first + receiver.recv().await.unwrap()
        };
        let mut race = Box::pin(race((held, number)));
        for number in [1, 2] {
            assert!(is_pending(pin!(safe(race.as_mut().next()))));
            sender.send(number).await.unwrap();
        }
        assert_eq!(race.as_mut().next().await, Some(Race2::Second(3)));
        assert_eq!(Arc::strong_count(&alive), 2);
        drop(race);
        assert_eq!(Arc::strong_count(&alive), 1);
    });
}

/// A future is dropped as soon as it is done, not with the race.
#[test]
fn what_is_done_is_dropped() {
    everywhere(|| async {
        let alive = Arc::new(());
        let token = alive.clone();
        let done = poll_fn(move |_| {
            let _token = &token;
            Poll::Ready(())
        });
        let mut race = pin!(race((done, pending::<()>())));
        assert_eq!(race.as_mut().next().await, Some(Race2::First(())));
        assert_eq!(Arc::strong_count(&alive), 1);
    });
}

#[test]
fn a_race_moves_to_another_task() {
    everywhere(|| async {
        let (sender, receiver) = oneshot::channel();
        let mut race = Box::pin(race((receiver, pending::<()>())));
        // The waker of this task is with the race, and in the channel.
        poll_fn(|cx| {
            assert!(race.as_mut().poll_next(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        let elsewhere = leno::spawn(async move { race.as_mut().next().await });
        yield_now().await;
        sender.send(5).unwrap();
        assert_eq!(elsewhere.await.unwrap(), Some(Race2::First(Ok(5))));
    });
}

/// From many threads, and in a select.
#[test]
fn wakes_from_everywhere_are_not_lost() {
    everywhere(|| async {
        const COUNT: usize = 200;
        let (senders, receivers): (Vec<_>, Vec<_>) =
            (0..COUNT).map(|_| oneshot::channel::<usize>()).unzip();
        for (index, sender) in senders.into_iter().enumerate() {
            leno::spawn(async move {
                if index % 3 == 0 {
                    yield_now().await;
                }
                sender.send(index).unwrap();
            });
        }
        let mut race = pin!(race(receivers));
        let (mut seen, mut others) = (0, 0);
        while seen < COUNT {
            leno::select! {
                safe;
                Some((index, sent)) = race.as_mut().next() => {
                    assert_eq!(sent, Ok(index));
                    seen += 1;
                }
                () = yield_now() => others += 1,
            }
        }
        assert!(others < 1_000_000);
    });
}

#[test]
fn a_panic_is_the_tasks_own() {
    let runtime = support::multi_thread(2);
    let task = runtime.spawn(async {
        let fails = async {
            yield_now().await;
            panic!("one of them");
        };
        let mut race = pin!(race((pending::<()>(), fails)));
        race.as_mut().next().await.map(drop)
    });
    let error = runtime.block_on(task).unwrap_err();
    assert_eq!(
        error.into_panic().downcast_ref::<&str>(),
        Some(&"one of them")
    );
}

#[test]
fn it_is_send_and_unpin_where_its_futures_are() {
    fn send<T: Send + Sync>(_: &T) {}
    fn unpin<T: Unpin>(_: &T) {}
    let of_ready = race((ready(1), ready(2)));
    send(&of_ready);
    unpin(&of_ready);
    send(&race(vec![async { yield_now().await }]));
    // The futures of a vector have a place of their own.
    unpin(&race(vec![async { yield_now().await }]));
    assert_eq!(format!("{of_ready:?}"), "Race { left: 2, .. }");
}

/// In all schedules in which one who sends is held up, whoever is raced comes once.
#[leno::test(explore, bound = 2)]
async fn no_schedule_loses_one() {
    let (first, one) = oneshot::channel();
    let (second, mut two) = mpsc::channel(1);
    leno::spawn(async move { first.send(1) });
    leno::spawn(async move {
        second.send(2).await.unwrap();
        second.send(3).await.unwrap();
    });
    let two = async { two.recv().await.unwrap() + two.recv().await.unwrap() };
    let mut race = pin!(race((one, two)));
    let mut sum = 0;
    while let Some(done) = race.as_mut().next().await {
        sum += match done {
            Race2::First(number) => number.unwrap(),
            Race2::Second(number) => number,
        };
    }
    assert_eq!(sum, 6);
}
