//! The machine's own costs.

use leno_bench::limits::{measure, table};

#[test]
fn limits_are_times() {
    let limits = measure(true);
    assert!(limits.len() >= 10);
    for limit in &limits {
        assert!(
            limit.nanoseconds > 0.0 && limit.nanoseconds < 1e9,
            "{}: {} ns",
            limit.name,
            limit.nanoseconds
        );
    }
    let table = table(&limits);
    for limit in &limits {
        assert!(table.contains(&format!("| {} |", limit.name)));
    }
}
