//! Urgent data, where the selector tells of it.

use leno_reactor::{Interest, Io};
use mio::event::Source;

/// What TCP streams are registered for.
pub(in crate::net) const INTEREST: Interest = Interest::READABLE
    .add(Interest::WRITABLE)
    .add(Interest::PRIORITY);

/// True if an operation for `interest` may take urgent data, and take back that there is some.
#[inline]
pub(in crate::net) fn is_about(interest: Interest) -> bool {
    interest.is_priority()
}

/// True if a short read has read all there was, as long as nobody has taken urgent data.
///
/// If urgent data was behind what it read, its event has been noted, and `PRIORITY` stays in the readiness; or the event
/// is still to come, and then it makes the stream readable again.
#[inline]
pub(in crate::net) fn short_read_is_last<S: Source>(io: &Io<S>) -> bool {
    !io.ready_event(Interest::PRIORITY).ready().is_priority()
}
