//! Tasks that block or compute, as many as there are workers or more, hold up nobody else: a spare worker comes.
//!
//! What opens the gates that the blockers wait at is always another task of the same runtime, so without a rescue nothing here
//! would ever end. Nothing is timed; a watchdog fails what hangs.

mod task_support;

use leno::io::{AsyncReadExt, AsyncWriteExt};
use leno::net::TcpListener;
use leno::runtime::{Builder, Runtime, worker_index};
use leno::task::{LocalSet, block_in_place, spawn_blocking, spawn_local};
use leno::time::{Duration, sleep};
use std::future::{pending, poll_fn};
use std::io::{Read, Write};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex, mpsc};
use std::task::Poll;
use std::thread;
use task_support::{Event, OnDrop};

/// Longer than anything here takes that comes at all.
const NEVER: Duration = Duration::from_secs(100);

/// As long as a timer must be to be one.
const SHORT: Duration = Duration::from_millis(1);

/// Workers and blockers: as many as workers, and three times as many.
const CROWDS: [(usize, usize); 4] = [(1, 1), (1, 3), (2, 2), (2, 6)];

fn builder(workers: usize) -> Builder {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(workers).enable_all();
    builder
}

fn runtime(workers: usize) -> Runtime {
    builder(workers).build().unwrap()
}

/// Runs `test`, and fails if it hangs.
fn watched(test: impl FnOnce() + Send + 'static) {
    let (done, is_done) = mpsc::channel();
    let thread = thread::spawn(move || {
        test();
        done.send(()).unwrap();
    });
    if let Err(mpsc::RecvTimeoutError::Timeout) = is_done.recv_timeout(NEVER) {
        panic!("nobody came to the rescue");
    }
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// A gate that threads wait at.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    fn wait(&self) {
        let is_open = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(is_open, |is_open| !*is_open).unwrap());
    }
}

/// Tasks that block their threads.
struct Blockers {
    gate: Gate,
    /// All of them are in their polls.
    all_block: Event,
    /// How many of them a spare runs.
    on_spares: Arc<AtomicUsize>,
    handles: Vec<leno::task::JoinHandle<()>>,
}

impl Blockers {
    fn spawn(runtime: &Runtime, number: usize) -> Self {
        Self::spawn_with(runtime, number, |gate| gate.wait())
    }

    /// One on each worker. (If a worker is late a spare may be given one, and the worker is free: then once more.)
    fn on_workers(runtime: &Runtime) -> Self {
        loop {
            let blockers = Self::spawn(runtime, runtime.metrics().num_workers());
            blockers.all_block.block();
            if blockers.on_spares.load(Ordering::SeqCst) == 0 {
                return blockers;
            }
            blockers.gate.open();
            blockers.join(runtime);
        }
    }

    fn spawn_with(
        runtime: &Runtime,
        number: usize,
        block: impl Fn(Gate) + Clone + Send + 'static,
    ) -> Self {
        let (gate, all_block) = (Gate::default(), Event::new());
        let arrived = Arc::new(AtomicUsize::new(0));
        let on_spares = Arc::new(AtomicUsize::new(0));
        let handles = (0..number)
            .map(|_| {
                let (gate, all_block, arrived) = (gate.clone(), all_block.clone(), arrived.clone());
                let on_spares = on_spares.clone();
                let block = block.clone();
                runtime.spawn(async move {
                    let is_on_spare = worker_index().is_none();
                    on_spares.fetch_add(usize::from(is_on_spare), Ordering::SeqCst);
                    if arrived.fetch_add(1, Ordering::SeqCst) + 1 == number {
                        all_block.set();
                    }
                    block(gate);
                })
            })
            .collect();
        Self {
            gate,
            all_block,
            on_spares,
            handles,
        }
    }

    fn join(self, runtime: &Runtime) {
        for handle in self.handles {
            runtime.block_on(handle).unwrap();
        }
    }
}

