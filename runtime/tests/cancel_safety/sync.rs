//! `leno::sync`: no message and no permit may be lost; a place in the queue may.

use crate::support::{Row, Seen, again, ends, happened, kept, later, place, row, wrapper};
use leno::sync::{Barrier, Mutex, Notify, OnceCell, RwLock, Semaphore, SetOnce};
use leno::sync::{broadcast, mpsc, oneshot, watch};
use leno::time::Duration;
use std::sync::Arc;

/// Each is measured on a thread of its own.
pub(crate) const LISTS: &[fn() -> Vec<Row>] = &[
    locks,
    semaphores,
    others,
    cells,
    mpsc_receivers,
    mpsc_senders,
    channels,
];

/// Locked for a second.
fn locked() -> Arc<Mutex<()>> {
    let mutex = Arc::new(Mutex::new(()));
    let guard = Arc::clone(&mutex).try_lock_owned().unwrap();
    later(async { drop(guard) });
    mutex
}

/// Locked for a second, by a writer.
fn write_locked() -> Arc<RwLock<()>> {
    let lock = Arc::new(RwLock::new(()));
    let guard = Arc::clone(&lock).try_write_owned().unwrap();
    later(async { drop(guard) });
    lock
}

fn locks() -> Vec<Row> {
    vec![
        row! {
            "sync::Mutex::lock";
            make locked();
            run |mutex| mutex.lock();
            check |mutex, cut| place(cut, async move || drop(mutex.lock().await)).await
        },
        row! {
            "sync::Mutex::lock_owned";
            make locked();
            run |mutex| Arc::clone(mutex).lock_owned();
            check |mutex, cut| place(cut, async move || drop(mutex.lock().await)).await
        },
        row! {
            "sync::RwLock::read";
            make write_locked();
            run |lock| lock.read();
            check |lock, cut| place(cut, async move || drop(lock.read().await)).await
        },
        row! {
            "sync::RwLock::read_owned";
            make write_locked();
            run |lock| Arc::clone(lock).read_owned();
            check |lock, cut| place(cut, async move || drop(lock.read().await)).await
        },
        row! {
            "sync::RwLock::write";
            make write_locked();
            run |lock| lock.write();
            check |lock, cut| place(cut, async move || drop(lock.write().await)).await
        },
        row! {
            "sync::RwLock::write_owned";
            make write_locked();
            run |lock| Arc::clone(lock).write_owned();
            check |lock, cut| place(cut, async move || drop(lock.write().await)).await
        },
    ]
}

/// Three permits come one by one, from a second on.
fn short() -> Arc<Semaphore> {
    let semaphore = Arc::new(Semaphore::new(0));
    for _ in 0..3 {
        let semaphore = Arc::clone(&semaphore);
        later(async move { semaphore.add_permits(1) });
    }
    semaphore
}

/// All three permits can be had, in the order in which they are asked for.
async fn permits(semaphore: Arc<Semaphore>, cut: &leno::test::Cut) -> Seen {
    let counted = Arc::clone(&semaphore);
    let seen = place(cut, async move || drop(semaphore.acquire_many(3).await)).await;
    seen.max(kept(counted.available_permits() == 3))
}

fn semaphores() -> Vec<Row> {
    vec![
        row! {
            "sync::Semaphore::acquire";
            make short();
            run |semaphore| semaphore.acquire();
            check |semaphore, cut| permits(semaphore, cut).await
        },
        row! {
            "sync::Semaphore::acquire_owned";
            make short();
            run |semaphore| Arc::clone(semaphore).acquire_owned();
            check |semaphore, cut| permits(semaphore, cut).await
        },
        row! {
            "sync::Semaphore::acquire_many";
            make short();
            run |semaphore| semaphore.acquire_many(2);
            check |semaphore, cut| permits(semaphore, cut).await
        },
        row! {
            "sync::Semaphore::acquire_many_owned";
            make short();
            run |semaphore| Arc::clone(semaphore).acquire_many_owned(2);
            check |semaphore, cut| permits(semaphore, cut).await
        },
    ]
}

