//! A call of an `async fn` runs nothing. It returns a value, which holds the arguments, the variables that
//! are still needed, and how far it has come: a coroutine, or in Rust's words a future. Whoever has the
//! value decides when it runs; to run it is to poll it.

use leno::runtime::{Builder, Handle};
use leno::sync::oneshot;
use leno::task::{self, yield_now};
use leno::time::Duration;
use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crate::tour::{Chapter, steps};

pub const CHAPTER: Chapter = Chapter {
    name: "inspection",
    title: "What a coroutine is, seen from all sides",
    guide: "guide/chapter_01_coroutines.md",
    source: include_str!("inspection.rs"),
    steps: steps![
        a_call_runs_nothing,
        it_has_a_size,
        polled_by_hand,
        it_knows_its_state,
        where_it_stands_in_a_runtime,
    ],
    obstacle: || None,
};

async fn double(number: u32, runs: &Cell<u32>) -> u32 {
    runs.set(runs.get() + 1);
    number * 2
}

/// `double(21, ..)` is a value that could run the body. A runtime's `block_on` is the way in from ordinary
/// code: it polls the coroutine on this thread, sleeps while there is nothing to do, and returns the result.
fn a_call_runs_nothing() {
    let runs = Cell::new(0);
    let coroutine = double(21, &runs);
    println!("after the call, the body has run {} times", runs.get());
    assert_eq!(runs.get(), 0);

    let runtime = Builder::new_current_thread().build().unwrap();
    let result = runtime.block_on(coroutine);
    println!("after block_on, {} time: {result}", runs.get());
    assert_eq!((result, runs.get()), (42, 1));
}

async fn greet(name: &str) -> String {
    yield_now().await;
    format!("hello {name}")
}

async fn fill() -> usize {
    let buffer = [0_u8; 4096];
    yield_now().await; // `buffer` is kept meanwhile
    buffer.len()
}

async fn calls_it() -> usize {
    fill().await // the callee's value is within the caller's
}

/// A coroutine has no stack of its own, and nothing is allocated for it: the compiler works out how large
/// the value is. It holds what is needed across an `.await`, and the coroutines that it awaits; of one in a
/// box, only the pointer.
fn it_has_a_size() {
    println!("greet:         {:>4} bytes", size_of_val(&greet("world")));
    println!("fill:          {:>4} bytes", size_of_val(&fill()));
    println!("calls_it:      {:>4} bytes", size_of_val(&calls_it()));
    let boxed = Box::pin(fill());
    println!("fill, boxed:   {:>4} bytes here", size_of_val(&boxed));
    assert!(size_of_val(&greet("world")) < 100);
    assert!(size_of_val(&calls_it()) > size_of_val(&fill()) && size_of_val(&fill()) > 4096);
    assert_eq!(size_of_val(&boxed), size_of::<usize>());
}

async fn count() -> &'static str {
    println!("  one");
    yield_now().await;
    println!("  two");
    yield_now().await;
    println!("  three");
    "done"
}

/// `poll` runs the body up to the next `.await` that has to wait, or to its end. Between two polls nothing of
/// it runs, and no thread is held. A coroutine that waits says by the waker that it can go on; this one tells
/// nobody (`noop`), and we poll again all the same. Many coroutines, and wakers that do tell: that is a runtime.
fn polled_by_hand() {
    let mut coroutine = pin!(count()); // once it was polled, it must not move
    let mut context = Context::from_waker(Waker::noop());
    let mut polls = 0;
    let result = loop {
        polls += 1;
        println!("poll {polls}");
        match coroutine.as_mut().poll(&mut context) {
            Poll::Pending => println!("  it waits"),
            Poll::Ready(result) => break result,
        }
    };
    println!("after {polls} polls: {result}");
    assert_eq!((polls, result), (3, "done"));
}

#[leno::coroutine]
async fn brew(cups: u32) -> u32 {
    yield_now().await;
    cups
}

/// The compiler's coroutines do not tell how far they have come. Those of a function with the attribute
/// `#[leno::coroutine]` do: which function it is, where it was called, and in what state it is.
fn it_knows_its_state() {
    let mut coroutine = pin!(brew(2));
    let mut context = Context::from_waker(Waker::noop());
    println!("{coroutine:?}");
    assert!(coroutine.as_mut().poll(&mut context).is_pending());
    println!("{coroutine:?}");
    assert!(coroutine.as_mut().poll(&mut context).is_ready());
    println!("{coroutine:?}");
}

async fn serve(requests: oneshot::Receiver<u32>) -> u32 {
    next(requests).await
}

async fn next(requests: oneshot::Receiver<u32>) -> u32 {
    requests.await.unwrap_or(0)
}

/// A runtime polls many coroutines, its tasks. `Handle::tasks` lists them, and polls none. `Handle::dump`
/// polls each once, with a waker that notes at which `.await` it stands, and through which functions: what a
/// stack trace is for a thread. From outside, `leno ps` and `leno dump` show the same of a running process.
#[leno::main(flavor = "current_thread")]
async fn where_it_stands_in_a_runtime() {
    let (sender, receiver) = oneshot::channel();
    let named = task::Builder::new().name("server");
    let server = named.spawn(serve(receiver)).unwrap();
    yield_now().await; // there is one thread: now the server has its turn, and comes to its await

    println!("tasks:");
    for task in Handle::current().tasks() {
        println!("{task}");
    }
    let dump = Handle::current().dump(Duration::from_secs(60)).await;
    print!("dump:\n{}", dump.unwrap());

    sender.send(7).unwrap();
    assert_eq!(server.await.unwrap(), 7);
}