/// Waits until a spare has come, and none is there any more.
fn wait_until_spares_have_left(runtime: &Runtime) {
    let metrics = runtime.metrics();
    // One that has run something already may not have been counted yet.
    while metrics.spare_worker_start_count() == 0 || metrics.spare_workers() > 0 {
        thread::yield_now();
    }
}

#[test]
fn timers_fire() {
    watched(|| {
        for (workers, number) in CROWDS {
            let runtime = runtime(workers);
            let blockers = Blockers::spawn(&runtime, number);
            let (gate, all_block) = (blockers.gate.clone(), blockers.all_block.clone());
            runtime.spawn(async move {
                all_block.wait().await;
                sleep(SHORT).await;
                gate.open();
            });
            blockers.join(&runtime);
        }
    });
}

#[test]
fn timers_fire_without_io() {
    watched(|| {
        for (workers, number) in CROWDS {
            let runtime = Builder::new_multi_thread()
                .worker_threads(workers)
                .enable_time()
                .build()
                .unwrap();
            let blockers = Blockers::spawn(&runtime, number);
            let (gate, all_block) = (blockers.gate.clone(), blockers.all_block.clone());
            runtime.spawn(async move {
                all_block.wait().await;
                for _ in 0..10 {
                    sleep(SHORT).await;
                }
                gate.open();
            });
            blockers.join(&runtime);
        }
    });
}

#[test]
fn connections_are_accepted_and_answered() {
    watched(|| {
        for (workers, number) in CROWDS {
            let runtime = runtime(workers);
            let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
            let address = listener.local_addr().unwrap();
            let blockers = Blockers::spawn(&runtime, number);
            let gate = blockers.gate.clone();
            let server = runtime.spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                while let Ok(byte) = stream.read_u8().await {
                    stream.write_u8(byte + 1).await.unwrap();
                }
                gate.open();
            });
            blockers.all_block.block();
            let mut client = std::net::TcpStream::connect(address).unwrap();
            for byte in 0..10 {
                client.write_all(&[byte]).unwrap();
                let mut answer = [0];
                client.read_exact(&mut answer).unwrap();
                assert_eq!(answer, [byte + 1]);
            }
            drop(client);
            blockers.join(&runtime);
            runtime.block_on(server).unwrap();
        }
    });
}

#[test]
fn what_is_spawned_from_outside_runs() {
    watched(|| {
        for (workers, number) in CROWDS {
            // With no reactor and no timers: nothing waits until something is spawned.
            let runtime = Builder::new_multi_thread()
                .worker_threads(workers)
                .build()
                .unwrap();
            let blockers = Blockers::spawn(&runtime, number);
            blockers.all_block.block();
            let gate = blockers.gate.clone();
            runtime.spawn(async move { gate.open() });
            blockers.join(&runtime);
        }
    });
}

#[test]
fn what_a_blocker_has_spawned_runs() {
    watched(|| {
        for workers in [1, 2] {
            let runtime = runtime(workers);
            // Each opens the next one's gate.
            let gates: Vec<Gate> = (0..workers).map(|_| Gate::default()).collect();
            let blockers: Vec<_> = (0..workers)
                .map(|index| {
                    let own = gates[index].clone();
                    let next = gates[(index + 1) % workers].clone();
                    runtime.spawn(async move {
                        leno::spawn(async move { next.open() });
                        own.wait();
                    })
                })
                .collect();
            for blocker in blockers {
                runtime.block_on(blocker).unwrap();
            }
        }
    });
}

#[test]
fn a_barrier_is_reached_by_more_tasks_than_there_are_workers() {
    watched(|| {
        for (workers, number) in CROWDS {
            let runtime = runtime(workers);
            let barrier = Arc::new(Barrier::new(number + 1));
            let tasks: Vec<_> = (0..=number)
                .map(|_| {
                    let barrier = barrier.clone();
                    runtime.spawn(async move {
                        sleep(SHORT).await;
                        barrier.wait();
                    })
                })
                .collect();
            for task in tasks {
                runtime.block_on(task).unwrap();
            }
        }
    });
}

