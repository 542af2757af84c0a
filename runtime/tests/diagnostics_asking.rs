//! Who asks where tasks stand is told what is true, also if others ask as well, or some do not answer.

#![cfg(target_os = "linux")]

mod own_diagnostics;

use leno::diagnostics::{self, Diagnostics, Report, ReportKind, Stands};
use leno::runtime::{Builder, Handle, Runtime};
use leno::sync::{Mutex, MutexGuard, oneshot};
use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::Poll;
use std::thread;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

fn runtimes() -> [Runtime; 3] {
    own_diagnostics::only();
    let pool = |workers| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(workers).enable_all();
        builder.diagnostics(Diagnostics::off()).build().unwrap()
    };
    let mut local = Builder::new_current_thread();
    local.enable_all().diagnostics(Diagnostics::off());
    [pool(1), pool(2), local.build().unwrap()]
}

async fn deadlocks() -> Vec<Report> {
    let dump = Handle::current().dump(PATIENCE).await.unwrap();
    dump.deadlocks().to_vec()
}

type Lock<'a> = Pin<Box<dyn Future<Output = MutexGuard<'a, ()>> + Send + 'a>>;

/// Ready when one of the locks is: each is polled at the same place.
async fn any<'a>(mut locks: Vec<Lock<'a>>) -> MutexGuard<'a, ()> {
    poll_fn(|cx| {
        for lock in &mut locks {
            if let Poll::Ready(guard) = lock.as_mut().poll(cx) {
                return Poll::Ready(guard);
            }
        }
        Poll::Pending
    })
    .await
}

/// Waits until `number` tasks are asleep.
async fn asleep(number: usize) {
    let is_asleep = |task: &leno::task::TaskInfo| task.state() == leno::task::TaskState::Asleep;
    while Handle::current()
        .tasks()
        .iter()
        .filter(|task| is_asleep(task))
        .count()
        < number
    {
        leno::task::yield_now().await;
    }
}

#[test]
fn who_has_unlocked_a_part_holds_nothing() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let mutex = Arc::new(Mutex::new((1, 2)));
            let (unlocked, locks) = oneshot::channel();
            let (locked, goes_on) = oneshot::channel();
            let task = leno::spawn({
                let mutex = mutex.clone();
                async move {
                    drop(MutexGuard::map(mutex.lock().await, |pair| &mut pair.1));
                    unlocked.send(()).unwrap();
                    goes_on.await.unwrap();
                    drop(mutex.lock().await);
                }
            });
            locks.await.unwrap();
            let guard = mutex.clone().lock_owned().await;
            locked.send(()).unwrap();
            asleep(1).await;
            let reports = deadlocks().await;
            assert!(reports.is_empty(), "{reports:#?}");
            drop(guard);
            task.await.unwrap();
        });
    }
}

#[test]
fn all_that_is_waited_for_in_a_loop_counts() {
    for runtime in runtimes() {
        // More than are told of, and as many as are.
        for locks in [2, 100] {
            runtime.block_on(async {
                let last = Arc::new(Mutex::new(()));
                let guard = last.clone().lock_owned().await;
                let task = leno::spawn({
                    let last = last.clone();
                    async move {
                        let own: Vec<_> = (1..locks).map(|_| Mutex::new(())).collect();
                        let _held: Vec<_> =
                            own.iter().map(|mutex| mutex.try_lock().unwrap()).collect();
                        let own = own.iter().map(|mutex| Box::pin(mutex.lock()) as Lock<'_>);
                        let last: Lock<'_> = Box::pin(last.lock());
                        drop(any(own.chain([last]).collect()).await);
                    }
                });
                asleep(1).await;
                let reports = deadlocks().await;
                assert!(reports.is_empty(), "{reports:#?}");
                drop(guard);
                task.await.unwrap();
            });
        }
    }
}

#[test]
fn in_which_order_a_select_polls_makes_no_difference() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let task = leno::spawn(async {
                let locks: [_; 4] = std::array::from_fn(|_| Mutex::new(()));
                let _held = locks.each_ref().map(|lock| lock.try_lock().unwrap());
                leno::select! {
                    _ = locks[0].lock() => {}
                    _ = locks[1].lock() => {}
                    _ = locks[2].lock() => {}
                    _ = locks[3].lock() => {}
                }
            });
            asleep(1).await;
            // (The first poll that tells finds wakers that are replaced in all of them.)
            for _ in 0..30 {
                assert_eq!(deadlocks().await.len(), 1);
            }
            task.abort();
        });
    }
}

