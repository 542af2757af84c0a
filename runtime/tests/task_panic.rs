//! Foreign code that panics hurts its own task at most: nothing hangs, and the runtime goes on.

mod expected_reports;
mod task_support;

use expected_reports::expect;
use leno::diagnostics::ReportKind;
use leno::runtime::{Builder, Runtime};
use leno::task::{spawn_blocking, yield_now};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use task_support::{
    Event, PanicOnDrop, ReadyThenPanicOnDrop, multi_thread, on_each_runtime, panicking_waker,
    runtimes,
};

/// Fails unless the runtime still runs tasks and closures.
fn still_works(runtime: &Runtime) {
    runtime.block_on(goes_on());
}

/// Fails unless the runtime that this is on still runs tasks and closures.
async fn goes_on() {
    let tasks: Vec<_> = (0..20)
        .map(|number| {
            leno::spawn(async move {
                yield_now().await;
                number
            })
        })
        .collect();
    let mut sum = 0;
    for task in tasks {
        sum += task.await.unwrap();
    }
    assert_eq!(sum, 190);
    assert_eq!(spawn_blocking(|| 1).await.unwrap(), 1);
}

async fn a_panicking_join_waker_is_caught(_: &str) {
    let go = Event::new();
    let waits = go.clone();
    let mut task = pin!(leno::spawn(async move {
        waits.wait().await;
        1
    }));
    let waker = panicking_waker();
    assert!(
        task.as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    go.set();
    // The output is not lost with the waker.
    assert_eq!(task.await.unwrap(), 1);
    goes_on().await;
}

#[test]
fn a_panicking_join_waker_of_a_blocking_closure_is_caught() {
    for (_, runtime) in runtimes() {
        let go = Event::new();
        let waits = go.clone();
        let mut task = pin!(runtime.spawn_blocking(move || {
            waits.block();
            1
        }));
        let waker = panicking_waker();
        assert!(
            task.as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
        go.set();
        assert_eq!(runtime.block_on(task).unwrap(), 1);
        still_works(&runtime);
    }
}

/// A waker whose destructor panics.
fn waker_that_panics_on_drop() -> Waker {
    fn clone(_: *const ()) -> RawWaker {
        RawWaker::new(std::ptr::null(), &VTABLE)
    }
    fn nothing(_: *const ()) {}
    fn panics(_: *const ()) {
        panic!("a waker's destructor panics on purpose");
    }
    static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, panics, nothing, panics);
    // SAFETY: the functions do nothing with the pointer, from any thread.
    unsafe { Waker::from_raw(clone(std::ptr::null())) }
}

async fn a_join_waker_whose_destructor_panics_is_caught(_: &str) {
    let waker = std::mem::ManuallyDrop::new(waker_that_panics_on_drop());
    let mut task = Box::pin(leno::spawn(std::future::pending::<()>()));
    assert!(
        task.as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    // The handle takes its waker back.
    drop(task);
    goes_on().await;
}

async fn a_panicking_destructor_of_a_ready_future_is_the_error(kind: &str) {
    let task = leno::spawn(ReadyThenPanicOnDrop(PanicOnDrop));
    assert!(task.await.unwrap_err().is_panic(), "{kind}");
    goes_on().await;
}

async fn a_future_that_panics_twice_is_caught(kind: &str) {
    struct Twice(PanicOnDrop);
    impl Future for Twice {
        type Output = ();
        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
            panic!("the poll panics first");
        }
    }
    let task = leno::spawn(Twice(PanicOnDrop));
    let payload = task.await.unwrap_err().into_panic();
    assert_eq!(
        *payload.downcast::<&str>().unwrap(),
        "the poll panics first",
        "{kind}"
    );
    goes_on().await;
}

async fn a_payload_whose_destructor_panics_is_swallowed(_: &str) {
    expect(ReportKind::LostPanic, "every second handle is dropped");
    for detached in [true, false] {
        let task = leno::spawn(async {
            yield_now().await;
            std::panic::panic_any(PanicOnDrop);
        });
        if detached {
            drop(task);
        } else {
            while !task.is_finished() {
                yield_now().await;
            }
            drop(task);
        }
        goes_on().await;
    }
}

#[test]
fn a_panic_whose_payload_panics_when_dropped_ends_no_thread() {
    struct Evil;
    impl std::task::Wake for Evil {
        fn wake(self: Arc<Self>) {
            std::panic::panic_any(PanicOnDrop);
        }
    }
    struct PanicsTwice;
    impl Future for PanicsTwice {
        type Output = ();
        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
            panic!("the poll panics first");
        }
    }
    impl Drop for PanicsTwice {
        fn drop(&mut self) {
            std::panic::panic_any(PanicOnDrop);
        }
    }
    let callback = || std::panic::panic_any(PanicOnDrop);
    for workers in [0, 1, 2] {
        let mut builder = Builder::new_current_thread();
        if workers > 0 {
            builder = Builder::new_multi_thread();
            builder.worker_threads(workers);
        }
        let runtime = builder
            .on_thread_start(callback)
            .on_thread_park(callback)
            .on_thread_unpark(callback)
            .on_thread_stop(callback)
            .build()
            .unwrap();
        let waker = Waker::from(Arc::new(Evil));
        let go = Event::new();
        let waits = go.clone();
        let mut task = pin!(runtime.spawn(async move { waits.wait().await }));
        assert!(
            task.as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
        go.set();
        runtime.block_on(task).unwrap();
        assert!(
            runtime
                .block_on(runtime.spawn(PanicsTwice))
                .unwrap_err()
                .is_panic()
        );
        still_works(&runtime);
    }
}

#[test]
fn blocking_closures_may_panic() {
    expect(ReportKind::LostPanic, "the handles are dropped");
    for (kind, runtime) in runtimes() {
        for _ in 0..100 {
            runtime.spawn_blocking(|| panic!("on purpose"));
            runtime.spawn_blocking(|| PanicOnDrop);
            let panics = PanicOnDrop;
            runtime.spawn_blocking(move || {
                let _panics = panics;
            });
        }
        let task = runtime.spawn_blocking(|| panic!("on purpose"));
        assert!(runtime.block_on(task).unwrap_err().is_panic(), "{kind}");
        still_works(&runtime);
    }
}

#[test]
fn a_blocking_closure_that_is_cancelled_may_panic_in_its_destructor() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(1)
        .build()
        .unwrap();
    let (started, go) = (Event::new(), Event::new());
    let (tells, waits) = (started.clone(), go.clone());
    runtime.spawn_blocking(move || {
        tells.set();
        waits.block();
    });
    started.block();
    let panics = PanicOnDrop;
    let task = runtime.spawn_blocking(move || drop(panics));
    runtime.shutdown_background();
    go.set();
    let runtime = multi_thread(1);
    // The panic of the destructor is what the handle tells.
    assert!(runtime.block_on(task).unwrap_err().is_panic());
}