fn notified_later() -> Arc<Notify> {
    let notify = Arc::new(Notify::new());
    let notifier = Arc::clone(&notify);
    later(async move { notifier.notify_one() });
    notify
}

/// One notification is there for one who waits, who passes it on.
async fn notifications(notify: Arc<Notify>, cut: &leno::test::Cut) -> Seen {
    if cut.is_completed() {
        notify.notify_one();
    }
    let take = async move || {
        notify.notified().await;
        notify.notify_one();
    };
    place(cut, take).await
}

fn others() -> Vec<Row> {
    vec![
        row! {
            "sync::Notify::notified";
            make notified_later();
            run |notify| notify.notified();
            check |notify, cut| notifications(notify, cut).await
        },
        row! {
            "sync::Notify::notified_owned";
            make notified_later();
            run |notify| Arc::clone(notify).notified_owned();
            check |notify, cut| notifications(notify, cut).await
        },
        row! {
            "sync::Barrier::wait";
            make {
                let barrier = Arc::new(Barrier::new(2));
                let other = Arc::clone(&barrier);
                later(async move { other.wait().await.is_leader() });
                barrier
            };
            run |barrier| barrier.wait();
            check |barrier, cut| {
                // The other one waits for somebody who is still there, unless it was let through.
                let counted = again(barrier.wait()).await.is_none();
                happened(cut, counted)
            }
        },
    ]
}

fn cells() -> Vec<Row> {
    let init_safe = row! {
        "sync::OnceCell::get_or_init";
        make (OnceCell::new(), full_channel());
        run |(cell, (_, receiver))| cell.get_or_init(async || receiver.recv().await);
        check |(cell, (_sender, mut receiver)), _cut| {
            kept(again(cell.get_or_init(async || receiver.recv().await)).await == Some(&Some(0)))
        }
    };
    let init_losing = row! {
        "sync::OnceCell::get_or_init";
        make (OnceCell::new(), Outgoing::new());
        run |(cell, outgoing)| {
            cell.get_or_init(async || {
                let (value, sender) = (outgoing.value.take().unwrap(), &outgoing.sender);
                sender.send(value).await.is_ok()
            })
        };
        check |(_, outgoing), _cut| outgoing.arrives().await
    };
    let try_init_safe = row! {
        "sync::OnceCell::get_or_try_init";
        make (OnceCell::new(), full_channel());
        run |(cell, (_, receiver))| cell.get_or_try_init(async || receiver.recv().await.ok_or(()));
        check |(cell, (_sender, mut receiver)), _cut| {
            let init = cell.get_or_try_init(async || receiver.recv().await.ok_or(()));
            kept(again(init).await == Some(Ok(&0)))
        }
    };
    let try_init_losing = row! {
        "sync::OnceCell::get_or_try_init";
        make (OnceCell::new(), Outgoing::new());
        run |(cell, outgoing)| {
            cell.get_or_try_init(async || {
                let (value, sender) = (outgoing.value.take().unwrap(), &outgoing.sender);
                sender.send(value).await
            })
        };
        check |(_, outgoing), _cut| outgoing.arrives().await
    };
    let wait = row! {
        "sync::SetOnce::wait";
        make {
            let cell = Arc::new(SetOnce::new());
            let setter = Arc::clone(&cell);
            later(async move { setter.set(1).unwrap() });
            cell
        };
        run |cell| cell.wait();
        check |cell, _cut| kept(again(cell.wait()).await == Some(&1))
    };
    vec![
        wrapper(init_safe, &init_losing),
        wrapper(try_init_safe, &try_init_losing),
        wait,
    ]
}

/// A value that is to be sent through a channel in which there is no room for a second.
pub(crate) struct Outgoing {
    pub(crate) value: Option<u32>,
    pub(crate) sender: mpsc::Sender<u32>,
    receiver: mpsc::Receiver<u32>,
}

