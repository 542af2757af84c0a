//! Storms of tasks that spawn, wake, steal, abort and join each other.
//!
//! `LENO_STRESS_ROUNDS` says how often each is repeated: a few times without it.

mod task_support;

use leno::runtime::Runtime;
use leno::task::{JoinSet, block_in_place, spawn_blocking, yield_now};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;
use task_support::{Event, current_thread, multi_thread};

/// Calls `storm` a number of times with each kind of runtime, all of which it has to leave without a task.
fn rounds(storm: impl Fn(&Runtime, usize)) {
    let rounds = match std::env::var("LENO_STRESS_ROUNDS") {
        Ok(rounds) => rounds.parse().expect("LENO_STRESS_ROUNDS is a number"),
        Err(_) => 20,
    };
    for round in 0..rounds {
        for workers in [0, 1, 2, 8] {
            let runtime = match workers {
                0 => current_thread(),
                _ => multi_thread(workers),
            };
            storm(&runtime, round);
        }
    }
}

/// A queue of numbers between tasks, without a budget or a limit.
#[derive(Clone, Default)]
struct Queue(Arc<Mutex<(VecDeque<usize>, Vec<Waker>)>>);

impl Queue {
    fn push(&self, number: usize) {
        let wakers = {
            let mut queue = self.0.lock().unwrap();
            queue.0.push_back(number);
            std::mem::take(&mut queue.1)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    async fn pop(&self) -> usize {
        poll_fn(|cx| {
            let mut queue = self.0.lock().unwrap();
            match queue.0.pop_front() {
                Some(number) => Poll::Ready(number),
                None => {
                    queue.1.push(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

fn tree(depth: u32) -> Pin<Box<dyn Future<Output = usize> + Send>> {
    Box::pin(async move {
        if depth == 0 {
            yield_now().await;
            return 1;
        }
        let children: Vec<_> = (0..3).map(|_| leno::spawn(tree(depth - 1))).collect();
        let mut sum = 1;
        for child in children {
            sum += child.await.unwrap();
        }
        sum
    })
}

#[test]
fn trees_of_tasks() {
    rounds(|runtime, _| {
        assert_eq!(runtime.block_on(tree(7)), (3usize.pow(8) - 1) / 2);
    });
}

#[test]
fn rings_of_tasks_that_wake_each_other() {
    const RING: usize = 50;
    rounds(|runtime, _| {
        runtime.block_on(async {
            let queues: Vec<Queue> = (0..RING).map(|_| Queue::default()).collect();
            let tasks: Vec<_> = (0..RING)
                .map(|place| {
                    let (own, next) = (queues[place].clone(), queues[(place + 1) % RING].clone());
                    leno::spawn(async move {
                        loop {
                            let left = own.pop().await;
                            next.push(left.saturating_sub(1));
                            if left == 0 {
                                break;
                            }
                        }
                    })
                })
                .collect();
            // Several tokens at once, so that tasks are woken while they run.
            for token in 0..4 {
                queues[token * 7].push(500);
            }
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
}

#[test]
fn many_tasks_that_share_one_queue() {
    rounds(|runtime, _| {
        let (work, done) = (Queue::default(), Arc::new(AtomicUsize::new(0)));
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let (work, done) = (work.clone(), done.clone());
                runtime.spawn(async move {
                    while work.pop().await != 0 {
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let work = work.clone();
                thread::spawn(move || (0..500).for_each(|_| work.push(1)))
            })
            .collect();
        runtime.block_on(async {
            for thread in threads {
                spawn_blocking(|| thread.join().unwrap()).await.unwrap();
            }
            for task in tasks {
                work.push(0);
                drop(task);
            }
            while runtime.metrics().num_alive_tasks() > 0 {
                yield_now().await;
            }
        });
        assert_eq!(done.load(Ordering::Relaxed), 1000);
    });
}

#[test]
fn aborts_that_race_with_everything() {
    rounds(|runtime, round| {
        let alive = Arc::new(());
        let queue = Queue::default();
        let mut tasks = Vec::new();
        for number in 0..300 {
            let (kept, queue) = (alive.clone(), queue.clone());
            tasks.push(runtime.spawn(async move {
                for _ in 0..number % 7 {
                    yield_now().await;
                }
                if number % 3 == 0 {
                    queue.pop().await;
                }
                drop(kept);
                number
            }));
        }
        let handles: Vec<_> = tasks
            .iter()
            .map(leno::task::JoinHandle::abort_handle)
            .collect();
        let (aborts, wakes) = (
            thread::spawn(move || {
                for handle in handles.iter().skip(round % 2).step_by(2) {
                    handle.abort();
                }
            }),
            thread::spawn(move || (0..100).for_each(|_| queue.push(1))),
        );
        runtime.block_on(async {
            for (number, task) in tasks.into_iter().enumerate() {
                if number % 5 == 0 {
                    drop(task);
                    continue;
                }
                match task.await {
                    Ok(output) => assert_eq!(output, number),
                    Err(error) => assert!(error.is_cancelled()),
                }
            }
            while runtime.metrics().num_alive_tasks() > 0 {
                yield_now().await;
            }
        });
        aborts.join().unwrap();
        wakes.join().unwrap();
        assert_eq!(Arc::strong_count(&alive), 1);
    });
}

#[test]
fn join_sets_filled_and_emptied_by_many() {
    rounds(|runtime, _| {
        let sum = runtime.block_on(async {
            let mut outer = JoinSet::new();
            for _ in 0..20 {
                outer.spawn(async {
                    let mut inner = JoinSet::new();
                    for number in 0..50 {
                        inner.spawn(async move {
                            for _ in 0..number % 4 {
                                yield_now().await;
                            }
                            number
                        });
                    }
                    inner.join_all().await.into_iter().sum::<usize>()
                });
            }
            outer.join_all().await.into_iter().sum::<usize>()
        });
        assert_eq!(sum, 20 * 49 * 25);
    });
}

#[test]
fn waiting_tasks_hand_their_workers_on() {
    rounds(|runtime, _| {
        if runtime.metrics().num_workers() == 1
            && runtime.handle().runtime_flavor() == leno::runtime::RuntimeFlavor::CurrentThread
        {
            return;
        }
        runtime.block_on(async {
            let mut set = JoinSet::new();
            for number in 0..30 {
                set.spawn(async move {
                    let event = Event::new();
                    let tells = event.clone();
                    leno::spawn(async move {
                        yield_now().await;
                        tells.set();
                    });
                    if number % 2 == 0 {
                        block_in_place(|| event.block());
                    } else {
                        spawn_blocking(move || event.block()).await.unwrap();
                    }
                });
            }
            set.join_all().await;
        });
    });
}

#[test]
fn runtimes_that_end_in_the_middle() {
    rounds(|runtime, round| {
        // A runtime of the same kind that is dropped while all this goes on.
        let runtime = match runtime.handle().runtime_flavor() {
            leno::runtime::RuntimeFlavor::CurrentThread => current_thread(),
            _ => multi_thread(runtime.metrics().num_workers()),
        };
        let alive = Arc::new(());
        let queue = Queue::default();
        for _ in 0..50 {
            let (kept, queue) = (alive.clone(), queue.clone());
            runtime.spawn(async move {
                loop {
                    let number = queue.pop().await;
                    let (kept, queue) = (kept.clone(), queue.clone());
                    leno::spawn(async move {
                        yield_now().await;
                        queue.push(number);
                        drop(kept);
                    });
                }
            });
        }
        let pushes = queue.clone();
        let pusher = thread::spawn(move || (0..200).for_each(|number| pushes.push(number)));
        runtime.block_on(async {
            for _ in 0..round * 10 {
                yield_now().await;
            }
        });
        drop(runtime);
        assert_eq!(Arc::strong_count(&alive), 1);
        pusher.join().unwrap();
    });
}
