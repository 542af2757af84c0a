//! What a runtime's recorder knows: who was polled, woken and spawned by whom, with names; also while it is switched.

mod own_diagnostics;

use leno::diagnostics::Diagnostics;
use leno::runtime::{Builder, Runtime};
use leno::sync::{Notify, mpsc, oneshot};
use leno::task;
use leno::trace::{self, Cause, Event, EventKind, Outcome, Snapshot, Worker};
use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

fn runtime(workers: usize, recorder: bool) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .name("recorded")
        .diagnostics(Diagnostics::off().recorder(recorder))
        .enable_all()
        .build()
        .unwrap()
}

/// A current-thread runtime that records.
fn on_one_thread() -> Runtime {
    Builder::new_current_thread()
        .diagnostics(Diagnostics::off().recorder(true))
        .enable_all()
        .build()
        .unwrap()
}

/// The number of the task that has this name.
fn named(snapshot: &Snapshot, name: &str) -> u64 {
    let mut tasks = snapshot.tasks();
    let task = tasks.find(|task| task.name() == Some(name));
    task.unwrap_or_else(|| panic!("no task is named {name}: {snapshot:?}"))
        .id()
}

fn polls(snapshot: &Snapshot, task: u64) -> Vec<Outcome> {
    let outcome = |event: Event| match event.kind {
        EventKind::Poll {
            task: polled,
            outcome,
            ..
        } if polled == task => Some(outcome),
        _ => None,
    };
    snapshot.events().filter_map(outcome).collect()
}

/// A task that waits for news from another, and then yields; both have names.
async fn news() -> io::Result<()> {
    let (sender, receiver) = oneshot::channel();
    let waits = Arc::new(Notify::new());
    let waiter = task::Builder::new().name("waiter").spawn({
        let waits = waits.clone();
        async move {
            waits.notify_one();
            assert_eq!(receiver.await, Ok(7));
            trace::mark("got it");
            task::yield_now().await;
        }
    })?;
    let sends = task::Builder::new().name("sender").spawn(async move {
        waits.notified().await;
        sender.send(7).unwrap();
    })?;
    sends.await?;
    waiter.await?;
    Ok(())
}

fn check_news(snapshot: &Snapshot, spawner: Option<u64>, yields: Outcome) {
    let (waiter, sender) = (named(snapshot, "waiter"), named(snapshot, "sender"));
    let events: Vec<Event> = snapshot.events().collect();
    assert!(events.is_sorted_by_key(|event| event.time));
    let woken = events.iter().find_map(|event| match event.kind {
        EventKind::Wake { task, by } if task == waiter => Some(by),
        _ => None,
    });
    assert_eq!(woken, Some(Cause::Task(sender)));
    let outcomes = polls(snapshot, waiter);
    assert_eq!(
        outcomes,
        [Outcome::Asleep, yields, Outcome::Done],
        "{events:#?}"
    );
    assert_eq!(polls(snapshot, sender).last(), Some(&Outcome::Done));
    let mark = events.iter().find_map(|event| match &event.kind {
        EventKind::Mark { label, task } if label == "got it" => Some(*task),
        _ => None,
    });
    assert_eq!(mark, Some(Some(waiter)));
    for task in [waiter, sender] {
        let task = snapshot.task(task).unwrap();
        assert!(task.has_ended());
        assert!(task.type_name().unwrap().contains("news"), "{task}");
        assert!(task.future_size() > size_of::<usize>(), "{task}");
        assert!(
            task.spawned_at().unwrap().contains("trace_recorder.rs:"),
            "{task}"
        );
        assert_eq!(task.spawned_by(), spawner);
    }
}

#[test]
fn who_wakes_whom_is_recorded() {
    // One worker: on two, what the one waits for may come before it waits.
    let runtime = runtime(1, true);
    let (snapshot, main) = runtime.block_on(async {
        task::spawn(async {
            let main = task::id().to_string().parse().unwrap();
            news().await.unwrap();
            (trace::snapshot().unwrap(), main)
        })
        .await
        .unwrap()
    });
    check_news(&snapshot, Some(main), Outcome::Woken);
    assert_eq!(snapshot.process(), std::process::id());
    let event = snapshot.events().next().unwrap();
    assert_eq!(
        snapshot.runtime_name(event.runtime).as_deref(),
        Some("recorded")
    );
    // A file is as good.
    let again = Snapshot::from_bytes(&snapshot.to_bytes()).unwrap();
    check_news(&again, Some(main), Outcome::Woken);
    assert_eq!(again.to_bytes(), snapshot.to_bytes());
}