impl Outgoing {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = mpsc::channel(2);
        let in_the_way = sender.clone().try_reserve_owned().unwrap();
        sender.try_send(0).unwrap();
        later(async { drop(in_the_way) });
        Self {
            value: Some(1),
            sender,
            receiver,
        }
    }

    /// The value is where it was, or has arrived.
    pub(crate) async fn arrives(mut self) -> Seen {
        drop(self.sender);
        let mut arrived = Vec::new();
        while let Some(value) = self.receiver.recv().await {
            arrived.push(value);
        }
        arrived.extend(self.value);
        kept(arrived == [0, 1])
    }
}

/// Three messages come a second from now.
pub(crate) fn full_channel() -> (mpsc::Sender<u32>, mpsc::Receiver<u32>) {
    let (sender, receiver) = mpsc::channel(4);
    let from = sender.clone();
    later(async move {
        for n in 0..3 {
            from.send(n).await.unwrap();
        }
    });
    (sender, receiver)
}

fn unbounded() -> (mpsc::UnboundedSender<u32>, mpsc::UnboundedReceiver<u32>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let from = sender.clone();
    later(async move { (0..3).for_each(|n| from.send(n).unwrap()) });
    (sender, receiver)
}

/// `received`, and what is still in the channel, are all three messages.
macro_rules! all_three {
    ($sender:ident, $receiver:ident, $received:ident) => {{
        drop($sender);
        let mut received = $received;
        let rest = async {
            while let Some(n) = $receiver.recv().await {
                received.push(n);
            }
        };
        rest.await;
        kept(received == [0, 1, 2])
    }};
}

fn mpsc_receivers() -> Vec<Row> {
    vec![
        row! {
            "sync::mpsc::Receiver::recv";
            make (full_channel(), Vec::new());
            run |((_, receiver), _received)| receiver.recv() => |value| _received.extend(value);
            check |((sender, mut receiver), received), _cut| all_three!(sender, receiver, received)
        },
        row! {
            "sync::mpsc::Receiver::recv_many";
            make (full_channel(), Vec::new());
            run |((_, receiver), received)| receiver.recv_many(received, 2);
            check |((sender, mut receiver), received), _cut| all_three!(sender, receiver, received)
        },
        row! {
            "sync::mpsc::UnboundedReceiver::recv";
            make (unbounded(), Vec::new());
            run |((_, receiver), _received)| receiver.recv() => |value| _received.extend(value);
            check |((sender, mut receiver), received), _cut| all_three!(sender, receiver, received)
        },
        row! {
            "sync::mpsc::UnboundedReceiver::recv_many";
            make (unbounded(), Vec::new());
            run |((_, receiver), received)| receiver.recv_many(received, 2);
            check |((sender, mut receiver), received), _cut| all_three!(sender, receiver, received)
        },
    ]
}

/// A channel whose room is taken for a second.
fn no_room() -> (mpsc::Sender<u32>, mpsc::Receiver<u32>) {
    let (sender, receiver) = mpsc::channel(2);
    let permits = [(); 2].map(|()| sender.clone().try_reserve_owned().unwrap());
    later(async { drop(permits) });
    (sender, receiver)
}

/// All of the room can be had, in the order in which it is asked for.
async fn room(channel: (mpsc::Sender<u32>, mpsc::Receiver<u32>), cut: &leno::test::Cut) -> Seen {
    let (sender, _receiver) = channel;
    place(cut, async move || drop(sender.reserve_many(2).await)).await
}

