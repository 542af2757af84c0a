//! Waiting can end early. A timeout, an `abort` and a dropped set all do the same: they drop the coroutine at the
//! `.await` where it stands, and the destructors of what it holds run. There is no other place where it can be
//! cancelled, so what stands between two awaits is done entirely or not at all.

use leno::task::{JoinSet, yield_now};
use leno::time::{Duration, sleep, timeout};
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::tour::{Chapter, steps};

pub const CHAPTER: Chapter = Chapter {
    name: "timeouts",
    title: "Waiting can end early: timeout, abort, drop",
    guide: "guide/chapter_10_timeouts.md",
    source: include_str!("timeouts.rs"),
    steps: steps![a_timeout, an_abort, a_dropped_set],
    obstacle: || None,
};

/// Sets its flag when it is dropped, as a file is closed or a lock released.
struct CleanUp(Arc<AtomicBool>);

impl Drop for CleanUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

async fn wait_for_ever(clean_up: CleanUp) {
    let _clean_up = clean_up;
    pending::<()>().await;
}

/// What takes too long is dropped, and an error takes the place of its result. What is done in time gives
/// its own.
#[leno::main]
async fn a_timeout() {
    let cleaned_up = Arc::new(AtomicBool::new(false));
    let work = wait_for_ever(CleanUp(cleaned_up.clone()));
    let outcome = timeout(Duration::from_millis(10), work).await;
    let is_clean = cleaned_up.load(Ordering::Acquire);
    println!("too late: {}; cleaned up: {is_clean}", outcome.unwrap_err());
    assert!(is_clean);

    let quick = async {
        sleep(Duration::from_millis(1)).await;
        "done"
    };
    let outcome = timeout(Duration::from_secs(60), quick).await;
    println!("in time: {outcome:?}");
    assert_eq!(outcome.unwrap(), "done");
}

/// Aborting does that to a task. Whoever awaits its handle is told, once all is cleaned up.
#[leno::main]
async fn an_abort() {
    let cleaned_up = Arc::new(AtomicBool::new(false));
    let task = leno::spawn(wait_for_ever(CleanUp(cleaned_up.clone())));
    task.abort();
    let error = task.await.unwrap_err();
    let is_clean = cleaned_up.load(Ordering::Acquire);
    println!(
        "is cancelled: {}; cleaned up: {is_clean}",
        error.is_cancelled()
    );
    assert!(error.is_cancelled() && is_clean);
}

/// So does dropping a `JoinSet`, to all its tasks. (Dropping a `JoinHandle` lets its task run on.) It does not wait for
/// them, as a destructor cannot: groups, in the next chapter, do.
#[leno::main]
async fn a_dropped_set() {
    let cleaned_up = Arc::new(AtomicBool::new(false));
    let mut tasks = JoinSet::new();
    tasks.spawn(wait_for_ever(CleanUp(cleaned_up.clone())));
    drop(tasks);
    while !cleaned_up.load(Ordering::Acquire) {
        yield_now().await;
    }
    println!("the set's task is gone, and cleaned up");
}