type Half = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Polls it once, which is not enough.
async fn once(half: &mut Half) {
    poll_fn(|cx| {
        assert!(half.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

#[test]
fn a_future_that_waits_for_a_lock_is_its_last_pollers() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let mutex = Arc::new(Mutex::new(()));
            let guard = mutex.clone().lock_owned().await;
            let (sender, receiver) = oneshot::channel();
            let first = leno::spawn({
                let mutex = mutex.clone();
                async move {
                    let mut half: Half = Box::pin(async move { drop(mutex.lock().await) });
                    once(&mut half).await;
                    sender.send(half).ok().unwrap();
                    pending::<()>().await;
                }
            });
            let task = leno::spawn({
                let mutex = mutex.clone();
                async move {
                    let mut half = receiver.await.unwrap();
                    once(&mut half).await;
                    drop(mutex.lock().await);
                }
            });
            asleep(2).await;
            drop(guard);
            let reports = loop {
                let reports = deadlocks().await;
                if !reports.is_empty() {
                    break reports;
                }
            };
            assert_eq!(reports[0].kind(), ReportKind::Futurelock);
            assert_eq!(reports[0].tasks()[0].id(), task.id());
            first.abort();
            task.abort();
        });
    }
}

/// Each costs a walk through the stack, so not all of them are looked at.
#[test]
fn who_clones_a_waker_very_often_is_told_of_once() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let task = leno::spawn(poll_fn(|cx| {
                let kept: Vec<_> = (0..100_000).map(|_| cx.waker().clone()).collect();
                assert!(kept.iter().all(|waker| waker.will_wake(&kept[0])));
                Poll::<()>::Pending
            }));
            asleep(1).await;
            let dump = Handle::current().dump(PATIENCE).await.unwrap();
            let dumped = dump.task(task.id()).unwrap();
            assert_eq!(dumped.leaves().len(), 1, "{dumped}");
            task.abort();
        });
    }
}

#[test]
fn two_who_ask_at_once_are_both_answered() {
    for runtime in runtimes() {
        runtime.block_on(async {
            for _ in 0..200 {
                let handle = Handle::current();
                let dumps = leno::join!(
                    handle.dump(Duration::MAX),
                    handle.dump(Duration::MAX),
                    handle.dump(Duration::MAX)
                );
                for dump in [dumps.0, dumps.1, dumps.2] {
                    let dump = dump.unwrap();
                    assert_eq!(dump.roots()[0].stands(), Stands::Waiting);
                }
            }
        });
    }
}

#[test]
fn a_paused_clock_stands_still_while_tasks_are_asked() {
    const HOUR: Duration = Duration::from_secs(3600);
    own_diagnostics::only();
    let paused = || {
        let mut builder = Builder::new_current_thread();
        builder.enable_all().start_paused(true);
        builder.diagnostics(Diagnostics::off()).build().unwrap()
    };
    let (asked, asking) = (paused(), paused());
    let spawn = |runtime: &Runtime| {
        let task = runtime.spawn(async { leno::time::sleep(HOUR).await });
        runtime.block_on(asleep(1));
        task
    };
    let tasks = [spawn(&asked), spawn(&asking)];
    for runtime in [&asked, &asking] {
        let handle = asked.handle().clone();
        let patience = match runtime.handle().id() == handle.id() {
            true => PATIENCE,
            // Nobody drives it.
            false => Duration::from_millis(1),
        };
        let dump = runtime.block_on(handle.dump(patience)).unwrap();
        assert!(dump.task(tasks[0].id()).is_some());
        assert!(tasks.iter().all(|task| !task.is_finished()));
    }
    // It moves again.
    for (runtime, task) in [asked, asking].iter().zip(tasks) {
        runtime.block_on(task).unwrap();
    }
}

