//! `spawn` gives a coroutine to the runtime as a task. It begins now, on whichever worker is free; after each
//! `.await` another worker may go on with it, when the function that has spawned it is long gone. So it must own
//! what it uses (`'static`), and what it keeps across an `.await` must be fit for other threads (`Send`).

use leno::sync::oneshot;
use leno::task::{spawn_local, yield_now};
use std::rc::Rc;
use std::sync::{Arc, Barrier};
use std::thread;

use crate::tour::{Chapter, steps};

pub const CHAPTER: Chapter = Chapter {
    name: "tasks",
    title: "Tasks: many at once, on all cores",
    guide: "guide/chapter_05_tasks.md",
    source: include_str!("tasks.rs"),
    steps: steps![
        two_run_in_the_same_instant,
        a_task_owns_what_it_uses,
        a_task_does_not_need_its_handle,
        tasks_that_stay_on_one_thread,
    ],
    obstacle: || None,
};

/// Each task holds its worker until the other is there, so they get through only if they run at the same time.
/// (Do not block in earnest: a blocked worker runs no other task.)
#[leno::main(worker_threads = 2)]
async fn two_run_in_the_same_instant() {
    let door = Arc::new(Barrier::new(2));
    let pass = |door: Arc<Barrier>| async move {
        door.wait();
        thread::current().id()
    };
    let first = leno::spawn(pass(door.clone()));
    let second = leno::spawn(pass(door));
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    println!(
        "two tasks ran at the same time, on two threads: {}",
        first != second
    );
    assert_ne!(first, second);
}

/// `async move` has the block own what it mentions. What is needed here as well is shared by an `Arc`, which is
/// cloned before. Without these, the compiler says that the block "may outlive the current function".
#[leno::main(worker_threads = 2)]
async fn a_task_owns_what_it_uses() {
    let names = Arc::new(vec!["one", "two"]);
    let theirs = names.clone();
    let task = leno::spawn(async move {
        yield_now().await;
        theirs.concat()
    });
    println!("the task says {:?} of {names:?}", task.await.unwrap());
}

/// To drop a `JoinHandle` is to let go of the result. The task runs on; `abort` would end it.
#[leno::main(worker_threads = 2)]
async fn a_task_does_not_need_its_handle() {
    let (sender, receiver) = oneshot::channel();
    let task = leno::spawn(async move { sender.send("still here").unwrap() });
    drop(task);
    let said = receiver.await;
    println!("the task without a handle: {said:?}");
    assert_eq!(said, Ok("still here"));
}

/// A local runtime has one thread, and takes what is not `Send`: an `Rc` here, which `leno::spawn` would refuse
/// ("future cannot be sent between threads safely"). On other runtimes, a `LocalSet` does that.
#[leno::main(flavor = "local")]
async fn tasks_that_stay_on_one_thread() {
    let name = Rc::new("counter");
    let theirs = name.clone();
    let task = spawn_local(async move {
        yield_now().await;
        Rc::strong_count(&theirs)
    });
    let count = task.await.unwrap();
    println!(
        "the task saw {count} owners of {name:?}; now there is {}",
        Rc::strong_count(&name)
    );
    assert_eq!((count, Rc::strong_count(&name)), (2, 1));
}
