//! Tasks, and dumps, tell of the scopes that tasks are in.

#![cfg(target_os = "linux")]

mod task_support;

use leno::diagnostics::{Dump, Leaf, TaskDump};
use leno::runtime::Handle;
use leno::sync::{Mutex, oneshot};
use leno::task::{
    self, Id, LocalSet, ReasonKind, Scope, ScopeInfo, ScopeKind, TaskInfo, TaskState,
};
use leno::time::Instant;
use std::future::{Future, pending};
use std::iter::successors;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;
use task_support::{OnDrop, current_thread, multi_thread, on_each_runtime};

const LONG: Duration = Duration::from_secs(3600);
const PATIENCE: Duration = Duration::from_secs(60);

on_each_runtime!(
    a_task_tells_its_scope,
    a_task_that_never_slept_tells_its_scope,
    a_closure_and_scopes_within_are_counted,
    entries_in_advance_are_not_counted,
    what_is_cancelled_and_goes_on,
    a_group_that_nobody_awaits,
    a_dump_tells_the_scopes_in_a_task,
    a_dump_tells_what_is_waited_for_at_the_end,
);

/// What is known of the task once it sleeps, and it `is` as wanted.
async fn when(id: Id, is: impl Fn(&TaskInfo) -> bool) -> TaskInfo {
    loop {
        let mut tasks = Handle::current().tasks().into_iter();
        let asleep = |task: &TaskInfo| task.id() == id && task.state() == TaskState::Asleep;
        if let Some(task) = tasks.find(|task| asleep(task) && is(task)) {
            return task;
        }
        task::yield_now().await;
    }
}

async fn asleep(id: Id) -> TaskInfo {
    when(id, |_| true).await
}

async fn take_dump() -> Dump {
    Handle::current().dump(PATIENCE).await.unwrap()
}

/// The scope and those around it.
fn outwards(scope: Option<&ScopeInfo>) -> Vec<&ScopeInfo> {
    successors(scope, |scope| scope.around()).collect()
}

fn kinds(scope: Option<&ScopeInfo>) -> Vec<ScopeKind> {
    outwards(scope).iter().map(|scope| scope.kind()).collect()
}

/// Who spawns several tasks in one poll of a group, and looks in that, sees those that there are.
async fn entries_in_advance_are_not_counted(runtime: &str) {
    type Never = Result<(), &'static str>;
    let work = task::group(async |group| -> Never {
        let first = group.spawn(pending::<Never>()).id().unwrap();
        asleep(first).await;
        // In the same poll.
        for _ in 0..5 {
            drop(group.spawn(pending::<Never>()));
        }
        let tasks = Handle::current().tasks();
        let first = tasks.iter().find(|task| task.id() == first).unwrap();
        // All of them, and the body: of the group, and of the scope around.
        let live: Vec<_> = outwards(first.scope())
            .iter()
            .map(|scope| scope.live())
            .collect();
        assert_eq!(live, [7, 7], "{runtime}");
        Err("enough")
    });
    assert_eq!(Scope::new().run(work).await.unwrap(), Err("enough"));
}

async fn a_task_tells_its_scope(runtime: &str) {
    let (ready, is_ready) = oneshot::channel();
    let deadline = Instant::now() + LONG;
    let place = line!() + 2;
    let owner = leno::spawn(async move {
        let work = task::supervise(async |group| {
            let member = group.spawn(pending::<()>());
            let outside = leno::spawn(pending::<()>());
            ready.send((task::id(), member.id(), outside)).unwrap();
            member.await.unwrap();
        });
        Scope::new().deadline(deadline).run(work).await
    });
    let (owner_id, member, outside) = is_ready.await.unwrap();

    let member = asleep(member).await;
    let scopes = outwards(member.scope());
    let [supervisor, scope] = scopes[..] else {
        panic!("{runtime}: {scopes:?}")
    };
    assert_eq!(supervisor.kind(), ScopeKind::Supervisor);
    assert_eq!(supervisor.place().file(), file!());
    assert_eq!(supervisor.place().line(), place, "{runtime}");
    assert_eq!(supervisor.begun_by(), Some(owner_id), "{runtime}");
    // The member, and the body.
    assert_eq!(supervisor.live(), 2, "{runtime}");
    assert_eq!(supervisor.deadline(), None);
    assert_eq!(scope.kind(), ScopeKind::Scope);
    assert_eq!(scope.place().line(), place + 6);
    assert_eq!(scope.begun_by(), Some(owner_id));
    assert_eq!(scope.deadline(), Some(deadline), "{runtime}");
    assert!(scope.reason().is_none() && scope.cancelled_for().is_none());
    assert_ne!(scope.id(), supervisor.id());
    let text = supervisor.to_string();
    let expected = format!(
        "supervisor at {}:{place}:20, begun by task {owner_id}",
        file!()
    );
    assert_eq!(text, expected);
    assert!(
        scope.to_string().contains(", deadline in 3"),
        "{runtime}: {scope}"
    );
    // The same scope is known by the same number.
    let again = asleep(member.id()).await;
    assert_eq!(again.scope().unwrap().id(), supervisor.id());

    assert!(asleep(outside.id()).await.scope().is_none(), "{runtime}");
    assert!(asleep(owner_id).await.scope().is_none(), "{runtime}");
    owner.abort();
    assert!(owner.await.unwrap_err().is_cancelled());
    outside.abort();
}

