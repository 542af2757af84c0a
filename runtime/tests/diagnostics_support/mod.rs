//! What the tests of diagnostics share: the reader of reports, of which there is one for the process.
#![allow(dead_code)]

#[path = "../own_diagnostics/mod.rs"]
mod own_diagnostics;

use leno::diagnostics::{self, Diagnostics, Report, ReportKind};
use leno::runtime::{Builder, Runtime};
use std::panic::{self, AssertUnwindSafe, Location};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

static REPORTS: Mutex<Vec<Report>> = Mutex::new(Vec::new());

/// Tests take turns.
pub fn turn() -> MutexGuard<'static, ()> {
    own_diagnostics::only();
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    diagnostics::on_report(|report| {
        // To print a panic's backtrace takes long, which is told too.
        if report.kind() != ReportKind::SlowPoll {
            REPORTS.lock().unwrap().push(report.clone());
        }
    });
    reports();
    turn
}

/// The reports since the last call.
pub fn reports() -> Vec<Report> {
    assert!(diagnostics::flush(Duration::from_secs(60)));
    std::mem::take(&mut *REPORTS.lock().unwrap())
}

/// The one report since the last call, which is of this kind.
#[track_caller]
pub fn report(kind: ReportKind) -> Report {
    let mut reports = reports();
    assert_eq!(reports.len(), 1, "{reports:?}");
    let report = reports.pop().unwrap();
    assert_eq!(report.kind(), kind, "{report}");
    report
}

/// There was none since the last call.
#[track_caller]
pub fn no_report() {
    let reports = reports();
    assert!(reports.is_empty(), "{reports:?}");
}

/// A runtime of each kind that looks for everything, but for what a slow machine makes of tests.
pub fn runtimes() -> Vec<Runtime> {
    with(&all())
}

/// Everything but what depends on time.
pub fn all() -> Diagnostics {
    Diagnostics::all().slow_polls(None).long_waits(None)
}

/// A runtime of each kind.
pub fn with(diagnostics: &Diagnostics) -> Vec<Runtime> {
    let mut pool = Builder::new_multi_thread();
    pool.worker_threads(2);
    [Builder::new_current_thread(), pool]
        .iter_mut()
        .map(|builder| {
            let builder = builder.enable_all().diagnostics(diagnostics.clone());
            builder.build().unwrap()
        })
        .collect()
}

/// What the report is for programs.
pub fn json(report: &Report) -> serde_json::Value {
    let text = report.to_json();
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// The line of a place in the file of the test.
#[track_caller]
pub fn line(report: &Report) -> u32 {
    let place = report.place().unwrap();
    assert_eq!(place.file(), Location::caller().file());
    place.line()
}

/// Waits until the task is complete, and leaves its output alone.
pub async fn finished<T>(handle: &leno::task::JoinHandle<T>) {
    while !handle.is_finished() {
        leno::task::yield_now().await;
    }
}

/// Calls `f`, which panics.
pub fn catch(f: impl FnOnce()) {
    panic::catch_unwind(AssertUnwindSafe(f)).unwrap_err();
}
