//! What the guide of `leno::task` says of misuse: each case behaves as it is said there.

mod expected_reports;

use expected_reports::expect;
use leno::diagnostics::ReportKind;
use leno::runtime::{Builder, Runtime};
use leno::sync::oneshot;
use leno::task::{self, Child, LocalSet, Policy, ReasonKind, Scope, Supervisor, TaskGroup};
use leno::time::{sleep, timeout};
use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

/// One thread, and a clock that leaps: so a wait for ever ends at its timeout, and takes no time.
fn paused() -> Runtime {
    let builder = &mut Builder::new_current_thread();
    builder.enable_all().start_paused(true).build().unwrap()
}

fn workers() -> Runtime {
    let builder = &mut Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}

/// Polls it once, and it is pending.
async fn begin<F: Future>(mut future: Pin<&mut F>) {
    let polled = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending()));
    assert!(polled.await);
}

/// What it panics with.
fn panic_of<T>(f: impl FnOnce() -> T) -> String {
    let Err(payload) = catch_unwind(AssertUnwindSafe(f)) else {
        panic!("it does not panic");
    };
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast_ref::<&str>().unwrap()).to_owned(),
    }
}

#[test]
fn a_child_of_a_group_that_is_over_still_has_its_output() {
    paused().block_on(async {
        let child: Result<Child<u32>, ()> =
            task::group(async |group| Ok(group.spawn(async { Ok(7) }))).await;
        assert_eq!(child.unwrap().await, 7);
    });
}

#[test]
fn a_child_without_an_output_panics_outside_of_its_group() {
    let text = panic_of(|| {
        paused().block_on(async {
            let mut smuggled = None;
            let result: Result<(), &str> = task::group(async |group| {
                smuggled = Some(group.spawn(pending::<Result<(), &str>>()));
                Err("enough")
            })
            .await;
            assert_eq!(result, Err("enough"));
            smuggled.unwrap().await;
        });
    });
    assert!(text.contains("awaited outside of the group"), "{text}");
    assert!(text.contains("the body of its group failed"), "{text}");
}

#[test]
fn what_is_spawned_after_the_end_is_dropped() {
    paused().block_on(async {
        let kept = Arc::new(());
        let group: Result<TaskGroup<()>, ()> = task::group(async |group| Ok(group.clone())).await;
        let token = Arc::clone(&kept);
        let child: Child<()> = group.unwrap().spawn(async move {
            drop(token);
            Ok(())
        });
        assert_eq!((Arc::strong_count(&kept), child.id()), (1, None));

        let supervisor: Supervisor = task::supervise(async |tasks| tasks.clone()).await;
        let token = Arc::clone(&kept);
        let refused = supervisor.spawn(async move { drop(token) });
        let error = refused.await.unwrap_err();
        assert!(error.is_cancelled());
        assert_eq!(error.reason().unwrap().kind(), ReasonKind::Ended);
        assert!(error.to_string().contains("had ended"), "{error}");
        assert_eq!(Arc::strong_count(&kept), 1);
    });
}

#[test]
fn a_shield_with_an_endless_limit_keeps_its_scope_as_long_as_it_takes() {
    expect(
        ReportKind::CutShort,
        "what is shielded for ever is still there when the runtime ends",
    );
    let kept = Arc::new(());
    let runtime = paused();
    runtime.block_on(async {
        let kept = Arc::clone(&kept);
        let shielded = task::shield(Duration::MAX, async move {
            let _kept = kept;
            pending::<()>().await;
        });
        let scope = Scope::new().timeout(Duration::from_millis(1));
        // An hour later it still waits.
        let waited = timeout(LIMIT * 60, scope.run(shielded)).await;
        assert!(waited.is_err());
    });
    assert_eq!(Arc::strong_count(&kept), 2);
    // The end of the runtime ends it.
    drop(runtime);
    assert_eq!(Arc::strong_count(&kept), 1);
}

