//! Groups: whatever ends them, nothing of their tasks is left, and the first failure is what is returned.

mod expected_reports;
#[path = "task_support/mod.rs"]
mod support;

use expected_reports::expect;
use leno::diagnostics::ReportKind;
use leno::runtime::Builder;
use leno::sync::{Barrier, oneshot};
use leno::task::{self, Child, Policy, TaskGroup};
use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::on_all_runtimes;

/// Counts what is alive of the tasks' futures and outputs.
#[derive(Clone, Default)]
struct Alive(Arc<AtomicUsize>);

struct Token(Arc<AtomicUsize>);

impl Alive {
    fn token(&self) -> Token {
        self.0.fetch_add(1, Ordering::Relaxed);
        Token(Arc::clone(&self.0))
    }

    #[track_caller]
    fn assert_none(&self) {
        assert_eq!(self.0.load(Ordering::Relaxed), 0, "something is left");
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// So many tasks that sleep for ever, some of which have slept already.
async fn sleepers(group: &TaskGroup<String>, alive: &Alive, count: usize) {
    for n in 0..count {
        let token = alive.token();
        drop(group.spawn(async move {
            pending::<()>().await;
            drop(token);
            Ok(())
        }));
        if n % 3 == 0 {
            task::yield_now().await;
        }
    }
}

#[test]
fn ok_waits_for_all() {
    on_all_runtimes(|| async {
        let alive = Alive::default();
        let result: Result<u32, String> = task::group(async |group| {
            for _ in 0..10 {
                let token = alive.token();
                // The output is a token too: nobody takes it.
                drop(group.spawn(async move {
                    task::yield_now().await;
                    Ok(token)
                }));
            }
            Ok(7)
        })
        .await;
        alive.assert_none();
        assert_eq!(result, Ok(7));
    });
}

#[test]
fn a_child_is_its_output() {
    on_all_runtimes(|| async {
        let (text, number) = (String::from("borrowed"), 5);
        let result: Result<usize, String> = task::group(async |group| {
            let length = group.spawn(async { Ok(3_usize) });
            let more = group.spawn_blocking(move || Ok(number + 1));
            Ok(length.await + more.await + text.len())
        })
        .await;
        assert_eq!(result, Ok(17));
    });
}

#[test]
fn the_body_fails() {
    on_all_runtimes(|| async {
        let alive = Alive::default();
        let result: Result<(), String> = task::group(async |group| {
            sleepers(group, &alive, 20).await;
            Err("the body".to_owned())
        })
        .await;
        alive.assert_none();
        assert_eq!(result.unwrap_err(), "the body");
    });
}

#[test]
fn a_task_fails() {
    on_all_runtimes(|| async {
        let alive = Alive::default();
        let result: Result<(), String> = task::group(async |group| {
            sleepers(group, &alive, 20).await;
            let _kept = alive.token();
            group
                .spawn(async { Err::<(), _>("a task".to_owned()) })
                .await;
            unreachable!("the body is dropped where it awaits");
        })
        .await;
        alive.assert_none();
        assert_eq!(result.unwrap_err(), "a task");
    });
}

#[test]
fn a_task_fails_that_nobody_awaits() {
    on_all_runtimes(|| async {
        let alive = Alive::default();
        let result: Result<(), String> = task::group(async |group| {
            sleepers(group, &alive, 20).await;
            let first = alive.token();
            drop(group.spawn(async move {
                task::yield_now().await;
                drop(first);
                Err::<(), _>("a task".to_owned())
            }));
            pending().await
        })
        .await;
        alive.assert_none();
        assert_eq!(result.unwrap_err(), "a task");
    });
}

#[test]
fn a_task_fails_after_the_body_is_done() {
    on_all_runtimes(|| async {
        let alive = Alive::default();
        let (sender, receiver) = oneshot::channel::<()>();
        let result: Result<oneshot::Sender<()>, String> = task::group(async |group| {
            sleepers(group, &alive, 20).await;
            drop(group.spawn(async move {
                let _ = receiver.await;
                Err::<(), _>("late".to_owned())
            }));
            drop(sender);
            Ok(oneshot::channel().0)
        })
        .await;
        alive.assert_none();
        assert_eq!(result.unwrap_err(), "late");
    });
}

fn panics<F: Future>(future: F) -> impl Future<Output = Option<String>> {
    let mut future = Box::pin(future);
    std::future::poll_fn(move |cx| {
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(polled) => polled.map(|_| None),
            Err(payload) => {
                let text = payload
                    .downcast_ref::<&str>()
                    .map(|text| (*text).to_owned());
                std::task::Poll::Ready(text.or_else(|| payload.downcast().ok().map(|text| *text)))
            }
        }
    })
}

#[test]
fn a_task_panics() {
    on_all_runtimes(|| async {
        let alive = Alive::default();
        let group = task::group(async |group| {
            sleepers(group, &alive, 20).await;
            drop(group.spawn(async { panic!("in a task") as Result<(), String> }));
            pending::<Result<(), String>>().await
        });
        assert_eq!(panics(group).await.as_deref(), Some("in a task"));
        alive.assert_none();
    });
}

#[test]
fn the_body_panics() {
    on_all_runtimes(|| async {
        let alive = Alive::default();
        let group = task::group(async |group| {
            sleepers(group, &alive, 20).await;
            panic!("in the body") as Result<(), String>
        });
        assert_eq!(panics(group).await.as_deref(), Some("in the body"));
        alive.assert_none();
    });
}

#[test]
fn a_destructor_panics() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }
    expect(ReportKind::LostPanic, "the error came first");
    on_all_runtimes(|| async {
        let alive = Alive::default();
        let group = task::group(async |group| {
            sleepers(group, &alive, 5).await;
            let panics = Panics;
            drop(group.spawn(async move {
                let _panics = panics;
                pending::<Result<(), String>>().await
            }));
            task::yield_now().await;
            Err::<(), _>("first".to_owned())
        });
        // The error came first; the panic is reported as one that nobody has looked at.
        assert_eq!(panics(group).await, None);
        alive.assert_none();
    });
}