async fn a_task_that_never_slept_tells_its_scope(runtime: &str) {
    let found: Result<Vec<ScopeKind>, ()> = task::group(async |group| {
        let member = group.spawn(async {
            let own = task::id();
            let tasks = Handle::current().tasks();
            let own = tasks.iter().find(|task| task.id() == own).unwrap();
            Ok(kinds(own.scope()))
        });
        Ok(member.await)
    })
    .await;
    assert_eq!(found, Ok(vec![ScopeKind::Group]), "{runtime}");
}

async fn a_closure_and_scopes_within_are_counted(runtime: &str) {
    let (begun, has_begun) = oneshot::channel();
    let (end, wait) = std::sync::mpsc::channel::<()>();
    task::supervise(async |outer| {
        let inner = outer.spawn(async move {
            task::supervise(async |inner| {
                let closure = inner.spawn_blocking(move || wait.recv().is_err());
                let member = inner.spawn(pending::<()>());
                begun.send(member.id()).unwrap();
                assert!(closure.await.unwrap(), "its sender is gone");
                member.cancel().await;
            })
            .await;
        });
        let member = asleep(has_begun.await.unwrap()).await;
        let live: Vec<_> = outwards(member.scope())
            .iter()
            .map(|scope| scope.live())
            .collect();
        // A closure, a task and a body; the same closure and task, the one whose scope they are in, and a body.
        assert_eq!(live, [3, 4], "{runtime}");
        drop(end);
        inner.await.unwrap();
    })
    .await;
}

async fn what_is_cancelled_and_goes_on(runtime: &str) {
    let scope = Scope::new();
    let stop = scope.handle();
    let (release, released) = oneshot::channel::<()>();
    let (begun, has_begun) = oneshot::channel();
    let owner = leno::spawn(async move {
        let work = async move {
            let shield = task::shield(LONG, async move {
                let _ = released.await;
            });
            begun.send(task::id()).unwrap();
            shield.await;
        };
        scope.run(work).await
    });
    let owner_id = has_begun.await.unwrap();
    asleep(owner_id).await;
    assert!(stop.cancel("enough"));
    let left = loop {
        let tasks = Handle::current().tasks();
        if let Some(task) = tasks.into_iter().find(|task| task.scope().is_some()) {
            break task;
        }
        task::yield_now().await;
    };
    let scopes = outwards(left.scope());
    let [shield, scope] = scopes[..] else {
        panic!("{runtime}: {scopes:?}")
    };
    assert_eq!(shield.kind(), ScopeKind::Shield);
    // It goes on, and nobody but the scope waits for it.
    assert!(shield.reason().is_none() && shield.deadline().is_some());
    assert_eq!(shield.begun_by(), None, "{runtime}");
    assert_eq!(scope.begun_by(), Some(owner_id), "{runtime}");
    let reason = scope.reason().unwrap();
    assert_eq!(reason.kind(), ReasonKind::Requested);
    assert_eq!(reason.text(), Some("enough"));
    let first = scope.cancelled_for().unwrap();
    let text = scope.to_string();
    assert!(text.contains(", cancelled ") && text.contains(" ago at "));
    assert!(text.ends_with(": enough"), "{runtime}: {text}");
    // What is left is a task of the shield, and its owner: yet that is within itself nowhere.
    let dump = take_dump().await;
    let told = dump.task(left.id()).unwrap();
    let shield_and_scope = [ScopeKind::Shield, ScopeKind::Scope];
    assert!(!told.leaves().is_empty(), "{runtime}: {told}");
    for leaf in told.leaves() {
        assert_eq!(kinds(leaf.scope()), shield_and_scope, "{runtime}: {told}");
    }
    // It is so for longer and longer.
    let second = when(left.id(), |task| {
        let scope = task.scope().unwrap().around().unwrap();
        scope.cancelled_for().unwrap() > first
    });
    second.await;
    release.send(()).unwrap();
    let cancelled = owner.await.unwrap().unwrap_err();
    assert_eq!(cancelled.reason().kind(), ReasonKind::Requested);
}

