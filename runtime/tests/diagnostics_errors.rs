//! Errors that nobody sees are reported, once, and no others are.

mod diagnostics_support;

use diagnostics_support::{
    all, catch, finished, json, line, no_report, report, reports, runtimes, turn, with,
};
use leno::diagnostics::{ReportKind, errors_of};
use leno::sync::oneshot;
use leno::task::{JoinHandle, JoinSet, spawn_blocking};
use std::error::Error;
use std::fmt;
use std::io;

fn refused() -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::ConnectionRefused, "smtp:25"))
}

#[test]
fn an_error_without_a_handle_is_told_once() {
    let _turn = turn();
    for runtime in runtimes() {
        runtime.block_on(async {
            let (go, gone) = oneshot::channel::<()>();
            let future = async move {
                gone.await.unwrap();
                refused()
            };
            let handle = leno::task::Builder::new().name("mail").spawn(future);
            let handle = handle.unwrap();
            let task = handle.abort_handle();
            // By the task itself: there is no handle any more.
            drop(handle);
            go.send(()).unwrap();
            // The end of the runtime would cancel it, and what is cancelled has not failed.
            while !task.is_finished() {
                leno::task::yield_now().await;
            }
        });
        drop(runtime);
        let report = report(ReportKind::LostError);
        assert_eq!(report.tasks()[0].name(), Some("mail"));
        assert_eq!(line(&report), report.tasks()[0].spawned_at().line());
        let text = report.to_string();
        assert!(
            text.contains(" \"mail\" failed, and nobody will see it"),
            "{text}"
        );
        assert!(
            text.contains("Err(Custom { kind: ConnectionRefused"),
            "{text}"
        );
        let json = json(&report);
        assert_eq!(json["kind"], "lost-error");
        assert_eq!(json["error"], format!("{:?}", refused().unwrap_err()));
        assert_eq!(json["tasks"][0]["name"], "mail");
    }
}

#[test]
fn an_error_that_the_handle_drops_is_told_once() {
    let _turn = turn();
    for runtime in runtimes() {
        runtime.block_on(async {
            let handle = leno::spawn(async { refused() });
            finished(&handle).await;
        });
        report(ReportKind::LostError);
        runtime.block_on(async {
            let handle = spawn_blocking(refused);
            finished(&handle).await;
        });
        report(ReportKind::LostError);
    }
}

/// Among them one that needs no drop.
#[test]
fn common_errors_are_known() {
    async fn lose<T: Send + 'static>(output: T) -> String {
        let handle = leno::spawn(async move { output });
        finished(&handle).await;
        drop(handle);
        let report = report(ReportKind::LostError);
        json(&report)["error"].as_str().unwrap().to_owned()
    }

    let _turn = turn();
    for runtime in runtimes() {
        runtime.block_on(async {
            assert_eq!(lose(Err::<(), _>(fmt::Error)).await, "Error");
            assert_eq!(lose(Err::<u64, _>("text")).await, "\"text\"");
            assert_eq!(lose(Err::<(), _>("text".to_owned())).await, "\"text\"");
            let boxed: Box<dyn Error + Send + Sync> = "boxed".into();
            assert_eq!(lose(Err::<(), _>(boxed)).await, "\"boxed\"");
            let elapsed = leno::time::timeout(leno::time::Duration::ZERO, std::future::pending());
            let elapsed: Result<(), _> = elapsed.await;
            assert!(lose(elapsed).await.contains("Elapsed"));
            let cancelled = leno::spawn(std::future::pending::<()>());
            cancelled.abort();
            let error = lose(cancelled.await).await;
            assert!(error.contains("JoinError::Cancelled"), "{error}");
        });
    }
}