#[test]
fn a_forgotten_group_does_not_keep_the_scope_around_it() {
    paused().block_on(async {
        let scope = Scope::new();
        let stop = scope.handle();
        let (sender, receiver) = oneshot::channel::<()>();
        let run = scope.run(async {
            let mut group = Box::pin(task::group(async |group: &TaskGroup<()>| {
                drop(group.spawn(async move {
                    let _sender = sender;
                    pending::<Result<(), ()>>().await
                }));
                pending::<Result<(), ()>>().await
            }));
            begin(group.as_mut()).await;
            let _forgotten = std::mem::ManuallyDrop::new(group);
            pending::<()>().await;
        });
        let run = leno::spawn(run);
        sleep(Duration::from_millis(1)).await;
        // A cancel reaches its tasks, and its body, which will never be dropped, holds nobody up.
        stop.cancel("no more");
        assert!(run.await.unwrap().is_err());
        assert!(receiver.await.is_err());
    });
}

#[test]
fn a_task_may_be_on_another_runtime_than_its_group() {
    let other = workers();
    paused().block_on(async {
        let kept = Arc::new(());
        let result: Result<(), &str> = task::group(async |group| {
            let (began, begun) = oneshot::channel();
            let token = Arc::clone(&kept);
            {
                let _entered = other.enter();
                drop(group.spawn(async move {
                    let _token = token;
                    began.send(()).unwrap();
                    pending::<Result<(), &str>>().await
                }));
            }
            begun.await.unwrap();
            Err("enough")
        })
        .await;
        assert_eq!((result, Arc::strong_count(&kept)), (Err("enough"), 1));
    });
}

#[test]
fn a_local_set_that_nobody_polls_holds_up_its_group() {
    let runtime = paused();
    let kept = Arc::new(());
    let set = LocalSet::new();
    runtime.block_on(async {
        let token = Arc::clone(&kept);
        let group = task::group(async |group: &TaskGroup<()>| {
            let _entered = set.enter();
            drop(group.spawn_local(async move {
                drop(token);
                Ok(())
            }));
            Ok(())
        });
        assert!(timeout(LIMIT, group).await.is_err());
    });
    // Its task was cancelled with the group, and is dropped when the set has a turn, or goes.
    assert_eq!(Arc::strong_count(&kept), 2);
    drop(set);
    assert_eq!(Arc::strong_count(&kept), 1);
}

#[test]
fn a_local_set_that_ends_under_a_task_is_said() {
    let text = panic_of(|| {
        paused().block_on(async {
            let mut set = Some(LocalSet::new());
            task::group(async |group: &TaskGroup<()>| {
                let entered = set.as_ref().map(LocalSet::enter);
                let child = group.spawn_local(pending::<Result<(), ()>>());
                drop(entered);
                set = None;
                child.await;
                Ok(())
            })
            .await
        })
    });
    assert!(text.contains("was shut down"), "{text}");
}

#[test]
fn a_group_that_is_kept_outside_of_its_scope_does_not_hold_that_up() {
    let text = panic_of(|| {
        paused().block_on(async {
            let kept = Arc::new(());
            let mut group = Box::pin(task::group(async |group: &TaskGroup<()>| {
                let token = Arc::clone(&kept);
                let child = group.spawn(async move {
                    let _token = token;
                    pending::<Result<(), ()>>().await
                });
                child.await;
                Ok(())
            }));
            // What the scope drops is a reference: the group's future is neither polled nor dropped.
            let scope = Scope::new().timeout(Duration::from_millis(1));
            assert!(scope.run(group.as_mut()).await.is_err());
            // Its task has ended, and there is nothing that it could return.
            assert_eq!(Arc::strong_count(&kept), 1);
            group.await
        })
    });
    assert!(text.contains("polled outside of it"), "{text}");
}

#[test]
fn on_one_thread_what_is_left_ends_when_the_runtime_is_driven_again() {
    let runtime = paused();
    let kept = Arc::new(());
    let token = Arc::clone(&kept);
    runtime.block_on(async {
        let mut group = Box::pin(task::group(async |group: &TaskGroup<()>| {
            group
                .spawn(async move {
                    let _token = token;
                    pending::<Result<(), ()>>().await
                })
                .await;
            Ok(())
        }));
        begin(group.as_mut()).await;
        task::yield_now().await;
    });
    assert_eq!(Arc::strong_count(&kept), 2);
    runtime.block_on(task::yield_now());
    assert_eq!(Arc::strong_count(&kept), 1);
}