async fn a_group_that_nobody_awaits(runtime: &str) {
    let (release, released) = oneshot::channel::<()>();
    task::supervise(async |outer| {
        let (begun, has_begun) = oneshot::channel();
        let ended = Arc::new(AtomicBool::new(false));
        let held = OnDrop({
            let ended = Arc::clone(&ended);
            move || ended.store(true, Ordering::Relaxed)
        });
        let group = task::group(async move |group| {
            let shielded = group.spawn(async move {
                let shield = task::shield(LONG, async move {
                    let _held = held;
                    let _ = released.await;
                });
                shield.await;
                Ok::<(), ()>(())
            });
            begun.send(shielded.id().unwrap()).unwrap();
            shielded.await;
            Ok(())
        });
        let dropped = outer.spawn(async move {
            let mut group = Box::pin(group);
            let id = leno::select! {
                biased;
                id = has_begun => id.unwrap(),
                _ = &mut group => unreachable!("its task waits"),
            };
            asleep(id).await;
            drop(group);
            pending::<()>().await;
        });
        let left = loop {
            let tasks = Handle::current().tasks();
            let shields = [ScopeKind::Shield, ScopeKind::Group, ScopeKind::Supervisor];
            let left = tasks
                .into_iter()
                .find(|task| kinds(task.scope()) == shields);
            if let Some(left) = left {
                break left;
            }
            task::yield_now().await;
        };
        let scopes = outwards(left.scope());
        assert_eq!(scopes[1].begun_by(), None, "{runtime}");
        assert!(!scopes[1].is_awaited(), "{runtime}");
        let text = scopes[1].to_string();
        assert!(
            text.contains(", whose future was dropped, cancelled "),
            "{text}"
        );
        assert_eq!(
            scopes[1].reason().unwrap().kind(),
            ReasonKind::OwnerDropped,
            "{runtime}"
        );
        assert!(scopes[2].reason().is_none());
        assert!(!ended.load(Ordering::Relaxed), "{runtime}");
        release.send(()).unwrap();
        dropped.cancel().await;
    })
    .await;
}

/// The leaves that wait for more than to be cancelled.
fn real_leaves(task: &TaskDump) -> Vec<&Leaf> {
    let leaves = task.leaves().iter();
    leaves.filter(|leaf| !leaf.waits_for_cancel()).collect()
}