#[test]
fn who_computes_for_long_holds_nobody_up() {
    watched(|| {
        for (workers, number) in CROWDS {
            let runtime = runtime(workers);
            let done = Arc::new(AtomicBool::new(false));
            let blockers = Blockers::spawn_with(&runtime, number, {
                let done = done.clone();
                move |_| {
                    while !done.load(Ordering::Relaxed) {
                        std::hint::spin_loop();
                    }
                }
            });
            let all_block = blockers.all_block.clone();
            runtime.spawn(async move {
                all_block.wait().await;
                sleep(SHORT).await;
                done.store(true, Ordering::Relaxed);
            });
            blockers.join(&runtime);
        }
    });
}

#[test]
fn spares_leave_and_come_again() {
    watched(|| {
        for (workers, number) in CROWDS {
            let runtime = runtime(workers);
            let mut started = 0;
            for _ in 0..3 {
                let blockers = Blockers::spawn(&runtime, number);
                let (gate, all_block) = (blockers.gate.clone(), blockers.all_block.clone());
                let metrics = runtime.metrics();
                let there = runtime.spawn(async move {
                    all_block.wait().await;
                    let there = metrics.spare_workers();
                    gate.open();
                    there
                });
                // More than there are workers were running at once.
                assert!(runtime.block_on(there).unwrap() > number - workers);
                blockers.join(&runtime);
                wait_until_spares_have_left(&runtime);
                // They have come again, each time.
                let before = started;
                while started == before {
                    started = runtime.metrics().spare_worker_start_count();
                }
                assert_eq!(runtime.metrics().num_workers(), workers);
                // The workers are there as ever.
                runtime
                    .block_on(runtime.spawn(async { sleep(SHORT).await }))
                    .unwrap();
            }
        }
    });
}

/// What a spare has begun is gone on with when it has left: its timers, its tasks, and those of its list.
#[test]
fn what_a_spare_has_begun_goes_on_without_it() {
    watched(|| {
        for workers in [1, 2] {
            let runtime = runtime(workers);
            let blockers = Blockers::on_workers(&runtime);
            let (all_begun, goes_on) = (Event::new(), Event::new());
            let count = Arc::new(AtomicUsize::new(0));
            let begun: Vec<_> = (0..100)
                .map(|number| {
                    let (all_begun, goes_on) = (all_begun.clone(), goes_on.clone());
                    let count = count.clone();
                    runtime.spawn(async move {
                        assert_eq!(worker_index(), None);
                        let mut timer = Box::pin(sleep(Duration::from_millis(100 + number)));
                        assert!(poll_once(&mut timer).await.is_pending());
                        if count.fetch_add(1, Ordering::Relaxed) == 99 {
                            all_begun.set();
                        }
                        goes_on.wait().await;
                        timer.await;
                    })
                })
                .collect();
            let sleeping = runtime.spawn(pending::<()>());
            all_begun.block();
            blockers.gate.open();
            blockers.join(&runtime);
            wait_until_spares_have_left(&runtime);
            goes_on.set();
            for task in begun {
                runtime.block_on(task).unwrap();
            }
            drop(runtime);
            assert!(sleeping.is_finished());
        }
    });
}

/// What is queued where a spare leaves is run by the others, and not cancelled.
#[test]
fn a_spare_leaves_its_queue_to_the_others() {
    watched(|| {
        // Whether the others are quicker than a wrong end is chance.
        for _ in 0..5 {
            let runtime = runtime(1);
            let blockers = Blockers::spawn(&runtime, 1);
            blockers.all_block.block();
            let stop = Arc::new(AtomicBool::new(false));
            // All of them are ready all the time, so whoever leaves does so with tasks in its queue.
            let busy: Vec<_> = (0..64)
                .map(|_| {
                    let stop = stop.clone();
                    runtime.spawn(poll_fn(move |cx| {
                        if stop.load(Ordering::Relaxed) {
                            return Poll::Ready(());
                        }
                        cx.waker().wake_by_ref();
                        Poll::Pending
                    }))
                })
                .collect();
            // Whoever runs this while the worker is stuck is a spare.
            runtime.block_on(runtime.spawn(async {})).unwrap();
            blockers.gate.open();
            blockers.join(&runtime);
            wait_until_spares_have_left(&runtime);
            stop.store(true, Ordering::Relaxed);
            for task in busy {
                runtime.block_on(task).unwrap();
            }
        }
    });
}

