//! `spawn` lets a task outlive whoever has started it. In a group that cannot be: when `group(..).await` has
//! returned, in whatever way, none of its tasks is left, and no failure is lost. A `Scope` gives a deadline to all that
//! belongs to it; `shield` and `guard` are for what must come to an end, and for a cleanup that awaits.

use leno::sync::oneshot;
use leno::task::{self, ReasonKind, Scope};
use leno::time::{Duration, Instant, sleep};
use std::future::pending;
use std::num::ParseIntError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::tour::{Chapter, steps};

pub const CHAPTER: Chapter = Chapter {
    name: "groups",
    title: "Nothing is forgotten: groups, deadlines, cleanup",
    guide: "task/guide.md",
    source: include_str!("groups.rs"),
    steps: steps![
        a_group_is_one_result,
        a_failure_ends_the_others,
        some_fail_alone,
        a_deadline_is_for_everybody,
        a_cleanup_may_await,
        what_has_begun_may_end,
        children_may_borrow,
    ],
    obstacle: || None,
};

async fn parse(text: &'static str) -> Result<u32, ParseIntError> {
    text.parse()
}

/// Awaiting a child of a group gives its number, without a `?`: if one fails, the group's body is dropped there, the
/// others are cancelled, and the group returns the error.
#[leno::main(worker_threads = 2)]
async fn a_group_is_one_result() {
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

/// The group returns when the last of them is gone, so what they have held is free.
#[leno::main(worker_threads = 2)]
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

/// `supervise` is for tasks that fail each on its own, as a server's connections: a child gives a `Result`.
#[leno::main(worker_threads = 2)]
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

/// A deadline holds for all that runs within the scope, on whichever thread, and may be asked for. When it passes
/// they are cancelled, and the error says which deadline it was.
#[leno::main(worker_threads = 2)]
async fn a_deadline_is_for_everybody() {
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

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

/// A destructor cannot await. A `guard` can: when its owner is dropped, its closure runs as a task, which the scope
/// waits for, as long as the limit allows.
#[leno::main(worker_threads = 2)]
async fn a_cleanup_may_await() {
    let connections = Arc::new(AtomicU32::new(0));
    let scope = Scope::new();
    let stop = scope.handle();
    let work = async {
        let worker = Worker::new(&connections);
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

/// A `shield` lets what is in it come to its end, within a limit, while all around it is cancelled.
#[leno::main(worker_threads = 2)]
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

/// A `local_group` makes no tasks: the parent's future owns its children and polls them, one after the other. So
/// they may borrow what is around it.
#[leno::main(worker_threads = 2)]
async fn children_may_borrow() {
    let words = [String::from("borrowed"), String::from("not moved")];
    let longest = task::local_group(async |group| {
        let [first, second] = words.each_ref().map(|word| {
            group.spawn(async {
                task::yield_now().await;
                word.len()
            })
        });
        first.await.max(second.await)
    })
    .await;
    println!("children of one task may borrow: the longest word has {longest} letters");
    assert_eq!(longest, 9);
}
