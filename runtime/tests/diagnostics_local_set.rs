//! The tasks of a `LocalSet` are found and asked as those of the runtime in which it is polled.

#![cfg(target_os = "linux")]

mod own_diagnostics;

use leno::diagnostics::{self, Diagnostics, Dump, ReportKind, Stands};
use leno::runtime::{Builder, Handle, Runtime};
use leno::sync::{Barrier, Mutex, oneshot};
use leno::task::{Id, LocalSet, TaskState, spawn_local};
use std::cell::Cell;
use std::future::{Future, pending};
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

fn runtimes() -> [Runtime; 3] {
    own_diagnostics::only();
    let pool = |workers| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(workers).enable_all();
        builder.diagnostics(Diagnostics::off()).build().unwrap()
    };
    [pool(1), pool(2), local()]
}

fn local() -> Runtime {
    own_diagnostics::only();
    let mut local = Builder::new_current_thread();
    local.enable_all().diagnostics(Diagnostics::off());
    local.build().unwrap()
}

async fn take_dump() -> Dump {
    Handle::current().dump(PATIENCE).await.unwrap()
}

fn knows(handle: &Handle, id: Id) -> bool {
    handle.tasks().iter().any(|task| task.id() == id)
}

/// Waits until the task is asleep.
async fn asleep(id: Id) {
    let is_it = |task: &leno::task::TaskInfo| task.id() == id && task.state() == TaskState::Asleep;
    while !Handle::current().tasks().iter().any(is_it) {
        leno::task::yield_now().await;
    }
}

/// The names of the tasks in the one deadlock that there will be.
async fn one_deadlock() -> Vec<String> {
    loop {
        let dump = take_dump().await;
        assert!(dump.deadlocks().len() <= 1, "{dump}");
        if let Some(report) = dump.deadlocks().first() {
            assert_eq!(report.kind(), ReportKind::Deadlock);
            let names = report.tasks().iter();
            let mut names: Vec<_> = names.map(|task| task.name().unwrap().to_owned()).collect();
            names.sort_unstable();
            return names;
        }
    }
}

/// Takes both locks, and meets the other task in between.
async fn transfer(from: Arc<Mutex<u32>>, to: Arc<Mutex<u32>>, met: Arc<Barrier>) {
    let mut from = from.lock().await;
    met.wait().await;
    *to.lock().await += 1;
    *from -= 1;
}

/// Two such tasks, which are given to `spawn` with their names.
fn transfers() -> [impl Future<Output = ()> + Send + 'static; 2] {
    let (a, b) = (Arc::new(Mutex::new(1)), Arc::new(Mutex::new(1)));
    let met = Arc::new(Barrier::new(2));
    [
        transfer(a.clone(), b.clone(), met.clone()),
        transfer(b, a, met),
    ]
}

fn named(name: &str) -> leno::task::Builder<'_> {
    leno::task::Builder::new().name(name)
}

#[test]
fn a_deadlock_in_a_set_is_named() {
    for runtime in runtimes() {
        let set = LocalSet::new();
        set.block_on(&runtime, async {
            let [one, other] = transfers();
            named("one").spawn_local(one).unwrap();
            named("other").spawn_local(other).unwrap();
            assert_eq!(one_deadlock().await, ["one", "other"]);
        });
    }
}

#[test]
fn a_deadlock_of_a_set_and_the_others_is_named() {
    for runtime in runtimes() {
        LocalSet::new().block_on(&runtime, async {
            let [one, other] = transfers();
            named("in the set").spawn_local(one).unwrap();
            let other = named("spawned").spawn(other).unwrap();
            assert_eq!(one_deadlock().await, ["in the set", "spawned"]);
            other.abort();
        });
    }
}

#[test]
fn a_deadlock_of_two_sets_is_named() {
    for runtime in runtimes() {
        let handle = runtime.handle().clone();
        let [one, other] = transfers();
        let mut ends = Vec::new();
        let threads = [("one", Box::pin(one)), ("other", Box::pin(other))].map(|(name, task)| {
            let (end, ended) = oneshot::channel::<()>();
            ends.push(end);
            let handle = handle.clone();
            // A `block_on` of its own, in a thread for closures.
            runtime.spawn_blocking(move || {
                let set = LocalSet::new();
                handle.block_on(set.run_until(async {
                    named(name).spawn_local(task).unwrap();
                    ended.await.unwrap();
                }));
            })
        });
        runtime.block_on(async {
            assert_eq!(one_deadlock().await, ["one", "other"]);
            for end in ends {
                end.send(()).unwrap();
            }
            for thread in threads {
                thread.await.unwrap();
            }
            assert_eq!(take_dump().await.tasks().len(), 0);
        });
    }
}

