//! `block_on` and the current-thread scheduler: the root's wakes, injected tasks, the core's way from thread to thread.

use super::explore;
use crate::kernel::atomic_waker::AtomicWaker;
use crate::kernel::clock::Clock;
use crate::kernel::driver::Driver;
use crate::kernel::hooks::ParkHooks;
use crate::kernel::intervals::Intervals;
use crate::kernel::local::Local;
use crate::kernel::root::Root;
use crate::kernel::task::{self, Id, JoinHandle};
use crate::prim::Arc;
use crate::prim::atomic::{AtomicUsize, Ordering};
use crate::prim::reactor::Reactor;
use loom::thread;
use std::future::{Future, pending, poll_fn};
use std::task::Poll;

fn local(io: bool) -> Arc<Local> {
    new(io, false)
}

fn new(io: bool, bound: bool) -> Arc<Local> {
    Local::new(
        Driver::new(io.then(|| Reactor::new().unwrap())),
        Arc::new(Clock::new()),
        ParkHooks::default(),
        Intervals::default(),
        bound,
    )
}

fn spawn<F: Future + 'static>(local: &Arc<Local>, future: F) -> JoinHandle<F::Output> {
    local.count_spawned();
    task::spawn(future, Local::home(local), Id::next())
}

fn end(local: &Arc<Local>) {
    Local::close(local);
    local.wait_for_tasks();
}

/// A poll of the root follows every wake and sees what each waker did before, also if two come together.
// Mutations (each makes this fail): root.rs, `wake` stores instead of swapping, so that the earlier of two wakes is not
// seen; swaps Relaxed; `take_woken` swaps Relaxed; `wake` without the poke: deadlock, all of them.
#[test]
fn the_root_sees_what_every_waker_did() {
    explore(3, || {
        let root = Root::new(None);
        let letters = Arc::new(AtomicUsize::new(0));
        let senders = [(), ()].map(|()| {
            let (letters, waker) = (letters.clone(), Root::waker(&root));
            thread::spawn(move || {
                letters.fetch_add(1, Ordering::Relaxed);
                waker.wake();
            })
        });
        // As in `root::wait`.
        loop {
            if !root.take_woken() {
                root.seat.park(None);
            } else if letters.load(Ordering::Relaxed) == 2 {
                break;
            }
        }
        for sender in senders {
            sender.join().unwrap();
        }
    });
}

/// A task from another thread reaches the driver, wherever that is about to wait, and wakes the root.
// Mutation: local.rs, `inject` does not poke: deadlock.
#[test]
fn an_injected_task_ends_the_wait() {
    for io in [false, true] {
        explore(3, move || {
            let local = local(io);
            let done = Arc::new((AtomicUsize::new(0), AtomicWaker::new()));
            let other = thread::spawn({
                let (local, done) = (local.clone(), done.clone());
                move || {
                    spawn(&local, async move {
                        done.0.store(1, Ordering::Relaxed);
                        done.1.wake();
                    })
                }
            });
            Local::block_on(&local, {
                poll_fn(|cx| {
                    done.1.register(cx.waker());
                    match done.0.load(Ordering::Relaxed) {
                        0 => Poll::Pending,
                        _ => Poll::Ready(()),
                    }
                })
            });
            assert!(other.join().unwrap().is_finished());
            end(&local);
        });
    }
}

/// The root's wake from another thread ends the driver's wait.
// Mutation: root.rs, `wake` does not poke the scheduler's seat: deadlock.
#[test]
fn a_wake_of_the_root_ends_the_wait() {
    for io in [false, true] {
        explore(3, move || {
            let local = local(io);
            let done = Arc::new((AtomicUsize::new(0), AtomicWaker::new()));
            let other = thread::spawn({
                let done = done.clone();
                move || {
                    done.0.store(1, Ordering::Relaxed);
                    done.1.wake();
                }
            });
            Local::block_on(&local, {
                poll_fn(|cx| {
                    done.1.register(cx.waker());
                    match done.0.load(Ordering::Relaxed) {
                        0 => Poll::Pending,
                        _ => Poll::Ready(()),
                    }
                })
            });
            other.join().unwrap();
            end(&local);
        });
    }
}

