//! Failures that nobody sees are reported, once, and no others are.

use leno::diagnostics::{self, Diagnostics, Report, ReportKind};
use leno::runtime::Builder;
use std::sync::atomic::{AtomicBool, Ordering};
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

/// Of each there may be a thousand in the queue.
#[test]
fn of_a_long_panic_the_beginning_is_kept() {
    let _turn = turn();
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let handle =
            leno::spawn(async { std::panic::resume_unwind(Box::new("é".repeat(1 << 20))) });
        while !handle.is_finished() {
            leno::task::yield_now().await;
        }
    });
    let reports = reports();
    let json: serde_json::Value = serde_json::from_str(&reports[0].to_json()).unwrap();
    let message = json["message"].as_str().unwrap();
    assert!(message.len() <= 4096 + '…'.len_utf8(), "{}", message.len());
    assert!(message.starts_with("éé") && message.ends_with("é…"));
}

#[test]
fn one_can_wait_for_reports_as_long_as_there_is_time() {
    let _turn = turn();
    drop(nobody_awaits());
    assert!(diagnostics::flush(Duration::MAX));
    assert_eq!(reports().len(), 1);
}

/// What is found while somebody waits is not waited for: there might be no end to it.
#[test]
fn a_reader_that_makes_reports_holds_nobody_up() {
    static GOES_ON: AtomicBool = AtomicBool::new(true);
    let _turn = turn();
    diagnostics::on_report(|_| {
        if GOES_ON.load(Ordering::Relaxed) {
            drop(nobody_awaits());
        }
    });
    drop(nobody_awaits());
    let delivered = diagnostics::flush(Duration::from_secs(20));
    GOES_ON.store(false, Ordering::Relaxed);
    assert!(delivered);
    // The last of them, which one that was being delivered may have made, is not the next test's.
    for _ in 0..2 {
        assert!(diagnostics::flush(Duration::from_secs(60)));
    }
}

/// What others print does not come between.
#[cfg(unix)]
#[test]
fn a_report_is_printed_in_one_piece() {
    const NAME: &str = "a_report_is_printed_in_one_piece";
    const IS_CHILD: &str = "LENO_TEST_PRINTS_A_REPORT";
    if std::env::var_os(IS_CHILD).is_some() {
        drop(nobody_awaits());
        assert!(diagnostics::flush(Duration::from_secs(60)));
        return;
    }
    // Its other end gets each piece by itself.
    let (ours, stderr) = std::os::unix::net::UnixDatagram::pair().unwrap();
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME])
        .env(IS_CHILD, "1")
        .stdout(std::process::Stdio::null())
        .stderr(std::os::fd::OwnedFd::from(stderr))
        .status();
    assert!(status.unwrap().success());
    let mut piece = [0; 4096];
    let length = ours.recv(&mut piece).unwrap();
    let text = std::str::from_utf8(&piece[..length]).unwrap();
    assert!(text.starts_with("leno: `nobody_awaits` was"), "{text}");
    assert!(text.ends_with("if that is meant.\n"), "{text}");
}

#[leno::coroutine]
async fn nobody_awaits() {}
