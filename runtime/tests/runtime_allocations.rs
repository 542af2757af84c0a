//! What a task costs in memory: one allocation, of 96 bytes for a future without state (which the allocator rounds to the next
//! size that it has, 104), and none if a task of its size has ended on the thread before.
//!
//! Alone in its process, since it counts what the whole process allocates.

mod own_diagnostics;

use leno::diagnostics::Diagnostics;
use leno::runtime::Builder;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::task::{Poll, Waker};

/// Counts what the calling thread allocates.
struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
    static BYTES: Cell<usize> = const { Cell::new(0) };
    static FREED: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        BYTES.set(BYTES.get() + layout.size());
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        FREED.set(FREED.get() + 1);
        // SAFETY: the caller's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Number and bytes of the allocations that `f` makes.
fn allocations<T>(f: impl FnOnce() -> T) -> (usize, usize) {
    let (count, bytes) = (COUNT.get(), BYTES.get());
    let result = f();
    let made = (COUNT.get() - count, BYTES.get() - bytes);
    drop(result);
    made
}

#[test]
fn a_task_is_one_allocation_of_its_size() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        // The queue has room from then on, and the thread has ids. No memory of ended tasks is left.
        for _ in 0..100 {
            leno::spawn(pending::<()>());
        }
        leno::task::yield_now().await;
        leno::task::yield_now().await;
        let (count, bytes) = allocations(|| leno::spawn(async {}));
        assert_eq!(count, 1);
        assert!(bytes <= 104, "{bytes} bytes");
        let state = [1u8; 100];
        let (count, bytes) = allocations(|| {
            leno::spawn(async move {
                leno::task::yield_now().await;
                std::hint::black_box(&state);
            })
        });
        assert_eq!(count, 1);
        assert!(bytes <= 104 + 2 * 100 + 32, "{bytes} bytes");
    });
}

#[test]
fn a_task_takes_the_memory_of_one_that_has_ended() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        for _ in 0..10 {
            leno::spawn(async {}).await.unwrap();
        }
        let (count, _) = allocations(|| leno::spawn(async {}));
        assert_eq!(count, 0);
    });
}

#[test]
fn a_name_is_two_allocations_and_goes_with_the_task() {
    own_diagnostics::only();
    // Who looks for slow polls keeps the name of the last task that has one.
    let mut builder = Builder::new_current_thread();
    let runtime = builder.diagnostics(Diagnostics::off()).build().unwrap();
    runtime.block_on(async {
        for _ in 0..10 {
            leno::spawn(async {}).await.unwrap();
        }
        // What is allocated for the task, and how much is freed until it has ended.
        let costs = async |name| {
            let freed = FREED.get();
            let (count, _) = allocations(|| {
                let task = leno::task::Builder::new();
                let task = match name {
                    Some(name) => task.name(name),
                    None => task,
                };
                task.spawn(async {}).unwrap()
            });
            leno::task::yield_now().await;
            (count, FREED.get() - freed)
        };
        let (count, freed) = costs(None).await;
        assert_eq!(count, 0);
        assert_eq!(costs(Some("worker")).await, (2, freed + 2));
    });
}

leno::task_local! {
    #[inherited]
    static TRACE_ID: u64;
}

#[test]
fn a_scope_of_an_inherited_value_is_two_allocations_and_a_task_in_it_one_more() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        for _ in 0..10 {
            leno::spawn(async {}).await.unwrap();
        }
        leno::task::yield_now().await;
        let (alone, _) = allocations(|| TRACE_ID.sync_scope(7, || ()));
        assert_eq!(alone, 2);
        let mut inside = 0;
        TRACE_ID
            .scope(7, async {
                inside = allocations(|| leno::spawn(async { TRACE_ID.get() })).0;
                // A scope that goes on is not made again.
                let before = COUNT.get();
                for _ in 0..10 {
                    leno::task::yield_now().await;
                    TRACE_ID.with(|_| ());
                }
                assert_eq!(COUNT.get() - before, 0);
            })
            .await;
        assert_eq!(inside, 1);
    });
}

