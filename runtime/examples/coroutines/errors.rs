//! An error is a result like any other, and passes from one coroutine to the next by `?`. A panic unwinds
//! through the awaits as through calls, up to the task: that ends, and no other does. Whoever awaits the
//! task's `JoinHandle` is told by a `JoinError`.

use leno::task::JoinError;
use std::num::ParseIntError;

use crate::tour::{Chapter, steps};

pub const CHAPTER: Chapter = Chapter {
    name: "errors",
    title: "Errors and panics reach whoever awaits",
    guide: "guide/chapter_03_errors_and_panics.md",
    source: include_str!("errors.rs"),
    steps: steps![
        an_error_is_a_result,
        a_handle_has_two_layers,
        a_panic_ends_its_task,
    ],
    obstacle: || None,
};

async fn number(text: &str) -> Result<u32, ParseIntError> {
    text.parse()
}

async fn add(left: &str, right: &str) -> Result<u32, ParseIntError> {
    Ok(number(left).await? + number(right).await?)
}

/// Nothing here is special to asynchronous code.
#[leno::main]
async fn an_error_is_a_result() {
    let good = add("1", "2").await;
    let bad = add("1", "two").await;
    println!("1 + 2 is {good:?}, 1 + two is {bad:?}");
    assert_eq!(good, Ok(3));
    assert!(bad.is_err());
}

/// `spawn` gives a coroutine to the runtime as a task; more of that soon. Its handle gives the output, which
/// may be a `Result` of the task's own, or a `JoinError` if there is none. `??` takes both off.
#[leno::main]
async fn a_handle_has_two_layers() {
    let outer: Result<Result<u32, ParseIntError>, JoinError> = leno::spawn(add("1", "two")).await;
    println!("{outer:?}");
    assert!(outer.unwrap().is_err());

    let both = async || Ok::<u32, Box<dyn std::error::Error>>(leno::spawn(add("1", "2")).await??);
    let sum = both().await;
    println!("both layers are off: {sum:?}");
    assert_eq!(sum.unwrap(), 3);
}

/// The message on stderr is the panic hook's, as ever. The error has the payload too; `resume_unwind` would go
/// on with the panic here.
#[leno::main]
async fn a_panic_ends_its_task() {
    println!("(a panic message follows on stderr: it belongs to the tour)");
    let task = leno::spawn(async { panic!("this panic belongs to the tour") });
    let error: JoinError = task.await.unwrap_err();
    println!("the task's awaiter is told: {error}");
    assert!(error.is_panic());
    let message = error.into_panic();
    assert_eq!(
        message.downcast_ref::<&str>(),
        Some(&"this panic belongs to the tour")
    );
}
