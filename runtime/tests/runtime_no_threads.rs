//! A system that has no thread to give: an error to the caller, and nothing left behind.

use leno::runtime::Builder;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// No system has room for such a stack, so every thread is refused.
const TOO_LARGE: usize = 1 << 60;

#[test]
fn a_runtime_without_workers_is_an_error() {
    for workers in [1, 4] {
        Builder::new_multi_thread()
            .worker_threads(workers)
            .thread_stack_size(TOO_LARGE)
            .enable_all()
            .build()
            .unwrap_err();
    }
}

/// There is nothing to wait for, so it is no misuse.
#[test]
fn a_runtime_without_workers_is_an_error_in_asynchronous_code_too() {
    for outer in [
        Builder::new_current_thread().build().unwrap(),
        Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .unwrap(),
    ] {
        let build = || {
            Builder::new_multi_thread()
                .worker_threads(2)
                .thread_stack_size(TOO_LARGE)
                .enable_all()
                .build()
                .map(drop)
        };
        outer.block_on(async { build().unwrap_err() });
        outer.block_on(async move {
            leno::spawn(async move { build().unwrap_err() })
                .await
                .unwrap()
        });
    }
}

#[test]
fn spawn_blocking_panics_with_the_remedy_and_drops_the_closure() {
    let runtime = Builder::new_current_thread()
        .thread_stack_size(TOO_LARGE)
        .build()
        .unwrap();
    let owned = Arc::new(());
    let closure = {
        let owned = owned.clone();
        move || drop(owned)
    };
    let panic = catch_unwind(AssertUnwindSafe(|| runtime.spawn_blocking(closure))).unwrap_err();
    let text = panic.downcast::<String>().unwrap();
    assert!(text.contains("max_blocking_threads"), "{text}");
    assert_eq!(Arc::strong_count(&owned), 1);
    // The runtime goes on.
    assert_eq!(
        runtime.block_on(async { leno::spawn(async { 1 }).await.unwrap() }),
        1
    );
}