#[test]
fn a_life_of_waking_and_sleeping_allocates_nothing() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let task = leno::spawn(async {
            for _ in 0..1000 {
                leno::task::yield_now().await;
            }
        });
        leno::task::yield_now().await;
        let before = COUNT.get();
        task.await.unwrap();
        assert_eq!(COUNT.get() - before, 0);
    });
}

#[test]
fn a_waker_that_is_used_up_keeps_nothing_of_its_task() {
    thread_local!(static WAKER: Cell<Option<Waker>> = const { Cell::new(None) });
    async fn life() {
        let mut is_first = true;
        let task = leno::spawn(poll_fn(move |cx| {
            if std::mem::take(&mut is_first) {
                WAKER.set(Some(cx.waker().clone()));
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        }));
        leno::task::yield_now().await;
        WAKER.take().unwrap().wake();
        task.await.unwrap();
    }
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        life().await;
        life().await;
        let before = COUNT.get();
        life().await;
        assert_eq!(COUNT.get(), before, "the memory is that of the one before");
    });
}

#[test]
fn a_local_task_is_one_allocation() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let set = leno::task::LocalSet::new();
    set.block_on(&runtime, async {
        for _ in 0..10 {
            leno::task::spawn_local(pending::<()>());
        }
        leno::task::yield_now().await;
        let (count, bytes) = allocations(|| leno::task::spawn_local(async {}));
        assert_eq!(count, 1);
        assert!(bytes <= 104, "{bytes} bytes");
    });
}

#[test]
fn a_task_of_a_join_set_is_two_allocations() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut set = leno::task::JoinSet::new();
        for _ in 0..10 {
            set.spawn(pending::<()>());
        }
        leno::task::yield_now().await;
        let (count, _) = allocations(|| set.spawn(async {}));
        assert_eq!(count, 2);
    });
}

#[test]
fn a_spare_that_is_not_there_is_less_than_2_kilobytes() {
    own_diagnostics::only();
    const SPARES: usize = 64;
    let bytes = |spares| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2).spare_workers(spares).enable_all();
        // Who looks for slow polls has more to keep of each.
        builder.diagnostics(Diagnostics::off());
        // The first one has the process's own things made as well.
        drop(builder.build().unwrap());
        allocations(|| builder.build().unwrap()).1
    };
    let each = (bytes(SPARES) - bytes(0)) / SPARES;
    assert!(each <= 2048, "{each} bytes");
}

#[test]
fn what_is_emptied_again_and_again_does_not_grow() {
    use leno::sync::{Notify, broadcast, mpsc, watch};

    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(leno::task::unconstrained(async {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let (bounded, mut from_bounded) = mpsc::channel(8);
        let (news, mut listener) = broadcast::channel(8);
        let (state, mut follower) = watch::channel(0);
        let notify = Notify::new();
        let mut rounds = async |count: usize| {
            for round in 0..count {
                for n in 0..round % 8 {
                    sender.send(n).unwrap();
                    bounded.try_send(n).unwrap();
                    news.send(n).unwrap();
                }
                for n in 0..round % 8 {
                    assert_eq!(receiver.recv().await, Some(n));
                    assert_eq!(from_bounded.recv().await, Some(n));
                    assert_eq!(listener.recv().await, Ok(n));
                }
                state.send_replace(round);
                follower.changed().await.unwrap();
                notify.notify_one();
                notify.notified().await;
                leno::spawn(async {}).await.unwrap();
            }
        };
        rounds(1_000).await;
        let there = || COUNT.get() - FREED.get();
        let before = there();
        rounds(100_000).await;
        assert!(there() <= before + 2, "{} more", there() - before);
    }));
}

#[test]
fn a_channel_gives_back_the_memory_of_a_sender_that_ran_ahead() {
    use leno::sync::mpsc;

    // More than a block of the channel, so that the sender goes on to the next ones by itself.
    const AHEAD: usize = 300;
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let mut rounds = |count: usize| {
        for _ in 0..count {
            for n in 0..AHEAD {
                sender.send(n).unwrap();
            }
            for n in 0..AHEAD {
                assert_eq!(receiver.try_recv(), Ok(n));
            }
        }
    };
    rounds(10);
    let there = || COUNT.get() - FREED.get();
    let before = there();
    rounds(100);
    assert!(there() <= before + 2, "{} more", there() - before);
}
