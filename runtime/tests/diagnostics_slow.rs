//! A task that is in one poll for long is reported while it is, with what its thread is doing.
#![cfg(target_os = "linux")]

mod own_diagnostics;

use leno::diagnostics::{self, Diagnostics, Report, ReportKind};
use leno::runtime::{Builder, Runtime};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

const THRESHOLD: Duration = Duration::from_millis(20);

/// Tests take turns, since there is one reader of reports.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    own_diagnostics::only();
    turn
}

/// Reports of slow polls, as they come; and what is done about each.
fn reports(then: impl Fn(&Report) + Send + Sync + 'static) -> mpsc::Receiver<Report> {
    let (tell, told) = mpsc::channel();
    diagnostics::on_report(move |report| {
        if report.kind() == ReportKind::SlowPoll {
            then(report);
            // Nobody may be interested any more.
            let _ = tell.send(report.clone());
        }
    });
    told
}

/// Who hears of a slow poll lets it end.
fn waits_at(barrier: &Arc<Barrier>) -> impl Fn(&Report) + Send + Sync + 'static {
    let barrier = Arc::clone(barrier);
    move |_| {
        barrier.wait();
    }
}

fn runtime(workers: usize, diagnostics: Diagnostics) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .diagnostics(diagnostics)
        .build()
        .unwrap()
}

fn watchful() -> Diagnostics {
    Diagnostics::off().slow_polls(THRESHOLD)
}

fn json(report: &Report) -> serde_json::Value {
    serde_json::from_str(&report.to_json()).unwrap()
}

/// Reserves goods, and waits for somebody without `.await`.
#[inline(never)]
fn reserve(barrier: &Barrier) {
    barrier.wait();
}

async fn checkout(barrier: Arc<Barrier>) {
    reserve(&barrier);
}

/// Counts until it is stopped.
#[inline(never)]
fn count(stop: &AtomicBool) -> u64 {
    let mut counted = 0u64;
    while !stop.load(Ordering::Relaxed) {
        counted = std::hint::black_box(counted.wrapping_add(1));
    }
    counted
}

fn spawn_checkout(runtime: &Runtime, barrier: &Arc<Barrier>) -> leno::task::JoinHandle<()> {
    let checkout = checkout(Arc::clone(barrier));
    leno::task::Builder::new()
        .name("checkout")
        .spawn_on(checkout, runtime.handle())
        .unwrap()
}

