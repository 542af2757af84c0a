//! `leno::sync` takes part in cooperative scheduling: each step of progress costs one unit of the 128 that a poll has.

#[path = "support/sync_support.rs"]
mod support;

use leno::sync::{Mutex, RwLock, Semaphore, broadcast, mpsc, oneshot};
use leno::task::coop;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use support::manual;

const STEPS: usize = 1000;

/// How often a task that runs `future` is pending, though nothing ever keeps it waiting.
fn yields(future: impl Future<Output = ()> + Send + 'static) -> usize {
    let runtime = leno::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let counted = async {
            let mut future = pin!(future);
            let mut pending = 0;
            poll_fn(|cx| match future.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(pending),
                Poll::Pending => {
                    pending += 1;
                    Poll::Pending
                }
            })
            .await
        };
        leno::spawn(counted).await.unwrap()
    })
}

#[track_caller]
fn costs_one_unit_a_step(future: impl Future<Output = ()> + Send + 'static) {
    assert_eq!(yields(future), (STEPS - 1) / 128);
}

#[test]
fn locks() {
    costs_one_unit_a_step(async {
        let mutex = Mutex::new(0);
        for _ in 0..STEPS {
            *mutex.lock().await += 1;
        }
    });
    costs_one_unit_a_step(async {
        let lock = RwLock::new(0);
        for _ in 0..STEPS / 2 {
            *lock.write().await += 1;
            assert_ne!(*lock.read().await, 0);
        }
    });
    costs_one_unit_a_step(async {
        let semaphore = Semaphore::new(5);
        for _ in 0..STEPS {
            drop(semaphore.acquire_many(3).await.unwrap());
        }
    });
}

#[test]
fn sends() {
    costs_one_unit_a_step(async {
        let (sender, _receiver) = mpsc::channel(STEPS);
        for i in 0..STEPS {
            sender.send(i).await.unwrap();
        }
    });
    costs_one_unit_a_step(async {
        let (sender, _receiver) = mpsc::channel::<u32>(1);
        for _ in 0..STEPS {
            drop(sender.reserve().await.unwrap());
        }
    });
}

#[test]
fn receives() {
    costs_one_unit_a_step(async {
        let (sender, mut receiver) = mpsc::channel(STEPS);
        (0..STEPS).for_each(|i| sender.try_send(i).unwrap());
        for i in 0..STEPS {
            assert_eq!(receiver.recv().await, Some(i));
        }
    });
    costs_one_unit_a_step(async {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        (0..STEPS).for_each(|i| sender.send(i).unwrap());
        for i in 0..STEPS {
            assert_eq!(receiver.recv().await, Some(i));
        }
    });
    costs_one_unit_a_step(async {
        for i in 0..STEPS {
            let (sender, receiver) = oneshot::channel();
            sender.send(i).unwrap();
            assert_eq!(receiver.await, Ok(i));
        }
    });
    costs_one_unit_a_step(async {
        let (sender, mut receiver) = broadcast::channel(STEPS);
        (0..STEPS).for_each(|i| assert_eq!(sender.send(i).unwrap(), 1));
        for i in 0..STEPS {
            assert_eq!(receiver.recv().await, Ok(i));
        }
    });
}

/// A look that finds nothing costs nothing: the unit is there for what comes next.
#[test]
fn waiting_costs_nothing() {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let mutex = Mutex::new(());
    let pending = yields(async move {
        let guard = mutex.lock().await;
        for _ in 0..STEPS {
            let mut recv = pin!(receiver.recv());
            let mut lock = pin!(mutex.lock());
            poll_fn(|cx| {
                assert!(recv.as_mut().poll(cx).is_pending());
                assert!(lock.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
        }
        drop(guard);
        (0..100).for_each(|i| sender.send(i).unwrap());
        for i in 0..100 {
            assert_eq!(receiver.recv().await, Some(i));
        }
    });
    assert_eq!(pending, 0);
}

#[test]
fn who_has_no_budget_left_gets_in_line_all_the_same() {
    let pending = yields(async {
        let mutex = Mutex::new(());
        let guard = mutex.try_lock().unwrap();
        while coop::has_budget_remaining() {
            coop::consume_budget().await;
        }
        let mut first = manual(mutex.lock());
        let mut second = manual(mutex.lock());
        first.pending();
        second.pending();
        assert!(!first.is_woken());
        drop(guard);
        assert!(first.is_woken() && !second.is_woken());
    });
    assert_eq!(pending, 0);
}
