//! What is noted of a running program beside the rings: the one task that is timed, and the table of strings.

use super::explore;
use crate::kernel::observe::sample::Sample;
use crate::kernel::observe::strings::{Strings, encode};
use crate::prim::Arc;
use crate::prim::words::Words;
use loom::thread;

/// Whoever polls the task that is timed has the time at which that one was woken, also if another had been timed before.
#[test]
fn a_delay_is_the_tasks_own() {
    explore(3, || {
        let sample = Arc::new(Sample::new());
        // Its delay is as the number says; the first one is there already.
        assert!(sample.start(1, 10, 1_000));
        let threads = [1, 2].map(|id| {
            let sample = sample.clone();
            thread::spawn(move || {
                if let Some(since) = sample.end(id) {
                    assert_eq!(since, 10 * id);
                    sample.free();
                }
            })
        });
        sample.start(2, 20, 1_000);
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// Who copies the table has every string that it counts, whole.
#[test]
fn a_string_is_there_before_it_counts() {
    explore(3, || {
        let strings = Arc::new(Strings::new(Words::zeroed(16)));
        let writer = thread::spawn({
            let strings = strings.clone();
            move || assert_eq!(strings.number("a place"), 1)
        });
        let reader = thread::spawn(move || {
            let words = strings.copy();
            // The first one stands for none.
            let all: Vec<_> = std::iter::once(0).chain(encode("a place")).collect();
            assert!(words == [0] || words == all, "{words:?}");
        });
        writer.join().unwrap();
        reader.join().unwrap();
    });
}
