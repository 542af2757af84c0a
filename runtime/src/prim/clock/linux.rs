//! The system's own reading of `CLOCK_MONOTONIC`, which is what std's `Instant` shows too.
//!
//! Reading it as a number takes half of the instructions that an `Instant` and a difference take, and every timer does
//! that once. It is also the number by which an [`alarm`](crate::prim::alarm) is set.
//!
//! What std's type hides is which number an `Instant` stands for. [`base`] finds out by reading std's clock between two
//! readings of this one, and takes the middle. So the two clocks may differ by less than half of the time that a reading
//! takes, always by the same: whichever of them somebody reads first, the second reading is not before the first.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// What is added to the system's number, which counts from when the machine was started: 36 years.
pub(in crate::prim) const BEFORE_BOOT: u64 = 1 << 60;

/// How often to try for an undisturbed reading.
const TRIES: usize = 32;

/// The moment from which [`now`] counts. For converting at the public face only: loom's door has none.
#[inline]
pub(crate) fn base() -> Instant {
    static BASE: OnceLock<Instant> = OnceLock::new();
    *BASE.get_or_init(find_base)
}

#[cold]
fn find_base() -> Instant {
    let readings = (0..TRIES).map(|_| {
        let before = now();
        let instant = Instant::now();
        let after = now();
        (after - before, before + (after - before) / 2, instant)
    });
    let best = readings.min_by_key(|&(gap, ..)| gap);
    let Some((_, number, instant)) = best else {
        unreachable!("there were tries");
    };
    // An `Instant` is a signed number of seconds here: it can be 36 years before the start of the machine.
    instant - Duration::from_nanos(number)
}

/// The clock, in nanoseconds since [`base`].
#[inline]
pub(crate) fn now() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a `timespec` for the call to write to. It cannot fail: the clock exists on every Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    // Neither part is negative, and together they are some decades at most.
    (time.tv_sec as u64)
        .wrapping_mul(1_000_000_000)
        .wrapping_add(time.tv_nsec as u64)
        .wrapping_add(BEFORE_BOOT)
}
