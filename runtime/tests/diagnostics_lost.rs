//! Failures that nobody sees are reported, once, and no others are.

mod own_diagnostics;

use leno::diagnostics::{self, Diagnostics, Report, ReportKind};
use leno::runtime::Builder;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

static REPORTS: Mutex<Vec<Report>> = Mutex::new(Vec::new());

/// Tests take turns, since there is one reader of reports.
fn turn() -> MutexGuard<'static, ()> {
    own_diagnostics::only();
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

#[test]
fn what_is_mentioned_once_is_mentioned_later_if_there_was_no_room() {
    let _turn = turn();
    let runtime = Builder::new_current_thread()
        .diagnostics(Diagnostics::off().huge_futures(4096))
        .build()
        .unwrap();
    let spawn_huge = || {
        let huge = async {
            let buffer = [0_u8; 8192];
            leno::task::yield_now().await;
            buffer.len()
        };
        runtime.block_on(runtime.spawn(huge)).unwrap()
    };
    // One that does not come back, and more than there is room for behind it.
    let (go, gone) = std::sync::mpsc::channel::<()>();
    let gone = Mutex::new(gone);
    let (sender, read) = std::sync::mpsc::channel();
    diagnostics::on_report(move |report| {
        let _ = gone.lock().unwrap().recv();
        sender.send(report.kind()).unwrap();
    });
    for _ in 0..2000 {
        drop(nobody_awaits());
    }
    spawn_huge();
    drop(go);
    assert!(diagnostics::flush(Duration::from_secs(60)));
    assert!(read.try_iter().all(|kind| kind == ReportKind::NeverAwaited));
    spawn_huge();
    spawn_huge();
    assert!(diagnostics::flush(Duration::from_secs(60)));
    assert_eq!(
        read.try_iter().collect::<Vec<_>>(),
        [ReportKind::HugeFuture]
    );
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
    if is_child() {
        drop(nobody_awaits());
        assert!(diagnostics::flush(Duration::from_secs(60)));
        return;
    }
    // Its other end gets each piece by itself.
    let (ours, stderr) = std::os::unix::net::UnixDatagram::pair().unwrap();
    let status = child("a_report_is_printed_in_one_piece")
        .stderr(std::os::fd::OwnedFd::from(stderr))
        .status();
    assert!(status.unwrap().success());
    let mut piece = [0; 4096];
    let length = ours.recv(&mut piece).unwrap();
    let text = std::str::from_utf8(&piece[..length]).unwrap();
    assert!(text.starts_with("leno: `nobody_awaits` was"), "{text}");
    assert!(text.ends_with("if that is meant.\n"), "{text}");
}

/// Also those that the reader makes.
#[cfg(target_os = "linux")]
#[test]
fn without_a_thread_one_report_is_delivered_after_the_other() {
    static DELIVERS: AtomicBool = AtomicBool::new(false);
    static IS_NESTED: AtomicBool = AtomicBool::new(false);
    if is_child() {
        assert!(std::thread::Builder::new().spawn(|| ()).is_err());
        diagnostics::on_report(|report| {
            if DELIVERS.swap(true, Ordering::Relaxed) {
                IS_NESTED.store(true, Ordering::Relaxed);
            }
            if report.times() < 3 {
                drop(nobody_awaits());
            }
            DELIVERS.store(false, Ordering::Relaxed);
        });
        drop(nobody_awaits());
        assert!(diagnostics::flush(Duration::ZERO));
        assert!(!IS_NESTED.load(Ordering::Relaxed));
        return;
    }
    // No system has room for a stack like this.
    let status = child("without_a_thread_one_report_is_delivered_after_the_other")
        .env("RUST_MIN_STACK", (1_u64 << 46).to_string())
        .status();
    assert!(status.unwrap().success());
}

/// Says to this program that it is a child of a test's.
#[cfg(unix)]
const IS_CHILD: &str = "LENO_TEST_IS_CHILD";

#[cfg(unix)]
fn is_child() -> bool {
    std::env::var_os(IS_CHILD).is_some()
}

/// A process that runs one of these tests alone, on its main thread.
#[cfg(unix)]
fn child(test: &str) -> std::process::Command {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--test-threads=1"])
        .env(IS_CHILD, "1")
        .env_remove("LENO_DEBUG")
        .env_remove("LENO_DIAGNOSTICS")
        .stdout(std::process::Stdio::null());
    command
}

#[leno::coroutine]
async fn nobody_awaits() {}
