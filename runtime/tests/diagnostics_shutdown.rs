//! What does not stop with its runtime is told: by what `shutdown` returns, or in a report.

mod diagnostics_support;
mod task_support;

use diagnostics_support::{all, json, line, no_report, report, runtimes, turn, with};
use leno::diagnostics::ReportKind;
use leno::runtime::{Builder, LocalOptions, LocalRuntime, Runtime, ShutdownReport};
use leno::task::{TaskState, spawn_blocking, yield_now};
use std::future::pending;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// Over at once, as far as what does not stop is concerned.
const SHORT: Duration = Duration::from_millis(20);
/// Never over.
const LONG: Duration = Duration::from_secs(600);

/// Keeps whoever waits for it from going on, until the other end is dropped.
fn gate() -> (Sender<()>, Receiver<()>) {
    channel()
}

fn pool(workers: usize) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(workers).enable_all().name("main");
    builder.diagnostics(all()).build().unwrap()
}

/// Waits by a thread's means, when it has been suspended once.
async fn blocks(started: Sender<()>, gate: Receiver<()>) {
    yield_now().await;
    leno::time::sleep(Duration::from_millis(1)).await;
    started.send(()).unwrap();
    let _ = gate.recv();
}

fn to_json(report: &ShutdownReport) -> serde_json::Value {
    let text = report.to_json();
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn what_stops_is_clean() {
    let _turn = turn();
    for runtime in runtimes() {
        runtime.block_on(async {
            for _ in 0..10 {
                leno::spawn(pending::<()>());
            }
            yield_now().await;
            spawn_blocking(|| ()).await.unwrap();
        });
        runtime.spawn(pending::<()>());
        let report = runtime.shutdown(LONG);
        assert!(report.is_clean(), "{report}");
        assert!(report.tasks().is_empty() && report.closures().is_empty());
        assert_eq!(report.took(), report.closing() + report.waiting());
        assert!(report.took() < LONG);
        let text = report.to_string();
        assert!(text.starts_with("the runtime stopped in "), "{text}");
        let json = to_json(&report);
        assert_eq!(
            (&json["clean"], &json["runtime"]),
            (&true.into(), &().into())
        );
    }
    for runtime in runtimes() {
        runtime.spawn(pending::<()>());
        runtime.shutdown_timeout(LONG);
    }
    let local = LocalRuntime::new().unwrap();
    local.spawn_local(pending::<()>());
    assert!(local.shutdown(LONG).is_clean());
    no_report();
}

#[test]
fn a_task_that_blocks_its_worker_is_told() {
    let _turn = turn();
    for workers in [1, 2] {
        let runtime = pool(workers);
        let (keep, gate) = gate();
        let (started, start) = channel();
        let builder = leno::task::Builder::new().name("checkout");
        let blocks = blocks(started, gate);
        let task = builder.spawn_on(blocks, runtime.handle()).unwrap();
        let line = line!() - 1;
        start.recv().unwrap();
        let report = runtime.shutdown(SHORT);
        assert!(!report.is_clean());
        assert_eq!(
            (report.tasks().len(), report.other_tasks()),
            (1, 0),
            "{report}"
        );
        let told = &report.tasks()[0];
        assert_eq!((told.id(), told.name()), (task.id(), Some("checkout")));
        assert_eq!(told.state(), TaskState::Running);
        // To tell everybody has taken a part of the grace.
        assert!(report.took() >= SHORT);
        assert_eq!(told.spawned_at().line(), line);
        let text = report.to_string();
        assert!(
            text.starts_with("the runtime \"main\" did not stop in "),
            "{text}"
        );
        assert!(text.contains(": 1 task goes on\n"), "{text}");
        assert!(
            text.contains("\"checkout\", diagnostics_shutdown::blocks::"),
            "{text}"
        );
        let json = to_json(&report);
        assert_eq!(
            (&json["clean"], &json["runtime"]),
            (&false.into(), &"main".into())
        );
        assert_eq!(json["tasks"][0]["name"], "checkout");
        assert_eq!(json["tasks"][0]["state"], "running");
        drop(keep);
    }
    no_report();
}

/// Nothing knows a task that has never been suspended.
#[test]
fn a_task_that_blocks_in_its_first_poll_counts() {
    let _turn = turn();
    let runtime = pool(2);
    let (keep, gate) = gate();
    let (started, start) = channel();
    runtime.spawn(async move {
        started.send(()).unwrap();
        let _ = gate.recv();
    });
    start.recv().unwrap();
    let report = runtime.shutdown(SHORT);
    assert_eq!(
        (report.tasks().len(), report.other_tasks()),
        (0, 1),
        "{report}"
    );
    assert!(
        report.to_string().contains("1 of which nothing is known"),
        "{report}"
    );
    assert_eq!(to_json(&report)["other_tasks"], 1);
    drop(keep);
}

#[test]
fn closures_that_block_are_told_the_oldest_first() {
    let _turn = turn();
    for runtime in runtimes() {
        let (keeps, lines): (Vec<_>, Vec<_>) = (0..2)
            .map(|_| {
                let (keep, gate) = gate();
                let (started, start) = channel();
                let closure = move || {
                    started.send(()).unwrap();
                    let _ = gate.recv();
                };
                let _entered = runtime.enter();
                leno::task::Builder::new()
                    .name("export")
                    .spawn_blocking(closure)
                    .unwrap();
                start.recv().unwrap();
                (keep, line!())
            })
            .unzip();
        // This one is over.
        runtime.block_on(spawn_blocking_in(&runtime));
        let report = runtime.shutdown(SHORT);
        assert_eq!(
            (report.tasks().len(), report.other_tasks()),
            (0, 0),
            "{report}"
        );
        let closures = report.closures();
        assert_eq!(closures.len(), 2, "{report}");
        assert!(closures[0].running_for() >= closures[1].running_for());
        for (closure, line) in closures.iter().zip(lines) {
            assert_eq!(closure.name(), Some("export"));
            assert_eq!(closure.spawned_at().file(), file!());
            assert!((line - 4..line).contains(&closure.spawned_at().line()));
        }
        let text = report.to_string();
        assert!(text.contains(": 2 blocking closures go on\n"), "{text}");
        assert!(
            text.contains("a closure of `spawn_blocking` named \"export\" at "),
            "{text}"
        );
        let json = to_json(&report);
        assert_eq!(json["closures"].as_array().unwrap().len(), 2);
        assert!(json["closures"][0]["running_for"].as_f64().unwrap() > 0.0);
        drop(keeps);
    }
}

async fn spawn_blocking_in(runtime: &Runtime) {
    runtime.spawn_blocking(|| ()).await.unwrap();
}

#[test]
fn a_local_runtime_tells_of_its_closures() {
    let _turn = turn();
    let mut builder = Builder::new_current_thread();
    let local = builder.build_local(LocalOptions::default()).unwrap();
    let (keep, gate) = gate();
    let (started, start) = channel();
    local.spawn_blocking(move || {
        started.send(()).unwrap();
        let _ = gate.recv();
    });
    start.recv().unwrap();
    local.spawn_local(pending::<()>());
    let report = local.shutdown(SHORT);
    assert_eq!(
        (report.tasks().len(), report.closures().len()),
        (0, 1),
        "{report}"
    );
    drop(keep);
}

#[test]
fn a_shutdown_with_a_timeout_reports_what_is_left() {
    let _turn = turn();
    let runtime = pool(2);
    let (keep, task_gate) = gate();
    let (keep_closure, closure_gate) = gate();
    let (started, start) = channel();
    runtime.block_on(async {
        leno::spawn(blocks(started.clone(), task_gate));
    });
    runtime.spawn_blocking(move || {
        started.send(()).unwrap();
        let _ = closure_gate.recv();
    });
    start.recv().unwrap();
    start.recv().unwrap();
    runtime.shutdown_timeout(SHORT);
    let report = report(ReportKind::StillRunning);
    // Where it was built.
    assert!(line(&report) < line!());
    assert_eq!(report.tasks().len(), 1);
    let text = report.to_string();
    assert!(
        text.contains(": 1 task and 1 blocking closure go on\n"),
        "{text}"
    );
    let json = json(&report);
    assert_eq!(json["kind"], "still-running");
    assert_eq!(
        (&json["runtime"], &json["other_tasks"]),
        (&"main".into(), &0.into())
    );
    assert_eq!(json["closures"].as_array().unwrap().len(), 1);
    drop((keep, keep_closure));
}

#[test]
fn who_does_not_wait_is_told_nothing() {
    let _turn = turn();
    let quiet = all().still_running(false);
    for (number, runtime) in runtimes().into_iter().chain(with(&quiet)).enumerate() {
        let (keep, gate) = gate();
        let (started, start) = channel();
        runtime.spawn_blocking(move || {
            started.send(()).unwrap();
            let _ = gate.recv();
        });
        start.recv().unwrap();
        match number {
            0 => runtime.shutdown_timeout(Duration::ZERO),
            1 => runtime.shutdown_background(),
            _ => runtime.shutdown_timeout(SHORT),
        }
        no_report();
        drop(keep);
    }
}

#[test]
fn in_a_task_it_panics_as_any_wait_does() {
    let _turn = turn();
    let outer = Builder::new_current_thread().build().unwrap();
    let inner = pool(1);
    outer.block_on(async {
        let panic = task_support::catch(|| {
            let _ = inner.shutdown(LONG);
        });
        let expected = "Cannot drop a runtime in a context where blocking is not allowed";
        assert!(panic.text.starts_with(expected), "{}", panic.text);
        assert_eq!(panic.file, file!());
    });
    let inner = pool(1);
    outer.block_on(async { assert!(inner.shutdown(Duration::ZERO).other_tasks() == 0) });
}
