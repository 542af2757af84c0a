//! Groups, scopes and races of `leno::task`: what they contain is cancelled with them, or goes on.

use crate::support::{Row, ends, happened, kept, later, row, settle, wrapper};
use crate::sync::{Outgoing, full_channel};
use crate::task::{SECOND, number, wraps};
use leno::sync::{Mutex, mpsc, oneshot};
use leno::task::{self, Child, JoinHandle, LocalGroup, Policy, Scope, ScopeHandle, TaskGroup};
use leno::time::sleep;
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Each is measured on a thread of its own.
pub(crate) const LISTS: &[fn() -> Vec<Row>] = &[
    groups,
    local_groups,
    members,
    local_members,
    cancels,
    scopes,
];

type Receiver = Arc<Mutex<mpsc::Receiver<u32>>>;

/// A channel from which a task of a group takes a message, and what the group has returned.
fn shared() -> (mpsc::Sender<u32>, Receiver, Option<u32>) {
    let (sender, receiver) = full_channel();
    (sender, Arc::new(Mutex::new(receiver)), None)
}

/// Takes a message, and works on it for a second.
async fn work(receiver: Receiver) -> Result<Option<u32>, ()> {
    let message = receiver.lock().await.recv().await;
    sleep(SECOND).await;
    Ok(message)
}

/// The message was returned, or can be taken.
async fn is_there(receiver: &Receiver, returned: Option<u32>) -> bool {
    settle().await;
    returned.or(receiver.lock().await.recv().await) == Some(0)
}

fn groups() -> Vec<Row> {
    vec![
        row! {
            "task::group";
            make shared();
            run |(_, receiver, _returned)| task::group(async |group: &TaskGroup<()>| {
                Ok(group.spawn(work(Arc::clone(receiver))).await)
            }) => |message| *_returned = message.unwrap();
            check |(_sender, receiver, returned), _cut| kept(is_there(&receiver, returned).await)
        },
        row! {
            "task::group_with";
            make shared();
            run |(_, receiver, _returned)| task::group_with(Policy::all_errors(), async |group: &TaskGroup<()>| {
                Ok(group.spawn(work(Arc::clone(receiver))).await)
            }) => |message| *_returned = message.unwrap();
            check |(_sender, receiver, returned), _cut| kept(is_there(&receiver, returned).await)
        },
        row! {
            "task::supervise";
            make shared();
            run |(_, receiver, _returned)| task::supervise(async |tasks| {
                let work = work(Arc::clone(receiver));
                tasks.spawn(async { work.await.unwrap() }).await.unwrap()
            }) => |message| *_returned = message;
            check |(_sender, receiver, returned), _cut| kept(is_there(&receiver, returned).await)
        },
    ]
}

/// Takes a message, and works on it for a second.
async fn local_work(receiver: &mut mpsc::Receiver<u32>) -> Option<u32> {
    let message = receiver.recv().await;
    sleep(SECOND).await;
    message
}

/// The rows of a kind of group: of what its body and its children return `$wrap`, and what that comes to.
macro_rules! local {
    ($operation:literal, $group:path, |$output:ident| $wrap:expr, |$returned:ident| $unwrap:expr) => {
        row! {
            $operation;
            make (full_channel(), None);
            run |((_, receiver), _returned)| $group(async move |group| {
                let $output = group.spawn(async move {
                    let $output = local_work(receiver).await;
                    $wrap
                });
                let $output = $output.await;
                $wrap
            }) => |$returned| *_returned = $unwrap;
            check |((_sender, mut receiver), returned), _cut| {
                settle().await;
                kept(returned.or(receiver.recv().await) == Some(0))
            }
        }
    };
}

fn local_groups() -> Vec<Row> {
    vec![
        local!(
            "task::local_group",
            task::local_group,
            |output| output,
            |returned| returned
        ),
        local!(
            "task::local_group_send",
            task::local_group_send,
            |output| output,
            |returned| returned
        ),
        local!(
            "task::try_local_group",
            task::try_local_group,
            |output| Ok::<_, ()>(output),
            |returned| returned.unwrap()
        ),
        local!(
            "task::try_local_group_send",
            task::try_local_group_send,
            |output| Ok::<_, ()>(output),
            |returned| returned.unwrap()
        ),
    ]
}

/// A group that goes on by itself.
async fn local_group() -> LocalGroup<'static> {
    let (sender, receiver) = oneshot::channel();
    let group = task::local_group(async |group: LocalGroup<'static>| {
        let _ = sender.send(group.clone());
        pending::<()>().await;
    });
    task::spawn_local(group).detach();
    receiver.await.unwrap()
}

