//! Scopes, shields and guards: what is cancelled has ended, what is shielded has had its time, and everybody can say why.

#[path = "task_support/mod.rs"]
mod support;

use leno::runtime::Builder;
use leno::sync::{Barrier, mpsc, oneshot};
use leno::task::{self, ReasonKind, Scope};
use leno::time::{Instant, sleep, timeout};
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::on_all_runtimes;

const LONG: Duration = Duration::from_secs(3600);

struct Counts(Arc<AtomicUsize>);

impl Drop for Counts {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_ready_future_is_its_output() {
    on_all_runtimes(|| async {
        assert_eq!(Scope::new().run(async { 3 }).await.unwrap(), 3);
        assert_eq!(
            Scope::new().timeout(LONG).run(async { 4 }).await.unwrap(),
            4
        );
        let late = Scope::new().timeout(LONG).run(async {
            task::yield_now().await;
            5
        });
        assert_eq!(late.await.unwrap(), 5);
    });
}

#[test]
fn a_deadline_ends_what_is_within() {
    on_all_runtimes(|| async {
        let dropped = Arc::new(AtomicUsize::new(0));
        let line = line!() + 1;
        let scope = Scope::new().timeout(Duration::from_millis(2));
        let cancelled = scope
            .run(task::group(async |group| {
                for _ in 0..10 {
                    let counts = Counts(Arc::clone(&dropped));
                    drop(group.spawn(async move {
                        let _counts = counts;
                        pending::<Result<(), String>>().await
                    }));
                }
                pending::<Result<(), String>>().await
            }))
            .await
            .unwrap_err();
        assert_eq!(dropped.load(Ordering::Relaxed), 10);
        let reason = cancelled.reason();
        assert_eq!(reason.kind(), ReasonKind::Deadline);
        assert_eq!(reason.place().unwrap().line(), line);
        let text = std::io::Error::from(cancelled).to_string();
        assert!(text.contains("the deadline of the scope at"), "{text}");
    });
}

#[test]
fn a_deadline_reaches_tasks_while_their_parent_computes() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let receiver = std::sync::Mutex::new(receiver);
    let busy = runtime.spawn(async move {
        let scope = Scope::new().timeout(Duration::from_millis(5));
        let group = task::group(async |group| {
            drop(group.spawn(async move {
                let _sender = sender;
                pending::<Result<(), String>>().await
            }));
            // Its own thread is held up until the task is gone.
            assert!(receiver.lock().unwrap().recv().is_err());
            pending::<Result<(), String>>().await
        });
        scope.run(group).await.unwrap_err().reason().kind()
    });
    assert_eq!(runtime.block_on(busy).unwrap(), ReasonKind::Deadline);
}

#[test]
fn the_earliest_deadline_is_told() {
    on_all_runtimes(|| async {
        assert_eq!(task::deadline(), None);
        let near = Instant::now() + Duration::from_secs(100);
        let far = near + LONG;
        let inner = Scope::new().deadline(far).run(async move {
            assert_eq!(task::deadline(), Some(near));
            let _: Result<(), ()> = task::group(async |group| {
                group
                    .spawn(async move {
                        assert_eq!(task::deadline(), Some(near));
                        Ok(())
                    })
                    .await;
                group
                    .spawn_blocking(move || {
                        assert_eq!(task::deadline(), Some(near));
                        Ok(())
                    })
                    .await;
                // A plain task is in no scope.
                let plain = leno::spawn(async { task::deadline() });
                assert_eq!(plain.await.unwrap(), None);
                Ok(())
            })
            .await;
            task::shield(LONG, async { assert_eq!(task::deadline(), None) }).await;
        });
        Scope::new()
            .deadline(near)
            .run(inner)
            .await
            .unwrap()
            .unwrap();
    });
}

