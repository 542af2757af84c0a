//! Urgent data, where nobody tells of it.

use leno_reactor::{Interest, Io};
use mio::event::Source;

/// What TCP streams are registered for.
pub(in crate::net) const INTEREST: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// No interest is.
#[inline]
pub(in crate::net) fn is_about(_: Interest) -> bool {
    false
}

/// Nothing can be concluded from a short read.
#[inline]
pub(in crate::net) fn short_read_is_last<S: Source>(_: &Io<S>) -> bool {
    false
}
