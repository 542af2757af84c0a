//! A `JoinSet` yields each task's output once, in the order of completion, and aborts what it drops.

mod task_support;

use leno::task::{JoinSet, LocalSet};
use std::collections::HashSet;
use std::future::pending;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use task_support::{
    Count, Event, OnDrop, current_thread, multi_thread, on_each_runtime, panicking_waker, runtimes,
};

async fn each_output_comes_once(kind: &str) {
    let mut set = JoinSet::new();
    for number in 0..1000 {
        set.spawn(async move { number });
    }
    assert_eq!(set.len(), 1000, "{kind}");
    let mut seen = HashSet::new();
    while let Some(number) = set.join_next().await {
        assert!(seen.insert(number.unwrap()), "{kind}");
    }
    assert_eq!(seen.len(), 1000, "{kind}");
    assert!(set.is_empty());
    assert!(set.join_next().await.is_none());
}

#[leno::test]
async fn outputs_come_in_the_order_of_completion() {
    let events: Vec<_> = (0..3).map(|_| Event::new()).collect();
    let mut set = JoinSet::new();
    for (number, event) in events.iter().cloned().enumerate() {
        set.spawn(async move {
            event.wait().await;
            number
        });
    }
    let mut order = Vec::new();
    for number in [1, 2, 0] {
        events[number].set();
        order.push(set.join_next().await.unwrap().unwrap());
    }
    assert_eq!(order, [1, 2, 0]);
}

#[leno::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_can_be_filled_while_it_is_emptied() {
    let mut set = JoinSet::new();
    for number in 0..16 {
        set.spawn(async move { number });
    }
    let mut count = 0;
    while let Some(number) = set.join_next().await {
        count += 1;
        let number = number.unwrap();
        if number < 1000 {
            set.spawn(async move { number + 16 });
        }
    }
    assert_eq!(
        count,
        (0..16)
            .map(|first| (1000usize - first).div_ceil(16) + 1)
            .sum::<usize>()
    );
}

#[leno::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_comes_with_an_output_and_with_an_error() {
    let mut set = JoinSet::new();
    let good = set.spawn(async { 1 }).id();
    let (id, output) = set.join_next_with_id().await.unwrap().unwrap();
    assert_eq!((id, output), (good, 1));
    let bad = set.spawn(async { panic!("on purpose") }).id();
    let error = set.join_next_with_id().await.unwrap().unwrap_err();
    assert!(error.is_panic());
    assert_eq!(error.id(), bad);
}

// It asserts what one yield lets run, and a simulation may hold that up.
#[leno::test(sim = false)]
async fn try_join_next_takes_only_what_is_finished() {
    let event = Event::new();
    let mut set = JoinSet::new();
    assert!(set.try_join_next().is_none());
    let waits = event.clone();
    set.spawn(async move { waits.wait().await });
    leno::task::yield_now().await;
    assert!(set.try_join_next().is_none());
    event.set();
    leno::task::yield_now().await;
    assert!(set.try_join_next_with_id().is_some());
    assert!(set.try_join_next().is_none());
    assert!(set.is_empty());
}

async fn dropping_a_set_aborts_its_tasks(kind: &str) {
    let dropped = Event::new();
    let count = Arc::new(AtomicUsize::new(0));
    let mut set = JoinSet::new();
    for _ in 0..100 {
        let (dropped, count) = (dropped.clone(), count.clone());
        let on_drop = OnDrop(move || {
            if count.fetch_add(1, Ordering::SeqCst) + 1 == 100 {
                dropped.set();
            }
        });
        set.spawn(async move {
            pending::<()>().await;
            drop(on_drop);
        });
    }
    leno::task::yield_now().await;
    drop(set);
    dropped.wait().await;
    assert_eq!(count.load(Ordering::SeqCst), 100, "{kind}");
}

async fn abort_all_leaves_the_errors_in_the_set(kind: &str) {
    let mut set: JoinSet<()> = (0..10).map(|_| pending()).collect();
    set.abort_all();
    assert_eq!(set.len(), 10, "{kind}");
    let mut cancelled = 0;
    while let Some(result) = set.join_next().await {
        assert!(result.unwrap_err().is_cancelled());
        cancelled += 1;
    }
    assert_eq!(cancelled, 10, "{kind}");
}

async fn shutdown_waits_until_the_futures_are_dropped(kind: &str) {
    let alive = Arc::new(());
    let mut set = JoinSet::new();
    for _ in 0..50 {
        let alive = alive.clone();
        set.spawn(async move {
            pending::<()>().await;
            drop(alive);
        });
    }
    set.shutdown().await;
    assert_eq!(Arc::strong_count(&alive), 1, "{kind}");
    assert!(set.is_empty());
}

async fn detached_tasks_go_on_and_their_places_are_used_again(kind: &str) {
    let go = Event::new();
    let done = Arc::new(AtomicUsize::new(0));
    let mut set = JoinSet::new();
    for _ in 0..10 {
        let (go, done) = (go.clone(), done.clone());
        set.spawn(async move {
            go.wait().await;
            done.fetch_add(1, Ordering::SeqCst);
            0
        });
    }
    set.detach_all();
    assert!(set.is_empty());
    set.spawn(async { 1 });
    go.set();
    assert_eq!(set.join_next().await.unwrap().unwrap(), 1, "{kind}");
    assert!(set.join_next().await.is_none());
    while done.load(Ordering::SeqCst) < 10 {
        leno::task::yield_now().await;
    }
}