async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx))).await
}

#[test]
fn a_spare_is_no_worker_that_is_counted() {
    watched(|| {
        let runtime = builder(2).thread_name("rescued").build().unwrap();
        let blockers = Blockers::on_workers(&runtime);
        let metrics = runtime.metrics();
        let seen = runtime.spawn(async {
            let name = thread::current().name().map(str::to_owned);
            (worker_index(), name)
        });
        let (index, name) = runtime.block_on(seen).unwrap();
        assert_eq!(index, None);
        assert_eq!(name.as_deref(), Some("rescued"));
        assert_eq!(metrics.num_workers(), 2);
        assert!(metrics.spare_workers() > 0);
        blockers.gate.open();
        blockers.join(&runtime);
        wait_until_spares_have_left(&runtime);
    });
}

#[test]
fn a_worker_that_is_stuck_in_a_destructor_is_rescued() {
    struct Waits(Gate);
    impl Drop for Waits {
        fn drop(&mut self) {
            self.0.wait();
        }
    }
    watched(|| {
        for workers in [1, 2] {
            let runtime = runtime(workers);
            let gate = Gate::default();
            let started: Vec<Event> = (0..workers).map(|_| Event::new()).collect();
            let tasks: Vec<_> = started
                .iter()
                .map(|started| {
                    let (waits, started) = (Waits(gate.clone()), started.clone());
                    runtime.spawn(async move {
                        let _waits = waits;
                        started.set();
                        pending::<()>().await;
                    })
                })
                .collect();
            for started in started {
                started.block();
            }
            for task in &tasks {
                // If it sleeps, the destructor runs here.
                let abort = task.abort_handle();
                runtime.spawn(async move { abort.abort() });
            }
            runtime.spawn(async move {
                sleep(SHORT).await;
                gate.open();
            });
            for task in tasks {
                assert!(runtime.block_on(task).unwrap_err().is_cancelled());
            }
        }
    });
}

#[test]
fn a_spare_may_wait_in_place() {
    watched(|| {
        for workers in [1, 2] {
            let runtime = runtime(workers);
            let blockers = Blockers::on_workers(&runtime);
            let in_place = Gate::default();
            let (opens, gate) = (in_place.clone(), blockers.gate.clone());
            let waits = runtime.spawn(async move {
                assert_eq!(worker_index(), None);
                leno::spawn(async move {
                    sleep(SHORT).await;
                    opens.open();
                });
                block_in_place(|| in_place.wait());
                leno::task::yield_now().await;
                gate.open();
            });
            runtime.block_on(waits).unwrap();
            blockers.join(&runtime);
            wait_until_spares_have_left(&runtime);
        }
    });
}

#[test]
fn a_local_set_goes_on() {
    watched(|| {
        for workers in [1, 2] {
            let runtime = runtime(workers);
            let blockers = Blockers::spawn(&runtime, workers);
            blockers.all_block.block();
            let gate = blockers.gate.clone();
            let local = LocalSet::new();
            local.block_on(&runtime, async move {
                spawn_local(async move {
                    sleep(SHORT).await;
                    leno::spawn(async { sleep(SHORT).await }).await.unwrap();
                    gate.open();
                })
                .await
                .unwrap();
            });
            blockers.join(&runtime);
        }
    });
}