/// A task that is spawned or woken by another thread while the scheduler closes is cancelled, and waited for.
// Mutations: local.rs, `close` leaves the injected queue open; `inject` does not notify who waits for the end, or does so
// without having held the lock; `close` does not close the owned list: deadlock, all of them.
#[test]
fn a_push_that_meets_the_end_is_cancelled() {
    explore(3, || {
        let local = local(false);
        let dropped = Arc::new(());
        let sleeps = Arc::new(AtomicWaker::new());
        let first = spawn(&local, {
            let (dropped, sleeps) = (dropped.clone(), sleeps.clone());
            poll_fn(move |cx| {
                let _ = &dropped;
                sleeps.register(cx.waker());
                Poll::<()>::Pending
            })
        });
        let asleep = spawn(&local, pending::<()>());
        Local::block_on(&local, {
            let mut turns = 2;
            poll_fn(move |cx| {
                turns -= 1;
                cx.waker().wake_by_ref();
                if turns == 0 {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
        });
        let other = thread::spawn({
            let (local, dropped) = (local.clone(), dropped.clone());
            move || {
                sleeps.wake();
                spawn(&local, async move {
                    let _dropped = dropped;
                    pending::<()>().await;
                })
            }
        });
        end(&local);
        let second = other.join().unwrap();
        local.wait_for_tasks();
        assert!(first.is_finished() && second.is_finished() && asleep.is_finished());
        assert_eq!(Arc::strong_count(&dropped), 1, "a future lives on");
    });
}

/// Of two threads in `block_on` one drives, and hands the core on when it is done: both get their outputs.
// Mutations: local.rs, `Driven::drop` does not poke the next; `Driven::take` does not enter the list: deadlock.
#[test]
fn the_core_goes_to_whoever_still_needs_it() {
    explore(2, || {
        let local = local(false);
        let other = thread::spawn({
            let local = local.clone();
            move || Local::block_on(&local, spawn(&local, async { 1 })).unwrap()
        });
        let output = Local::block_on(&local, spawn(&local, async { 2 })).unwrap();
        assert_eq!((output, other.join().unwrap()), (2, 1));
        end(&local);
    });
}

/// A thread that gives up waiting for the core, since its future is done, does not keep it from the next. (That this
/// holds for a future that panics is tested in `runtime/tests/runtime_block_on.rs`: loom cannot unwind here.)
// Mutations: local.rs, `Waiting` does not forget; `forget_waiter` does not poke the next: deadlock.
#[test]
fn who_gives_up_waiting_for_the_core_leaves_it_to_the_next() {
    explore(2, || {
        let local = local(false);
        let leaves = thread::spawn({
            let local = local.clone();
            move || Local::block_on(&local, ready_later())
        });
        let needs = thread::spawn({
            let local = local.clone();
            move || Local::block_on(&local, spawn(&local, async {})).unwrap()
        });
        Local::block_on(&local, ready_later());
        leaves.join().unwrap();
        needs.join().unwrap();
        end(&local);
    });
}

/// A future that needs nobody, but lets the others go on meanwhile.
fn ready_later() -> impl Future<Output = ()> {
    poll_fn(|_| {
        thread::yield_now();
        Poll::Ready(())
    })
}

/// A future of a bound scheduler is dropped on the scheduler's thread, also if a waker elsewhere has claimed its task when
/// the end comes; and what others spawn during the end, or after it, is cancelled too.
// Mutations: local.rs, `inject` looks at `closed` without `bound`: a future is dropped by the waker's thread; `close` does not
// wait for wakers: the same; `inject` does not notify while the scheduler is closing: deadlock.
#[test]
fn a_bound_scheduler_drops_its_futures_on_its_thread() {
    struct Dropped(thread::ThreadId);
    impl Drop for Dropped {
        fn drop(&mut self) {
            assert_eq!(thread::current().id(), self.0, "dropped elsewhere");
        }
    }
    explore(3, || {
        let local = new(false, true);
        let waker = Arc::new(AtomicWaker::new());
        let bound = Dropped(thread::current().id());
        let asleep = spawn(&local, {
            let waker = waker.clone();
            async move {
                let _bound = bound;
                poll_fn(|cx| {
                    waker.register(cx.waker());
                    Poll::<()>::Pending
                })
                .await;
            }
        });
        let mut polls = 0;
        Local::block_on(
            &local,
            poll_fn(|cx| {
                polls += 1;
                cx.waker().wake_by_ref();
                if polls > 1 {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            }),
        );
        let other = thread::spawn({
            let local = local.clone();
            move || {
                waker.wake();
                spawn(&local, pending::<()>())
            }
        });
        end(&local);
        assert!(asleep.is_finished());
        assert!(other.join().unwrap().is_finished());
    });
}
