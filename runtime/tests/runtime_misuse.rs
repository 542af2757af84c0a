//! Each misuse panics, or fails, with a text that names the fix, at the place in the caller's file.

mod task_support;

use leno::runtime::{Builder, Handle, LocalOptions};
use std::process::Command;
use std::time::Duration;
use task_support::{Caught, catch, current_thread, multi_thread, runtimes};

/// Fails unless the panic names `fix` and happened in this file.
#[track_caller]
fn check(caught: &Caught, fix: &str) {
    assert!(caught.text.contains(fix), "{fix:?} is not in {caught:?}");
    assert!(caught.file.ends_with("runtime_misuse.rs"), "{caught:?}");
}

#[test]
fn without_a_runtime() {
    check(
        &catch(|| drop(leno::spawn(async {}))),
        "`Runtime::block_on`",
    );
    check(
        &catch(|| drop(leno::task::spawn_blocking(|| {}))),
        "`Handle::enter`",
    );
    check(&catch(|| drop(Handle::current())), "`#[leno::main]`");
    check(
        &catch(|| drop(leno::time::sleep(std::time::Duration::ZERO))),
        "`Handle::enter`",
    );
    let mut set = leno::task::JoinSet::new();
    check(&catch(|| drop(set.spawn(async {}))), "`Runtime::block_on`");
    check(
        &catch(|| drop(set.spawn_blocking(|| {}))),
        "`Runtime::block_on`",
    );
    check(
        &catch(|| drop(set.spawn_local(async {}))),
        "`LocalSet::run_until`",
    );
    assert!(set.is_empty());
    let error = Handle::try_current().unwrap_err();
    assert!(error.is_missing_context() && !error.is_thread_local_destroyed());
    assert!(error.to_string().contains("`Handle::enter`"));
    // Waiting is fine where nothing is held up.
    assert_eq!(leno::task::block_in_place(|| 1), 1);
}

#[test]
fn without_io() {
    for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        let runtime = builder.worker_threads(1).enable_time().build().unwrap();
        let _enter = runtime.enter();
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let caught = catch(|| drop(leno::net::TcpListener::from_std(socket)));
        check(&caught, "`enable_io`");
    }
}

#[test]
fn without_timers() {
    for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        let runtime = builder.worker_threads(1).enable_io().build().unwrap();
        let _enter = runtime.enter();
        let caught = catch(|| drop(leno::time::sleep(std::time::Duration::ZERO)));
        check(&caught, "`enable_time`");
    }
}

#[test]
fn block_on_within_block_on() {
    for (_, runtime) in runtimes() {
        let (other, handle) = (current_thread(), runtime.handle().clone());
        runtime.block_on(async {
            check(&catch(|| runtime.block_on(async {})), "`spawn_blocking`");
            check(&catch(|| handle.block_on(async {})), "`.await`");
            check(&catch(|| other.block_on(async {})), "`.await`");
            let local = leno::task::LocalSet::new();
            check(&catch(|| local.block_on(&other, async {})), "`.await`");
        });
        let task = runtime.spawn(async move { handle.block_on(async {}) });
        assert!(runtime.block_on(task).unwrap_err().is_panic());
        // On a thread that may wait it is fine.
        let handle = runtime.handle().clone();
        let closure = runtime.spawn_blocking(move || handle.block_on(async { 1 }));
        assert_eq!(runtime.block_on(closure).unwrap(), 1);
    }
}

#[test]
fn block_on_within_block_in_place_is_fine() {
    let runtime = multi_thread(1);
    let task = runtime.spawn(async {
        leno::task::block_in_place(|| {
            Handle::current().block_on(async { leno::spawn(async { 1 }).await.unwrap() })
        })
    });
    assert_eq!(runtime.block_on(task).unwrap(), 1);
}

#[test]
fn block_in_place_on_a_current_thread_runtime() {
    let runtime = current_thread();
    runtime.block_on(async {
        check(
            &catch(|| leno::task::block_in_place(|| {})),
            "`spawn_blocking`",
        );
    });
    let task = runtime.spawn(async { leno::task::block_in_place(|| {}) });
    assert!(runtime.block_on(task).unwrap_err().is_panic());
}

#[test]
fn guards_out_of_order() {
    let (first, second) = (current_thread(), multi_thread(1));
    let outer = first.enter();
    let inner = second.enter();
    let caught = catch(|| drop(outer));
    assert!(caught.text.contains("opposite order"), "{caught:?}");
    // The inner runtime is still the current one.
    assert_eq!(
        Handle::current().runtime_flavor(),
        leno::runtime::RuntimeFlavor::MultiThread
    );
    drop(inner);
}