#[test]
fn closures_have_as_many_threads_as_ever() {
    watched(|| {
        let runtime = builder(1).max_blocking_threads(1).build().unwrap();
        let blockers = Blockers::spawn(&runtime, 3);
        blockers.all_block.block();
        let running = Arc::new(AtomicUsize::new(0));
        let closures = runtime.spawn(async move {
            let closures: Vec<_> = (0..20)
                .map(|_| {
                    let running = running.clone();
                    spawn_blocking(move || {
                        let others = running.fetch_add(1, Ordering::SeqCst);
                        thread::yield_now();
                        running.fetch_sub(1, Ordering::SeqCst);
                        others
                    })
                })
                .collect();
            for closure in closures {
                assert_eq!(closure.await.unwrap(), 0);
            }
        });
        runtime.block_on(closures).unwrap();
        blockers.gate.open();
        blockers.join(&runtime);
    });
}

/// What comes to a runtime with spares while one without stands still does not come to that.
#[test]
fn without_spares_nobody_comes() {
    watched(|| {
        let without = builder(1).spare_workers(0).build().unwrap();
        let left_alone = Blockers::spawn(&without, 1);
        left_alone.all_block.block();
        let waits = without.spawn(async {});
        let with = runtime(1);
        for _ in 0..3 {
            let blockers = Blockers::spawn(&with, 1);
            blockers.all_block.block();
            let gate = blockers.gate.clone();
            with.spawn(async move { gate.open() });
            blockers.join(&with);
        }
        assert!(!waits.is_finished());
        assert_eq!(without.metrics().spare_worker_start_count(), 0);
        left_alone.gate.open();
        left_alone.join(&without);
        without.block_on(waits).unwrap();
    });
}

#[test]
fn no_more_come_than_there_may() {
    watched(|| {
        let limited = builder(1).spare_workers(2).build().unwrap();
        let blockers = Blockers::spawn(&limited, 3);
        blockers.all_block.block();
        let waits = limited.spawn(async {});
        // As long as it takes others to be rescued three times over.
        for _ in 0..3 {
            let with = runtime(1);
            let others = Blockers::spawn(&with, 3);
            others.all_block.block();
            let gate = others.gate.clone();
            with.spawn(async move { gate.open() });
            others.join(&with);
        }
        assert!(!waits.is_finished());
        assert_eq!(limited.metrics().spare_workers(), 2);
        blockers.gate.open();
        blockers.join(&limited);
        limited.block_on(waits).unwrap();
        wait_until_spares_have_left(&limited);
    });
}

#[test]
fn the_end_may_come_while_a_spare_starts() {
    watched(|| {
        for workers in [1, 2] {
            let (starts, goes_on) = (Event::new(), Gate::default());
            let runtime = builder(workers)
                .thread_name_fn({
                    let names = AtomicUsize::new(0);
                    let (starts, goes_on) = (starts.clone(), goes_on.clone());
                    move || {
                        if names.fetch_add(1, Ordering::Relaxed) >= workers {
                            starts.set();
                            goes_on.wait();
                        }
                        "leno-worker".to_owned()
                    }
                })
                .build()
                .unwrap();
            let sentinel = OnDrop({
                let goes_on = goes_on.clone();
                move || goes_on.open()
            });
            let sleeps = Event::new();
            runtime.spawn({
                let sleeps = sleeps.clone();
                async move {
                    let _sentinel = sentinel;
                    sleeps.set();
                    pending::<()>().await;
                }
            });
            sleeps.block();
            let blockers = Blockers::spawn(&runtime, workers);
            // The watcher is about to start a thread, and goes on when the workers have found that the pool is closed.
            starts.block();
            let metrics = runtime.metrics();
            let gate = blockers.gate.clone();
            let ends = thread::spawn(move || drop(runtime));
            gate.open();
            ends.join().unwrap();
            assert_eq!(metrics.spare_workers(), 0);
            assert_eq!(metrics.num_alive_tasks(), 0);
        }
    });
}