#[test]
fn errors_of_the_program_are_known_when_it_has_said_so() {
    #[derive(Debug)]
    struct OutOfStock;

    let _turn = turn();
    errors_of::<u8, OutOfStock>();
    for runtime in runtimes() {
        runtime.block_on(async {
            for output in [Ok(1u8), Err(OutOfStock), Ok(2)] {
                let handle = leno::spawn(async { output });
                finished(&handle).await;
            }
        });
        assert_eq!(json(&report(ReportKind::LostError))["error"], "OutOfStock");
    }
}

/// It may come from outside.
#[test]
fn the_text_of_an_error_neither_controls_a_terminal_nor_looks_like_a_report() {
    struct Forged;
    impl fmt::Debug for Forged {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("\x1b[2J\u{9b}2J\r\nleno: all is well")
        }
    }

    let _turn = turn();
    errors_of::<(), Forged>();
    for runtime in runtimes() {
        runtime.block_on(async {
            finished(&leno::spawn(async { Err::<(), _>(Forged) })).await;
        });
        let report = report(ReportKind::LostError);
        let text = report.to_string();
        let is_harmless = |c: char| c == '\n' || !c.is_control();
        assert!(text.chars().all(is_harmless), "{text:?}");
        assert!(
            text.contains("Err(\\u{1b}[2J\\u{9b}2J\\r\n      leno: all is well)"),
            "{text}"
        );
        assert_eq!(json(&report)["error"], format!("{Forged:?}"));
    }
}

#[test]
fn a_result_of_unknown_type_is_mentioned_once_a_place() {
    #[derive(Debug)]
    struct Unheard;

    fn spawn(output: Result<u16, Unheard>) -> JoinHandle<Result<u16, Unheard>> {
        leno::spawn(async { output })
    }

    let _turn = turn();
    let mut mentioned = 0;
    for runtime in runtimes() {
        runtime.block_on(async {
            for output in [Ok(1), Err(Unheard), Ok(2)] {
                finished(&spawn(output)).await;
            }
        });
        for report in reports() {
            assert_eq!(report.kind(), ReportKind::UnreadResult);
            let text = report.to_string();
            assert!(
                text.contains("returned a `Result` that nobody reads"),
                "{text}"
            );
            assert_eq!(json(&report)["kind"], "unread-result");
            mentioned += 1;
        }
        runtime.block_on(async {
            assert!(spawn(Err(Unheard)).await.unwrap().is_err());
            spawn(Err(Unheard)).detach();
        });
    }
    assert_eq!(mentioned, 1);
}

#[test]
fn outputs_that_are_no_errors_are_not_told_of() {
    let _turn = turn();
    for runtime in runtimes() {
        runtime.block_on(async {
            finished(&leno::spawn(async { io::Result::Ok(()) })).await;
            finished(&leno::spawn(async { Ok::<_, fmt::Error>(()) })).await;
            finished(&leno::spawn(async { Some("text".to_owned()) })).await;
            finished(&leno::spawn(async { 7 })).await;
            finished(&spawn_blocking(|| Ok::<_, String>(1u64))).await;
        });
        drop(runtime);
        no_report();
    }
}

#[test]
fn an_error_that_was_awaited_is_not_told_of() {
    let _turn = turn();
    for runtime in runtimes() {
        runtime.block_on(async {
            assert!(leno::spawn(async { refused() }).await.unwrap().is_err());
            assert!(spawn_blocking(refused).await.unwrap().is_err());
            let mut set = JoinSet::new();
            set.spawn(async { refused() });
            assert!(set.join_next().await.unwrap().unwrap().is_err());
            set.spawn(async { refused() });
            set.shutdown().await;
        });
        drop(runtime);
        no_report();
    }
}