#[test]
fn all_errors_are_collected() {
    on_all_runtimes(|| async {
        let barrier = Arc::new(Barrier::new(3));
        let result = task::group_with(Policy::all_errors(), async |group| {
            for n in 0..3 {
                let barrier = Arc::clone(&barrier);
                drop(group.spawn_blocking(move || {
                    leno::runtime::Handle::current().block_on(barrier.wait());
                    // It has started, and is not stopped.
                    Err::<(), _>(n)
                }));
            }
            pending::<Result<(), u32>>().await
        })
        .await;
        let errors = result.unwrap_err();
        assert_eq!(errors.others().len(), 2);
        let mut all: Vec<_> = errors.into_iter().collect();
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2]);
    });
}

#[test]
fn dropped_in_the_body() {
    on_all_runtimes(|| async {
        let alive = Alive::default();
        // The group around waits for the one that is dropped.
        let result: Result<(), String> = task::group(async |_outer| {
            let inner = task::group(async |group| {
                sleepers(group, &alive, 20).await;
                pending::<Result<(), String>>().await
            });
            let timed = leno::time::timeout(Duration::from_millis(1), inner).await;
            assert!(timed.is_err());
            Ok(())
        })
        .await;
        alive.assert_none();
        assert_eq!(result, Ok(()));
    });
}

#[test]
fn dropped_while_it_waits() {
    on_all_runtimes(|| async {
        let alive = Alive::default();
        task::supervise(async |outer| {
            let alive = alive.clone();
            let (sender, receiver) = oneshot::channel();
            let inner = outer.spawn(async move {
                task::group(async |group| {
                    sleepers(group, &alive, 20).await;
                    sender.send(()).unwrap();
                    Ok(())
                })
                .await
            });
            receiver.await.unwrap();
            assert!(inner.cancel().await.is_none());
        })
        .await;
        alive.assert_none();
    });
}

#[test]
fn nested_deep_and_cancelled_from_outside() {
    fn nest(depth: usize, alive: Alive) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            let _: Result<(), String> = task::group(async |group| {
                sleepers(group, &alive, 2).await;
                if depth > 0 {
                    let next = nest(depth - 1, alive.clone());
                    group
                        .spawn(async move {
                            next.await;
                            Ok(())
                        })
                        .await;
                }
                pending().await
            })
            .await;
        })
    }
    on_all_runtimes(|| async {
        let alive = Alive::default();
        task::supervise(async |outer| {
            drop(outer.spawn(nest(100, alive.clone())));
            while alive.0.load(Ordering::Relaxed) < 200 {
                task::yield_now().await;
            }
            outer.cancel("enough");
        })
        .await;
        alive.assert_none();
    });
}

#[test]
fn a_spawn_into_a_group_that_has_ended_is_refused() {
    on_all_runtimes(|| async {
        let alive = Alive::default();
        let handle = task::group(async |group| Ok::<TaskGroup<String>, String>(group.clone()))
            .await
            .unwrap();
        let token = alive.token();
        let child: Child<()> = handle.spawn(async move {
            drop(token);
            unreachable!("it is dropped");
        });
        alive.assert_none();
        assert!(child.is_finished() && child.id().is_none());
        let text = panics(child).await.unwrap();
        assert!(text.contains("outside of the group"), "{text}");
    });
}

#[test]
fn a_child_that_was_smuggled_out_does_not_hang() {
    on_all_runtimes(|| async {
        let (sender, receiver) = oneshot::channel::<Child<()>>();
        let outside = leno::spawn(async move {
            let child = receiver.await.unwrap();
            panics(child).await
        });
        let result: Result<(), String> = task::group(async |group| {
            let child = group.spawn(async {
                task::yield_now().await;
                Err("failed".to_owned())
            });
            assert!(sender.send(child).is_ok());
            pending().await
        })
        .await;
        assert_eq!(result.unwrap_err(), "failed");
        let text = outside.await.unwrap().unwrap();
        assert!(text.contains("a task of its group failed"), "{text}");
    });
}