#[test]
fn the_tasks_of_threads_outside_are_known_too() {
    let runtime = runtime(1, true);
    let snapshot = runtime.block_on(async {
        news().await.unwrap();
        let (sender, receiver) = oneshot::channel::<()>();
        let waits = Arc::new(AtomicBool::new(false));
        let task = task::Builder::new().name("far").spawn({
            let waits = waits.clone();
            async move {
                let mut receiver = receiver;
                std::future::poll_fn(|cx| {
                    let polled = std::pin::Pin::new(&mut receiver).poll(cx);
                    waits.store(true, Ordering::Release);
                    polled
                })
                .await
            }
        });
        while !waits.load(Ordering::Acquire) {
            task::yield_now().await;
        }
        // This is the thread of `block_on`, which is no worker.
        trace::mark("from afar");
        sender.send(()).unwrap();
        task.unwrap().await.unwrap().unwrap();
        trace::snapshot().unwrap()
    });
    check_news(&snapshot, None, Outcome::Woken);
    let far = named(&snapshot, "far");
    let outside = snapshot
        .events()
        .filter(|event| event.worker == Worker::Outside);
    let kinds: Vec<_> = outside.map(|event| event.kind).collect();
    let woken = EventKind::Wake {
        task: far,
        by: Cause::Outside,
    };
    assert!(kinds.contains(&woken), "{kinds:?}");
    let marked = EventKind::Mark {
        label: "from afar".into(),
        task: None,
    };
    assert!(kinds.contains(&marked), "{kinds:?}");
    let spawned = EventKind::Spawn {
        task: far,
        by: None,
    };
    assert!(kinds.contains(&spawned), "{kinds:?}");
}

#[test]
fn nothing_is_recorded_that_nobody_wants() {
    own_diagnostics::only();
    let runtime = runtime(1, false);
    let error = runtime.block_on(async { trace::snapshot().unwrap_err() });
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(error.to_string().contains("leno::trace::start"), "{error}");
    assert_eq!(runtime.metrics().poll_time_histogram().count(), 0);
    assert!(trace::snapshot().is_err(), "there is no runtime here");
}

/// Waits until a task was polled by a worker that records, which begins when it looks around.
async fn until_recorded() {
    loop {
        let task = task::spawn(async { trace::mark("recorded") });
        task.await.unwrap();
        let snapshot = trace::snapshot().unwrap();
        let is_mark = |event: Event| match event.kind {
            EventKind::Mark { label, task } => label == "recorded" && task.is_some(),
            _ => false,
        };
        if snapshot.events().any(is_mark) {
            return;
        }
    }
}

#[test]
fn a_trace_has_the_time_of_every_event() {
    let runtime = runtime(2, false);
    runtime.block_on(async {
        let tracing = trace::start().unwrap();
        until_recorded().await;
        task::spawn(async { news().await.unwrap() }).await.unwrap();
        // Also of those that follow each other closely.
        task::spawn(wakes_itself(1_000)).await.unwrap();
        let snapshot = tracing.finish().unwrap();
        named(&snapshot, "waiter");
        assert!(
            snapshot.events().all(|event| event.is_exact),
            "{snapshot:?}"
        );
    });
}

/// Leaves keep the waker that they have been given, and are given another when the loop changes under them: no wake may be lost.
#[test]
fn tasks_go_on_while_the_recorder_is_switched() {
    let runtime = runtime(2, false);
    let done = Arc::new(AtomicBool::new(false));
    runtime.block_on(async {
        const ROUNDS: u64 = 20_000;
        let mut pairs = Vec::new();
        for _ in 0..4 {
            let (there, mut from_here) = mpsc::channel(1);
            let (back, mut from_there) = mpsc::channel(1);
            pairs.push(task::spawn(async move {
                for round in 0..ROUNDS {
                    there.send(round).await.unwrap();
                    assert_eq!(from_there.recv().await, Some(round));
                }
            }));
            pairs.push(task::spawn(async move {
                while let Some(round) = from_here.recv().await {
                    back.send(round).await.unwrap();
                }
            }));
        }
        let switches = std::thread::spawn({
            let (done, handle) = (done.clone(), leno::runtime::Handle::current());
            move || {
                let mut times = 0;
                while !done.load(Ordering::Relaxed) {
                    let tracing = trace::start_of(&handle);
                    std::thread::yield_now();
                    let snapshot = tracing.finish().unwrap();
                    assert!(snapshot.events().count() < 1 << 20);
                    times += 1;
                }
                times
            }
        });
        for task in pairs {
            task.await.unwrap();
        }
        done.store(true, Ordering::Relaxed);
        assert!(switches.join().unwrap() > 0);
    });
}

