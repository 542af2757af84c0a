//! A task knows where it was spawned, by whichever function, and under what name.

use leno::runtime::{Builder, Handle, LocalRuntime, Runtime};
use leno::task::{self, JoinError, JoinHandle, JoinSet, LocalSet, spawn_blocking, spawn_local};
use std::future::pending;
use std::panic::resume_unwind;

/// What is spawned, and the line on which it is.
macro_rules! here {
    ($spawned:expr) => {
        (line!(), $spawned)
    };
}

/// Both kinds of runtime.
fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_current_thread().build().unwrap(),
        Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap(),
    ]
}

/// Why a task of these tests ends.
fn fail() {
    resume_unwind(Box::new("on purpose"));
}

#[track_caller]
fn check(error: &JoinError, line: u32, name: Option<&str>) {
    let place = error.spawned_at();
    assert_eq!((place.file(), place.line()), (file!(), line));
    assert_eq!(error.name(), name);
}

/// Ends the task, and checks what its error tells.
async fn end((line, task): (u32, JoinHandle<()>), name: Option<&str>) {
    task.abort();
    check(&task.await.unwrap_err(), line, name);
}

/// The same for the only task of a set.
async fn end_in_set(line: u32, set: &mut JoinSet<()>, name: Option<&str>) {
    set.abort_all();
    let error = set.join_next().await.unwrap().unwrap_err();
    check(&error, line, name);
    assert!(set.is_empty());
}

#[test]
fn spawn_tells_the_place_of_its_call() {
    for runtime in runtimes() {
        let handle = runtime.handle().clone();
        let from_outside = [
            here!(runtime.spawn(pending())),
            here!(handle.spawn(pending())),
        ];
        runtime.block_on(async {
            for task in from_outside {
                end(task, None).await;
            }
            end(here!(leno::spawn(pending())), None).await;
            end(here!(Handle::current().spawn(pending())), None).await;
            let inner = leno::spawn(async { end(here!(leno::spawn(pending())), None).await });
            inner.await.unwrap();
        });
    }
}

#[test]
fn a_blocking_closure_tells_the_place_of_its_call() {
    for runtime in runtimes() {
        let handle = runtime.handle().clone();
        let from_outside = [
            here!(runtime.spawn_blocking(fail)),
            here!(handle.spawn_blocking(fail)),
        ];
        runtime.block_on(async {
            let from_inside = [here!(spawn_blocking(fail))];
            for (line, task) in from_outside.into_iter().chain(from_inside) {
                check(&task.await.unwrap_err(), line, None);
            }
        });
    }
    let runtime = LocalRuntime::new().unwrap();
    let (line, task) = here!(runtime.spawn_blocking(fail));
    check(&runtime.block_on(task).unwrap_err(), line, None);
}

#[test]
fn a_local_task_tells_the_place_of_its_call() {
    for runtime in runtimes() {
        let set = LocalSet::new();
        let from_outside = here!(set.spawn_local(pending()));
        set.block_on(&runtime, async {
            end(from_outside, None).await;
            end(here!(spawn_local(pending())), None).await;
        });
    }
    let runtime = LocalRuntime::new().unwrap();
    let from_outside = here!(runtime.spawn_local(pending()));
    runtime.block_on(async {
        end(from_outside, None).await;
        end(here!(spawn_local(pending())), None).await;
    });
}

#[test]
fn a_task_of_a_join_set_tells_the_place_of_its_call() {
    for runtime in runtimes() {
        let handle = &runtime.handle().clone();
        let local = &LocalSet::new();
        let set = &mut JoinSet::new();
        local.block_on(&runtime, async {
            let (line, _) = here!(set.spawn(pending()));
            end_in_set(line, set, None).await;
            let (line, _) = here!(set.spawn_on(pending(), handle));
            end_in_set(line, set, None).await;
            let (line, _) = here!(set.spawn_local(pending()));
            end_in_set(line, set, None).await;
            let (line, _) = here!(set.spawn_local_on(pending(), local));
            end_in_set(line, set, None).await;
            let (line, _) = here!(set.spawn_blocking(fail));
            end_in_set(line, set, None).await;
            let (line, _) = here!(set.spawn_blocking_on(fail, handle));
            end_in_set(line, set, None).await;
            let (line, ()) = here!(set.extend([pending()]));
            end_in_set(line, set, None).await;
        });
    }
}

#[test]
fn a_builder_s_task_tells_its_name_too() {
    let name = Some("worker");
    let named = || task::Builder::new().name("worker");
    for runtime in runtimes() {
        let handle = &runtime.handle().clone();
        let local = &LocalSet::new();
        local.block_on(&runtime, async {
            end(here!(named().spawn(pending()).unwrap()), name).await;
            end(here!(named().spawn_on(pending(), handle).unwrap()), name).await;
            end(here!(named().spawn_local(pending()).unwrap()), name).await;
            let spawned = here!(named().spawn_local_on(pending(), local).unwrap());
            end(spawned, name).await;
            let (line, task) = here!(named().spawn_blocking(fail).unwrap());
            check(&task.await.unwrap_err(), line, name);
            let (line, task) = here!(named().spawn_blocking_on(fail, handle).unwrap());
            check(&task.await.unwrap_err(), line, name);
            let nameless = task::Builder::new();
            end(here!(nameless.spawn(pending()).unwrap()), None).await;
        });
    }
}

#[test]
fn so_does_that_of_a_join_set_s_builder() {
    let name = Some("worker");
    for runtime in runtimes() {
        let handle = &runtime.handle().clone();
        let local = &LocalSet::new();
        let set = &mut JoinSet::new();
        local.block_on(&runtime, async {
            let task = set.build_task().name("worker");
            let (line, _) = here!(task.spawn(pending()).unwrap());
            end_in_set(line, set, name).await;
            let task = set.build_task().name("worker");
            let (line, _) = here!(task.spawn_on(pending(), handle).unwrap());
            end_in_set(line, set, name).await;
            let task = set.build_task().name("worker");
            let (line, _) = here!(task.spawn_local(pending()).unwrap());
            end_in_set(line, set, name).await;
            let task = set.build_task().name("worker");
            let (line, _) = here!(task.spawn_local_on(pending(), local).unwrap());
            end_in_set(line, set, name).await;
            let task = set.build_task().name("worker");
            let (line, _) = here!(task.spawn_blocking(fail).unwrap());
            end_in_set(line, set, name).await;
            let task = set.build_task().name("worker");
            let (line, _) = here!(task.spawn_blocking_on(fail, handle).unwrap());
            end_in_set(line, set, name).await;
            let (line, _) = here!(set.build_task().spawn(pending()).unwrap());
            end_in_set(line, set, None).await;
        });
    }
}

#[test]
fn a_builder_s_closure_that_nobody_will_run_is_an_error() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let handle = runtime.handle().clone();
    drop(runtime);
    let refused = task::Builder::new().spawn_blocking_on(|| (), &handle);
    assert!(leno::runtime::is_rt_shutdown_err(&refused.unwrap_err()));
}

#[test]
fn the_error_s_text_stays_as_it_is_known() {
    let [runtime, _] = runtimes();
    runtime.block_on(async {
        let task = task::Builder::new().name("worker");
        let task = task.spawn(async { fail() }).unwrap();
        let id = task.id();
        let text = task.await.unwrap_err().to_string();
        assert_eq!(
            text,
            format!("task {id} panicked with message \"on purpose\"")
        );
    });
}
