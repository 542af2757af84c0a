//! Where this process records: the store that all its runtimes share, in memory or in a black box.

use super::black_box::BlackBox;
use super::format::Clock;
use crate::kernel::observe::store::{Memory, Store};
use crate::kernel::observe::strings::{self, Strings};
use crate::kernel::observe::{Change, Source};
use crate::prim::process::PerProcess;
use crate::prim::tick;
use crate::prim::words::Words;
use crate::runtime::inner::Inner;
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

/// Words for strings: half a mebibyte, of which only what is used takes room where it is memory.
pub(super) const STRINGS: usize = 1 << 16;

/// What a process has of this. A child begins anew.
#[derive(Debug, Default)]
struct Recording {
    clock: OnceLock<Clock>,
    store: OnceLock<Arc<Store>>,
    black_box: OnceLock<Option<BlackBox>>,
}

static RECORDING: PerProcess<Recording> = PerProcess::new();

/// How this process' ticks are to be read.
pub(super) fn clock() -> Clock {
    *RECORDING.get().clock.get_or_init(|| {
        let calibration = tick::calibration();
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let unix = now.map_or(0, |now| u64::try_from(now.as_nanos()).unwrap_or(u64::MAX));
        // The time of day at the moment that the calibration is of.
        let since = crate::prim::now().saturating_sub(calibration.nanoseconds);
        Clock::new(calibration, unix.saturating_sub(since))
    })
}

/// The black box, if the environment asks for one and it can be made.
fn black_box() -> Option<&'static BlackBox> {
    let made = RECORDING
        .get()
        .black_box
        .get_or_init(BlackBox::of_environment);
    made.as_ref()
}

fn store() -> Arc<Store> {
    let store = RECORDING.get().store.get_or_init(|| {
        let calibration = tick::calibration();
        let store = match black_box() {
            Some(black_box) => Store::new(
                black_box.strings(),
                calibration,
                Box::new(black_box.memory()),
            ),
            None => {
                let strings = Strings::new(Words::zeroed(strings::HEAD + STRINGS));
                Store::new(strings, calibration, Box::new(Anonymous))
            }
        };
        Arc::new(store)
    });
    Arc::clone(store)
}

/// Memory of the process' own.
struct Anonymous;

impl Memory for Anonymous {
    fn take(&self, words: usize) -> Words {
        Words::zeroed(words)
    }

    fn give_back(&self, _words: Words) {}
}

/// Has a runtime observed more closely, or less.
pub(super) fn change(inner: &Inner, change: Change) {
    inner.observe(change, || Source {
        store: store(),
        runtime: inner.id().number(),
        name: inner.name().map(str::to_owned),
    });
}

/// A runtime has been built: it is recorded if its builder wants that, or if there is a black box.
pub(crate) fn begin(inner: &Inner, wanted: bool) {
    if wanted || black_box().is_some() {
        change(inner, Change::Record(true));
    }
}
