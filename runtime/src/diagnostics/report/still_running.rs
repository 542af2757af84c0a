//! What did not stop with its runtime.

use super::{Report, ReportKind, task_value};
use crate::diagnostics::json::Value;
use crate::diagnostics::shutdown::ShutdownReport;
use std::panic::Location;

/// The shutdown of a runtime that was built at `built_at`.
pub(in crate::diagnostics) fn shutdown(
    shutdown: &ShutdownReport,
    built_at: &'static Location<'static>,
) -> Report {
    let mut report = Report::new(ReportKind::StillRunning, shutdown.to_string()).at(built_at);
    for task in shutdown.tasks() {
        report = report.task(task.clone());
    }
    for (name, value) in fields(shutdown) {
        report = report.field(name, value);
    }
    report
}

/// The shutdown as an object.
pub(in crate::diagnostics) fn value(shutdown: &ShutdownReport) -> Value {
    let tasks = shutdown.tasks().iter().map(task_value).collect();
    let mut all = vec![
        ("clean", Value::from(shutdown.is_clean())),
        ("tasks", Value::List(tasks)),
    ];
    all.extend(fields(shutdown));
    Value::Object(all)
}

/// All but the tasks.
fn fields(shutdown: &ShutdownReport) -> Vec<(&'static str, Value)> {
    let closures = shutdown.closures().iter().map(|closure| {
        Value::Object(vec![
            ("name", Value::from(closure.name().map(str::to_owned))),
            ("spawned_at", super::place_value(closure.spawned_at())),
            (
                "running_for",
                Value::from(closure.running_for().as_secs_f64()),
            ),
        ])
    });
    vec![
        (
            "runtime",
            Value::from(shutdown.runtime_name().map(str::to_owned)),
        ),
        ("took", Value::from(shutdown.took().as_secs_f64())),
        ("closing", Value::from(shutdown.closing().as_secs_f64())),
        ("waiting", Value::from(shutdown.waiting().as_secs_f64())),
        ("other_tasks", Value::from(shutdown.other_tasks())),
        ("closures", Value::List(closures.collect())),
    ]
}
