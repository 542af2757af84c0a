//! The tour's chapter on groups: tasks that belong to somebody, until when, and what they do before they go.

use crate::two_workers;
use leno::sync::oneshot;
use leno::task::{self, ReasonKind, Scope};
use leno::time::{Duration, Instant, sleep};
use std::future::pending;
use std::num::ParseIntError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

pub fn all() {
    println!("\n8. Nothing is forgotten: groups, deadlines, cleanup");
    two_workers().block_on(async {
        a_group_is_one_result().await;
        a_failure_ends_the_others().await;
        some_fail_alone().await;
        a_deadline_is_everybodys().await;
        a_cleanup_may_await().await;
        what_has_begun_may_end().await;
    });
}

/// A worker that is there: it counts as long as it lives.
struct Worker(Arc<AtomicU32>);

impl Worker {
    fn new(alive: &Arc<AtomicU32>) -> Self {
        alive.fetch_add(1, Ordering::Relaxed);
        Self(alive.clone())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn parse(text: &'static str) -> Result<u32, ParseIntError> {
    text.parse()
}

async fn a_group_is_one_result() {
    // Two tasks. Awaiting one gives its number: what fails never comes to the addition.
    let sum = async |texts: [&'static str; 2]| {
        task::group(async |group| {
            let [first, second] = texts.map(|text| group.spawn(parse(text)));
            Ok(first.await + second.await)
        })
        .await
    };
    let (good, bad) = (sum(["19", "23"]).await, sum(["19", "many"]).await);
    println!("a group of two tasks: {good:?}, and {bad:?}");
    assert_eq!(good, Ok(42));
    assert!(bad.is_err());
}

async fn a_failure_ends_the_others() {
    let alive = Arc::new(AtomicU32::new(0));
    let result: Result<(), &str> = task::group(async |group| {
        for _ in 0..1000 {
            let worker = Worker::new(&alive);
            drop(group.spawn(async move {
                let _worker = worker;
                pending().await
            }) as task::Child<()>);
        }
        println!("{} tasks wait", alive.load(Ordering::Relaxed));
        drop(group.spawn(async { Err::<(), _>("no more") }));
        Ok(())
    })
    .await;
    let left = alive.load(Ordering::Relaxed);
    println!("one more fails: {result:?}, and {left} are left");
    assert_eq!((result, left), (Err("no more"), 0));
}

async fn some_fail_alone() {
    let served = task::supervise(async |clients| {
        let good = clients.spawn(parse("1"));
        let bad = clients.spawn(parse("one"));
        (good.await.unwrap(), bad.await.unwrap())
    })
    .await;
    println!("supervised tasks fail alone: {served:?}");
    assert!(served.0.is_ok() && served.1.is_err());
}

async fn a_deadline_is_everybodys() {
    let alive = Arc::new(AtomicU32::new(0));
    let scope = Scope::new().timeout(Duration::from_millis(10));
    let result = scope
        .run(task::group(async |group| {
            let worker = Worker::new(&alive);
            let child = group.spawn(async move {
                let _worker = worker;
                let left = task::deadline().map(|at| at - Instant::now());
                println!("a task of the scope has {left:?} left");
                assert!(left.is_some());
                pending::<Result<(), ()>>().await
            });
            child.await;
            Ok(())
        }))
        .await;
    let cancelled = result.unwrap_err();
    println!("{cancelled}");
    assert_eq!(cancelled.reason().kind(), ReasonKind::Deadline);
    assert_eq!(alive.load(Ordering::Relaxed), 0);
}

async fn a_cleanup_may_await() {
    let connections = Arc::new(AtomicU32::new(0));
    let scope = Scope::new();
    let stop = scope.handle();
    let work = async {
        let worker = Worker::new(&connections);
        // A destructor cannot await; this can, and the scope waits for it.
        let _worker = task::guard(worker, LONG, |worker| async move {
            sleep(Duration::from_millis(1)).await;
            println!("the connection says goodbye");
            drop(worker);
        });
        leno::spawn(async move { stop.cancel("the client went away") }).detach();
        pending::<()>().await;
    };
    let cancelled = scope.run(work).await.unwrap_err();
    println!("{cancelled}");
    assert_eq!(cancelled.reason().text(), Some("the client went away"));
    assert_eq!(connections.load(Ordering::Relaxed), 0);
}

async fn what_has_begun_may_end() {
    let scope = Scope::new().timeout(Duration::from_millis(1));
    let surroundings = scope.handle();
    let (done, is_done) = oneshot::channel();
    let commit = async move {
        let reason = surroundings.cancelled().await;
        println!(
            "all around is cancelled ({:?}), and the commit goes on",
            reason.kind()
        );
        done.send("committed")
    };
    scope.run(task::shield(LONG, commit)).await.unwrap_err();
    let outcome = is_done.await;
    println!("the shielded work has ended: {outcome:?}");
    assert_eq!(outcome, Ok("committed"));
}