#[test]
fn a_task_of_a_set_tells_its_chain_of_awaits() {
    async fn naps(name: Rc<str>) {
        leno::time::sleep(PATIENCE).await;
        drop(name);
    }
    for runtime in runtimes() {
        LocalSet::new().block_on(&runtime, async {
            let task = spawn_local(naps(Rc::from("not Send")));
            asleep(task.id()).await;
            let dump = take_dump().await;
            let told = dump.task(task.id()).unwrap();
            assert_eq!(told.stands(), Stands::Waiting);
            assert_eq!(told.leaves().len(), 1, "{told}");
            let stack = told.leaves()[0].stack();
            let functions = stack.iter().filter_map(|frame| frame.function());
            assert!(functions.clone().any(|it| it.contains("naps")), "{told}");
            assert!(
                functions.clone().all(|it| !it.contains("::local_set::")),
                "{told}"
            );
        });
    }
}

#[test]
fn a_set_goes_where_it_is_polled() {
    let [first, _, second] = runtimes();
    let set = LocalSet::new();
    let task = set.spawn_local(pending::<()>());
    assert!(!knows(first.handle(), task.id()));
    set.block_on(&first, asleep(task.id()));
    assert!(knows(first.handle(), task.id()));
    assert!(!knows(second.handle(), task.id()));
    set.block_on(&second, asleep(task.id()));
    assert!(!knows(first.handle(), task.id()));
    assert!(knows(second.handle(), task.id()));
    // Without a runtime it stays where it was.
    {
        let mut run = pin!(set.run_until(pending::<()>()));
        let _ = run.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }
    assert!(knows(second.handle(), task.id()));
    // One that goes before the set, and one that comes after it.
    let handle = second.handle().clone();
    drop(second);
    set.block_on(&first, async {});
    assert!(!knows(&handle, task.id()));
    assert!(knows(first.handle(), task.id()));
    drop(set);
    assert!(!knows(first.handle(), task.id()));
    assert!(task.is_finished());
}

#[test]
fn who_asks_in_a_task_of_the_set_is_told_of_itself() {
    for runtime in runtimes() {
        LocalSet::new().block_on(&runtime, async {
            let (go, goes_on) = oneshot::channel::<()>();
            let task = spawn_local(async {
                let id = leno::task::id();
                assert!(knows(&Handle::current(), id), "in its first poll");
                goes_on.await.unwrap();
                let dump = take_dump().await;
                // It is polled at once, or has been: it waits for the thread that asks.
                assert_eq!(dump.task(id).unwrap().stands(), Stands::Waiting);
            });
            // In its first poll others would not find it.
            asleep(task.id()).await;
            go.send(()).unwrap();
            task.await.unwrap();
        });
    }
}

#[test]
fn a_set_that_nobody_polls_holds_up_nobody_else() {
    for runtime in runtimes() {
        let set = LocalSet::new();
        // More than are asked at a time.
        let tasks: Vec<_> = (0..1000)
            .map(|_| set.spawn_local(pending::<()>()))
            .collect();
        runtime.block_on(set.run_until(async {
            for task in &tasks {
                asleep(task.id()).await;
            }
        }));
        let dump = runtime.block_on(async {
            let task = leno::spawn(pending::<()>());
            asleep(task.id()).await;
            let dump = Handle::current().dump(Duration::from_millis(300)).await;
            let dump = dump.unwrap();
            assert_eq!(dump.task(task.id()).unwrap().stands(), Stands::Waiting);
            task.abort();
            dump
        });
        for task in &tasks {
            let told = dump.task(task.id()).unwrap();
            assert_eq!(told.stands(), Stands::Unpolled);
            assert!(told.to_string().ends_with(": not polled yet"), "{told}");
        }
        // What nobody waits for any more is answered to nobody, and harms nobody.
        runtime.block_on(set.run_until(async {
            let dump = take_dump().await;
            assert!(
                tasks
                    .iter()
                    .all(|task| { dump.task(task.id()).unwrap().stands() == Stands::Waiting })
            );
        }));
    }
}

/// A future that counts where it is dropped. The second field makes it stay on its thread.
struct Homesick {
    home: ThreadId,
    dropped_at_home: Arc<AtomicUsize>,
    _stays: Rc<Cell<()>>,
}

