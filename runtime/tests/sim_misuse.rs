//! What a program may do wrong in a simulation, and what it may do that only looks wrong: each is told as what it is.

use leno::runtime::Handle;
use leno::sim::{Builder, Failed, FailureKind, Strategy, Summary};
use leno::sync::{Mutex, Notify};
use std::future::{Future, pending};
use std::panic::{self, catch_unwind, panic_any, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn builder() -> (Builder, tempfile::TempDir) {
    let traces = tempfile::tempdir().unwrap();
    (Builder::new().seeds(0..50).traces(traces.path()), traces)
}

#[track_caller]
fn passes<F: Future<Output = ()>>(program: impl Fn() -> F + Sync) -> Summary {
    let (builder, _traces) = builder();
    builder
        .run(program)
        .unwrap_or_else(|failed| panic!("{failed}"))
}

#[track_caller]
fn fails<F: Future<Output = ()>>(program: impl Fn() -> F + Sync) -> Box<Failed> {
    let (builder, _traces) = builder();
    builder.run(program).unwrap_err()
}

#[track_caller]
fn kind(failed: &Failed) -> FailureKind {
    failed.found[0].failure.kind
}

#[track_caller]
fn says(failed: &Failed, text: &str) {
    assert!(failed.to_string().contains(text), "{failed}");
}

/// A destructor that panics.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the bomb");
    }
}

#[test]
fn a_panic_that_the_program_catches_is_none() {
    passes(|| async {
        let caught = catch_unwind(|| panic!("caught by the program"));
        assert!(caught.is_err());
    });
    let failed = fails(|| async {
        let _caught = catch_unwind(|| panic!("caught by the program"));
        panic!("the real one");
    });
    says(&failed, "the real one (");
    assert!(!failed.to_string().contains("caught by"), "{failed}");
}

#[test]
fn what_is_thrown_on_fails_the_run_too() {
    let failed = fails(|| async {
        leno::spawn(async { resume_unwind(Box::new("thrown on")) });
        leno::time::sleep(Duration::from_secs(1)).await;
    });
    assert_eq!(kind(&failed), FailureKind::Panic);
    says(&failed, "thrown on");
    says(&fails(|| async { panic_any(5) }), "a value that is no text");
}

#[test]
fn the_first_panic_is_told_whoever_throws_it_on() {
    let failed = fails(|| async {
        let task = leno::spawn(async { panic!("the first") });
        resume_unwind(task.await.unwrap_err().into_panic());
    });
    says(&failed, "the first (");
}

#[test]
fn destructors_that_panic_are_told() {
    let failed = fails(|| async {
        leno::spawn(async {
            let _bomb = Bomb;
            pending::<()>().await;
        });
        leno::time::sleep(Duration::from_secs(1)).await;
    });
    says(&failed, "the bomb");
    let failed = fails(|| async {
        let task = leno::spawn(async { Bomb });
        leno::time::sleep(Duration::from_secs(1)).await;
        drop(task);
    });
    says(&failed, "the bomb");
}

#[test]
fn a_deadlock_is_one_though_destructors_panic_at_its_end() {
    let failed = fails(|| async {
        let _bomb = Bomb;
        pending::<()>().await;
    });
    assert_eq!(kind(&failed), FailureKind::Deadlock);
    let failed = fails(|| async {
        let task = leno::spawn(async {
            let _bomb = Bomb;
            pending::<()>().await;
        });
        task.await.unwrap();
    });
    assert_eq!(kind(&failed), FailureKind::Deadlock);
}

#[test]
fn what_was_refused_is_told_though_destructors_panic_at_its_end() {
    let failed = fails(|| async {
        let _bomb = Bomb;
        let notify = Arc::new(Notify::new());
        let there = notify.clone();
        let thread = std::thread::spawn(move || there.notify_one());
        notify.notified().await;
        thread.join().unwrap();
    });
    assert_eq!(kind(&failed), FailureKind::Refused);
}

#[test]
fn what_is_refused_in_one_of_two_equal_runs_is_told_as_that() {
    let first = AtomicBool::new(true);
    let failed = fails(|| async {
        if first.swap(false, Ordering::Relaxed) {
            return;
        }
        let handle = Handle::current();
        let thread = std::thread::spawn(move || handle.spawn(async {}));
        let task = thread.join().unwrap();
        task.await.unwrap();
    });
    assert_eq!(kind(&failed), FailureKind::Refused, "{failed}");
}

#[test]
fn another_runtime_is_refused() {
    for multi in [false, true] {
        let failed = fails(move || async move {
            let closure = leno::task::spawn_blocking(move || {
                let mut builder = if multi {
                    leno::runtime::Builder::new_multi_thread()
                } else {
                    leno::runtime::Builder::new_current_thread()
                };
                let runtime = builder.enable_all().build().unwrap();
                runtime.block_on(async { leno::spawn(async {}).await.unwrap() });
            });
            closure.await.unwrap();
        });
        assert_eq!(kind(&failed), FailureKind::Refused, "{failed}");
        says(&failed, "has one runtime");
    }
    // A thread of its own is not in the simulation.
    passes(|| async {
        let thread =
            std::thread::spawn(|| leno::runtime::Runtime::new().unwrap().block_on(async { 7 }));
        assert_eq!(thread.join().unwrap(), 7);
    });
}

