//! What tells runtimes apart.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

/// What tells a runtime from all others of the process; see [`Handle::id`](super::Handle::id).
///
/// A [`LocalSet`](crate::task::LocalSet::id) has one, too.
///
/// It says nothing about the order in which runtimes were made, and none is used again.
///
/// # Examples
///
/// As a key, for what belongs to a runtime:
///
/// ```
/// use leno::runtime::{Handle, Id, Runtime};
/// use std::collections::HashMap;
///
/// let (first, second) = (Runtime::new()?, Runtime::new()?);
/// let names: HashMap<Id, &str> =
///     HashMap::from([(first.handle().id(), "first"), (second.handle().id(), "second")]);
/// assert_eq!(second.block_on(async { names[&Handle::current().id()] }), "second");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Id(NonZeroU64);

impl Id {
    pub(crate) fn number(self) -> u64 {
        self.0.get()
    }

    #[inline]
    pub(crate) fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        // Ordering: Relaxed, only the number itself matters; 64 bits of it do not come round.
        let id = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        Self(NonZeroU64::new(id).expect("it counts up from 1"))
    }
}

impl fmt::Display for Id {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
