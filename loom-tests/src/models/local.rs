//! `block_on` and the current-thread scheduler: the root's wakes, injected tasks, the core's way from thread to thread.

use super::explore;
use crate::kernel::atomic_waker::AtomicWaker;
use crate::kernel::clock::Clock;
use crate::kernel::driver::Driver;
use crate::kernel::hooks::ParkHooks;
use crate::kernel::intervals::Intervals;
use crate::kernel::local::Local;
use crate::kernel::root::Root;
use crate::kernel::task::{self, Id, JoinHandle, Origin};
use crate::prim::Arc;
use crate::prim::atomic::{AtomicUsize, Ordering};
use crate::prim::reactor::Reactor;
use loom::thread;
use std::future::{Future, pending, poll_fn};
use std::task::Poll;
use std::time::Duration;

fn local(io: bool) -> Arc<Local> {
    new(io, false)
}

fn new(io: bool, bound: bool) -> Arc<Local> {
    with_intervals(io, bound, Intervals::default())
}

fn with_intervals(io: bool, bound: bool, intervals: Intervals) -> Arc<Local> {
    Local::new(
        Driver::new(io.then(|| Reactor::new().unwrap())),
        Arc::new(Clock::new()),
        ParkHooks::default(),
        intervals,
        bound,
        crate::kernel::wanted::Wanted::NOTHING,
    )
}

fn spawn<F: Future + 'static>(local: &Arc<Local>, future: F) -> JoinHandle<F::Output> {
    local.count_spawned();
    task::spawn(future, Local::home(local), Id::next(), Origin::caller())
}

fn end(local: &Arc<Local>) {
    Local::close(local, None);
    local.wait_for_tasks();
}

/// A poll of the root follows every wake and sees what each waker did before, also if two come together.
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

/// Tasks of two threads all have their turn, also one that is injected while the driver takes those before it.
// Mutation: local.rs, `pop_injected` says that nothing is injected once it has let go of the lock: deadlock.
#[test]
fn no_injected_task_is_lost_when_the_driver_takes_them() {
    explore(2, || {
        let local = local(false);
        let done = Arc::new((AtomicUsize::new(0), AtomicWaker::new()));
        let others = [(), ()].map(|()| {
            let (local, done) = (local.clone(), done.clone());
            thread::spawn(move || {
                spawn(&local, async move {
                    done.0.fetch_add(1, Ordering::Relaxed);
                    done.1.wake();
                })
            })
        });
        Local::block_on(&local, {
            poll_fn(|cx| {
                done.1.register(cx.waker());
                match done.0.load(Ordering::Relaxed) {
                    2 => Poll::Ready(()),
                    _ => Poll::Pending,
                }
            })
        });
        for other in others {
            assert!(other.join().unwrap().is_finished());
        }
        end(&local);
    });
}

/// The root's wake from another thread ends the driver's wait.
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

/// A future that is ready once somebody has set it off, and needs nobody to drive.
struct Event(AtomicUsize, AtomicWaker);

impl Event {
    fn new() -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(0), AtomicWaker::new()))
    }

    fn set(&self) {
        self.0.store(1, Ordering::Relaxed);
        self.1.wake();
    }

    fn wait(&self) -> impl Future<Output = ()> {
        poll_fn(|cx| {
            self.1.register(cx.waker());
            match self.0.load(Ordering::Relaxed) {
                0 => Poll::Pending,
                _ => Poll::Ready(()),
            }
        })
    }
}

/// Somebody who helps gives the core to whoever has a claim, wherever it is about to wait, and has it again afterwards.
// Mutation: handover.rs, a helper takes the core although a claim waits: it may do so again and again.
#[test]
fn a_helper_makes_way_for_a_claim() {
    for io in [false, true] {
        explore(2, move || {
            let local = local(io);
            let over = Event::new();
            let helper = thread::spawn({
                let (local, over) = (local.clone(), over.clone());
                move || {
                    Local::help(&local, async {
                        over.wait().await;
                        spawn(&local, async { 1 }).await.unwrap()
                    })
                }
            });
            // Only this thread can end what the helper waits for, and not before it has driven.
            assert_eq!(
                Local::block_on(&local, spawn(&local, async { 2 })).unwrap(),
                2
            );
            over.set();
            assert_eq!(helper.join().unwrap(), 1);
            end(&local);
        });
    }
}

