//! What is shielded and does not end is dropped when its limit is up, and reported with its place.

mod diagnostics_support;

use diagnostics_support::{json, line, no_report, report, runtimes, turn};
use leno::diagnostics::ReportKind;
use leno::task::{self, Scope};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);

#[test]
fn a_shield_without_end_is_cut_short_and_named() {
    let _turn = turn();
    for runtime in runtimes() {
        let kept = Arc::new(());
        let place = line!() + 4;
        runtime.block_on(async {
            let kept = Arc::clone(&kept);
            let scope = Scope::new().timeout(Duration::from_millis(1));
            let shield = task::shield(Duration::from_millis(2), async move {
                let _kept = kept;
                pending::<()>().await;
            });
            scope.run(shield).await.unwrap_err();
        });
        // The scope had waited for that.
        assert_eq!(Arc::strong_count(&kept), 1);
        let report = report(ReportKind::CutShort);
        assert_eq!(line(&report), place);
        let text = report.to_string();
        assert!(text.contains("the limit of 2ms that was set at "), "{text}");
        assert_eq!(json(&report)["kind"], "cut-short");
    }
}

#[test]
fn a_cleanup_without_end_does_not_hang_its_group() {
    let _turn = turn();
    for runtime in runtimes() {
        let place = line!() + 3;
        let result: Result<(), ()> = runtime.block_on(async {
            task::group(async |_| {
                drop(task::on_cancel(Duration::from_millis(2), pending::<()>()));
                Ok(())
            })
            .await
        });
        assert_eq!(result, Ok(()));
        assert_eq!(line(&report(ReportKind::CutShort)), place);
    }
}

#[test]
fn a_cleanup_at_the_end_of_the_runtime_is_told_of() {
    let _turn = turn();
    for runtime in runtimes() {
        runtime.block_on(async {
            leno::spawn(async move {
                let _undo =
                    task::on_cancel(LONG, async { unreachable!("nothing runs any more") as () });
                pending::<()>().await;
            })
            .detach();
            // It has begun.
            while leno::runtime::Handle::current().tasks().is_empty() {
                task::yield_now().await;
            }
        });
        drop(runtime);
        let text = report(ReportKind::CutShort).to_string();
        assert!(text.contains("its runtime was shut down"), "{text}");
    }
}

#[test]
fn what_ends_in_time_is_not_told_of() {
    let _turn = turn();
    for runtime in runtimes() {
        runtime.block_on(async {
            let scope = Scope::new().timeout(Duration::from_millis(1));
            let ran = scope.run(async {
                let _undo = task::on_cancel(LONG, task::yield_now());
                task::shield(LONG, leno::time::sleep(Duration::from_millis(3))).await;
            });
            ran.await.unwrap_err();
        });
        no_report();
    }
}
