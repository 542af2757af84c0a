//! Where tasks stand, as a dump tells it.

#![cfg(target_os = "linux")]

use leno::diagnostics::{Dump, Stands, TaskDump};
use leno::net::{TcpListener, TcpStream};
use leno::runtime::{Builder, Handle, Runtime};
use leno::sync::{Mutex, mpsc, oneshot};
use leno::task::Id;
use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);
const PATIENCE: Duration = Duration::from_secs(60);

fn runtimes() -> [Runtime; 3] {
    let pool = |workers| {
        Builder::new_multi_thread()
            .worker_threads(workers)
            .enable_all()
            .build()
            .unwrap()
    };
    let local = Builder::new_current_thread().enable_all().build().unwrap();
    [pool(1), pool(2), local]
}

async fn take_dump() -> Dump {
    Handle::current().dump(PATIENCE).await.unwrap()
}

/// Waits until the task has been asleep, so that it is listed.
async fn asleep(id: Id) {
    while !Handle::current()
        .tasks()
        .iter()
        .any(|task| task.id() == id && task.state() == leno::task::TaskState::Asleep)
    {
        leno::task::yield_now().await;
    }
}

/// The functions of each leaf, without their modules.
fn chains(task: &TaskDump) -> Vec<Vec<String>> {
    let leaves = task.leaves().iter();
    leaves
        .map(|leaf| {
            let stack = leaf.stack();
            let functions = stack.iter().map(|frame| frame.function().unwrap());
            functions
                .map(|path| path.replace("::{{closure}}", ""))
                .map(|path| path.rsplit("::").next().unwrap().to_owned())
                .collect()
        })
        .collect()
}

/// True if `parts` are in `chain` in this order.
fn has_in_order(chain: &[String], parts: &[&str]) -> bool {
    let mut chain = chain.iter();
    parts
        .iter()
        .all(|part| chain.any(|function| function == part))
}

mod shop {
    use super::*;

    pub async fn sleeps() {
        naps().await;
    }

    async fn naps() {
        leno::time::sleep(LONG).await;
    }

    pub async fn locks(mutex: Arc<Mutex<u32>>) {
        *mutex.lock().await += 1;
    }

    pub async fn receives(mut receiver: mpsc::Receiver<u32>) {
        next_of(&mut receiver).await;
    }

    async fn next_of(receiver: &mut mpsc::Receiver<u32>) {
        receiver.recv().await;
    }

    pub async fn reads(mut stream: TcpStream) {
        use leno::io::AsyncReadExt;
        stream.read_u8().await.unwrap_err();
    }

    pub async fn both() {
        leno::join!(naps(), foreign());
    }

    pub async fn either() {
        leno::select! {
            () = naps() => {}
            () = foreign() => {}
        }
    }

    pub async fn races() {
        let mut race = pin!(leno::task::race((naps(), inner())));
        race.as_mut().next().await;
    }

    pub async fn groups() {
        let text = String::from("borrowed");
        leno::task::local_group_send(async |group| {
            group.spawn(async {
                foreign().await;
                assert!(text.is_empty());
            });
            let slow = group.spawn(naps());
            slow.await;
        })
        .await;
    }

    /// A race within one.
    async fn inner() {
        let mut race = pin!(leno::task::race(vec![foreign(), foreign()]));
        race.as_mut().next().await;
    }

    /// Waits for a channel that is not leno's.
    pub async fn foreign() {
        let (_sender, receiver) = futures_channel::oneshot::channel::<()>();
        receiver.await.unwrap_err();
    }
}

