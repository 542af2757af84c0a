//! Whether any reactor of the process has turned since a given moment, for signals that nobody listens for.
//!
//! Every turn would have to count itself; it does so only while somebody wants to know, which costs one load otherwise.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

static WANTED: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Notes the end of a turn, of a reactor that may have waited.
#[inline]
pub(crate) fn turned() {
    // Ordering: Relaxed, here and below. Whoever asks is on the thread that has turned, or told by it in some other way;
    // and one turn earlier or later makes no difference to others.
    if WANTED.load(Ordering::Relaxed) {
        count();
    }
}

#[cold]
fn count() {
    WANTED.store(false, Ordering::Relaxed);
    COUNT.fetch_add(1, Ordering::Relaxed);
}

/// This moment, for [`has_turned_since`]. May be called in a signal handler.
pub(crate) fn moment() -> u32 {
    let moment = COUNT.load(Ordering::Relaxed);
    WANTED.store(true, Ordering::Relaxed);
    moment
}

/// Whether a turn has ended since. Correct for the latest moment that was asked for, and for earlier ones that are not 2³²
/// turns older.
pub(crate) fn has_turned_since(moment: u32) -> bool {
    COUNT.load(Ordering::Relaxed) != moment
}
