//! Two awaits in a row wait in a row. `join!` polls several coroutines within one task: while one waits, the
//! others go on. A `JoinSet` holds any number of tasks, which the runtime spreads over its threads. So waiting
//! overlaps; computing gets faster only by more cores.

use leno::task::{JoinSet, yield_now};
use leno::time::{Duration, Instant, sleep};
use std::cell::Cell;

use crate::tour::{Chapter, steps};

pub const CHAPTER: Chapter = Chapter {
    name: "concurrency",
    title: "Sequential against concurrent",
    guide: "guide/chapter_04_concurrency.md",
    source: include_str!("concurrency.rs"),
    steps: steps![
        one_after_the_other,
        all_at_once,
        the_exact_difference,
        they_take_turns,
        ten_thousand_at_once,
        waiting_overlaps_and_computing_does_not,
    ],
    obstacle: || None,
};

async fn ask(server: u32) -> u32 {
    sleep(Duration::from_millis(100)).await; // as if it were far away
    server
}

/// The second has nothing to do with the first, and waits for it all the same.
#[leno::main(flavor = "current_thread")]
async fn one_after_the_other() {
    let start = Instant::now();
    let sum = ask(1).await + ask(2).await + ask(3).await;
    println!("the sum is {sum}, sequential, after {:?}", start.elapsed());
    assert_eq!(sum, 6);
}

/// The same three, on the same one thread.
#[leno::main(flavor = "current_thread")]
async fn all_at_once() {
    let start = Instant::now();
    let (a, b, c) = leno::join!(ask(1), ask(2), ask(3));
    println!(
        "the sum is {}, concurrent, after {:?}",
        a + b + c,
        start.elapsed()
    );
    assert_eq!(a + b + c, 6);
}

/// With `start_paused` the clock stands still, and leaps to the next timer when everything waits. So the times
/// are exact, and take none: that is for tests.
#[leno::main(flavor = "current_thread", start_paused = true)]
async fn the_exact_difference() {
    let start = Instant::now();
    ask(1).await;
    ask(2).await;
    ask(3).await;
    let sequential = start.elapsed();

    let start = Instant::now();
    leno::join!(ask(1), ask(2), ask(3));
    let concurrent = start.elapsed();

    println!("sequential {sequential:?}, concurrent {concurrent:?}");
    assert_eq!(sequential, 3 * concurrent);
}

async fn meet(begun: &Cell<u32>) -> u32 {
    begun.set(begun.get() + 1);
    while begun.get() < 2 {
        yield_now().await;
    }
    begun.get()
}

/// Each of the two waits until the other has begun. They change places at an `.await`, and nowhere else, so
/// they may borrow the same `Cell`.
#[leno::main(flavor = "current_thread")]
async fn they_take_turns() {
    let begun = Cell::new(0);
    let both = leno::join!(meet(&begun), meet(&begun));
    println!("two coroutines met; each saw {both:?} begun");
    assert_eq!(both, (2, 2));
}

/// A task is a coroutine that was given to the runtime, and begins whether it is awaited or not.
#[leno::main(flavor = "current_thread")]
async fn ten_thousand_at_once() {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for number in 0..10_000_u32 {
        tasks.spawn(ask(number));
    }
    let sum: u32 = tasks.join_all().await.into_iter().sum();
    println!(
        "10 000 tasks, one thread: the sum is {sum}, after {:?}",
        start.elapsed()
    );
    assert_eq!(sum, 49_995_000);
}

async fn sum_of_primes() -> u64 {
    let is_prime = |n: &u64| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0);
    (2..5_000).filter(is_prime).sum()
}

async fn measure(what: &str, work: impl AsyncFn() -> (u64, u64)) -> (u64, u64) {
    let mut least = (Duration::MAX, (0, 0));
    for _ in 0..300 {
        let start = Instant::now();
        let sums = work().await;
        least = least.min((start.elapsed(), sums));
    }
    println!("{what:<10}  {:?}", least.0);
    least.1
}

/// `join!` is concurrent, and not parallel: there is one thread. Tasks may run in the same instant, if there
/// are a core and a worker for each. (Of 300 rounds the least is shown: others may use the machine too.)
#[leno::main(worker_threads = 2)]
async fn waiting_overlaps_and_computing_does_not() {
    let sequential = measure("sequential", async || {
        (sum_of_primes().await, sum_of_primes().await)
    });
    let joined = measure("join!", async || {
        leno::join!(sum_of_primes(), sum_of_primes())
    });
    let spawned = measure("spawn", async || {
        let (one, two) = (leno::spawn(sum_of_primes()), leno::spawn(sum_of_primes()));
        (one.await.unwrap(), two.await.unwrap())
    });
    let sums = [sequential.await, joined.await, spawned.await];
    println!("the sums: {sums:?}");
    assert_eq!(sums, [sums[0]; 3]);
}