fn mpsc_senders() -> Vec<Row> {
    vec![
        row! {
            "sync::mpsc::Sender::send";
            make Outgoing::new();
            run |outgoing| outgoing.sender.send(outgoing.value.take().unwrap());
            check |outgoing, _cut| outgoing.arrives().await
        },
        row! {
            "sync::mpsc::Sender::send_timeout";
            make Outgoing::new();
            run |outgoing| outgoing.sender.send_timeout(outgoing.value.take().unwrap(), Duration::from_secs(60));
            check |outgoing, _cut| outgoing.arrives().await
        },
        row! {
            "sync::mpsc::Sender::reserve";
            make no_room();
            run |(sender, _)| sender.reserve();
            check |channel, cut| room(channel, cut).await
        },
        row! {
            "sync::mpsc::Sender::reserve_many";
            make no_room();
            run |(sender, _)| sender.reserve_many(2);
            check |channel, cut| room(channel, cut).await
        },
        row! {
            "sync::mpsc::Sender::reserve_owned";
            make no_room();
            run |(sender, _)| sender.clone().reserve_owned();
            check |channel, cut| room(channel, cut).await
        },
        row! {
            "sync::mpsc::Sender::closed";
            make {
                let (sender, receiver) = mpsc::channel::<u32>(1);
                later(async { drop(receiver) });
                sender
            };
            run |sender| sender.closed();
            check |sender, _cut| ends(sender.closed()).await
        },
        row! {
            "sync::mpsc::UnboundedSender::closed";
            make {
                let (sender, receiver) = mpsc::unbounded_channel::<u32>();
                later(async { drop(receiver) });
                sender
            };
            run |sender| sender.closed();
            check |sender, _cut| ends(sender.closed()).await
        },
    ]
}

fn channels() -> Vec<Row> {
    vec![
        row! {
            "sync::oneshot::Receiver";
            make {
                let (sender, receiver) = oneshot::channel();
                later(async { sender.send(1).unwrap() });
                (Some(receiver), None)
            };
            run |(receiver, _received)| receiver.take().unwrap() => |value| *_received = value.ok();
            check |(receiver, mut received), _cut| {
                if let Some(receiver) = receiver {
                    received = again(receiver).await.and_then(Result::ok);
                }
                kept(received == Some(1))
            }
        },
        row! {
            "sync::oneshot::Sender::closed";
            make {
                let (sender, receiver) = oneshot::channel::<u32>();
                later(async { drop(receiver) });
                sender
            };
            run |sender| sender.closed();
            check |mut sender, _cut| ends(sender.closed()).await
        },
        row! {
            "sync::broadcast::Receiver::recv";
            make {
                let (sender, receiver) = broadcast::channel(4);
                let from = sender.clone();
                later(async move {
                    for n in 0..3 {
                        from.send(n).unwrap();
                    }
                });
                (sender, receiver, Vec::new())
            };
            run |(_, receiver, _received)| receiver.recv() => |value| _received.extend(value);
            check |(sender, mut receiver, mut received), _cut| {
                drop(sender);
                while let Ok(value) = receiver.recv().await {
                    received.push(value);
                }
                kept(received == [0, 1, 2])
            }
        },
        row! {
            "sync::broadcast::Sender::closed";
            make {
                let (sender, receiver) = broadcast::channel::<u32>(1);
                later(async { drop(receiver) });
                sender
            };
            run |sender| sender.closed();
            check |sender, _cut| ends(sender.closed()).await
        },
        row! {
            "sync::watch::Receiver::changed";
            make {
                let (sender, receiver) = watch::channel(0);
                let from = sender.clone();
                later(async move { from.send(1).unwrap() });
                (sender, receiver)
            };
            run |(_, receiver)| receiver.changed();
            check |(_sender, mut receiver), cut| match cut.is_completed() {
                true => kept(!receiver.has_changed().unwrap()),
                false => ends(receiver.changed()).await,
            }
        },
        row! {
            "sync::watch::Receiver::wait_for";
            make {
                let (sender, receiver) = watch::channel(0);
                let from = sender.clone();
                later(async move { from.send(1).unwrap() });
                (sender, receiver)
            };
            run |(_, receiver)| receiver.wait_for(|value| *value == 1);
            check |(_sender, mut receiver), _cut| ends(receiver.wait_for(|value| *value == 1)).await
        },
        row! {
            "sync::watch::Sender::closed";
            make {
                let (sender, receiver) = watch::channel(0);
                later(async { drop(receiver) });
                sender
            };
            run |sender| sender.closed();
            check |sender, _cut| ends(sender.closed()).await
        },
    ]
}