#[test]
fn a_task_that_blocks_in_place_leaves_the_worker_to_others() {
    let runtime = runtime(1, true);
    let snapshot = runtime.block_on(async {
        let blocks = task::Builder::new().name("blocks").spawn(async {
            task::block_in_place(|| ());
            trace::mark("after");
        });
        blocks.unwrap().await.unwrap();
        task::spawn(async {}).await.unwrap();
        trace::snapshot().unwrap()
    });
    let blocks = named(&snapshot, "blocks");
    let mut events = snapshot.events();
    assert!(events.any(|event| event.kind == EventKind::BlockInPlace { task: blocks }));
}

#[test]
fn what_is_recorded_is_counted() {
    let runtime = runtime(1, true);
    runtime.block_on(async {
        let (sender, mut receiver) = mpsc::channel(1);
        let receives = task::spawn(async move {
            let mut sum = 0;
            while let Some(number) = receiver.recv().await {
                sum += number;
            }
            sum
        });
        let sends = task::spawn(async move {
            for number in 0..10_000 {
                sender.send(number).await.unwrap();
            }
        });
        sends.await.unwrap();
        assert_eq!(receives.await.unwrap(), 10_000 * 9_999 / 2);
        task::spawn(wakes_itself(10_000)).await.unwrap();
        let snapshot = trace::snapshot().unwrap();
        let polled: HashSet<_> = snapshot.tasks().map(|task| task.id()).collect();
        assert!(polled.len() >= 2);
    });
    let metrics = runtime.metrics();
    let (polls, delays) = (
        metrics.poll_time_histogram(),
        metrics.schedule_delay_histogram(),
    );
    assert!(polls.count() >= 10_000, "{polls:?}");
    // One of 64 wakes: of each message there are two at most.
    assert!((10..=400).contains(&delays.count()), "{delays:?}");
    for histogram in [polls, delays] {
        let sum: u64 = histogram.buckets().map(|(_, count)| count).sum();
        assert_eq!(sum, histogram.count());
        assert!(!histogram.sum().is_zero());
        // Each has taken as long as its bucket says, at least.
        let ends = histogram.buckets().map(|(end, _)| end.unwrap_or_default());
        let begins = std::iter::once(Duration::ZERO).chain(ends);
        let counts = histogram.buckets().map(|(_, count)| count as u32);
        let least: Duration = begins.zip(counts).map(|(begin, count)| begin * count).sum();
        assert!(least <= histogram.sum(), "{histogram:?}");
        assert_eq!(histogram.buckets().last().unwrap().0, None);
    }
}

#[test]
fn a_current_thread_runtime_is_recorded() {
    let runtime = on_one_thread();
    let snapshot = runtime.block_on(async {
        news().await.unwrap();
        trace::snapshot().unwrap()
    });
    // There who yields sleeps until the others have had their turn.
    check_news(&snapshot, None, Outcome::Asleep);
    let parks = runtime.block_on(async {
        let nap = leno::time::sleep(Duration::from_millis(2));
        task::spawn(nap).await.unwrap();
        trace::snapshot().unwrap()
    });
    assert!(parks.events().any(|event| event.kind == EventKind::Park));
    let fired = EventKind::Timers { woken: 1 };
    assert!(parks.events().any(|event| event.kind == fired), "{parks:?}");
}

/// Of a current-thread runtime that traces, whose thread is known to record.
fn traced(program: impl Future<Output = ()>) -> (Snapshot, Runtime) {
    traced_with(Diagnostics::off(), program)
}

fn traced_with(diagnostics: Diagnostics, program: impl Future<Output = ()>) -> (Snapshot, Runtime) {
    let runtime = Builder::new_current_thread()
        .diagnostics(diagnostics)
        .build()
        .unwrap();
    let snapshot = runtime.block_on(async {
        let tracing = trace::start().unwrap();
        until_recorded().await;
        program.await;
        tracing.finish().unwrap()
    });
    (snapshot, runtime)
}

