//! Several threads in `block_on` of one current-thread runtime.

use leno::runtime::Builder;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::channel;
use std::thread;

/// A thread that waits for the driver's part and whose future panics must not be the one that it is handed to.
#[test]
fn a_panic_in_a_waiting_block_on_does_not_lose_the_driver() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let (drives, driving) = channel();
    let (waits, waiting) = channel();
    let (release, released) = leno::sync::oneshot::channel::<()>();
    let (tell, told) = leno::sync::oneshot::channel();
    thread::scope(|scope| {
        let driver = scope.spawn(|| {
            runtime.block_on(async {
                drives.send(()).unwrap();
                released.await.unwrap();
            });
        });
        driving.recv().unwrap();

        let panicked = catch_unwind(AssertUnwindSafe(|| {
            runtime.block_on(async { panic!("on purpose") });
        }));
        assert!(panicked.is_err());

        let waiter = scope.spawn(|| {
            runtime.block_on(async {
                let task = leno::spawn(async { told.await.unwrap() });
                waits.send(()).unwrap();
                task.await.unwrap()
            })
        });
        // By now this thread has asked for the driver's part and has not got it.
        waiting.recv().unwrap();
        release.send(()).unwrap();
        driver.join().unwrap();
        // The task is left to this thread.
        tell.send(7).unwrap();
        assert_eq!(waiter.join().unwrap(), 7);
    });
}