/// A pool of two workers, with a task that is in one poll until what is returned is dropped.
fn busy() -> (Runtime, mpsc::Sender<()>) {
    own_diagnostics::only();
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all();
    let runtime = builder.diagnostics(Diagnostics::off()).build().unwrap();
    let (stop, stopped) = mpsc::channel::<()>();
    let (started, start) = oneshot::channel();
    runtime.spawn(async move {
        leno::time::sleep(Duration::from_millis(1)).await;
        let _ = started.send(());
        stopped.recv().unwrap_err();
    });
    runtime.block_on(start).unwrap();
    (runtime, stop)
}

#[test]
fn who_is_patient_keeps_nobody_else_waiting() {
    let (runtime, stop) = busy();
    let asked = runtime.spawn(pending::<()>());
    runtime.block_on(asleep(1));
    let handle = runtime.handle().clone();
    let patient = thread::spawn({
        let handle = handle.clone();
        move || {
            let mut other = Builder::new_current_thread();
            other.build().unwrap().block_on(handle.dump(Duration::MAX))
        }
    });
    // The others have their turn when they no longer want to wait, at the latest.
    for _ in 0..20 {
        let dump = runtime.block_on(handle.dump(Duration::from_millis(5)));
        assert!(dump.unwrap().task(asked.id()).is_some());
    }
    assert!(!patient.is_finished());
    drop(stop);
    patient.join().unwrap().unwrap();
}

#[test]
fn one_that_does_not_answer_hides_no_others() {
    const TASKS: usize = 2000;
    let (runtime, stop) = busy();
    let polls = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let polls = polls.clone();
            runtime.spawn(poll_fn(move |_| {
                polls.fetch_add(1, Ordering::Relaxed);
                Poll::<()>::Pending
            }))
        })
        .collect();
    runtime.block_on(asleep(TASKS));
    let handle = runtime.handle().clone();
    let dump = thread::spawn(move || {
        let mut other = Builder::new_current_thread();
        other.build().unwrap().block_on(handle.dump(Duration::MAX))
    });
    // All others are asked while it is busy.
    while polls.load(Ordering::Relaxed) < 2 * TASKS {
        thread::yield_now();
    }
    drop(stop);
    let dump = dump.join().unwrap().unwrap();
    for task in tasks {
        let stands = dump.task(task.id()).unwrap().stands();
        assert_eq!(stands, Stands::Waiting);
    }
}

#[test]
fn a_deadlock_and_a_hold_are_told_once_whoever_comes_behind() {
    own_diagnostics::only();
    let (sender, reports) = mpsc::channel();
    diagnostics::on_report(move |report| drop(sender.send(report.clone())));
    let mut builder = Builder::new_multi_thread();
    let diagnostics = Diagnostics::off().long_waits(Duration::from_millis(20));
    builder
        .worker_threads(2)
        .enable_all()
        .diagnostics(diagnostics);
    let runtime = builder.build().unwrap();
    let mutex = Arc::new(Mutex::new(()));
    runtime.spawn({
        let mutex = mutex.clone();
        async move {
            let _first = mutex.lock().await;
            let _second = mutex.lock().await;
        }
    });
    let next = |kind| {
        let report: Report = reports.recv_timeout(PATIENCE).unwrap();
        assert_eq!(report.kind(), kind, "{report}");
    };
    next(ReportKind::Deadlock);
    let wait_for = |mutex: &Arc<Mutex<()>>| {
        let mutex = mutex.clone();
        runtime.spawn(async move { drop(mutex.lock().await) })
    };
    let _behind = [(); 3].map(|()| wait_for(&mutex));
    let held = Arc::new(Mutex::new(()));
    let holder = runtime.spawn({
        let held = held.clone();
        async move {
            let _guard = held.lock().await;
            pending::<()>().await;
        }
    });
    runtime.block_on(asleep(5));
    let _first = [(); 3].map(|()| wait_for(&held));
    next(ReportKind::HeldLock);
    let _later = [(); 3].map(|()| wait_for(&held));
    runtime.block_on(asleep(11));
    // Of another one it is told when there have been several looks at those.
    for _ in 0..3 {
        runtime.spawn(async move {
            let mutex = Mutex::new(());
            let _first = mutex.lock().await;
            let _second = mutex.lock().await;
        });
        next(ReportKind::Deadlock);
    }
    holder.abort();
    drop(runtime);
    diagnostics::flush(PATIENCE);
    assert!(reports.try_recv().is_err());
}
