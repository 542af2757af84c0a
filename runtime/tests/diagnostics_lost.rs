//! Failures that nobody sees are reported, once, and no others are.

use leno::diagnostics::{self, Diagnostics, Report, ReportKind};
use leno::runtime::Builder;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

static REPORTS: Mutex<Vec<Report>> = Mutex::new(Vec::new());

/// Tests take turns, since there is one reader of reports.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    REPORTS.lock().unwrap().clear();
    diagnostics::on_report(|report| {
        // To print a panic's backtrace may take long, which is told too.
        if report.kind() != ReportKind::SlowPoll {
            REPORTS.lock().unwrap().push(report.clone());
        }
    });
    turn
}

fn reports() -> Vec<Report> {
    assert!(diagnostics::flush(Duration::from_secs(60)));
    REPORTS.lock().unwrap().clone()
}

fn builders() -> [Builder; 2] {
    let mut pool = Builder::new_multi_thread();
    pool.worker_threads(2);
    [Builder::new_current_thread(), pool]
}

#[test]
fn a_panic_without_a_handle_is_told_once() {
    let _turn = turn();
    for mut builder in builders() {
        REPORTS.lock().unwrap().clear();
        let runtime = builder.diagnostics(Diagnostics::all()).build().unwrap();
        runtime.block_on(async {
            let (ended, end) = leno::sync::oneshot::channel::<()>();
            let handle = leno::task::Builder::new()
                .name("worker")
                .spawn(async move {
                    let _ended = ended;
                    panic!("the index is {}", 7)
                })
                .unwrap();
            drop(handle);
            end.await.unwrap_err();
        });
        drop(runtime);
        let reports = reports();
        assert_eq!(reports.len(), 1, "{reports:?}");
        let report = &reports[0];
        assert_eq!(report.kind(), ReportKind::LostPanic);
        assert_eq!(report.tasks()[0].name(), Some("worker"));
        assert_eq!(report.place().unwrap().file(), file!());
        let text = report.to_string();
        assert!(text.contains(" \"worker\" panicked"), "{text}");
        assert!(text.contains("the index is 7"), "{text}");
        let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
        assert_eq!(json["kind"], "lost-panic");
        assert_eq!(json["tasks"][0]["name"], "worker");
        assert_eq!(json["message"], "the index is 7");
    }
}

#[test]
fn a_panic_that_is_seen_is_not_told() {
    let _turn = turn();
    for mut builder in builders() {
        let runtime = builder.diagnostics(Diagnostics::all()).build().unwrap();
        runtime.block_on(async {
            let failed = leno::spawn(async { panic!("seen") }).await;
            assert!(failed.unwrap_err().is_panic());
            let aborted = leno::spawn(std::future::pending::<()>());
            aborted.abort();
            drop(aborted);
            // Whoever unwinds has not decided anything about the handles that it drops.
            let failed = leno::spawn(async {
                let handle = leno::spawn(async { panic!("dropped by who unwinds") });
                while !handle.is_finished() {
                    leno::task::yield_now().await;
                }
                let _handle = handle;
                panic!("seen as well")
            });
            assert!(failed.await.unwrap_err().is_panic());
        });
        drop(runtime);
        assert_eq!(reports().len(), 0);
    }
}

#[test]
fn a_runtime_that_wants_nothing_tells_nothing() {
    let _turn = turn();
    for mut builder in builders() {
        let runtime = builder.diagnostics(Diagnostics::off()).build().unwrap();
        runtime.block_on(async {
            let handle = leno::spawn(async { panic!("unseen") });
            while !handle.is_finished() {
                leno::task::yield_now().await;
            }
        });
        drop(runtime);
        assert_eq!(reports().len(), 0);
    }
}
