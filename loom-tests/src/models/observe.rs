//! What is noted of a running program beside the rings: the one task that is timed.

use super::explore;
use crate::kernel::observe::sample::Sample;
use crate::prim::Arc;
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
