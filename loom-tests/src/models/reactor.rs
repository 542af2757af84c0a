//! Models of `reactor/src/block_on.rs`: the reactor's own executor.

use super::explore;
use crate::block_on::block_on;
use crate::prim::atomic::{AtomicU32, Ordering};
use crate::reactor::Reactor;
use loom::sync::Arc;
use std::future::poll_fn;
use std::task::Poll;

/// Whoever is woken sees what its wakers did, also if they came together: then one of them ends the wait, and the other relies
/// on it. The count is Relaxed on purpose: a poll that has not received both may miss one, and nobody calls again.
#[test]
fn the_executor_sees_what_every_waker_did() {
    explore(2, || {
        let came = Arc::new(AtomicU32::new(0));
        let mut threads = Vec::new();
        let both = poll_fn(|cx| {
            if threads.is_empty() {
                for _ in 0..2 {
                    let (waker, came) = (cx.waker().clone(), came.clone());
                    threads.push(loom::thread::spawn(move || {
                        came.fetch_add(1, Ordering::Relaxed);
                        waker.wake();
                    }));
                }
            }
            if came.load(Ordering::Relaxed) == 2 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        });
        let mut reactor = Reactor::new().unwrap();
        block_on(&mut reactor, both).unwrap();
        for thread in threads {
            thread.join().unwrap();
        }
    });
}
