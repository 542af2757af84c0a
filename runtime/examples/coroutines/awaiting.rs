//! `.await` runs one coroutine from within another, waits for it without holding the thread, and gives what it
//! returns. `#[leno::main]` makes an ordinary function of an async one: it builds a runtime, and blocks on the
//! body. It is meant for `main`; the tour has it at each step, so that each could be a program of its own.

use leno::task::yield_now;
use leno::time::{Duration, Instant, sleep};
use std::cell::Cell;
use std::future::Future;

use crate::tour::{Chapter, steps};

pub const CHAPTER: Chapter = Chapter {
    name: "awaiting",
    title: "Awaiting and chaining",
    guide: "guide/chapter_02_awaiting.md",
    source: include_str!("awaiting.rs"),
    steps: steps![
        an_await_runs_it,
        coroutines_call_coroutines,
        a_value_until_it_is_awaited,
        a_forgotten_await_runs_nothing,
    ],
    obstacle: || None,
};

/// `sleep` makes a coroutine that waits for a timer. Making it holds up nobody; its `.await` does.
#[leno::main]
async fn an_await_runs_it() {
    let pause = sleep(Duration::from_millis(20));
    println!("a pause was made");
    let start = Instant::now();
    pause.await;
    println!("its await took {:?}", start.elapsed());
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

/// A chain of awaits reads like a chain of calls: arguments may be borrowed, loops and `?` work as ever, and
/// results come back the same way. While the innermost one waits, all of them do, and the thread is free.
#[leno::main]
async fn coroutines_call_coroutines() {
    let sum = total(&["tea", "bread"]).await;
    println!("tea and bread cost {sum}");
    assert_eq!(sum, 80);
}

async fn twice(work: impl Future<Output = u32>) -> u32 {
    work.await * 2
}

/// Making a coroutine and awaiting it may be apart: it can be passed on, and a block or a closure can be one.
#[leno::main]
async fn a_value_until_it_is_awaited() {
    let coroutine = price("tea");
    let block = async { 4 + 1 };
    let closure = async |number: u32| number + 1;
    let results = [
        twice(coroutine).await,
        twice(block).await,
        twice(closure(6)).await,
    ];
    println!("twice: {results:?}");
    assert_eq!(results, [60, 10, 14]);
}

async fn double(number: u32, runs: &Cell<u32>) -> u32 {
    runs.set(runs.get() + 1);
    number * 2
}

/// What is not awaited does not run. The compiler warns of a call whose value is not used at all, "futures do
/// nothing unless you `.await` or poll them". If the value has a name, as here, it is silent.
#[leno::main]
async fn a_forgotten_await_runs_nothing() {
    let runs = Cell::new(0);
    let forgotten = double(1, &runs);
    yield_now().await;
    drop(forgotten);
    println!("without its await, the body has run {} times", runs.get());
    assert_eq!(runs.get(), 0);
    println!("with it, the result is {}", double(1, &runs).await);
    assert_eq!(runs.get(), 1);
}
