//! A worker changes from one task to another at an `.await`. Code that blocks its thread, or computes for long,
//! keeps it from all others: it belongs on a thread that may wait. `spawn_blocking` gives it one, and the task that
//! awaits it is suspended meanwhile.

use leno::sync::mpsc;
use leno::task::{self, Scope, yield_now};
use leno::time::Duration;
use std::io::{self, Read};
use std::thread;

use crate::tour::{Chapter, steps};

pub const CHAPTER: Chapter = Chapter {
    name: "blocking",
    title: "spawn_blocking: code that waits or computes for long",
    guide: "guide/chapter_12_blocking.md",
    source: include_str!("blocking.rs"),
    steps: steps![
        on_a_thread_that_may_wait,
        others_go_on_meanwhile,
        a_closure_that_can_be_told_to_stop,
        here_and_now,
        a_loop_that_lets_others_in,
        a_thread_of_its_own,
    ],
    obstacle: || None,
};

fn checksum(mut file: impl Read) -> io::Result<u32> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?; // blocks, if it is a file on a slow disk
    Ok(bytes.iter().map(|byte| u32::from(*byte)).sum())
}

/// The closure owns what it needs, as a task does. Its handle gives what it returns, here a `Result` of its own
/// within that of the handle; a panic in it would be the handle's error.
#[leno::main]
async fn on_a_thread_that_may_wait() {
    let file = &b"leno"[..];
    let closure = task::spawn_blocking(move || {
        let name = thread::current().name().map(str::to_owned);
        (checksum(file), name)
    });
    let (sum, thread) = closure.await.unwrap();
    println!("the sum is {sum:?}, by the thread {thread:?}");
    assert_eq!(sum.unwrap(), 430);
}

/// There is one thread for tasks here. The closure waits for a message from a task: were it to do so on that
/// thread, the task could never send it.
#[leno::main(flavor = "current_thread")]
async fn others_go_on_meanwhile() {
    let (sender, mut receiver) = mpsc::channel(1);
    let closure = task::spawn_blocking(move || receiver.blocking_recv());
    leno::spawn(async move { sender.send("from a task").await.unwrap() });
    let received = closure.await.unwrap();
    println!("the closure has received {received:?}");
    assert_eq!(received, Some("from a task"));
}

fn count_up() -> u64 {
    let mut count = 0;
    while !task::is_cancelled() {
        count += 1;
    }
    count
}

/// A task is cancelled at an `.await`; a closure has none, and runs to its end. One that takes long can ask now and then
/// whether it is still wanted. A group waits for its closures, so that nothing of them is left.
#[leno::main]
async fn a_closure_that_can_be_told_to_stop() {
    let work = task::group(async |group| {
        let count = group.spawn_blocking(|| Ok::<_, ()>(count_up()));
        Ok(count.await)
    });
    let outcome = Scope::new()
        .timeout(Duration::from_millis(5))
        .run(work)
        .await;
    println!("it has stopped counting: {}", outcome.is_err());
    assert!(outcome.is_err()); // it would never have ended by itself
}

/// `block_in_place` runs the closure on this thread, so it may borrow; the other tasks of this worker go on
/// elsewhere. It needs a runtime with workers.
#[leno::main(worker_threads = 1)]
async fn here_and_now() {
    let task = leno::spawn(async {
        let words = ["wait", "here"];
        let text = task::block_in_place(|| words.join(" ")); // as if it took long
        format!("{text}: {} words", words.len())
    });
    let said = task.await.unwrap();
    println!("{said}");
    assert_eq!(said, "wait here: 2 words");
}

async fn sum(numbers: &[u64]) -> u64 {
    let mut sum = 0;
    for chunk in numbers.chunks(10_000) {
        sum += chunk.iter().sum::<u64>();
        yield_now().await;
    }
    sum
}

/// What computes in small steps can stay in a task, if it yields in between. That makes it possible to cancel
/// it, too.
#[leno::main(flavor = "current_thread")]
async fn a_loop_that_lets_others_in() {
    let numbers: Vec<u64> = (1..=100_000).collect();
    let mut turns = 0;
    let others = async {
        loop {
            turns += 1;
            yield_now().await;
        }
    };
    let sum = leno::select! {
        sum = sum(&numbers) => sum,
        () = others => unreachable!("it has no end"),
    };
    println!("the sum is {sum}; meanwhile others had {turns} turns");
    assert_eq!(sum, 5_000_050_000);
    assert!(turns >= 9);
}

/// What blocks for as long as the program runs, a driver for a device perhaps, is better off with a thread of std's, and
/// a channel: the ends for threads are called `blocking_send` and `blocking_recv`.
#[leno::main]
async fn a_thread_of_its_own() {
    let (sender, mut receiver) = mpsc::channel(1);
    let driver = thread::spawn(move || {
        for measured in [3, 1, 2] {
            sender.blocking_send(measured).unwrap();
        }
    });
    let mut sum = 0;
    while let Some(measured) = receiver.recv().await {
        sum += measured;
    }
    driver.join().unwrap();
    println!("the driver has measured {sum} in all");
    assert_eq!(sum, 6);
}