#[test]
fn block_in_place_passes_a_panic_on() {
    let runtime = multi_thread(2);
    for _ in 0..20 {
        let task = runtime.spawn(async {
            leno::task::block_in_place(|| panic!("on purpose"));
        });
        assert!(runtime.block_on(task).unwrap_err().is_panic());
    }
    still_works(&runtime);
}

#[test]
fn a_panic_in_block_on_leaves_the_runtime_usable() {
    for (_, runtime) in runtimes() {
        for _ in 0..3 {
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                runtime.block_on(async {
                    leno::spawn(yield_now());
                    yield_now().await;
                    panic!("on purpose")
                })
            }));
            assert!(result.is_err());
            still_works(&runtime);
        }
    }
}

fn with_panicking_callbacks(builder: &mut Builder) -> (Runtime, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let callback = || {
        let calls = calls.clone();
        move || {
            calls.fetch_add(1, Ordering::SeqCst);
            panic!("a callback panics on purpose");
        }
    };
    let runtime = builder
        .on_thread_start(callback())
        .on_thread_stop(callback())
        .on_thread_park(callback())
        .on_thread_unpark(callback())
        .enable_all()
        .build()
        .unwrap();
    (runtime, calls)
}

#[test]
fn callbacks_may_panic() {
    for workers in [0, 1, 2, 8] {
        let (runtime, calls) = if workers == 0 {
            with_panicking_callbacks(&mut Builder::new_current_thread())
        } else {
            with_panicking_callbacks(Builder::new_multi_thread().worker_threads(workers))
        };
        for _ in 0..5 {
            still_works(&runtime);
        }
        drop(runtime);
        assert!(calls.load(Ordering::SeqCst) > 0, "{workers} workers");
    }
}

#[test]
fn a_waker_that_panics_in_a_turn_of_the_wheel_does_not_end_a_worker() {
    for (_, runtime) in runtimes() {
        let enter = runtime.enter();
        let mut sleep = Box::pin(leno::time::sleep(std::time::Duration::from_millis(1)));
        let waker = panicking_waker();
        assert!(
            sleep
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
        drop(enter);
        // It fires while this timer, of the same runtime, is waited for.
        runtime.block_on(async {
            while poll_fn(|_| Poll::Ready(!sleep.is_elapsed())).await {
                leno::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        });
        still_works(&runtime);
    }
}

on_each_runtime!(
    a_panicking_join_waker_is_caught,
    a_join_waker_whose_destructor_panics_is_caught,
    a_panicking_destructor_of_a_ready_future_is_the_error,
    a_future_that_panics_twice_is_caught,
    a_payload_whose_destructor_panics_is_swallowed,
);