#[test]
fn only_a_wake_that_changes_something_is_recorded() {
    let (snapshot, _runtime) = traced(async {
        let (tell, told) = oneshot::channel();
        let mut tell = Some(tell);
        let sleeper = std::future::poll_fn(move |cx| match tell.take() {
            Some(tell) => {
                tell.send(cx.waker().clone()).unwrap();
                Poll::Pending
            }
            None => Poll::Ready(()),
        });
        let sleeper = task::Builder::new().name("sleeper").spawn(sleeper);
        let wakes = task::spawn(async {
            let waker = told.await.unwrap();
            waker.wake_by_ref();
            waker.wake_by_ref();
            waker
        });
        sleeper.unwrap().await.unwrap();
        // It is complete.
        wakes.await.unwrap().wake();
    });
    let sleeper = named(&snapshot, "sleeper");
    let wakes = snapshot
        .events()
        .filter(|event| matches!(event.kind, EventKind::Wake { task, .. } if task == sleeper));
    assert_eq!(wakes.count(), 1, "{snapshot:?}");
}

#[test]
fn each_poll_of_a_trace_is_counted() {
    let (snapshot, runtime) = traced(async {
        for _ in 0..100 {
            task::spawn(task::yield_now()).await.unwrap();
        }
    });
    let polls = snapshot.events().filter(is_poll);
    assert_eq!(
        runtime.metrics().poll_time_histogram().count(),
        polls.count() as u64
    );
    assert!(snapshot.events().all(|event| event.is_exact));
}

/// What is told of a poll besides its end is no poll.
#[test]
fn a_slow_poll_is_counted_once() {
    own_diagnostics::only();
    leno::diagnostics::on_report(|_| ());
    let shortest = Duration::from_nanos(1);
    let (snapshot, runtime) = traced_with(Diagnostics::off().slow_polls(shortest), async {
        for _ in 0..100 {
            task::spawn(task::yield_now()).await.unwrap();
        }
    });
    let is_slow = |event: &Event| matches!(event.kind, EventKind::Slow { .. });
    assert!(snapshot.events().filter(is_slow).count() >= 100);
    assert_eq!(
        runtime.metrics().poll_time_histogram().count(),
        snapshot.events().filter(is_poll).count() as u64
    );
}