#[test]
fn a_failure_that_was_given_up_is_not_told_of() {
    let _turn = turn();
    for runtime in runtimes() {
        runtime.block_on(async {
            // When it is complete.
            let handle = leno::spawn(async { refused() });
            finished(&handle).await;
            handle.detach();
            // Before, with a joiner's waker in place, and without.
            for polls in [false, true] {
                let (go, gone) = oneshot::channel::<()>();
                let (ended, end) = oneshot::channel::<()>();
                let mut handle = leno::spawn(async move {
                    let _ended = ended;
                    gone.await.unwrap();
                    refused()
                });
                leno::task::yield_now().await;
                if polls {
                    let polled = leno::time::timeout(leno::time::Duration::ZERO, &mut handle);
                    assert!(polled.await.is_err());
                }
                handle.detach();
                go.send(()).unwrap();
                end.await.unwrap_err();
            }
            let (ended, end) = oneshot::channel::<()>();
            leno::spawn(async move {
                let _ended = ended;
                panic!("nobody needs to see it")
            })
            .detach();
            end.await.unwrap_err();
            let mut set = JoinSet::new();
            set.spawn(async { refused() });
            set.detach_all();
        });
        drop(runtime);
        no_report();
    }
}

#[test]
fn an_error_of_a_task_that_was_aborted_is_not_told_of() {
    let _turn = turn();
    for runtime in runtimes() {
        runtime.block_on(async {
            // In the middle of its last poll.
            let (own, handle) = oneshot::channel::<leno::task::AbortHandle>();
            let task = leno::spawn(async move {
                handle.await.unwrap().abort();
                refused()
            });
            own.send(task.abort_handle()).unwrap();
            finished(&task).await;
            drop(task);
            let task = leno::spawn(async { std::future::pending::<io::Result<()>>().await });
            task.abort();
        });
        drop(runtime);
        no_report();
    }
}

/// As by who keeps a handle that aborts its task when it is dropped.
#[test]
fn to_abort_what_has_failed_gives_nothing_up() {
    let _turn = turn();
    for runtime in runtimes() {
        runtime.block_on(async {
            let handle = leno::spawn(async { refused() });
            finished(&handle).await;
            handle.abort();
            handle.abort_handle().abort();
        });
        drop(runtime);
        report(ReportKind::LostError);
    }
}

#[test]
fn who_unwinds_has_given_nothing_up_and_nothing_is_told() {
    let _turn = turn();
    for runtime in runtimes() {
        runtime.block_on(async {
            let complete = leno::spawn(async { refused() });
            finished(&complete).await;
            let (go, gone) = oneshot::channel::<()>();
            let (ended, end) = oneshot::channel::<()>();
            let incomplete = leno::spawn(async move {
                let _ended = ended;
                gone.await.unwrap();
                refused()
            });
            catch(move || {
                let _handles = (complete, incomplete);
                panic!("on purpose")
            });
            go.send(()).unwrap();
            end.await.unwrap_err();
        });
        drop(runtime);
        no_report();
    }
}

#[test]
fn a_set_that_is_dropped_with_failures_tells_of_each() {
    let _turn = turn();
    for runtime in runtimes() {
        runtime.block_on(async {
            let mut set = JoinSet::new();
            let task = set.spawn(async { refused() });
            set.spawn(async { std::future::pending().await });
            while !task.is_finished() {
                leno::task::yield_now().await;
            }
        });
        report(ReportKind::LostError);
    }
}

#[test]
fn a_runtime_that_does_not_want_errors_tells_of_none() {
    let _turn = turn();
    for runtime in with(&all().lost_failures(false)) {
        runtime.block_on(async {
            finished(&leno::spawn(async { refused() })).await;
            finished(&spawn_blocking(refused)).await;
        });
        drop(runtime);
        no_report();
    }
}

/// What leno spawns for itself, such as a look at a file that nobody waits for any more.
#[test]
fn an_operation_that_was_given_up_is_not_told_of() {
    let _turn = turn();
    for runtime in runtimes() {
        runtime.block_on(async {
            let missing = leno::fs::read("/nowhere/at all");
            let polled = leno::time::timeout(leno::time::Duration::ZERO, missing);
            let _ = polled.await;
        });
        drop(runtime);
        no_report();
    }
}
