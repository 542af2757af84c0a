//! A tour of coroutines, in the order one meets them. It shows each thing, and checks that it is so.
//!
//! ```text
//! cargo run --example coroutines
//! ```

#[path = "coroutines/groups.rs"]
mod groups;
#[path = "coroutines/pitfalls.rs"]
mod pitfalls;

use leno::runtime::{Builder, Runtime};
use leno::task::{JoinSet, yield_now};
use leno::time::{Duration, Instant, sleep, timeout};
use std::cell::Cell;
use std::future::pending;
use std::num::ParseIntError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

fn main() {
    a_coroutine_is_a_value();
    awaiting_runs_it();
    coroutines_call_coroutines();
    many_at_once_on_one_thread();
    many_at_once_on_all_cores();
    errors_and_panics_reach_who_awaits();
    waiting_can_end_early();
    groups::all();
    a_forgotten_await_runs_nothing();
    pitfalls::all();
    println!("\nEverything was as said.");
}

/// Runs everything on the calling thread.
fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs tasks on worker threads.
fn two_workers() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("worker")
        .enable_all()
        .build()
        .unwrap()
}

async fn double(number: u32, runs: &Cell<u32>) -> u32 {
    runs.set(runs.get() + 1);
    number * 2
}

fn a_coroutine_is_a_value() {
    println!("\n1. A coroutine is a value; calling an async fn runs nothing");
    let runs = Cell::new(0);
    let coroutine = double(21, &runs);
    println!("double(21) is a value of {} bytes", size_of_val(&coroutine));
    println!("its body has run {} times", runs.get());
    assert_eq!(runs.get(), 0);

    // A runtime's block_on is the way in from ordinary code.
    let result = one_thread().block_on(coroutine);
    println!("block_on ran it: {result}");
    assert_eq!((result, runs.get()), (42, 1));
}

fn awaiting_runs_it() {
    println!("\n2. await runs a coroutine and waits for its result");
    one_thread().block_on(async {
        let start = Instant::now();
        let pause = sleep(Duration::from_millis(20));
        println!("a pause was made; it has not begun to hold anybody up");
        pause.await;
        println!("after its await, {:?} have passed", start.elapsed());
        assert!(start.elapsed() >= Duration::from_millis(20));
    });
}

async fn price(item: &str) -> u32 {
    sleep(Duration::from_millis(1)).await; // as if it asked a server
    item.len() as u32 * 10
}

async fn total(items: &[&str]) -> u32 {
    let mut sum = 0;
    for item in items {
        sum += price(item).await; // one after the other
    }
    sum
}

fn coroutines_call_coroutines() {
    println!("\n3. Coroutines call coroutines, as functions call functions");
    let sum = one_thread().block_on(total(&["tea", "bread"]));
    println!("tea and bread cost {sum}");
    assert_eq!(sum, 80);
}

fn many_at_once_on_one_thread() {
    println!("\n4. Many at once, on one thread");
    one_thread().block_on(async {
        // join! waits for a handful at once: while one waits, another runs.
        let begun = Cell::new(0);
        let meet = || async {
            begun.set(begun.get() + 1);
            while begun.get() < 2 {
                yield_now().await;
            }
            begun.get()
        };
        let both = leno::join!(meet(), meet());
        println!("two coroutines met; each saw {both:?} begun");
        assert_eq!(both, (2, 2));

        // A task is a coroutine given to the runtime. A JoinSet holds any number of them.
        let start = Instant::now();
        let mut tasks = JoinSet::new();
        for number in 0..10_000_u64 {
            tasks.spawn(async move {
                sleep(Duration::from_millis(50)).await;
                (number, thread::current().id())
            });
        }
        let results = tasks.join_all().await;
        let sum: u64 = results.iter().map(|(number, _)| number).sum();
        println!(
            "10 000 tasks slept 50 ms each; all of them together took {:?}",
            start.elapsed()
        );
        assert_eq!(sum, 49_995_000);
        assert!(start.elapsed() < Duration::from_millis(50) * 10_000);
        let here = thread::current().id();
        assert!(results.iter().all(|(_, thread)| *thread == here));
    });
}