#[test]
fn a_handle_cancels_and_tells() {
    on_all_runtimes(|| async {
        let scope = Scope::new();
        let stop = scope.handle();
        assert!(!stop.is_cancelled());
        let (looker, looks) = (stop.clone(), stop.clone());
        let waiter = leno::spawn(async move { looker.cancelled().await });
        task::yield_now().await;
        let by = leno::spawn(async move {
            assert!(stop.cancel("enough"));
            assert!(!stop.cancel("too late"));
            task::id()
        });
        let cancelled = scope.run(pending::<()>()).await.unwrap_err();
        let by = by.await.unwrap();
        let reason = waiter.await.unwrap();
        for reason in [&reason, cancelled.reason(), &looks.reason().unwrap()] {
            assert_eq!(reason.kind(), ReasonKind::Requested);
            assert_eq!(reason.text(), Some("enough"));
            assert_eq!(reason.by(), Some(by));
        }
        let text = cancelled.to_string();
        assert!(
            text.starts_with(&format!("cancelled by task {by} at ")),
            "{text}"
        );
    });
}

#[test]
fn who_waits_no_more_is_not_told_and_the_others_are() {
    on_all_runtimes(|| async {
        let scope = Scope::new();
        let waits: Vec<_> = (0..3)
            .map(|_| leno::spawn(scope.handle().cancelled()))
            .collect();
        task::yield_now().await;
        let [first, second, third] = waits.try_into().unwrap();
        second.abort();
        assert!(second.await.unwrap_err().is_cancelled());
        scope.handle().cancel("enough");
        for waits in [first, third] {
            assert_eq!(waits.await.unwrap().text(), Some("enough"));
        }
    });
}

#[test]
fn cancelled_before_it_runs() {
    on_all_runtimes(|| async {
        let scope = Scope::new();
        scope.handle().cancel("no");
        let never = scope.run(async { unreachable!("it is not polled") as () });
        assert!(never.await.is_err());
        // A scope that is dropped unused leaves nobody waiting who has not been told.
        let scope = Scope::new();
        let waits = scope.handle().cancelled();
        let waiter = leno::spawn(waits);
        task::yield_now().await;
        drop(scope);
        assert_eq!(waiter.await.unwrap().kind(), ReasonKind::OwnerDropped);
    });
}

#[test]
fn who_looks_learns_of_the_scope_around() {
    on_all_runtimes(|| async {
        let outer = Scope::new();
        let stop = outer.handle();
        let (sender, receiver) = oneshot::channel();
        let inner = Scope::new();
        let looks = inner.handle();
        let waiter = leno::spawn(async move {
            let waits = looks.cancelled();
            sender.send(()).unwrap();
            waits.await
        });
        let (begins, begun) = oneshot::channel();
        let ran = leno::spawn(outer.run(inner.run(async move {
            begins.send(()).unwrap();
            pending::<()>().await;
        })));
        receiver.await.unwrap();
        begun.await.unwrap();
        while !waiter.is_finished() {
            stop.cancel("from around");
            task::yield_now().await;
        }
        assert_eq!(waiter.await.unwrap().text(), Some("from around"));
        // Either may notice first.
        assert!(ran.await.unwrap().and_then(|inner| inner).is_err());
    });
}

#[test]
fn a_deadline_can_be_set_later() {
    on_all_runtimes(|| async {
        let scope = Scope::new();
        let handle = scope.handle();
        let (sender, receiver) = oneshot::channel();
        let ran = leno::spawn(scope.run(async move {
            sender.send(()).unwrap();
            pending::<()>().await;
        }));
        receiver.await.unwrap();
        handle.set_deadline(Instant::now() + LONG);
        handle.set_deadline(Instant::now() + Duration::from_millis(1));
        let cancelled = ran.await.unwrap().unwrap_err();
        assert_eq!(cancelled.reason().kind(), ReasonKind::Deadline);
    });
}

#[test]
fn a_shield_is_its_output_and_goes_on() {
    on_all_runtimes(|| async {
        assert_eq!(task::shield(LONG, async { 6 }).await, 6);
        let (sender, mut receiver) = mpsc::channel(1);
        let begun = Arc::new(Barrier::new(2));
        let (body, is_left) = oneshot::channel::<()>();
        let work = {
            let begun = Arc::clone(&begun);
            async move {
                begun.wait().await;
                // The scope is cancelled meanwhile, and its body dropped.
                assert!(is_left.await.is_err());
                assert!(!task::is_cancelled());
                sender.send("done").await.unwrap();
            }
        };
        let scope = Scope::new();
        let stop = scope.handle();
        let canceller = leno::spawn(async move {
            begun.wait().await;
            stop.cancel("now");
        });
        let ran = scope.run(async {
            let _body = body;
            task::shield(LONG, work).await;
        });
        let ran = ran.await;
        // It has ended when the scope has.
        assert_eq!(receiver.try_recv().unwrap(), "done");
        assert!(ran.is_err());
        canceller.await.unwrap();
        // Dropped before its first poll nothing has begun.
        drop(task::shield(LONG, async {
            unreachable!("it is not polled") as ()
        }));
    });
}

