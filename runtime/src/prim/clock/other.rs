//! By way of `std::time::Instant`.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The moment from which [`now`] counts. For converting at the public face only: loom's door has none.
///
/// 36 years before the first call, or as far back as the platform's `Instant` reaches.
pub(crate) fn base() -> Instant {
    static BASE: OnceLock<Instant> = OnceLock::new();
    *BASE.get_or_init(|| {
        let mut base = Instant::now();
        for bit in (0..=60).rev() {
            let earlier = base.checked_sub(Duration::from_nanos(1 << bit));
            base = earlier.unwrap_or(base);
        }
        base
    })
}

/// The clock, in nanoseconds since [`base`].
#[inline]
pub(crate) fn now() -> u64 {
    let since = base().elapsed();
    since.as_secs() * 1_000_000_000 + u64::from(since.subsec_nanos())
}
