//! Nobody asks the futures that threads wait for where they stand, in a build without the feature `introspection`.

use std::panic::Location;

/// The roots of one runtime, of which it takes no note.
#[derive(Debug, Default)]
pub(super) struct Roots;

impl Roots {
    pub(super) fn list<F>(&self, future: F, _place: &'static Location<'static>) -> F {
        future
    }
}
