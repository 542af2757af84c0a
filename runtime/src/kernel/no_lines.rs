//! Nobody wants to know who waits in line in a build without the feature `introspection`.

use crate::prim::Arc;

/// The lines of one scheduler's tasks.
#[derive(Debug)]
pub(crate) struct Lines;

impl Lines {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self)
    }
}

/// A place in a line, which has no value.
#[derive(Debug)]
pub(crate) enum Place {}

impl Place {
    pub(crate) fn take(_ticket: u64) -> Option<Self> {
        None
    }
}
