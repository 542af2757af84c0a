//! `leno::task`, the macros, and what there is one of: no output may be lost, and a wrapper loses what is in it.

use crate::support::{Row, ends, kept, later, of_the_system, row, settle, wrapper};
use crate::sync::{Outgoing, full_channel};
use leno::runtime::Handle;
use leno::sync::mpsc;
use leno::task::{self, JoinSet, LocalSet};
use leno::time::{Duration, sleep};
use std::cell::Cell;
use std::rc::Rc;

/// Each is measured on a thread of its own.
pub(crate) const LISTS: &[fn() -> Vec<Row>] =
    &[handles, sets, steps, wrappers, coroutines, macros, others];

pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) async fn number(number: u32) -> u32 {
    sleep(SECOND).await;
    number
}

fn handles() -> Vec<Row> {
    vec![row! {
        "task::JoinHandle";
        make (Some(leno::spawn(number(1))), None);
        run |(handle, _output)| handle.take().unwrap() => |output| *_output = output.ok();
        check |(handle, mut output), _cut| {
            if let Some(handle) = handle {
                output = handle.await.ok();
            }
            kept(output == Some(1))
        }
    }]
}

fn two() -> (JoinSet<u32>, Vec<u32>) {
    let mut set = JoinSet::new();
    set.spawn(number(1));
    set.spawn(number(2));
    (set, Vec::new())
}

/// What was taken out of the set, and what is still in it, is all there was.
async fn both((mut set, mut outputs): (JoinSet<u32>, Vec<u32>)) -> crate::support::Seen {
    while let Some(output) = set.join_next().await {
        outputs.push(output.unwrap());
    }
    outputs.sort_unstable();
    kept(outputs == [1, 2])
}

fn sets() -> Vec<Row> {
    vec![
        row! {
            "task::JoinSet::join_next";
            make two();
            run |(set, _outputs)| set.join_next() => |output| _outputs.push(output.unwrap().unwrap());
            check |state, _cut| both(state).await
        },
        row! {
            "task::JoinSet::join_next_with_id";
            make two();
            run |(set, _outputs)| set.join_next_with_id() => |output| _outputs.push(output.unwrap().unwrap().1);
            check |state, _cut| both(state).await
        },
        row! {
            "task::JoinSet::join_all";
            make (Some(two().0), Vec::new());
            run |(set, _outputs)| set.take().unwrap().join_all() => |all| *_outputs = all;
            check |(set, outputs), _cut| both((set.unwrap_or_default(), outputs)).await
        },
        row! {
            "task::JoinSet::shutdown";
            make two().0;
            run |set| set.shutdown();
            check |mut set, _cut| {
                set.shutdown().await;
                kept(set.is_empty())
            }
        },
        row! {
            "task::LocalSet";
            make {
                let (set, is_done) = (LocalSet::new(), Rc::new(Cell::new(false)));
                let done = Rc::clone(&is_done);
                set.spawn_local(async move { done.set(number(1).await == 1) }).detach();
                (Some(set), is_done)
            };
            run |(set, _)| set.take().unwrap();
            check |(set, is_done), _cut| {
                if let Some(set) = set {
                    set.await;
                }
                kept(is_done.get())
            }
        },
    ]
}

fn steps() -> Vec<Row> {
    vec![
        row! {
            "task::yield_now";
            make ();
            run |()| task::yield_now();
            check |(), _cut| ends(task::yield_now()).await
        },
        row! {
            "task::consume_budget";
            make ();
            run |()| task::consume_budget();
            check |(), _cut| ends(task::consume_budget()).await
        },
    ]
}

leno::task_local! {
    #[inherited]
    static INHERITED: u32;

    static KEY: u32;
}

/// The rows of a wrapper around a `recv` and a `send`.
macro_rules! wraps {
    ($operation:literal, |$future:ident| $wrapped:expr) => {{
        let safe = row! {
            $operation;
            make (full_channel(), None);
            run |((_, receiver), _got)| {
                let $future = receiver.recv();
                $wrapped
            } => |value| *_got = value;
            check |((_sender, mut receiver), got), _cut| {
                let got = match got {
                    Some(got) => Some(got),
                    None => receiver.recv().await,
                };
                kept(got == Some(0))
            }
        };
        let losing = row! {
            $operation;
            make Outgoing::new();
            run |outgoing| {
                let $future = outgoing.sender.send(outgoing.value.take().unwrap());
                $wrapped
            };
            check |outgoing, _cut| outgoing.arrives().await
        };
        wrapper(safe, &losing)
    }};
}