fn many_at_once_on_all_cores() {
    println!("\n5. Many at once, on all cores");
    two_workers().block_on(async {
        // Each task holds its thread until the other is there: they get through only if they run at
        // the same time. (Do not block in earnest: a blocked worker runs no other task.)
        let door = Arc::new(Barrier::new(2));
        let pass = |door: Arc<Barrier>| async move {
            door.wait();
            thread::current().id()
        };
        let first = leno::spawn(pass(door.clone()));
        let second = leno::spawn(pass(door));
        let (first, second) = (first.await.unwrap(), second.await.unwrap());
        println!("two tasks ran at the same time, on {first:?} and {second:?}");
        assert_ne!(first, second);

        let worker = leno::spawn(async { thread::current().name().map(str::to_string) });
        let worker = worker.await.unwrap();
        println!("tasks run on threads called {worker:?}");
        assert_eq!(worker.as_deref(), Some("worker"));
    });
}

async fn add(left: &str, right: &str) -> Result<u32, ParseIntError> {
    Ok(left.parse::<u32>()? + right.parse::<u32>()?)
}

fn errors_and_panics_reach_who_awaits() {
    println!("\n6. Errors and panics reach whoever awaits");
    two_workers().block_on(async {
        // An error is a result like any other, and `?` passes it on.
        let good = add("1", "2").await;
        let bad = add("1", "two").await;
        println!("1 + 2 is {good:?}, 1 + two is {bad:?}");
        assert_eq!(good, Ok(3));
        assert!(bad.is_err());

        // A panic ends its task, and no other. Who awaits the task learns of it.
        println!("(a panic message follows on stderr: it belongs to the tour)");
        let task = leno::spawn(async { panic!("this panic belongs to the tour") });
        let error: leno::task::JoinError = task.await.unwrap_err();
        println!("the task's awaiter is told: {error}");
        assert!(error.is_panic());
        let message = error.into_panic();
        assert_eq!(
            message.downcast_ref::<&str>(),
            Some(&"this panic belongs to the tour")
        );
    });
}

/// Sets its flag when it is dropped, as a file is closed or a lock released.
struct CleanUp(Arc<AtomicBool>);

impl Drop for CleanUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

fn waiting_can_end_early() {
    println!("\n7. Waiting can end early: timeout, abort, drop");
    two_workers().block_on(async {
        let cleaned_up = Arc::new(AtomicBool::new(false));
        let forever = |cleaned_up: &Arc<AtomicBool>| {
            let clean_up = CleanUp(cleaned_up.clone());
            async move {
                let _clean_up = clean_up;
                pending::<()>().await;
            }
        };

        // A timeout drops the coroutine where it waits; what it holds is cleaned up.
        let outcome = timeout(Duration::from_millis(10), forever(&cleaned_up)).await;
        println!("timeout: {}", outcome.as_ref().unwrap_err());
        assert!(cleaned_up.swap(false, Ordering::Acquire));

        // Aborting a task does the same to the task.
        let task = leno::spawn(forever(&cleaned_up));
        task.abort();
        let error = task.await.unwrap_err();
        println!("abort: {error}");
        assert!(error.is_cancelled());
        assert!(cleaned_up.swap(false, Ordering::Acquire));

        // So does dropping a JoinSet, to all its tasks. Dropping a JoinHandle lets its task run on.
        let mut tasks = JoinSet::new();
        tasks.spawn(forever(&cleaned_up));
        drop(tasks);
        while !cleaned_up.load(Ordering::Acquire) {
            yield_now().await;
        }
        println!("drop: the set's task is gone, and cleaned up");
    });
}

fn a_forgotten_await_runs_nothing() {
    println!("\n9. A forgotten await runs nothing");
    one_thread().block_on(async {
        let runs = Cell::new(0);
        // As a statement, `double(1, &runs);` is a warning of the compiler:
        //
        //     warning: unused implementer of `Future` that must be used
        //     note: futures do nothing unless you `.await` or poll them
        //
        // Assigned to a name, it is silent, and nothing runs:
        let forgotten = double(1, &runs);
        yield_now().await;
        drop(forgotten);
        println!("without its await, the body has run {} times", runs.get());
        assert_eq!(runs.get(), 0);
        println!("with it, the result is {}", double(1, &runs).await);
        assert_eq!(runs.get(), 1);
    });
}
