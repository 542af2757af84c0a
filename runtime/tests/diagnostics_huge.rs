//! Futures that are very large are reported when they are spawned, once for each type.

mod diagnostics_support;

use diagnostics_support::{all, json, line, no_report, report, reports, runtimes, turn, with};
use leno::diagnostics::{Diagnostics, ReportKind};
use leno::runtime::{Builder, LocalOptions};
use std::future::Future;

/// Of `SIZE` bytes, and some.
fn future<const SIZE: usize, Kind: Send + 'static>(
    kind: Kind,
) -> impl Future<Output = usize> + Send {
    let buffer = [0u8; SIZE];
    async move {
        leno::task::yield_now().await;
        drop(kind);
        buffer.len()
    }
}

#[test]
fn a_huge_future_is_told_of_once_a_type() {
    let _turn = turn();
    for (number, runtime) in runtimes().into_iter().enumerate() {
        for _ in 0..3 {
            runtime.spawn(future::<20_000, _>(()));
        }
        if number > 0 {
            no_report();
            continue;
        }
        let report = report(ReportKind::HugeFuture);
        let bytes = report.tasks()[0].future_size();
        assert!((20_000..25_000).contains(&bytes), "{bytes}");
        assert_eq!(line(&report), report.tasks()[0].spawned_at().line());
        let text = report.to_string();
        assert!(
            text.contains(&format!("a future of {bytes} bytes")),
            "{text}"
        );
        let json = json(&report);
        assert_eq!(
            (&json["kind"], &json["bytes"]),
            (&"huge-future".into(), &bytes.into())
        );
    }
}

#[test]
fn each_way_to_spawn_looks() {
    let _turn = turn();
    let settings = all();
    let runtime = Builder::new_current_thread()
        .diagnostics(settings.clone())
        .build()
        .unwrap();
    runtime.block_on(async {
        leno::spawn(future::<20_000, _>(1u8));
        let buffer = [0u8; 20_000];
        leno::task::spawn_blocking(move || buffer.len())
            .await
            .unwrap();
        let mut set = leno::task::JoinSet::new();
        set.spawn(async {
            future::<20_000, _>(1u16).await;
        });
    });
    assert_eq!(reports().len(), 3);
    let mut builder = Builder::new_current_thread();
    let local = builder
        .diagnostics(settings)
        .build_local(LocalOptions::default())
        .unwrap();
    local.spawn_local(async {
        future::<20_000, _>(1u32).await;
    });
    drop(local);
    report(ReportKind::HugeFuture);
}

#[test]
fn the_threshold_is_the_programs() {
    let _turn = turn();
    for runtime in with(&Diagnostics::off().huge_futures(4000)) {
        runtime.spawn(future::<3000, _>(()));
        no_report();
    }
    let runtimes = with(&Diagnostics::off().huge_futures(2000));
    runtimes[1].spawn(future::<3000, _>(()));
    report(ReportKind::HugeFuture);
    for runtime in with(&all().huge_futures(None)) {
        runtime.spawn(future::<30_000, _>(()));
        no_report();
    }
    // In a box it is small, and of what is polled in place nothing has to be moved.
    for runtime in with(&all()) {
        runtime.spawn(Box::pin(async {
            future::<40_000, _>(()).await;
        }));
        runtime.block_on(future::<50_000, _>(()));
        no_report();
    }
}
