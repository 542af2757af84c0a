//! What was to go on for a while when its surroundings were cancelled, and did not end in that time.

use super::{Report, ReportKind};
use crate::kernel::task::Reason;
use std::panic::Location;

/// "what was shielded at src/bank.rs:31:9 was cut short".
pub(super) fn shield(place: &'static Location<'static>, reason: &Reason) -> Report {
    let text = format!(
        "what was shielded at {place} was cut short: {reason}\n      \
         It had gone on after what it belonged to was cancelled or dropped, and has not ended. Give it a longer limit, or a limit of \
         its own to\n      what it waits for."
    );
    Report::new(ReportKind::CutShort, text)
        .at(place)
        .field("reason", reason.to_string())
}
