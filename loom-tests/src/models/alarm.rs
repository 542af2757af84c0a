//! The reactor's alarm: whoever waits in the reactor for a deadline is not left waiting past it.

use super::explore;
use crate::kernel::clock::Clock;
use crate::kernel::driver::Driver;
use crate::prim::Arc;
use crate::prim::reactor::Reactor;
use loom::thread;

/// Two workers that take turns in the reactor, until each has seen its deadlines pass. What one sets the alarm for may be
/// obsolete for the other, may go off in its turn, or be too late for it.
// Mutations, driver.rs: `wait` takes a `now` that `try_lock` read before it locked; `set_alarm` does not ask whether the alarm
// has gone off, or notes only what it sets first: one waits for ever, and the other goes round for ever. It leaves an alarm
// alone that is too late: "it waited past its deadline".
#[test]
fn a_turn_ends_by_its_deadline_whoever_set_the_alarm() {
    explore(3, || {
        let driver = Arc::new(Driver::new(Some(Reactor::new().unwrap())));
        let clock = Arc::new(Clock::new());
        // The first turn ends at once, and leaves its alarm behind.
        driver.handle().unwrap().wake().unwrap();
        let workers = [[10, 30], [20, 25]].map(|deadlines| {
            let (driver, clock) = (driver.clone(), clock.clone());
            thread::spawn(move || {
                for deadline in deadlines {
                    while clock.now() < deadline {
                        let Some(mut turn) = driver.try_lock() else {
                            thread::yield_now();
                            continue;
                        };
                        // Only the holder of the turn lets time pass.
                        let latest = clock.now().max(deadline);
                        turn.wait(Some(deadline), &clock);
                        assert!(clock.now() <= latest, "it waited past its deadline");
                    }
                }
            })
        });
        for worker in workers {
            worker.join().unwrap();
        }
    });
}