/// Of those who wait for the core a claim is called first, since the helpers leave it alone until then.
#[test]
fn a_claim_is_called_before_a_helper() {
    explore(2, || {
        let local = local(false);
        let helpers = [(), ()].map(|()| {
            let over = Event::new();
            let thread = thread::spawn({
                let (local, over) = (local.clone(), over.clone());
                move || Local::help(&local, over.wait())
            });
            (thread, over)
        });
        Local::block_on(&local, spawn(&local, async {})).unwrap();
        for (thread, over) in helpers {
            over.set();
            thread.join().unwrap();
        }
        end(&local);
    });
}

/// Of two who help each gets the core when the other one polls its future, which may take as long as it likes.
// Mutation: handover.rs, `help` keeps the core while it polls: deadlock.
#[test]
fn a_helper_that_polls_its_future_leaves_the_core_to_the_next() {
    explore(3, || {
        let local = local(false);
        let blocks = thread::spawn({
            let local = local.clone();
            move || {
                Local::help(&local, async {
                    spawn(&local, async {}).await.unwrap();
                    // It blocks in place for as long as the other one needs.
                    let (sender, receiver) = loom::sync::mpsc::channel();
                    let other = thread::spawn({
                        let local = local.clone();
                        move || {
                            Local::help(&local, spawn(&local, async {})).unwrap();
                            sender.send(()).unwrap();
                        }
                    });
                    receiver.recv().unwrap();
                    other.join().unwrap();
                });
            }
        });
        Local::help(&local, spawn(&local, async {})).unwrap();
        blocks.join().unwrap();
        end(&local);
    });
}

/// A helper that is called to the core, and woken, before it has gone to sleep leaves the line when it polls its future, as that
/// may be its end.
// Mutation: local/handover.rs, `help` leaves the line only after it has slept: the core stays where it is, deadlock.
#[test]
fn a_helper_that_is_woken_when_it_is_called_leaves_the_line() {
    explore(2, || {
        let local = local(false);
        let over = Event::new();
        let a = thread::spawn({
            let (local, over) = (local.clone(), over.clone());
            move || Local::help(&local, over.wait())
        });
        let b = thread::spawn({
            let local = local.clone();
            move || Local::help(&local, spawn(&local, async {})).unwrap()
        });
        Local::block_on(&local, spawn(&local, async {})).unwrap();
        over.set();
        a.join().unwrap();
        b.join().unwrap();
        end(&local);
    });
}

/// The end that meets a helper comes all the same: at once, or when the helper is about to stop driving. Either way all tasks
/// have been dropped when both threads are done.
// Mutation: handover.rs, `leave_end` does not mark: the task lives on.
#[test]
fn the_end_meets_a_helper() {
    let patience = [None, None, Some(Duration::ZERO)];
    // Once with a look for events after each poll, which takes note of pokes.
    for (patience, looks) in patience.into_iter().zip([false, true, false]) {
        explore(2, move || {
            let intervals = Intervals {
                events: looks.then_some(1),
                injected: None,
            };
            let local = with_intervals(looks, false, intervals);
            let dropped = Arc::new(());
            let over = Event::new();
            let asleep = spawn(&local, {
                let dropped = dropped.clone();
                async move {
                    let _dropped = dropped;
                    pending::<()>().await;
                }
            });
            let helper = thread::spawn({
                let (local, over) = (local.clone(), over.clone());
                move || Local::help(&local, over.wait())
            });
            Local::close(&local, patience);
            over.set();
            helper.join().unwrap();
            assert!(asleep.is_finished());
            assert_eq!(Arc::strong_count(&dropped), 1, "a future lives on");
        });
    }
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
// Mutation: local.rs, `close` does not wait for wakers: a future is dropped by the waker's thread.
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

/// Who finds that no task is left sees what the last one did before it went, with Relaxed on purpose.
#[test]
fn a_task_that_is_counted_out_has_gone() {
    struct Says(Arc<AtomicUsize>);

    impl Drop for Says {
        fn drop(&mut self) {
            self.0.store(1, Ordering::Relaxed);
        }
    }

    explore(2, || {
        let local = local(false);
        let gone = Arc::new(AtomicUsize::new(0));
        let says = Says(gone.clone());
        spawn(&local, async move { drop(says) }).detach();
        let thread = thread::spawn({
            let local = local.clone();
            move || assert!(local.live_tasks() > 0 || gone.load(Ordering::Relaxed) == 1)
        });
        end(&local);
        thread.join().unwrap();
    });
}