fn local_members() -> Vec<Row> {
    vec![row! {
        "task::LocalChild";
        make (Some(local_group().await.spawn(number(1))), None);
        run |(child, _output)| child.take().unwrap() => |output| *_output = Some(output);
        check |(child, mut output), _cut| {
            if let Some(child) = child {
                output = Some(child.await);
            }
            kept(output == Some(1))
        }
    }]
}

/// A group that goes on by itself, with a task for each second, and no place for two.
async fn group() -> TaskGroup<()> {
    let (sender, receiver) = oneshot::channel();
    let group = task::group_with(
        Policy::all_errors().limit(1),
        async |group: &TaskGroup<()>| {
            let _ = sender.send(group.clone());
            let task = group.spawn_when_free(async {
                sleep(SECOND).await;
                Ok(())
            });
            drop(task.await);
            pending::<Result<(), ()>>().await
        },
    );
    task::spawn_local(group).detach();
    receiver.await.unwrap()
}

/// A task of a group.
type Task = Pin<Box<dyn Future<Output = Result<(), ()>> + Send>>;

/// A task that is to be spawned, and whether it has run.
fn flagged() -> (Option<Task>, Arc<AtomicBool>) {
    let has_run = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&has_run);
    let task = async move {
        flag.store(true, Ordering::Relaxed);
        Ok(())
    };
    (Some(Box::pin(task)), has_run)
}

fn members() -> Vec<Row> {
    let race = row! {
        "task::Race::next";
        make (Box::pin(task::race(vec![number(1), number(2)])), Vec::new());
        run |(race, _done)| race.as_mut().next() => |done| _done.extend(done);
        check |(mut race, mut done), _cut| {
            while let Some(next) = race.as_mut().next().await {
                done.push(next);
            }
            done.sort_unstable();
            kept(done == [(0, 1), (1, 2)])
        }
    };
    vec![
        race,
        row! {
            "task::TaskGroup::spawn_when_free";
            make (group().await, flagged());
            run |(group, (task, _))| group.spawn_when_free(task.take().unwrap());
            check |(_group, (task, has_run)), _cut| {
                sleep(5 * SECOND).await;
                kept(task.is_some() || has_run.load(Ordering::Relaxed))
            }
        },
        row! {
            "task::Child";
            make {
                let group = group().await;
                let child: Child<u32> = group.spawn(async { Ok(number(1).await) });
                (group, Some(child), None)
            };
            run |(_, child, _output)| child.take().unwrap() => |output| *_output = Some(output);
            check |(_group, child, mut output), _cut| {
                if let Some(child) = child {
                    output = Some(child.await);
                }
                kept(output == Some(1))
            }
        },
    ]
}

/// A task that waits for ever, and something that it has.
fn endless() -> (
    impl Future<Output = Result<(), ()>> + Send + 'static,
    Arc<()>,
) {
    let held = Arc::new(());
    let holds = Arc::clone(&held);
    let task = async move {
        let _holds = holds;
        pending().await
    };
    (task, held)
}

/// Its future has been dropped.
async fn is_gone(held: Arc<()>) -> bool {
    settle().await;
    Arc::strong_count(&held) == 1
}

fn cancels() -> Vec<Row> {
    vec![
        row! {
            "task::JoinHandle::cancel";
            make {
                let (task, held) = endless();
                let handle: JoinHandle<bool> = leno::spawn(async { task.await.is_ok() });
                (Some(handle), held)
            };
            run |(handle, _)| handle.take().unwrap().cancel();
            check |(_handle, held), cut| happened(cut, is_gone(held).await)
        },
        row! {
            "task::Child::cancel";
            make {
                let (group, (task, held)) = (group().await, endless());
                let child: Child<()> = group.spawn(task);
                (group, Some(child), held)
            };
            run |(_, child, _)| child.take().unwrap().cancel();
            check |(_group, _child, held), cut| happened(cut, is_gone(held).await)
        },
    ]
}

fn scopes() -> Vec<Row> {
    vec![
        wraps!("task::Scope::run", |future| async {
            Scope::new().run(future).await.unwrap()
        }),
        row! {
            "task::ScopeHandle::cancelled";
            make {
                let handle: ScopeHandle = Scope::new().handle();
                let stop = handle.clone();
                later(async move { assert!(stop.cancel("stop")) });
                handle
            };
            run |handle| handle.cancelled();
            check |handle, _cut| ends(handle.cancelled()).await
        },
        row! {
            "task::shield";
            make Arc::new(AtomicBool::new(false));
            run |is_done| with done = Arc::clone(is_done); task::shield(60 * SECOND, async move {
                sleep(SECOND).await;
                done.store(true, Ordering::Relaxed);
            });
            check |is_done, cut| {
                sleep(5 * SECOND).await;
                happened(cut, is_done.load(Ordering::Relaxed))
            }
        },
    ]
}