#[test]
fn each_chain_of_awaits_is_told() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let mutex = Arc::new(Mutex::new(0));
            let guard = mutex.clone().lock_owned().await;
            let (sender, receiver) = mpsc::channel(1);
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let stream = TcpStream::connect(address).await.unwrap();
            let peer = listener.accept().await.unwrap();
            let tasks = [
                leno::spawn(shop::sleeps()),
                leno::spawn(shop::locks(mutex.clone())),
                leno::spawn(shop::receives(receiver)),
                leno::spawn(shop::reads(stream)),
                leno::spawn(shop::foreign()),
                leno::spawn(shop::both()),
                leno::spawn(shop::either()),
                leno::spawn(shop::races()),
                leno::spawn(shop::groups()),
            ];
            for task in &tasks {
                asleep(task.id()).await;
            }
            let dump = take_dump().await;
            let expected: [&[&[&str]]; 9] = [
                &[&["naps", "sleeps"]],
                &[&["lock", "locks"]],
                &[&["recv", "next_of", "receives"]],
                &[&["reads"]],
                &[&["foreign"]],
                &[&["naps", "both"], &["foreign", "both"]],
                &[&["naps", "either"], &["foreign", "either"]],
                // Those of the inner one are at one place.
                &[&["naps", "races"], &["foreign", "inner", "races"]],
                // The children, and the body, which waits for one.
                &[&["foreign", "groups"], &["naps", "groups"], &["groups"]],
            ];
            for (task, expected) in tasks.iter().zip(expected) {
                let dumped = dump.task(task.id()).unwrap();
                assert_eq!(dumped.stands(), Stands::Waiting);
                let mut chains = chains(dumped);
                assert_eq!(chains.len(), expected.len(), "{dumped}");
                for parts in expected {
                    let place = chains.iter().position(|chain| has_in_order(chain, parts));
                    let place = place.unwrap_or_else(|| panic!("{parts:?} in\n{dumped}"));
                    chains.remove(place);
                }
            }
            let line = dump.task(tasks[0].id()).unwrap().leaves()[0].stack();
            assert!(
                line.iter()
                    .any(|frame| frame.file() == Some("tests/diagnostics_dump.rs"))
            );
            let json: serde_json::Value = serde_json::from_str(&dump.to_json()).unwrap();
            assert_eq!(json["tasks"].as_array().unwrap().len(), dump.tasks().len());
            drop((guard, sender, peer));
            for task in tasks {
                task.abort();
                let _ = task.await;
            }
        });
    }
}

/// A poll that tells leaves the task's waker with all futures of a race: the next one polls all, and sees who was woken.
#[test]
fn a_race_that_was_asked_goes_on() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let (senders, receivers): (Vec<_>, Vec<_>) =
                (0..100).map(|_| oneshot::channel::<usize>()).unzip();
            let task = leno::spawn(async move {
                let mut race = pin!(leno::task::race(receivers));
                let mut sum = 0;
                while let Some((index, sent)) = race.as_mut().next().await {
                    assert_eq!(sent, Ok(index));
                    sum += index;
                }
                sum
            });
            asleep(task.id()).await;
            for (index, sender) in senders.into_iter().enumerate() {
                if index % 30 == 10 {
                    let dump = take_dump().await;
                    assert_eq!(dump.task(task.id()).unwrap().leaves().len(), 1);
                }
                sender.send(index).unwrap();
            }
            assert_eq!(task.await.unwrap(), 4950);
        });
    }
}

#[test]
fn main_tells_where_it_stands() {
    async fn asks() -> Dump {
        let task = leno::spawn(shop::sleeps());
        let dumped = leno::spawn(take_dump());
        let dump = leno::select! {
            dump = dumped => dump.unwrap(),
            ended = task => panic!("{ended:?}"),
        };
        dump
    }
    for runtime in runtimes() {
        let dump = runtime.block_on(asks());
        let [root] = dump.roots() else {
            panic!("{dump}");
        };
        assert_eq!(root.place().file(), file!());
        assert!(root.type_name().contains("asks"), "{}", root.type_name());
        // The task that asks, and the one that sleeps.
        assert_eq!(root.leaves().len(), 2, "{root}");
        let stack = root.leaves()[0].stack();
        let function = |frame: &leno::diagnostics::Frame| frame.function().unwrap().to_owned();
        assert!(
            stack.iter().any(|frame| function(frame).contains("asks")),
            "{root}"
        );
        // It is waited for no more.
        let dump = runtime.block_on(async { leno::spawn(take_dump()).await.unwrap() });
        assert_eq!(dump.roots().len(), 1);
    }
}

#[test]
fn a_handle_that_is_all_that_main_waits_for_is_its_chain() {
    for runtime in runtimes() {
        let handle = runtime.handle().clone();
        let task = runtime.spawn(async move {
            loop {
                let dump = handle.dump(PATIENCE).await.unwrap();
                if !dump.roots().is_empty() {
                    return dump;
                }
            }
        });
        let dump = runtime.block_on(task);
        let dump = dump.unwrap();
        let [root] = dump.roots() else {
            panic!("{dump}");
        };
        let stack = root.leaves()[0].stack();
        let functions: Vec<_> = stack
            .iter()
            .map(|frame| frame.function().unwrap())
            .collect();
        assert!(functions[0].contains("JoinHandle"), "{root}");
        assert!(
            !functions.iter().any(|path| path.contains("block_on")),
            "{root}"
        );
        assert!(
            !functions.iter().any(|path| path.contains("lang_start")),
            "{root}"
        );
    }
}