async fn a_dump_tells_the_scopes_in_a_task(runtime: &str) {
    let lock = Arc::new(Mutex::new(()));
    let held = lock.lock().await;
    let (begun, has_begun) = oneshot::channel();
    let work = {
        let lock = Arc::clone(&lock);
        task::supervise(async move |group| {
            let member = group.spawn(async move {
                let inner = Scope::new().timeout(LONG).run(async {
                    drop(lock.lock().await);
                });
                inner.await.unwrap();
            });
            begun.send(member.id()).unwrap();
            member.await.unwrap();
        })
    };
    let owner = leno::spawn(work);
    let member = has_begun.await.unwrap();
    asleep(owner.id()).await;
    asleep(member).await;
    let dump = take_dump().await;
    let told = dump.task(member).unwrap();
    assert_eq!(kinds(told.task().scope()), [ScopeKind::Supervisor]);
    let leaves = real_leaves(told);
    assert_eq!(leaves.len(), 1, "{runtime}: {told}");
    assert_eq!(
        kinds(leaves[0].scope()),
        [ScopeKind::Scope, ScopeKind::Supervisor],
        "{runtime}"
    );
    assert_eq!(leaves[0].scope().unwrap().begun_by(), Some(member));
    let own = told.task().scope().unwrap();
    assert_eq!(outwards(leaves[0].scope())[1].id(), own.id(), "{runtime}");
    assert_eq!(told.leaves().len(), 2, "{runtime}: the scope's future too");
    // The body of a supervisor goes on if its tasks are cancelled: it is not in there.
    let told = dump.task(owner.id()).unwrap();
    assert!(told.task().scope().is_none());
    let leaves = real_leaves(told);
    assert_eq!(leaves[0].waits_for_task(), Some(member), "{runtime}");
    assert!(leaves[0].scope().is_none(), "{runtime}");
    assert_eq!(own.begun_by(), Some(owner.id()));

    let text = dump.task(member).unwrap().to_string();
    let lines: Vec<_> = text.lines().filter(|line| line.contains(" in ")).collect();
    assert!(lines[0].starts_with("   in scope at "), "{runtime}: {text}");
    assert!(
        lines[1].starts_with("   in supervisor at "),
        "{runtime}: {text}"
    );
    assert!(
        !text.contains("cancel of"),
        "{runtime}: it goes without saying: {text}"
    );
    let json = dump.to_json();
    assert!(
        json.contains("\"deadline_in\":3"),
        "{runtime}: less than 3600 seconds: {json}"
    );
    drop(held);
    owner.await.unwrap();
}

async fn a_dump_tells_what_is_waited_for_at_the_end(runtime: &str) {
    let (release, released) = oneshot::channel::<()>();
    let (begun, has_begun) = oneshot::channel();
    let line = line!() + 1;
    let owner = leno::spawn(task::supervise(async move |group| {
        let left = group.spawn(async { released.await.unwrap() });
        begun.send(left.id()).unwrap();
    }));
    let left = has_begun.await.unwrap();
    asleep(left).await;
    asleep(owner.id()).await;
    let dump = take_dump().await;
    let told = dump.task(owner.id()).unwrap();
    let text = told.to_string();
    let end = format!("waits for the end of the supervisor at {}:{line}:", file!());
    assert!(text.contains(&end), "{runtime}: {text}");
    let scope = told.leaves()[0].scope().unwrap();
    assert_eq!(scope.live(), 1, "{runtime}: the body has left");
    let of_left = dump.task(left).unwrap().task().scope().unwrap().id();
    assert_eq!(scope.id(), of_left, "{runtime}");
    release.send(()).unwrap();
    owner.await.unwrap();
}

#[test]
fn tasks_of_a_set_tell_their_scopes() {
    for runtime in [current_thread(), multi_thread(2)] {
        let set = LocalSet::new();
        let local = set.run_until(async {
            task::supervise(async |group| {
                let member = group.spawn_local(pending::<()>());
                let from_runtime = asleep(member.id()).await;
                assert_eq!(kinds(from_runtime.scope()), [ScopeKind::Supervisor]);
                // The future of a `block_on` has begun it.
                assert_eq!(from_runtime.scope().unwrap().begun_by(), None);
                assert!(from_runtime.scope().unwrap().is_awaited());
                let tasks = set.tasks();
                let from_set = tasks.iter().find(|task| task.id() == member.id()).unwrap();
                let id = from_runtime.scope().unwrap().id();
                assert_eq!(from_set.scope().unwrap().id(), id);
                let dump = take_dump().await;
                let told = dump.task(member.id()).unwrap();
                assert_eq!(told.task().scope().unwrap().id(), id);
                member.cancel().await;
            })
            .await;
        });
        runtime.block_on(local);
    }
}

#[test]
fn a_root_tells_the_scopes_in_it() {
    let runtime = multi_thread(1);
    let handle = runtime.handle().clone();
    let asking = thread::spawn(move || {
        loop {
            // Each call waits for the root; who asks too early asks again.
            let dump = handle.block_on(handle.dump(PATIENCE)).unwrap();
            let roots = dump.roots().iter();
            let leaves = roots.flat_map(|root| root.leaves());
            let kinds: Vec<_> = leaves.map(|leaf| kinds(leaf.scope())).collect();
            if kinds.contains(&vec![ScopeKind::Scope]) {
                return;
            }
        }
    });
    let scope = Scope::new();
    let stop = scope.handle();
    let waiter = thread::spawn(move || {
        asking.join().unwrap();
        stop.cancel("seen")
    });
    let cancelled = runtime.block_on(scope.run(pending::<()>())).unwrap_err();
    assert_eq!(cancelled.reason().text(), Some("seen"));
    assert!(waiter.join().unwrap());
}

