//! A clock that is resumed while another thread reads it.

use super::explore;
use crate::kernel::clock::Clock;
use crate::prim::Arc;
use crate::reactor::pass;
use loom::thread;

/// Who sees that the clock runs again sees from where on: it does not leap over the time for which it stood still.
#[test]
fn a_clock_goes_on_from_where_it_stood() {
    explore(3, || {
        let clock = Arc::new(Clock::new());
        assert!(clock.pause());
        pass(100);
        let thread = thread::spawn({
            let clock = clock.clone();
            move || assert_eq!(clock.now(), 0)
        });
        assert!(clock.resume());
        thread.join().unwrap();
    });
}