impl Drop for Homesick {
    fn drop(&mut self) {
        if thread::current().id() == self.home {
            self.dropped_at_home.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[test]
fn a_set_that_goes_while_it_is_asked_keeps_its_futures() {
    const ROUNDS: usize = 200;
    const TASKS: usize = 20;
    for runtime in runtimes() {
        let over = Arc::new(AtomicBool::new(false));
        let handle = runtime.handle().clone();
        // Two who ask at once, from threads of their own: a dump takes one, but these wait for it.
        let askers = [(); 2].map(|()| {
            let (over, handle) = (over.clone(), handle.clone());
            thread::spawn(move || {
                let outer = local();
                let mut answers = 0;
                while !over.load(Ordering::Relaxed) {
                    let dump = outer.block_on(handle.dump(PATIENCE)).unwrap();
                    let told = dump.tasks().iter();
                    answers += told.filter(|task| task.leaves().len() == 1).count();
                }
                answers
            })
        });
        let dropped = Arc::new(AtomicUsize::new(0));
        for round in 0..ROUNDS {
            let set = LocalSet::new();
            for _ in 0..TASKS {
                let homesick = Homesick {
                    home: thread::current().id(),
                    dropped_at_home: dropped.clone(),
                    _stays: Rc::new(Cell::new(())),
                };
                // Some have an output that is dropped with the task.
                set.spawn_local(async move {
                    let (_sender, receiver) = oneshot::channel::<()>();
                    let _ = receiver.await;
                    homesick
                });
            }
            runtime.block_on(set.run_until(async {
                for _ in 0..round % 7 {
                    leno::task::yield_now().await;
                }
            }));
            drop(set);
        }
        assert_eq!(dropped.load(Ordering::Relaxed), ROUNDS * TASKS);
        over.store(true, Ordering::Relaxed);
        for asker in askers {
            asker.join().unwrap();
        }
    }
}

#[test]
fn many_ask_at_once_and_all_are_told() {
    for runtime in runtimes() {
        LocalSet::new().block_on(&runtime, async {
            let tasks = [
                spawn_local(pending::<()>()).id(),
                leno::spawn(pending::<()>()).id(),
            ];
            for task in tasks {
                asleep(task).await;
            }
            let dumps = [(); 4].map(|()| leno::spawn(take_dump()));
            for dump in dumps {
                let dump = dump.await.unwrap();
                for task in tasks {
                    assert_eq!(dump.task(task).unwrap().stands(), Stands::Waiting);
                }
            }
        });
    }
}

#[test]
fn long_waits_in_a_set_are_found() {
    own_diagnostics::only();
    let (sender, reports) = mpsc::channel();
    let sender = std::sync::Mutex::new(sender);
    diagnostics::on_report(move |report| {
        let names = report.tasks().iter();
        let names: Vec<_> = names.map(|task| task.name().map(str::to_owned)).collect();
        let _ = sender.lock().unwrap().send((report.kind(), names));
    });
    // Before there is a runtime that could say what is looked for.
    let set = LocalSet::new();
    let looks = || Diagnostics::off().long_waits(Duration::from_millis(40));
    let mut pool = Builder::new_multi_thread();
    pool.worker_threads(1).diagnostics(looks());
    let mut local = Builder::new_current_thread();
    local.diagnostics(looks());
    for runtime in [pool.build().unwrap(), local.build().unwrap()] {
        let told = set.block_on(&runtime, async {
            let [one, other] = transfers();
            let tasks = [
                named("one").spawn_local(one).unwrap(),
                named("other").spawn_local(other).unwrap(),
            ];
            let told = loop {
                if let Ok(told) = reports.try_recv() {
                    break told;
                }
                leno::task::yield_now().await;
            };
            for task in tasks {
                task.abort();
            }
            told
        });
        assert_eq!(told.0, ReportKind::Deadlock);
        let mut names = told.1;
        names.sort_unstable();
        assert_eq!(names, [Some("one".to_owned()), Some("other".to_owned())]);
    }
}

#[test]
fn a_set_that_goes_on_is_in_the_report_of_the_end() {
    let runtime = runtimes().into_iter().nth(1).unwrap();
    let handle = runtime.handle().clone();
    let (id, told) = mpsc::channel();
    let (end, ended) = oneshot::channel::<()>();
    runtime.spawn_blocking(move || {
        let set = LocalSet::new();
        handle.block_on(set.run_until(async {
            let task = named("goes on").spawn_local(pending::<()>()).unwrap();
            asleep(task.id()).await;
            id.send(task.id()).unwrap();
            let _ = ended.await;
        }));
    });
    // One that nobody runs any more does not go on.
    let idle = LocalSet::new();
    let waits = idle.spawn_local(pending::<()>());
    idle.block_on(&runtime, asleep(waits.id()));
    let id = told.recv().unwrap();
    let report = runtime.shutdown(Duration::from_millis(50));
    let tasks: Vec<_> = report.tasks().iter().map(|task| task.id()).collect();
    assert_eq!(tasks, [id]);
    assert_eq!(report.other_tasks(), 0);
    assert_eq!(report.closures().len(), 1);
    let text = report.to_string();
    assert!(
        text.contains(": 1 task and 1 blocking closure go on"),
        "{text}"
    );
    assert!(text.contains("\"goes on\""), "{text}");
    end.send(()).unwrap();
}