#[test]
fn a_paused_clock_tells_what_is_left_of_a_deadline() {
    current_thread().block_on(async {
        leno::time::pause();
        let (begun, has_begun) = oneshot::channel();
        let work = Scope::new()
            .timeout(LONG)
            .run(task::supervise(async move |group| {
                let member = group.spawn(pending::<()>());
                begun.send(member.id()).unwrap();
                member.await.unwrap();
            }));
        let owner = leno::spawn(work);
        let member = asleep(has_begun.await.unwrap()).await;
        let scope = member.scope().unwrap().around().unwrap();
        assert!(
            scope.to_string().ends_with(", deadline in 3600.0 s"),
            "{scope}"
        );
        leno::time::advance(Duration::from_secs(3598)).await;
        let member = asleep(member.id()).await;
        let scope = member.scope().unwrap().around().unwrap();
        assert!(
            scope.to_string().ends_with(", deadline in 2.0 s"),
            "{scope}"
        );
        owner.abort();
    });
}

/// A task in the group of a task in the group of a task, and so on.
fn nested(depth: usize, begun: oneshot::Sender<Id>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(task::supervise(async move |group| {
        if depth == 0 {
            let innermost = group.spawn(pending::<()>());
            begun.send(innermost.id()).unwrap();
            let _ = innermost.await;
        } else {
            group.spawn(nested(depth - 1, begun)).await.unwrap();
        }
    }))
}

#[test]
fn scopes_may_be_as_deep_as_tasks_spawn_groups() {
    const DEPTH: usize = 5000;
    let runtime = multi_thread(2);
    let (begun, has_begun) = oneshot::channel();
    let outermost = runtime.spawn(nested(DEPTH, begun));
    let innermost = runtime.block_on(async { asleep(has_begun.await.unwrap()).await });
    let handle = runtime.handle().clone();
    // A stack in which a call for each of them has no room.
    let builder = thread::Builder::new().stack_size(128 << 10);
    let looking = builder.spawn(move || {
        let tasks = handle.tasks();
        let found = tasks.iter().find(|task| task.id() == innermost.id());
        assert_eq!(outwards(found.unwrap().scope()).len(), DEPTH + 1);
        drop(innermost);
    });
    looking.unwrap().join().unwrap();
    runtime.block_on(outermost.cancel());
}

/// Those who look meet tasks and scopes in each moment of their lives.
#[test]
fn scopes_come_and_go_while_somebody_looks() {
    let runtime = multi_thread(2);
    let looked = Arc::new(AtomicUsize::new(0));
    let is_over = Arc::new(AtomicBool::new(false));
    let looking = {
        let (looked, is_over) = (Arc::clone(&looked), Arc::clone(&is_over));
        let handle = runtime.handle().clone();
        thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                for task in handle.tasks() {
                    for scope in outwards(task.scope()) {
                        assert_eq!(scope.place().file(), file!());
                        looked.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        })
    };
    let failures = Arc::new(AtomicUsize::new(0));
    let mut rounds = 0;
    while rounds < 300 || looked.load(Ordering::Relaxed) < 300 {
        rounds += 1;
        let failures = Arc::clone(&failures);
        let scope = Scope::new().run(task::group(async move |group| {
            for number in 0..8 {
                let failures = Arc::clone(&failures);
                drop(group.spawn(async move {
                    // One ends in the first poll, and others when they have slept.
                    let (sender, receiver) = oneshot::channel();
                    drop(leno::spawn(async move { sender.send(()).unwrap_or(()) }));
                    receiver.await.unwrap();
                    match number {
                        7 => {
                            failures.fetch_add(1, Ordering::Relaxed);
                            Err("the last one")
                        }
                        _ => Ok(()),
                    }
                }));
            }
            Ok(())
        }));
        let ended = runtime.block_on(async { leno::spawn(scope).await.unwrap().unwrap() });
        assert_eq!(ended, Err("the last one"));
    }
    is_over.store(true, Ordering::Relaxed);
    looking.join().unwrap();
    assert_eq!(failures.load(Ordering::Relaxed), rounds);
}