pub(crate) use wraps;

fn wrappers() -> Vec<Row> {
    let run_until = {
        let safe = row! {
            "task::LocalSet::run_until";
            make (LocalSet::new(), full_channel(), None);
            run |(set, (_, receiver), _got)| set.run_until(receiver.recv()) => |value| *_got = value;
            check |(_set, (_sender, mut receiver), got), _cut| kept(got.or(receiver.recv().await) == Some(0))
        };
        let losing = row! {
            "task::LocalSet::run_until";
            make (LocalSet::new(), Outgoing::new());
            run |(set, outgoing)| set.run_until(outgoing.sender.send(outgoing.value.take().unwrap()));
            check |(_set, outgoing), _cut| outgoing.arrives().await
        };
        wrapper(safe, &losing)
    };
    vec![
        run_until,
        wraps!("task::unconstrained", |future| task::unconstrained(future)),
        wraps!("task::coop::cooperative", |future| task::coop::cooperative(
            future
        )),
        wraps!("task::LocalKey::scope", |future| KEY.scope(1, future)),
        wraps!("task::InheritedKey::scope", |future| INHERITED
            .scope(1, future)),
    ]
}

#[leno::coroutine]
async fn receive(receiver: &mut mpsc::Receiver<u32>) -> Option<u32> {
    receiver.recv().await
}

#[leno::coroutine]
async fn send(outgoing: &mut Outgoing) {
    let value = outgoing.value.take().unwrap();
    outgoing.sender.send(value).await.unwrap();
}

fn coroutines() -> Vec<Row> {
    let safe = row! {
        "Coroutine";
        make (full_channel(), None);
        run |((_, receiver), _got)| receive(receiver) => |value| *_got = value;
        check |((_sender, mut receiver), got), _cut| kept(got.or(receiver.recv().await) == Some(0))
    };
    let losing = row! {
        "Coroutine";
        make Outgoing::new();
        run |outgoing| send(outgoing);
        check |outgoing, _cut| outgoing.arrives().await
    };
    vec![wrapper(safe, &losing)]
}

fn macros() -> Vec<Row> {
    let select = wraps!("select!", |future| async {
        leno::select! {
            output = future => output,
            () = std::future::pending() => unreachable!(),
        }
    });
    vec![
        select,
        row! {
            "join!";
            make (full_channel(), None);
            run |((_, receiver), _got)| async { leno::join!(receiver.recv(), sleep(60 * SECOND)) } => |both| *_got = both.0;
            check |((_sender, mut receiver), got), _cut| kept(got.or(receiver.recv().await) == Some(0))
        },
        row! {
            "try_join!";
            make (full_channel(), None);
            run |((_, receiver), _got)| async {
                let late = async {
                    sleep(60 * SECOND).await;
                    Ok(())
                };
                leno::try_join!(async { receiver.recv().await.ok_or(()) }, late)
            } => |both| *_got = both.ok().map(|both| both.0);
            check |((_sender, mut receiver), got), _cut| kept(got.or(receiver.recv().await) == Some(0))
        },
    ]
}

fn others() -> Vec<Row> {
    let rows = vec![
        row! {
            "runtime::Handle::dump";
            make {
                later(settle());
                Handle::current()
            };
            run |handle| handle.dump(SECOND);
            check |handle, _cut| kept(handle.dump(SECOND).await.is_ok())
        },
        row! {
            "test::cancel_at_every_await";
            make ();
            run |()| leno::test::cancel_at_every_await(async || (), async |()| (), async |(), _| ());
            check |(), _cut| {
                let anew = leno::test::cancel_at_every_await(async || (), async |()| (), async |(), _| ());
                kept(anew.await.tried() == 1)
            }
        },
    ];
    of_the_system(rows)
}
