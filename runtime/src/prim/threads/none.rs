//! Nothing is known of other threads.

use super::Doing;

pub(super) fn id() -> u32 {
    0
}

pub(super) fn doing(_thread: u32) -> Option<Doing> {
    None
}

pub(super) fn prepare_to_interrupt(_answer: fn()) -> bool {
    false
}

pub(super) fn interrupt(_thread: u32) -> bool {
    false
}