/// Of its polls nothing is recorded but that they were.
async fn wakes_itself(mut polls: u32) {
    std::future::poll_fn(|cx| {
        polls -= 1;
        if polls == 0 {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn is_poll(event: &Event) -> bool {
    matches!(event.kind, EventKind::Poll { .. })
}

#[test]
fn a_record_has_the_time_of_what_comes_after_a_pause() {
    let runtime = on_one_thread();
    let snapshot = runtime.block_on(async {
        let naps = task::spawn(async {
            for _ in 0..20 {
                leno::time::sleep(Duration::from_micros(100)).await;
            }
        });
        naps.await.unwrap();
        trace::snapshot().unwrap()
    });
    let events: Vec<_> = snapshot.events().collect();
    let mut after_pauses = 0;
    for two in events.windows(2) {
        if !is_poll(&two[0]) && is_poll(&two[1]) {
            assert!(two[1].is_exact, "{two:?}");
            after_pauses += 1;
        }
    }
    assert!(after_pauses >= 20, "{events:#?}");
}

#[test]
fn spare_workers_come_and_go_in_the_record() {
    let runtime = runtime(1, true);
    let numbers = |leave: bool| {
        let snapshot = trace::snapshot_of(runtime.handle()).unwrap();
        let numbers = snapshot.events().filter_map(|event| match event.kind {
            EventKind::SpareStarts { worker } if !leave => Some(worker),
            EventKind::SpareLeaves { worker } if leave => Some(worker),
            _ => None,
        });
        numbers.collect::<Vec<_>>()
    };
    runtime.block_on(async {
        let (wake, woken) = std::sync::mpsc::channel();
        let (begin, began) = std::sync::mpsc::channel();
        let stuck = leno::spawn(async move {
            begin.send(()).unwrap();
            woken.recv().unwrap();
        });
        began.recv().unwrap();
        // Whoever runs this while the worker is stuck is a spare.
        leno::spawn(async move { wake.send(()).unwrap() })
            .await
            .unwrap();
        stuck.await.unwrap();
    });
    assert_eq!(numbers(false).first(), Some(&1));
    while numbers(true).is_empty() {
        std::thread::yield_now();
    }
    let started = numbers(false);
    assert!(numbers(true).iter().all(|worker| started.contains(worker)));
}

/// Tasks that end, wake each other and are stolen, until they are to stop.
async fn traffic(stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        let notify = Arc::new(Notify::new());
        let tasks: Vec<_> = (0..8)
            .map(|number| {
                let notify = notify.clone();
                task::spawn(async move {
                    trace::mark("begun");
                    if number % 2 == 0 {
                        notify.notify_one();
                    } else {
                        notify.notified().await;
                    }
                    task::yield_now().await;
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    }
}

#[test]
fn two_runtimes_are_switched_read_and_dropped_at_full_speed() {
    let check = |snapshot: &Snapshot| {
        let mut last = std::collections::HashMap::new();
        for event in snapshot.events() {
            let before = last.insert((event.runtime, event.worker), event.time);
            assert!(before.is_none_or(|before| before <= event.time));
            match event.kind {
                EventKind::Poll { since, .. } => assert!(since <= event.time),
                EventKind::Mark { label, .. } => assert_eq!(label, "begun"),
                _ => {}
            }
        }
    };
    for _ in 0..2 {
        let stop = Arc::new(AtomicBool::new(false));
        let runtimes = [runtime(2, false), runtime(1, true)];
        let handles: Vec<_> = runtimes
            .iter()
            .map(|runtime| runtime.handle().clone())
            .collect();
        for handle in &handles {
            handle.spawn(traffic(stop.clone()));
        }
        std::thread::scope(|scope| {
            let switches = scope.spawn(|| {
                for round in 0..40 {
                    for handle in &handles {
                        trace::record(handle, round % 3 != 0);
                        let tracing = trace::start_of(handle);
                        task_from_outside(handle);
                        drop(tracing);
                    }
                }
            });
            let reads = scope.spawn(|| {
                for _ in 0..15 {
                    for handle in &handles {
                        if let Ok(snapshot) = trace::snapshot_of(handle) {
                            check(&snapshot);
                        }
                    }
                }
            });
            switches.join().unwrap();
            // The end comes while somebody reads.
            drop(runtimes);
            reads.join().unwrap();
            stop.store(true, Ordering::Relaxed);
        });
        for handle in &handles {
            check(&trace::snapshot_of(handle).unwrap());
        }
    }
}

fn task_from_outside(handle: &leno::runtime::Handle) {
    drop(handle.spawn(async { trace::mark("begun") }));
}

#[test]
fn the_first_poll_begins_when_the_record_does() {
    let runtime = runtime(1, false);
    let handle = runtime.handle();
    // The first poll that is recorded from now on. The worker looks whether to record when it looks around.
    let polled_for = |name: &'static str| {
        loop {
            let first = task::Builder::new().name(name).spawn_on(
                async {
                    let begun = std::time::Instant::now();
                    while begun.elapsed() < Duration::from_millis(2) {}
                },
                handle,
            );
            runtime.block_on(first.unwrap()).unwrap();
            let snapshot = trace::snapshot_of(handle).unwrap();
            let is_it = |task: u64| snapshot.task(task).and_then(|task| task.name()) == Some(name);
            let poll = snapshot.events().find_map(|event| match event.kind {
                EventKind::Poll { task, since, .. } if is_it(task) => Some((since, event.time)),
                _ => None,
            });
            if let Some(poll) = poll {
                return poll;
            }
        }
    };
    trace::record(handle, true);
    let (began, ended) = polled_for("first");
    assert!(ended - began >= Duration::from_millis(2));
    trace::record(handle, false);
    // Until the worker has heard of it: then its last event is the last.
    let last = || {
        let snapshot = trace::snapshot_of(handle).unwrap();
        let events = snapshot.events();
        let last = events
            .filter(|event| event.worker == Worker::Number(0))
            .last();
        last.unwrap().time
    };
    let spawn = || runtime.block_on(async { task::spawn(async {}).await.unwrap() });
    let mut paused = last();
    loop {
        spawn();
        spawn();
        let now = last();
        if now == paused {
            break;
        }
        paused = now;
    }
    trace::record(handle, true);
    let (began, _) = polled_for("second");
    assert!(began > paused);
}

#[test]
fn a_record_does_not_grow_with_the_tasks_that_sleep() {
    let runtime = runtime(1, false);
    runtime.block_on(async {
        let notify = Arc::new(Notify::new());
        let sleepers: Vec<_> = (0..40_000)
            .map(|_| {
                let notify = notify.clone();
                task::spawn(async move { notify.notified().await })
            })
            .collect();
        trace::record(&leno::runtime::Handle::current(), true);
        until_recorded().await;
        // So the worker has polled all by now, before or after.
        let task = task::Builder::new().name("awake").spawn(async {});
        task.unwrap().await.unwrap();
        let snapshot = trace::snapshot().unwrap();
        named(&snapshot, "awake");
        assert!(snapshot.tasks().count() < 40_000, "{snapshot:?}");
        drop(sleepers);
    });
}