#[test]
fn who_gives_the_end_some_time_does_not_wait_for_a_thread_that_is_being_named() {
    watched(|| {
        let (starts, goes_on) = (Event::new(), Gate::default());
        let runtime = builder(1)
            .thread_name_fn({
                let names = AtomicUsize::new(0);
                let (starts, goes_on) = (starts.clone(), goes_on.clone());
                move || {
                    if names.fetch_add(1, Ordering::Relaxed) >= 1 {
                        starts.set();
                        goes_on.wait();
                    }
                    "leno-worker".to_owned()
                }
            })
            .build()
            .unwrap();
        let blockers = Blockers::spawn(&runtime, 1);
        starts.block();
        blockers.gate.open();
        let metrics = runtime.metrics();
        // The watcher is in the program's function, which goes on when this has returned.
        runtime.shutdown_timeout(SHORT);
        goes_on.open();
        while metrics.num_alive_tasks() != 0 {
            thread::yield_now();
        }
    });
}

#[test]
fn the_end_may_come_at_any_time() {
    watched(|| {
        for round in 0..30 {
            let runtime = runtime(2);
            let blockers = Blockers::spawn(&runtime, 6);
            let metrics = runtime.metrics();
            while metrics.spare_worker_start_count() < round % 5 {
                thread::yield_now();
            }
            let gate = blockers.gate.clone();
            if round % 2 == 0 {
                let ends = thread::spawn(move || drop(runtime));
                gate.open();
                ends.join().unwrap();
                assert_eq!(metrics.spare_workers(), 0);
                assert_eq!(metrics.num_alive_tasks(), 0);
            } else {
                runtime.shutdown_background();
                gate.open();
                while metrics.num_alive_tasks() > 0 || metrics.spare_workers() > 0 {
                    thread::yield_now();
                }
            }
        }
    });
}

/// A system that refuses the threads of the first spares.
#[test]
fn a_thread_that_is_refused_is_asked_for_again() {
    watched(|| {
        for (workers, number) in CROWDS {
            let refused = Arc::new(AtomicUsize::new(0));
            let runtime = builder(workers)
                .thread_name_fn({
                    let (names, refused) = (AtomicUsize::new(0), refused.clone());
                    move || {
                        let before = names.fetch_add(1, Ordering::Relaxed);
                        if (workers..workers + 3).contains(&before) {
                            refused.fetch_add(1, Ordering::Relaxed);
                            // No thread can have such a name.
                            return "\0".to_owned();
                        }
                        "leno-worker".to_owned()
                    }
                })
                .build()
                .unwrap();
            let blockers = Blockers::spawn(&runtime, number);
            let (gate, all_block) = (blockers.gate.clone(), blockers.all_block.clone());
            runtime.spawn(async move {
                all_block.wait().await;
                gate.open();
            });
            blockers.join(&runtime);
            assert_eq!(refused.load(Ordering::Relaxed), 3);
            wait_until_spares_have_left(&runtime);
        }
    });
}

/// A system that refuses every thread from some point on.
#[test]
fn without_threads_the_runtime_goes_on_as_before() {
    watched(|| {
        for workers in [1, 2] {
            let refused = Arc::new(AtomicUsize::new(0));
            let runtime = builder(workers)
                .thread_name_fn({
                    let (names, refused) = (AtomicUsize::new(0), refused.clone());
                    move || {
                        if names.fetch_add(1, Ordering::Relaxed) >= workers {
                            refused.fetch_add(1, Ordering::Relaxed);
                            return "\0".to_owned();
                        }
                        "leno-worker".to_owned()
                    }
                })
                .build()
                .unwrap();
            let blockers = Blockers::spawn(&runtime, workers);
            let waits = runtime.spawn(async { sleep(SHORT).await });
            while refused.load(Ordering::Relaxed) < 3 {
                thread::yield_now();
            }
            blockers.gate.open();
            blockers.join(&runtime);
            runtime.block_on(waits).unwrap();
            let metrics = runtime.metrics();
            assert_eq!(metrics.spare_worker_start_count(), 0);
            drop(runtime);
            assert_eq!(metrics.spare_workers(), 0);
        }
    });
}

#[test]
#[should_panic(expected = "a runtime can have at most 64 spare workers")]
fn there_are_no_more_than_64() {
    Builder::new_multi_thread().spare_workers(65);
}