#[test]
fn a_join_handle_tells_whose_end_it_waits_for() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let first = leno::spawn(pending::<()>());
            let first_id = first.id();
            let second = leno::spawn(first);
            asleep(first_id).await;
            asleep(second.id()).await;
            let dump = take_dump().await;
            let leaves = dump.task(second.id()).unwrap().leaves();
            assert_eq!(leaves[0].waits_for_task(), Some(first_id));
            // It keeps no waker.
            assert!(dump.task(first_id).unwrap().leaves().is_empty());
        });
    }
}

#[test]
fn who_asks_is_told_of_too() {
    for runtime in runtimes() {
        let asked = runtime.spawn(async {
            // So that it is listed.
            leno::time::sleep(Duration::from_millis(1)).await;
            let own = leno::task::id();
            take_dump().await.task(own).map(TaskDump::stands)
        });
        assert_eq!(runtime.block_on(asked).unwrap(), Some(Stands::Waiting));
    }
}

#[test]
fn a_task_that_computes_is_not_waited_for() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let (started, start) = leno::sync::oneshot::channel();
    let busy = runtime.spawn(async move {
        leno::time::sleep(Duration::from_millis(1)).await;
        let _ = started.send(());
        // In one poll until the test has seen it.
        stopped.recv().unwrap_err();
    });
    runtime.block_on(async {
        start.await.unwrap();
        let dump = Handle::current().dump(Duration::from_millis(50)).await;
        let dump = dump.unwrap();
        assert_eq!(dump.task(busy.id()).unwrap().stands(), Stands::Polling);
        assert!(dump.to_string().contains(": in a long poll"));
        drop(stop);
        busy.await.unwrap();
    });
}

#[test]
fn a_runtime_that_nobody_drives_does_not_answer() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let task = runtime.spawn(shop::sleeps());
    runtime.block_on(asleep(task.id()));
    let other = Builder::new_current_thread().enable_all().build().unwrap();
    let dump = other.block_on(runtime.handle().dump(Duration::from_millis(20)));
    let dump = dump.unwrap();
    assert_eq!(dump.task(task.id()).unwrap().stands(), Stands::Unpolled);
    // It was woken for that, and sleeps again as soon as somebody drives.
    runtime.block_on(asleep(task.id()));
}

#[test]
fn a_runtime_that_has_ended_has_none() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let handle = runtime.handle().clone();
    runtime.spawn(pending::<()>());
    runtime.block_on(leno::task::yield_now());
    drop(runtime);
    let other = Builder::new_current_thread().enable_all().build().unwrap();
    let dump = other.block_on(handle.dump(PATIENCE)).unwrap();
    assert!(dump.tasks().is_empty());
}

/// Dumps while tasks work, wait in line, end and are spawned: nothing is lost, and no order changes.
#[test]
fn a_program_goes_on_while_it_is_asked() {
    const TASKS: usize = 200;
    for runtime in runtimes() {
        runtime.block_on(async {
            let line = Arc::new(Mutex::new(Vec::new()));
            let guard = line.clone().lock_owned().await;
            let mut waiting = Vec::new();
            for number in 0..TASKS {
                let line = line.clone();
                let task = leno::spawn(async move { line.lock().await.push(number) });
                asleep(task.id()).await;
                waiting.push(task);
            }
            let (sender, mut receiver) = mpsc::channel(4);
            let senders: Vec<_> = (0..TASKS as u64)
                .map(|number| {
                    let sender = sender.clone();
                    leno::spawn(async move {
                        for round in 0..10 {
                            sender.send(number * 10 + round).await.unwrap();
                            leno::spawn(leno::task::yield_now()).await.unwrap();
                        }
                    })
                })
                .collect();
            drop(sender);
            let sum = leno::spawn(async move {
                let mut sum = 0;
                while let Some(number) = receiver.recv().await {
                    sum += number;
                }
                sum
            });
            let mut dumps = 0;
            while !sum.is_finished() || dumps < 10 {
                let dump = take_dump().await;
                let in_line = |task: &TaskDump| task.stands() == Stands::Waiting;
                let ids = waiting.iter().map(|task| dump.task(task.id()));
                assert!(ids.into_iter().all(|task| task.is_some_and(in_line)));
                dumps += 1;
            }
            assert_eq!(sum.await.unwrap(), (0..TASKS as u64 * 10).sum::<u64>());
            for sender in senders {
                sender.await.unwrap();
            }
            drop(guard);
            for task in waiting {
                task.await.unwrap();
            }
            let order = line.lock().await;
            assert!(order.iter().copied().eq(0..TASKS));
        });
    }
}