#[test]
fn a_guard_cleans_up_in_each_way_to_leave() {
    on_all_runtimes(|| async {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let guarded = |name: &'static str| {
            let sender = sender.clone();
            task::guard(name, LONG, move |name| async move {
                for _ in 0..3 {
                    task::yield_now().await;
                }
                sender.send(name).unwrap();
            })
        };
        // Early return.
        let result: Result<(), String> = task::group(async |_| {
            let _guard = guarded("error");
            Err("early")?;
            unreachable!()
        })
        .await;
        assert!(result.is_err());
        assert_eq!(receiver.try_recv(), Ok("error"));
        // Cancelled.
        let scope = Scope::new().timeout(Duration::from_millis(1));
        let ran = scope.run(async {
            let guard = guarded("cancel");
            assert_eq!(guard.len(), "cancel".len());
            pending::<()>().await;
        });
        ran.await.unwrap_err();
        assert_eq!(receiver.try_recv(), Ok("cancel"));
        // In a task of a group, which fails; and within a timeout.
        let guard = guarded("task");
        let result: Result<(), String> = task::group(async |group| {
            let task = group.spawn(async move {
                let _guard = guard;
                pending::<Result<(), String>>().await
            });
            let _ = timeout(Duration::from_millis(1), task).await;
            Err("the body")?;
            unreachable!()
        })
        .await;
        assert!(result.is_err());
        assert_eq!(receiver.try_recv(), Ok("task"));
        // Panic.
        let panicked = leno::spawn(Scope::new().run({
            let guard = guarded("panic");
            async move {
                let _guard = guard;
                panic!("on purpose");
            }
        }));
        assert!(panicked.await.unwrap_err().is_panic());
        assert_eq!(receiver.try_recv(), Ok("panic"));
        // Disarmed.
        assert_eq!(guarded("kept").into_inner(), "kept");
        let mut ran = false;
        task::on_cancel(LONG, async { unreachable!() as () }).disarm();
        let scope = Scope::new().run(async { ran = true });
        scope.await.unwrap();
        assert!(ran && receiver.try_recv().is_err());
    });
}

#[test]
fn a_cleanup_within_a_cleanup_and_a_group_within_that() {
    on_all_runtimes(|| async {
        let order = Arc::new(std::sync::Mutex::new(Vec::new()));
        let note = |what: &'static str| {
            let order = Arc::clone(&order);
            move || order.lock().unwrap().push(what)
        };
        let (outer, inner, task) = (note("outer"), note("inner"), note("task"));
        let scope = Scope::new().timeout(Duration::from_millis(1));
        let ran = scope.run(async move {
            let _undo = task::on_cancel(LONG, async move {
                let _undo = task::on_cancel(LONG, async move {
                    task::yield_now().await;
                    inner();
                });
                let result: Result<(), String> = task::group(async |group| {
                    drop(group.spawn(async move {
                        sleep(Duration::from_millis(1)).await;
                        task();
                        Ok(())
                    }));
                    Ok(())
                })
                .await;
                result.unwrap();
                outer();
            });
            pending::<()>().await;
        });
        ran.await.unwrap_err();
        assert_eq!(*order.lock().unwrap(), ["task", "outer", "inner"]);
    });
}

#[test]
fn without_timers_it_says_what_to_do() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let made: [fn(); 3] = [
        || drop(Scope::new().timeout(LONG)),
        || drop(task::shield(LONG, async {})),
        || drop(task::guard((), LONG, |()| async {})),
    ];
    for make in made {
        let panicked = std::panic::catch_unwind(|| runtime.block_on(async { make() }));
        let text = *panicked.unwrap_err().downcast::<String>().unwrap();
        assert!(text.contains("enable_time"), "{text}");
    }
    // A scope without a deadline needs none.
    assert_eq!(runtime.block_on(Scope::new().run(async { 1 })).unwrap(), 1);
}
