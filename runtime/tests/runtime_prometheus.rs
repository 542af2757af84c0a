//! What a runtime counts, as Prometheus reads it.

use leno::diagnostics::{self, Diagnostics};
use leno::runtime::Builder;
use std::collections::HashMap;
use std::time::Duration;

/// The samples by name and labels. Checks what the format demands: each family has its help and its type once, before its samples,
/// which are together.
fn read(text: &str) -> HashMap<String, f64> {
    let mut samples = HashMap::new();
    let mut family = String::new();
    let mut kind = String::new();
    let mut families = Vec::new();
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            family = help.split(' ').next().unwrap().to_owned();
            assert!(!families.contains(&family), "{family} twice");
            families.push(family.clone());
        } else if let Some(stated) = line.strip_prefix("# TYPE ") {
            let (name, stated) = stated.split_once(' ').unwrap();
            assert_eq!(name, family);
            stated.clone_into(&mut kind);
        } else {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            let name = sample.split('{').next().unwrap();
            let suffix = name.strip_prefix(family.as_str()).unwrap();
            match kind.as_str() {
                "histogram" => assert!(["_bucket", "_sum", "_count"].contains(&suffix)),
                "counter" => assert!(suffix.is_empty() && name.ends_with("_total"), "{line}"),
                _ => assert!(suffix.is_empty() && !name.ends_with("_total"), "{line}"),
            }
            let before = samples.insert(sample.to_owned(), value.parse().unwrap());
            assert!(before.is_none(), "{sample} twice");
        }
    }
    samples
}

#[test]
fn what_is_counted_is_read_back() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .name("a \"quoted\" \\ name")
        .diagnostics(Diagnostics::off().recorder(true).lost_failures(true))
        .build()
        .unwrap();
    diagnostics::on_report(|_| ());
    runtime.block_on(async {
        for _ in 0..100 {
            leno::spawn(leno::task::yield_now()).await.unwrap();
        }
        let lost = leno::spawn(async { panic!("on purpose") });
        while !lost.is_finished() {
            leno::task::yield_now().await;
        }
    });
    assert!(diagnostics::flush(Duration::from_secs(60)));
    let text = runtime.metrics().prometheus();
    let samples = read(&text);
    let labels = format!(
        "leno_runtime_id=\"{}\",leno_runtime_name=\"a \\\"quoted\\\" \\\\ name\"",
        runtime.handle().id()
    );
    assert_eq!(samples[&format!("leno_workers{{{labels}}}")], 2.0);
    for worker in 0..2 {
        for name in ["parks", "steals", "steal_operations", "stuck_time_seconds"] {
            let sample =
                format!("leno_worker_{name}_total{{{labels},leno_worker_id=\"{worker}\"}}");
            assert!(samples.contains_key(&sample), "{text}");
        }
    }
    for name in ["leno_io_events_total", "leno_timers_fired_total"] {
        assert!(
            samples.contains_key(&format!("{name}{{{labels}}}")),
            "{text}"
        );
    }
    let name = "leno_task_poll_time_seconds";
    let count = samples[&format!("{name}_count{{{labels}}}")];
    assert!(count > 100.0, "{text}");
    assert_eq!(
        samples[&format!("{name}_bucket{{{labels},le=\"+Inf\"}}")],
        count
    );
    assert!(samples[&format!("{name}_sum{{{labels}}}")] > 0.0);
    // Each bucket has those before it.
    let mut buckets: Vec<(f64, f64)> = samples
        .iter()
        .filter(|(sample, _)| sample.starts_with(&format!("{name}_bucket{{")))
        .map(|(sample, count)| {
            let end = sample
                .split("le=\"")
                .nth(1)
                .unwrap()
                .trim_end_matches("\"}");
            (end.parse().unwrap(), *count)
        })
        .collect();
    buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
    assert!(buckets.is_sorted_by_key(|(_, count)| *count), "{buckets:?}");
    assert_eq!(
        samples["leno_diagnostics_reports_total{kind=\"lost-panic\"}"],
        1.0
    );
}
