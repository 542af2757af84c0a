//! For tests of programs that do on purpose what leno reports: they say what, and why that is no false alarm.
//!
//! All of leno's tests are run with everything looked for, and `LENO_DIAGNOSTICS=abort`, so that any other report ends them.

use leno::diagnostics::{self, ReportKind};
use std::sync::Mutex;

static EXPECTED: Mutex<Vec<ReportKind>> = Mutex::new(Vec::new());

/// From now on reports of this kind are expected in this process, since its tests do what `_why` says.
pub fn expect(kind: ReportKind, _why: &str) {
    let mut expected = EXPECTED.lock().unwrap();
    if expected.is_empty() {
        diagnostics::on_report(|report| {
            // Of polls only a machine that has other things to do tells.
            let is_expected = report.kind() == ReportKind::SlowPoll
                || EXPECTED.lock().unwrap().contains(&report.kind());
            if !is_expected {
                eprintln!("nobody expects this report: {report}");
                std::process::abort();
            }
        });
    }
    expected.push(kind);
}
