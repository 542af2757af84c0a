//! Signals that come when nobody listens for them any more, though somebody did: a listener that comes at once receives
//! them.
//!
//! By then the signal does nothing else, as [`Signal`](super::unix::Signal) tells. A program that listens anew for each
//! Ctrl-C would otherwise lose the one that comes in between.
//!
//! *At once* is before any reactor has turned: whatever was to be done until the program waits for something is done
//! by then, and a later listener is for something else, which an old signal must not end. On a multi-threaded runtime a
//! thread may wait for a long time without a turn, since others do the turning, who sleep; there it is for a short time
//! only.
//!
//! For each kind of signal one action stays registered, which notes it if there is no listener. A new listener first
//! registers its own action, then counts itself, then takes the note: a signal that found it uncounted has made the note,
//! or reaches its action. A signal whose handler runs on another thread meanwhile, from before the first of these steps to
//! after the last, comes neither before the listener nor after it: the next one may receive it, or nobody.
//!
//! A child process that was forked has the counts and the notes of its parent. Both name the process that made them, and
//! count for nothing in any other: there, nobody has listened yet.

use super::handler::{Action, Reaction};
use super::kind::SignalKind;
use crate::prim::{now, process, turns};
use crate::runtime::current;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// One more than the largest number of a signal.
const KINDS: usize = 128;

/// How long, in nanoseconds, a signal is kept where nobody knows who waits.
const AT_ONCE: u64 = 50_000_000;

/// What is known of one kind of signal.
#[derive(Debug)]
pub(crate) struct Kind {
    /// How many there are, with their process above.
    listeners: AtomicU64,
    /// The [moment](turns::moment) of the last signal that was missed, with its process above; 0 for none, as that is no
    /// process' number.
    missed: AtomicU64,
    /// What the clock showed then.
    missed_at: AtomicU64,
    watch: OnceLock<Action>,
}

static TABLE: [Kind; KINDS] = [const {
    Kind {
        listeners: AtomicU64::new(0),
        missed: AtomicU64::new(0),
        missed_at: AtomicU64::new(0),
        watch: OnceLock::new(),
    }
}; KINDS];

/// A value with the process that it is of.
fn with_process(process: u32, value: u32) -> u64 {
    u64::from(process) << 32 | u64::from(value)
}

fn process_of(word: u64) -> u32 {
    (word >> 32) as u32
}

/// Counts a listener for as long as it lives.
#[derive(Debug)]
pub(super) struct Listening {
    kind: &'static Kind,
    process: u32,
}

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
        // Read before any handler does, whose first reading must not be the program's.
        let now = now();
        if entry.watch.get().is_none() {
            // If another thread was quicker, this one is dropped again.
            let _ = entry.watch.set(Action::new(kind, Reaction::Miss(entry))?);
        }
        let listening = Self {
            kind: entry,
            process: process::number(),
        };
        listening.count(|listeners| listeners + 1);
        Ok((listening, entry.take_missed(now)))
    }

    fn count(&self, change: impl Fn(u32) -> u32) {
        let update = |word: u64| {
            let listeners = match process_of(word) == self.process {
                true => word as u32,
                false => 0,
            };
            Some(with_process(self.process, change(listeners)))
        };
        // Ordering: SeqCst here, in `take_missed` and in the handler, which looks at these two in the opposite order.
        let updated = self
            .kind
            .listeners
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, update);
        debug_assert!(updated.is_ok());
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // An inherited one was never counted here.
        if self.process == process::number() {
            self.count(|listeners| listeners - 1);
        }
    }
}

impl Kind {
    /// In the handler.
    pub(super) fn came(&self) {
        let process = process::number();
        let listeners = self.listeners.load(Ordering::SeqCst);
        if listeners != with_process(process, 0) {
            // Somebody listens, or nobody has ever done so here.
            return;
        }
        self.missed_at.store(now(), Ordering::SeqCst);
        let missed = with_process(process, turns::moment());
        self.missed.store(missed, Ordering::SeqCst);
    }

    /// Whether a signal was missed that a listener which comes now is to receive; it is forgotten then.
    fn take_missed(&self, now: u64) -> bool {
        let missed = self.missed.swap(0, Ordering::SeqCst);
        if process_of(missed) != process::number() || turns::has_turned_since(missed as u32) {
            return false;
        }
        let age = now.saturating_sub(self.missed_at.load(Ordering::SeqCst));
        current::is_current_thread() || age < AT_ONCE
    }
}