#[test]
fn who_is_held_up_in_a_block_on_goes_on() {
    passes(|| async {
        let handle = Handle::current();
        let closure = leno::task::spawn_blocking(move || {
            let set = leno::task::LocalSet::new();
            handle.block_on(set.run_until(async {
                let task = leno::task::spawn_local(async {
                    let lock = Mutex::new(0);
                    for _ in 0..3 {
                        *lock.lock().await += 1;
                        leno::task::yield_now().await;
                    }
                    lock.into_inner()
                });
                task.await.unwrap()
            }))
        });
        assert_eq!(closure.await.unwrap(), 3);
    });
}

#[test]
fn a_block_on_that_gives_way_lets_others_go_on() {
    passes(|| async {
        let done = Arc::new(AtomicBool::new(false));
        let (there, handle) = (done.clone(), Handle::current());
        let closure = leno::task::spawn_blocking(move || {
            handle.block_on(async {
                while !there.load(Ordering::Relaxed) {
                    leno::task::yield_now().await;
                }
            });
        });
        let task = leno::spawn(async move {
            leno::task::yield_now().await;
            done.store(true, Ordering::Relaxed);
        });
        task.await.unwrap();
        closure.await.unwrap();
    });
}

#[test]
fn what_a_closure_spawns_when_it_has_waited_is_its_own() {
    // Reports name tasks by their parents: the closure's child is that, whoever had a turn meanwhile.
    let failed = fails(|| async {
        let (sender, receiver) = leno::sync::oneshot::channel();
        let handle = Handle::current();
        let closure = leno::task::spawn_blocking(move || {
            receiver.blocking_recv().unwrap();
            handle.spawn(async { panic!("of the closure") })
        });
        let other = leno::spawn(async move {
            leno::time::sleep(Duration::from_secs(1)).await;
            sender.send(()).unwrap();
        });
        other.await.unwrap();
        let _failed = closure.await.unwrap().await;
    });
    let who = failed.found[0].failure.actors[0].to_string();
    assert_eq!(who, "0.0", "{failed}");
}

#[test]
fn bounds_say_which_of_them_it_was() {
    let failed = fails(|| async {
        loop {
            leno::task::yield_now().await;
        }
    });
    says(&failed, "100,000 turns were taken without time moving on");
    let (builder, _traces) = builder();
    let failed = builder
        .polls(1000)
        .run(|| async {
            loop {
                leno::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .unwrap_err();
    says(&failed, "1,000 turns were taken, and");
    let failed = fails(|| leno::time::sleep(Duration::MAX));
    says(
        &failed,
        "after the start, and a run may take 3600s of virtual time",
    );
}

#[test]
fn a_run_of_nothing_is_no_success() {
    let run = |builder: Builder| {
        let failed = builder.run(|| async {}).unwrap_err();
        says(&failed, "nothing would be run");
    };
    run(Builder::new().seeds(5..5));
    run(Builder::new().runs(0));
    run(Builder::new().time(Duration::ZERO));
    run(Builder::new().runs(0).strategy(Strategy::exhaustive()));
}

#[test]
fn dpor_needs_to_be_told_what_is_shared() {
    let (builder, _traces) = builder();
    let builder = builder.seeds(0..1000).strategy(Strategy::dpor());
    let failed = builder.clone().run(|| async {}).unwrap_err();
    says(&failed, "`Builder::shared_through_leno(true)`");
    let summary = builder
        .shared_through_leno(true)
        .run(|| async {
            let lock = Arc::new(Mutex::new(0));
            let tasks = [0, 1].map(|_| {
                let lock = lock.clone();
                leno::spawn(async move { *lock.lock().await += 1 })
            });
            for task in tasks {
                task.await.unwrap();
            }
        })
        .unwrap();
    assert!(summary.claim().unwrap().is_complete(), "{summary}");
}

/// Runs the test of this name again, in a process of its own that knows of it.
fn alone(name: &str) -> Option<std::process::Output> {
    if std::env::var_os("ALONE").is_some() {
        return None;
    }
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name]);
    Some(command.env("ALONE", "1").output().unwrap())
}

#[test]
fn the_panics_that_end_the_process_are_told() {
    if let Some(output) = alone("the_panics_that_end_the_process_are_told") {
        assert!(!output.status.success());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            said.contains("a simulated run panics while it unwinds"),
            "{said}"
        );
        assert!(said.contains("the first ("), "{said}");
        assert!(said.contains("the bomb ("), "{said}");
        return;
    }
    let _ended = fails(|| async {
        let _bomb = Bomb;
        panic!("the first");
    });
}

#[test]
fn a_spin_ends_the_process_and_is_told() {
    if let Some(output) = alone("a_spin_ends_the_process_and_is_told") {
        assert!(!output.status.success());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            said.contains("a_spin_ends_the_process_and_is_told: one poll of a simulation"),
            "{said}"
        );
        return;
    }
    let (builder, _traces) = builder();
    let _ended = builder
        .poll_patience(Duration::from_millis(100))
        .run(|| async {
            loop {
                std::hint::spin_loop();
            }
        });
}

#[test]
fn a_panic_is_told_though_the_program_has_a_hook_of_its_own() {
    if let Some(output) = alone("a_panic_is_told_though_the_program_has_a_hook_of_its_own") {
        assert!(output.status.success(), "{output:?}");
        return;
    }
    let failed = fails(|| async {
        panic::set_hook(Box::new(|_| {}));
        leno::spawn(async { panic!("of a task") });
        leno::time::sleep(Duration::from_secs(1)).await;
    });
    drop(panic::take_hook());
    assert_eq!(kind(&failed), FailureKind::Panic);
    says(&failed, "of a task");
}