#[test]
fn one_task_alone_is_cancelled() {
    on_all_runtimes(|| async {
        let alive = Alive::default();
        let result: Result<u32, String> = task::group(async |group| {
            let token = alive.token();
            let child = group.spawn(async move {
                let _token = token;
                pending::<Result<(), String>>().await
            });
            task::yield_now().await;
            assert_eq!(child.cancel().await, None);
            alive.assert_none();
            let done = group.spawn(async { Ok(1) });
            while !done.is_finished() {
                task::yield_now().await;
            }
            assert_eq!(done.cancel().await, Some(1));
            Ok(2)
        })
        .await;
        assert_eq!(result, Ok(2));
    });
}

#[test]
fn a_limit_is_kept() {
    on_all_runtimes(|| async {
        let running = Arc::new(AtomicUsize::new(0));
        let most = Arc::new(AtomicUsize::new(0));
        let policy = Policy::first_error().limit(3);
        let result: Result<(), String> = task::group_with(policy, async |group| {
            for _ in 0..20 {
                let (running, most) = (Arc::clone(&running), Arc::clone(&most));
                let child = group.spawn_when_free(async move {
                    let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                    most.fetch_max(now, Ordering::SeqCst);
                    task::yield_now().await;
                    running.fetch_sub(1, Ordering::SeqCst);
                    Ok(())
                });
                drop(child.await);
            }
            Ok(())
        })
        .await;
        result.unwrap();
        assert!((1..=3).contains(&most.load(Ordering::SeqCst)));
    });
}

#[test]
fn local_tasks() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    task::LocalSet::new().block_on(&runtime, async {
        let shared = std::rc::Rc::new(std::cell::Cell::new(1));
        let result: Result<(), String> = task::group(async |group| {
            let own = std::rc::Rc::clone(&shared);
            group
                .spawn_local(async move {
                    own.set(2);
                    Ok(())
                })
                .await;
            drop(group.spawn_local(async { pending::<Result<(), String>>().await }));
            task::yield_now().await;
            Err("end".to_owned())
        })
        .await;
        assert_eq!(result.unwrap_err(), "end");
        assert_eq!((shared.get(), std::rc::Rc::strong_count(&shared)), (2, 1));
    });
    // Where there is no set: a panic, and the group does not wait for what was never spawned.
    let panicked = runtime.block_on(panics(task::group(async |group| {
        drop(group.spawn_local(async { Ok::<(), String>(()) }));
        Ok::<(), String>(())
    })));
    assert!(panicked.unwrap().contains("spawn_local"));
}

#[test]
fn a_runtime_that_ends_under_a_task() {
    let other = Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    let own = Builder::new_current_thread().build().unwrap();
    let handle = other.handle().clone();
    let panicked = own.block_on(panics(task::group(async |group| {
        {
            let _entered = handle.enter();
            drop(group.spawn(async { pending::<Result<(), String>>().await }));
        }
        other.shutdown_background();
        pending::<Result<(), String>>().await
    })));
    let text = panicked.unwrap();
    assert!(text.contains("was shut down"), "{text}");
}

#[test]
fn supervised_tasks_fail_alone() {
    on_all_runtimes(|| async {
        let alive = Alive::default();
        let output = task::supervise(async |supervisor| {
            let failed = supervisor.spawn(async { Err::<(), _>("its own") });
            let panicked = supervisor.spawn(async { panic!("on purpose") });
            let fine = supervisor.spawn(async { 5 });
            assert_eq!(failed.await.unwrap(), Err("its own"));
            assert!(panicked.await.unwrap_err().is_panic());
            let output = fine.await.unwrap();
            let token = alive.token();
            let sleeper = supervisor.spawn(async move {
                let _token = token;
                pending::<()>().await;
            });
            task::yield_now().await;
            supervisor.cancel("closing time");
            let error = sleeper.await.unwrap_err();
            let text = error.to_string();
            assert!(
                text.contains("closing time") && text.contains(file!()),
                "{text}"
            );
            let refused = supervisor.spawn(async { 1 }).await.unwrap_err();
            assert!(refused.to_string().contains("closing time"));
            output
        })
        .await;
        assert_eq!(output, 5);
        alive.assert_none();
    });
}

#[test]
fn a_group_is_send_where_its_parts_are() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let text = String::from("captured");
    let future = is_send(async move {
        task::group(async |group| {
            let child = group.spawn(async { Ok::<usize, String>(1) });
            Ok(child.await + text.len())
        })
        .await
    });
    let result = runtime.block_on(runtime.spawn(future)).unwrap();
    assert_eq!(result, Ok(9));
}
