//! `sync::Barrier`: nobody goes on before the last one has come, each round has one leader, and no round runs into the
//! next.

use super::block_on::block_on;
use super::explore;
use crate::prim::UnsafeCell;
use crate::sync::Barrier;
use loom::thread;
use std::sync::Arc;

/// A place per task, read by the others after the barrier: loom reports who reads too early.
struct Round {
    barrier: Barrier,
    places: [UnsafeCell<usize>; 2],
}

// SAFETY: that the barrier keeps writers and readers apart is what the models check.
unsafe impl Sync for Round {}
// SAFETY: as above.
unsafe impl Send for Round {}

impl Round {
    fn write(&self, me: usize, value: usize) {
        // SAFETY: nobody reads it before the next round of the barrier.
        self.places[me].with_mut(|place| unsafe { *place = value });
    }

    fn read(&self, other: usize) -> usize {
        // SAFETY: written before the barrier.
        self.places[other].with(|place| unsafe { *place })
    }
}

fn rounds(rounds: usize) {
    let round = Arc::new(Round {
        barrier: Barrier::new(2),
        places: [UnsafeCell::new(0), UnsafeCell::new(0)],
    });
    let run = move |round: &Round, me: usize| {
        block_on(async {
            let mut led = 0;
            for i in 1..=rounds {
                round.write(me, i);
                led += usize::from(round.barrier.wait().await.is_leader());
                assert_eq!(round.read(1 - me), i);
                // The places may be written again when both have read them.
                if i < rounds {
                    round.barrier.wait().await;
                }
            }
            led
        })
    };
    let other = round.clone();
    let thread = thread::spawn(move || run(&other, 1));
    let led = run(&round, 0);
    assert_eq!(led + thread.join().unwrap(), rounds);
}

/// Mutation: `wait` makes its `Notified` after it has looked at the generation → fails with a deadlock.
#[test]
fn nobody_goes_on_before_the_last_one_has_come() {
    explore(3, || rounds(1));
}

/// The leader of one round is already in the next when the other wakes.
///
/// Mutation: `wait` is over when it is woken, whatever the generation → fails with a causality violation: a late wake of
/// the round before lets it pass.
/// Mutation: `wait` does not look at the generation before it waits → fails with a deadlock.
#[test]
fn no_round_runs_into_the_next() {
    explore(2, || rounds(2));
}