#[test]
fn a_poll_that_blocks_is_told_of_with_its_stack() {
    let _turn = turn();
    for workers in [1, 2] {
        let barrier = Arc::new(Barrier::new(2));
        let reports = reports(waits_at(&barrier));
        let runtime = runtime(workers, watchful().stacks(true));
        let task = spawn_checkout(&runtime, &barrier);
        let id = task.id();
        runtime.block_on(task).unwrap();
        let report = reports.recv().unwrap();
        assert_eq!(report.tasks()[0].id(), id);
        assert_eq!(report.tasks()[0].name(), Some("checkout"));
        assert_eq!(report.place().unwrap().file(), file!());
        let text = report.to_string();
        for part in [
            "\"checkout\" has been polling for ",
            "on worker ",
            "diagnostics_slow::checkout::{{closure}}, spawned at ",
            "it blocks: ",
            "Its stack:",
            "diagnostics_slow::reserve ",
            "spawn_blocking",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        let json = json(&report);
        assert_eq!(json["state"], "blocks");
        assert_eq!(json["ended"], false);
        assert!(json["seconds"].as_f64().unwrap() >= THRESHOLD.as_secs_f64());
        let stack: Vec<_> = json["stack"]
            .as_array()
            .unwrap()
            .iter()
            .map(|frame| frame["function"].as_str().unwrap().to_owned())
            .collect();
        let own = stack
            .iter()
            .position(|name| name == "diagnostics_slow::reserve");
        let own = own.unwrap_or_else(|| panic!("{stack:#?}"));
        assert_eq!(stack[own + 1], "diagnostics_slow::checkout::{{closure}}");
        // What called the task is leno's, and is left out.
        assert_eq!(stack.len(), own + 2, "{stack:#?}");
        drop(runtime);
        // Once a poll.
        assert!(reports.try_recv().is_err());
    }
}

/// There are neither events nor timers, nor other tasks.
#[test]
fn no_spare_worker_comes_where_nothing_can_wait_for_one() {
    let _turn = turn();
    let barrier = Arc::new(Barrier::new(2));
    let reports = reports(waits_at(&barrier));
    // By then who looks after workers has looked at this one some times.
    let runtime = runtime(1, Diagnostics::off().slow_polls(5 * THRESHOLD));
    let task = spawn_checkout(&runtime, &barrier);
    runtime.block_on(task).unwrap();
    reports.recv().unwrap();
    assert_eq!(runtime.metrics().spare_worker_start_count(), 0);
}

/// A spare worker is none that users know by a number.
#[test]
fn a_spare_worker_is_told_from_the_others() {
    let _turn = turn();
    let barrier = Arc::new(Barrier::new(3));
    let reports = reports({
        let (barrier, told) = (Arc::clone(&barrier), AtomicUsize::new(0));
        move |_| {
            if told.fetch_add(1, Ordering::Relaxed) == 1 {
                barrier.wait();
            }
        }
    });
    let runtime = runtime(1, watchful());
    for task in [0, 1].map(|_| spawn_checkout(&runtime, &barrier)) {
        runtime.block_on(task).unwrap();
    }
    let mut reports = [reports.recv().unwrap(), reports.recv().unwrap()];
    reports.sort_by_key(|report| json(report)["worker"].is_null());
    let [worker, spare] = reports;
    assert_eq!(json(&worker)["worker"], 0);
    assert!(worker.to_string().contains(" on worker 0"), "{worker}");
    assert!(json(&spare)["worker"].is_null());
    assert!(spare.to_string().contains(" on a spare worker"), "{spare}");
}

#[test]
fn a_poll_that_computes_is_told_of_with_its_stack() {
    let _turn = turn();
    let stop = Arc::new(AtomicBool::new(false));
    let reports = reports({
        let stop = Arc::clone(&stop);
        move |_| stop.store(true, Ordering::Relaxed)
    });
    let runtime = runtime(2, watchful().stacks(true));
    let counted = runtime.spawn(async move { count(&stop) });
    assert!(runtime.block_on(counted).unwrap() > 0);
    let report = reports.recv().unwrap();
    let json = json(&report);
    // On a machine that has more to do than processors it may not have had one.
    let state = json["state"].as_str().unwrap();
    assert!(["computes", "starves"].contains(&state), "{report}");
    let stack = json["stack"].as_array().unwrap();
    let is_there = |frame: &serde_json::Value| frame["function"] == "diagnostics_slow::count";
    assert!(stack.iter().any(is_there), "{report}");
    assert!(report.to_string().contains("yield_now"), "{report}");
}

#[test]
fn what_waits_behind_is_counted() {
    let _turn = turn();
    let barrier = Arc::new(Barrier::new(2));
    let reports = reports(waits_at(&barrier));
    // A spare worker would take them.
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .spare_workers(0)
        .diagnostics(watchful())
        .build()
        .unwrap();
    let all = runtime.spawn(async move {
        let behind: Vec<_> = (0..5).map(|_| leno::spawn(async {})).collect();
        barrier.wait();
        behind
    });
    let behind = runtime.block_on(all).unwrap();
    let report = reports.recv().unwrap();
    assert_eq!(json(&report)["behind"], behind.len() as u64);
    assert!(
        report.to_string().contains(", and holds up 5 others"),
        "{report}"
    );
    // Nobody has asked for it.
    assert!(json(&report)["stack"].is_null());
    runtime.block_on(async {
        for task in behind {
            task.await.unwrap();
        }
    });
}

#[test]
fn a_reader_that_panics_is_called_again() {
    let _turn = turn();
    let barrier = Arc::new(Barrier::new(2));
    let (tell, told) = mpsc::channel();
    diagnostics::on_report({
        let barrier = Arc::clone(&barrier);
        move |report| {
            barrier.wait();
            tell.send(report.kind()).unwrap();
            panic!("the reader does");
        }
    });
    let runtime = runtime(1, watchful());
    for _ in 0..2 {
        let task = spawn_checkout(&runtime, &barrier);
        runtime.block_on(task).unwrap();
        assert_eq!(told.recv().unwrap(), ReportKind::SlowPoll);
    }
}

#[test]
fn who_hands_its_worker_on_is_not_slow() {
    let _turn = turn();
    let (first, second) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let reports = reports({
        let second = Arc::clone(&second);
        move |_| {
            second.wait();
        }
    });
    let runtime = runtime(1, watchful());
    // It waits in a way that holds nobody up, for as long as another one is slow.
    let patient = runtime.spawn({
        let first = Arc::clone(&first);
        async move {
            leno::task::block_in_place(|| first.wait());
        }
    });
    let slow = spawn_checkout(&runtime, &second);
    let id = slow.id();
    runtime.block_on(slow).unwrap();
    first.wait();
    runtime.block_on(patient).unwrap();
    drop(runtime);
    let reports: Vec<_> = reports
        .try_iter()
        .map(|report| report.tasks()[0].id())
        .collect();
    assert_eq!(reports, [id]);
}

#[test]
fn a_current_thread_runtime_tells_afterwards() {
    let _turn = turn();
    let reports = reports(|_| {});
    let runtime = Builder::new_current_thread()
        .diagnostics(watchful())
        .build()
        .unwrap();
    let slow = leno::task::Builder::new()
        .name("slow")
        .spawn_on(
            async {
                let behind = leno::spawn(async {});
                let start = std::time::Instant::now();
                while start.elapsed() < THRESHOLD {
                    std::hint::spin_loop();
                }
                behind.await.unwrap();
            },
            runtime.handle(),
        )
        .unwrap();
    runtime.block_on(slow).unwrap();
    let report = reports.recv().unwrap();
    assert_eq!(report.tasks()[0].name(), Some("slow"));
    let json = json(&report);
    assert_eq!(json["ended"], true);
    assert_eq!(json["behind"], 1);
    assert!(json["worker"].is_null() && json["stack"].is_null());
    let text = report.to_string();
    assert!(text.contains(" was in one poll for "), "{text}");
    assert!(text.contains(", and held up another\n"), "{text}");
}