#[test]
fn a_runtime_that_ends_in_asynchronous_code() {
    for (_, outer) in runtimes() {
        let built = line!() + 1;
        let mut inner = vec![multi_thread(1), current_thread()];
        let made = Builder::new_current_thread().build().unwrap();
        let made_at = format!("built at {}:{}:", file!(), built + 1);
        outer.block_on(async {
            // A destructor has no caller: the text says which runtime it is.
            let caught = catch(|| drop(made));
            assert!(caught.text.contains(&made_at), "{caught:?}");
            assert!(caught.text.contains("`shutdown_background`"), "{caught:?}");
            assert!(!caught.file.contains("runtime/src"), "{caught:?}");
            for inner in inner.drain(..) {
                let caught = catch(|| inner.shutdown_timeout(Duration::from_secs(1)));
                check(&caught, "`shutdown_background`");
            }
        });
    }
    let local = Builder::new_current_thread().build_local(LocalOptions::default());
    current_thread().block_on(async {
        let local = local.unwrap();
        let caught = catch(|| local.shutdown_timeout(Duration::from_secs(1)));
        check(&caught, "`shutdown_background`");
    });
}

#[test]
fn settings_out_of_range() {
    let mut builder = Builder::new_multi_thread();
    check(
        &catch(|| {
            builder.worker_threads(0);
        }),
        "at least 1 worker",
    );
    check(
        &catch(|| {
            builder.worker_threads(1 << 16);
        }),
        "at most 65535",
    );
    check(
        &catch(|| {
            builder.max_blocking_threads(0);
        }),
        "at least 1",
    );
    check(
        &catch(|| drop(builder.start_paused(true).build())),
        "`Builder::new_current_thread`",
    );
    // The builder is as before.
    builder
        .start_paused(false)
        .worker_threads(1)
        .build()
        .unwrap();
}

#[test]
fn an_id_outside_of_a_task() {
    check(
        &catch(|| {
            leno::task::id();
        }),
        "`try_id`",
    );
    assert_eq!(leno::task::try_id(), None);
    for (_, runtime) in runtimes() {
        runtime.block_on(async {
            assert_eq!(leno::task::try_id(), None);
            let task = leno::spawn(async { leno::task::id() });
            let id = task.id();
            assert_eq!(task.await.unwrap(), id);
        });
    }
}

#[test]
fn a_handle_polled_after_it_was_ready() {
    let runtime = current_thread();
    let mut task = runtime.spawn(async {});
    runtime.block_on(&mut task).unwrap();
    let caught = catch(|| drop(runtime.block_on(&mut task)));
    assert!(caught.text.contains("polled after"), "{caught:?}");
}

#[test]
fn a_cancelled_task_has_no_panic_to_give() {
    let runtime = current_thread();
    let task = runtime.spawn(std::future::pending::<()>());
    task.abort();
    let error = runtime.block_on(task).unwrap_err();
    assert!(error.to_string().contains("was cancelled"));
    check(&catch(|| drop(error.into_panic())), "`is_panic`");
}

/// Run by the tests below, in a process of its own with the variable set.
#[test]
fn subprocess() {
    if std::env::var_os("LENO_TEST_SUBPROCESS").is_none() {
        return;
    }
    let workers = |built: std::io::Result<leno::runtime::Runtime>| match built {
        Ok(runtime) => runtime.metrics().num_workers().to_string(),
        Err(error) => format!("{:?}: {error}", error.kind()),
    };
    println!("default {}", workers(Builder::new_multi_thread().build()));
    println!(
        "set {}",
        workers(Builder::new_multi_thread().worker_threads(3).build())
    );
    println!(
        "current-thread {}",
        workers(Builder::new_current_thread().build())
    );
}

/// What `subprocess` prints with `LENO_WORKER_THREADS` set to `value`.
fn with_variable(value: &str) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "subprocess", "--nocapture"])
        .env("LENO_TEST_SUBPROCESS", "1")
        .env("LENO_WORKER_THREADS", value)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_environment_sets_the_number_of_workers() {
    for value in ["5", " 5 "] {
        let text = with_variable(value);
        assert!(text.contains("default 5\n"), "{text}");
        // What the program says counts more.
        assert!(text.contains("set 3\n"), "{text}");
        assert!(text.contains("current-thread 1\n"), "{text}");
    }
}

#[test]
fn a_bad_variable_is_an_error_that_names_it() {
    for value in ["0", "-1", "many", "65536", ""] {
        let text = with_variable(value);
        assert!(text.contains("default InvalidInput: "), "{text}");
        assert!(
            text.contains("LENO_WORKER_THREADS must be a number from 1 to 65535"),
            "{text}"
        );
        assert!(text.contains("set 3\n"), "{text}");
    }
}
