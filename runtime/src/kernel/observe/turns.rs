//! What a loop writes that records, with its thread's recorder. The loop that does not record calls none of this.

use super::event::{Kind, Word};
use super::{meet, with_recorder};
use crate::kernel::task::Runnable;

/// Polls a task whose spawn nobody has told of.
#[inline(always)]
pub(in crate::kernel) fn run(task: Runnable) -> Option<Runnable> {
    meet(task.header());
    task.run_as::<true>()
}

/// Looks around, from now on.
#[cold]
pub(in crate::kernel) fn begin_look() {
    with_recorder(|recorder| {
        recorder.look_at_mode();
        recorder.begin_turn(Word::new(Kind::Look, 0));
    });
}

/// Has looked for events.
pub(in crate::kernel) fn end_io() {
    with_recorder(|recorder| recorder.turn(Kind::Io, true));
}

/// Has fired timers.
pub(in crate::kernel) fn end_timers() {
    with_recorder(|recorder| recorder.turn(Kind::Timers, false));
}

/// Goes to sleep.
pub(in crate::kernel) fn park() {
    with_recorder(|recorder| recorder.begin_turn(Word::new(Kind::Park, 0)));
}

/// Is awake again.
pub(in crate::kernel) fn unpark() {
    with_recorder(|recorder| {
        recorder.look_at_mode();
        recorder.turn(Kind::Unpark, true);
    });
}