#[leno::test(flavor = "multi_thread", worker_threads = 2)]
async fn join_all_returns_all_outputs() {
    let mut set: JoinSet<_> = (0..100).map(|number| async move { number }).collect();
    set.extend((100..200).map(|number| async move { number }));
    let outputs = set.join_all().await;
    assert_eq!(outputs.len(), 200);
    assert_eq!(outputs.iter().sum::<u32>(), 199 * 100);
}

#[test]
fn join_all_passes_a_panic_on_and_aborts_the_rest() {
    let runtime = multi_thread(2);
    let alive = Arc::new(());
    let kept = alive.clone();
    let panicked = runtime.block_on(async {
        leno::spawn(async move {
            let mut set = JoinSet::new();
            set.spawn(async move {
                pending::<()>().await;
                drop(kept);
            });
            set.spawn(async { panic!("on purpose") });
            set.join_all().await;
        })
        .await
        .unwrap_err()
    });
    assert_eq!(
        *panicked.into_panic().downcast::<&str>().unwrap(),
        "on purpose"
    );
    drop(runtime);
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[test]
fn the_latest_waker_is_woken() {
    let runtime = multi_thread(1);
    let go = Event::new();
    let mut set = JoinSet::new();
    let waits = go.clone();
    set.spawn_on(async move { waits.wait().await }, runtime.handle());
    let old = Arc::new(Count::default());
    let latest = Event::new();
    assert!(poll(&mut set, &Waker::from(old.clone())).is_pending());
    struct Sets(Event);
    impl std::task::Wake for Sets {
        fn wake(self: Arc<Self>) {
            self.0.set();
        }
    }
    let waker = Waker::from(Arc::new(Sets(latest.clone())));
    assert!(poll(&mut set, &waker).is_pending());
    assert!(poll(&mut set, &waker).is_pending());
    go.set();
    latest.block();
    assert!(poll(&mut set, Waker::noop()).is_ready());
    assert_eq!(old.0.load(Ordering::SeqCst), 0);
}

fn poll<T: 'static>(
    set: &mut JoinSet<T>,
    waker: &Waker,
) -> Poll<Option<Result<T, leno::task::JoinError>>> {
    set.poll_join_next(&mut Context::from_waker(waker))
}

async fn a_panicking_waker_does_not_lose_an_output(kind: &str) {
    let mut set = JoinSet::new();
    let go = Event::new();
    let waits = go.clone();
    set.spawn(async move { waits.wait().await });
    assert!(poll(&mut set, &panicking_waker()).is_pending());
    go.set();
    assert!(set.join_next().await.unwrap().is_ok(), "{kind}");
}

#[leno::test]
async fn a_set_yields_when_the_budget_is_spent() {
    let mut set = JoinSet::new();
    let tasks: Vec<_> = (0..1000).map(|_| set.spawn(async {})).collect();
    while !tasks.iter().all(leno::task::AbortHandle::is_finished) {
        leno::task::yield_now().await;
    }
    let mut all = pin!(async { while set.join_next().await.is_some() {} });
    let mut polls = 0;
    std::future::poll_fn(|cx| {
        polls += 1;
        all.as_mut().poll(cx)
    })
    .await;
    assert!(polls > 5, "{polls} polls for 1000 outputs");
}

#[leno::test(flavor = "multi_thread", worker_threads = 1)]
async fn blocking_closures_are_tasks_too() {
    let mut set = JoinSet::new();
    set.spawn_blocking(|| 1);
    set.spawn_blocking_on(|| 2, &leno::runtime::Handle::current());
    let mut outputs = set.join_all().await;
    outputs.sort_unstable();
    assert_eq!(outputs, [1, 2]);
}

#[leno::test]
async fn local_tasks_are_tasks_too() {
    let local = LocalSet::new();
    let mut set = JoinSet::new();
    let first = Rc::new(1);
    set.spawn_local_on(async move { first }, &local);
    local
        .run_until(async move {
            let second = Rc::new(2);
            set.spawn_local(async move { second });
            let mut sum = 0;
            while let Some(number) = set.join_next().await {
                sum += *number.unwrap();
            }
            assert_eq!(sum, 3);
        })
        .await;
}

#[test]
fn a_set_outlives_the_runtime_of_its_tasks() {
    for (kind, runtime) in runtimes() {
        let mut set = JoinSet::new();
        for _ in 0..10 {
            set.spawn_on(pending::<()>(), runtime.handle());
        }
        drop(runtime);
        set.spawn_on(async {}, current_thread().handle());
        current_thread().block_on(async {
            for _ in 0..11 {
                assert!(
                    set.join_next().await.unwrap().unwrap_err().is_cancelled(),
                    "{kind}"
                );
            }
            assert!(set.join_next().await.is_none());
        });
    }
}

#[test]
fn a_set_is_send_and_sync_and_unpin() {
    fn check<T: Send + Sync + Unpin>() {}
    check::<JoinSet<u32>>();
    assert_eq!(
        format!("{:?}", JoinSet::<u32>::default()),
        "JoinSet { len: 0 }"
    );
}

on_each_runtime!(
    each_output_comes_once,
    dropping_a_set_aborts_its_tasks,
    abort_all_leaves_the_errors_in_the_set,
    shutdown_waits_until_the_futures_are_dropped,
    detached_tasks_go_on_and_their_places_are_used_again,
    a_panicking_waker_does_not_lose_an_output,
);
