//! Runtimes of both kinds run tasks, and end.

use leno::runtime::{Builder, Runtime};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn runtimes() -> Vec<(&'static str, Runtime)> {
    let mut runtimes = vec![(
        "current-thread",
        Builder::new_current_thread().enable_all().build().unwrap(),
    )];
    for workers in [1, 2, 8] {
        let runtime = Builder::new_multi_thread()
            .worker_threads(workers)
            .enable_all()
            .build()
            .unwrap();
        runtimes.push(("multi-thread", runtime));
    }
    runtimes
}

#[test]
fn a_spawned_task_returns_its_output() {
    for (kind, runtime) in runtimes() {
        let output = runtime.block_on(async { leno::spawn(async { 6 * 7 }).await.unwrap() });
        assert_eq!(output, 42, "{kind}");
    }
}

#[test]
fn ids_are_keys_of_ordered_maps() {
    for (kind, runtime) in runtimes() {
        let names: BTreeMap<_, _> = (0..10)
            .map(|name| (runtime.spawn(async {}).id(), name))
            .collect();
        assert_eq!(names.len(), 10, "{kind}");
        assert!(names.keys().is_sorted(), "{kind}");
    }
}

#[test]
fn tasks_spawn_tasks() {
    fn tree(depth: u32) -> std::pin::Pin<Box<dyn Future<Output = u32> + Send>> {
        Box::pin(async move {
            if depth == 0 {
                return 1;
            }
            let left = leno::spawn(tree(depth - 1));
            let right = leno::spawn(tree(depth - 1));
            left.await.unwrap() + right.await.unwrap()
        })
    }
    for (kind, runtime) in runtimes() {
        assert_eq!(runtime.block_on(tree(12)), 1 << 12, "{kind}");
    }
}

/// Panics in its poll, and in its destructor too, which tells whether the thread was panicking.
struct PanicsTwice(std::sync::mpsc::Sender<bool>);

impl std::future::Future for PanicsTwice {
    type Output = ();

    fn poll(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<()> {
        panic!("the first");
    }
}

impl Drop for PanicsTwice {
    fn drop(&mut self) {
        let _ = self.0.send(std::thread::panicking());
        panic!("the second");
    }
}

#[test]
fn a_future_that_panics_is_dropped_while_that_unwinds() {
    for (kind, runtime) in runtimes() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let error = runtime
            .block_on(runtime.spawn(PanicsTwice(sender)))
            .unwrap_err();
        assert!(receiver.recv().unwrap(), "{kind}: not panicking");
        assert_eq!(
            *error.into_panic().downcast::<&str>().unwrap(),
            "the first",
            "{kind}"
        );
    }
}

#[test]
fn a_panic_reaches_the_joiner_and_nobody_else() {
    for (kind, runtime) in runtimes() {
        runtime.block_on(async {
            let error = leno::spawn(async { panic!("on purpose") })
                .await
                .unwrap_err();
            assert!(error.is_panic(), "{kind}");
            assert_eq!(
                *error.into_panic().downcast::<&str>().unwrap(),
                "on purpose"
            );
            assert_eq!(leno::spawn(async { 1 }).await.unwrap(), 1);
        });
    }
}

#[test]
fn yielding_tasks_all_finish() {
    for (kind, runtime) in runtimes() {
        let count = Arc::new(AtomicUsize::new(0));
        runtime.block_on(async {
            let tasks: Vec<_> = (0..100)
                .map(|_| {
                    let count = count.clone();
                    leno::spawn(async move {
                        for _ in 0..100 {
                            leno::task::yield_now().await;
                            count.fetch_add(1, Ordering::Relaxed);
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
        assert_eq!(count.load(Ordering::Relaxed), 10_000, "{kind}");
    }
}

#[test]
fn an_aborted_task_is_cancelled() {
    for (kind, runtime) in runtimes() {
        runtime.block_on(async {
            let task = leno::spawn(std::future::pending::<()>());
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled(), "{kind}");
        });
    }
}

#[test]
fn dropping_a_runtime_drops_its_tasks() {
    for (kind, runtime) in runtimes() {
        let shared = Arc::new(());
        let handle = runtime.block_on(async {
            for _ in 0..1000 {
                let shared = shared.clone();
                leno::spawn(async move {
                    leno::task::yield_now().await;
                    std::future::pending::<()>().await;
                    drop(shared);
                });
            }
            leno::runtime::Handle::current()
        });
        drop(runtime);
        assert_eq!(Arc::strong_count(&shared), 1, "{kind}");
        let late = handle.spawn(async {});
        let runtime = Builder::new_current_thread().build().unwrap();
        assert!(runtime.block_on(late).unwrap_err().is_cancelled());
    }
}

#[test]
fn blocking_closures_run_and_are_waited_for() {
    for (kind, runtime) in runtimes() {
        let sum = runtime.block_on(async {
            let closures: Vec<_> = (0..100)
                .map(|n| leno::task::spawn_blocking(move || n))
                .collect();
            let mut sum = 0;
            for closure in closures {
                sum += closure.await.unwrap();
            }
            sum
        });
        assert_eq!(sum, 4950, "{kind}");
    }
}

#[test]
fn block_in_place_lets_the_other_tasks_go_on() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    runtime.block_on(async {
        leno::spawn(async {
            let (sender, receiver) = std::sync::mpsc::channel();
            leno::spawn(async move { sender.send(42).unwrap() });
            assert_eq!(leno::task::block_in_place(|| receiver.recv()).unwrap(), 42);
        })
        .await
        .unwrap();
    });
}

#[test]
fn a_runtime_is_shown_with_its_parts() {
    for (kind, runtime) in runtimes() {
        let task = runtime.spawn(std::future::pending::<()>());
        let shown = format!("{:?}", runtime.handle());
        let workers = runtime.metrics().num_workers();
        let scheduler = match kind {
            "current-thread" => "Local { live_tasks: 1, .. }".to_owned(),
            _ => format!("Pool {{ workers: {workers}, live_tasks: 1, idle: "),
        };
        for part in [&*scheduler, "Home(..)", "Blocking { threads: "] {
            assert!(shown.contains(part), "no `{part}` in `{shown}`");
        }
        let (id, abort) = (task.id(), task.abort_handle());
        assert_eq!(format!("{task:?}"), format!("JoinHandle {{ id: {id:?} }}"));
        assert_eq!(
            format!("{abort:?}"),
            format!("AbortHandle {{ id: {id:?} }}")
        );
    }
}
