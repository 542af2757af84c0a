//! Coroutines that nobody awaited.

use super::{Report, ReportKind};
use std::panic::Location;

/// "`send` was called at src/signup.rs:52:5, and never awaited".
pub(super) fn coroutine(name: &'static str, place: &'static Location<'static>) -> Report {
    let text = format!(
        "`{name}` was called at {place}, and never awaited: nothing of it was done\n      \
         Write `{name}(..).await`, or `leno::spawn({name}(..))`; or `discard` what it returns, if that is meant."
    );
    Report::new(ReportKind::NeverAwaited, text)
        .at(place)
        .field("function", name)
}
