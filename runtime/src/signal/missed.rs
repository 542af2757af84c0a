//! Signals that come when nobody listens for them any more, though somebody did: the next listener receives them.
//!
//! By then the signal does nothing else, as [`Signal`](super::unix::Signal) tells. A program that listens anew for each
//! Ctrl-C would otherwise lose the one that comes in between.
//!
//! For each kind of signal one action stays registered, which sets a flag if there is no listener. A new listener first
//! registers its own action, then counts itself, then takes the flag: a signal that found it uncounted has set the flag,
//! or reaches its action. A signal whose handler runs on another thread meanwhile, from before the first of these steps to
//! after the last, comes neither before the listener nor after it: the next one may receive it, or nobody.

use super::unix::{Action, Reaction, SignalKind};
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// One more than the largest number of a signal.
const KINDS: usize = 128;

/// What is known of one kind of signal.
#[derive(Debug)]
pub(crate) struct Kind {
    listeners: AtomicUsize,
    missed: AtomicBool,
    watch: OnceLock<Action>,
}

static TABLE: [Kind; KINDS] = [const {
    Kind {
        listeners: AtomicUsize::new(0),
        missed: AtomicBool::new(false),
        watch: OnceLock::new(),
    }
}; KINDS];

/// Counts a listener for as long as it lives.
#[derive(Debug)]
pub(super) struct Listening(&'static Kind);

impl Listening {
    /// Counts a listener whose action is registered. The other value says whether a signal was missed.
    pub(super) fn new(kind: SignalKind) -> io::Result<(Self, bool)> {
        let number = usize::try_from(kind.as_raw_value()).ok();
        let Some(entry) = number.and_then(|number| TABLE.get(number)) else {
            return Err(io::Error::other(format!(
                "there is no signal {}",
                kind.as_raw_value()
            )));
        };
        if entry.watch.get().is_none() {
            // If another thread was quicker, this one is dropped again.
            let _ = entry.watch.set(Action::new(kind, Reaction::Miss(entry))?);
        }
        // Ordering: SeqCst here and in the handler, which looks at these two in the opposite order.
        entry.listeners.fetch_add(1, Ordering::SeqCst);
        let missed = entry.missed.swap(false, Ordering::SeqCst);
        Ok((Self(entry), missed))
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.listeners.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Kind {
    /// In the handler.
    pub(super) fn came(&self) {
        if self.listeners.load(Ordering::SeqCst) == 0 {
            self.missed.store(true, Ordering::SeqCst);
        }
    }
}