#[test]
fn the_end_of_the_runtime_ends_groups_and_says_so() {
    for runtime in [paused(), workers()] {
        let kept = Arc::new(());
        let token = Arc::clone(&kept);
        let (began, begun) = oneshot::channel();
        let (task, told) = runtime.block_on(async {
            let (tell, told) = oneshot::channel();
            let task = leno::spawn(task::supervise(async move |tasks| {
                let inner = tasks.spawn(async move {
                    let _token = token;
                    began.send(()).unwrap();
                    pending::<()>().await;
                });
                tell.send(inner).unwrap();
                pending::<()>().await;
            }));
            begun.await.unwrap();
            (task, told.await.unwrap())
        });
        drop(runtime);
        assert_eq!(Arc::strong_count(&kept), 1);
        for handle in [task, told] {
            let error = paused().block_on(handle).unwrap_err();
            let kind = error.reason().unwrap().kind();
            let ends = [ReasonKind::Shutdown, ReasonKind::OwnerDropped];
            assert!(ends.contains(&kind), "{error}: {kind:?}");
        }
    }
}

#[test]
fn a_group_that_is_awaited_elsewhere_when_its_runtime_ends_says_so() {
    let runtime = workers();
    let handle = runtime.handle().clone();
    let (began, begun) = oneshot::channel();
    let waiter = std::thread::spawn(move || {
        panic_of(|| {
            handle.block_on(task::group(async |group: &TaskGroup<()>| {
                let child = group.spawn(async move {
                    began.send(()).unwrap();
                    pending::<Result<(), ()>>().await
                });
                child.await;
                Ok(())
            }))
        })
    });
    runtime.block_on(begun).unwrap();
    drop(runtime);
    let text = waiter.join().unwrap();
    assert!(text.contains("was shut down"), "{text}");
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("in a destructor");
    }
}

#[test]
fn a_destructor_that_panics_is_its_groups_panic_if_nothing_failed_before() {
    for runtime in [paused(), workers()] {
        let text = panic_of(|| {
            runtime.block_on(task::group(async |group: &TaskGroup<()>| {
                let bomb = Bomb;
                let child = group.spawn(async move {
                    let _bomb = bomb;
                    task::yield_now().await;
                    Ok(())
                });
                child.await;
                Ok(())
            }))
        });
        assert_eq!(text, "in a destructor");
    }
}

#[test]
fn a_task_with_a_place_that_waits_for_another_place_waits_for_itself() {
    paused().block_on(async {
        let group = task::group_with(
            Policy::first_error().limit(1),
            async |group: &TaskGroup<()>| {
                let within = group.clone();
                group
                    .spawn_when_free(async move {
                        within.spawn_when_free(async { Ok(()) }).await.await;
                        Ok(())
                    })
                    .await
                    .await;
                Ok(())
            },
        );
        assert!(timeout(LIMIT, group).await.is_err());
    });
}

#[test]
fn a_supervisors_body_goes_on_when_its_tasks_are_cancelled() {
    paused().block_on(async {
        let output = task::supervise(async |tasks| {
            let task = tasks.spawn(pending::<()>());
            tasks.cancel("no more");
            let error = task.await.unwrap_err();
            assert_eq!(error.reason().unwrap().text(), Some("no more"));
            7
        })
        .await;
        assert_eq!(output, 7);
    });
}

#[test]
fn a_timeout_does_not_wait_for_a_group_and_a_scope_does() {
    paused().block_on(async {
        for waits in [false, true] {
            let kept = Arc::new(());
            let token = Arc::clone(&kept);
            let group = task::group(async |group: &TaskGroup<()>| {
                group
                    .spawn(async move {
                        let _token = token;
                        pending::<Result<(), ()>>().await
                    })
                    .await;
                Ok(())
            });
            let limit = Duration::from_millis(1);
            if waits {
                Scope::new().timeout(limit).run(group).await.unwrap_err();
            } else {
                timeout(limit, group).await.unwrap_err();
            }
            assert_eq!(Arc::strong_count(&kept), if waits { 1 } else { 2 });
        }
    });
}
