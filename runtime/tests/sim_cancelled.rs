//! What waits for a lock or a channel may be dropped at any moment: nothing is lost by that, nobody is forgotten, and all counts are right.
//!
//! Each test is one program, in which the simulation draws who gives up and when. What holds in all of its runs is what it asserts.

mod sim_support;

use leno::sim::{choose, sometimes};
use leno::sync::{
    Barrier, Mutex, Notify, OnceCell, RwLock, RwLockWriteGuard, Semaphore, SetOnce, broadcast,
    mpsc, oneshot, watch,
};
use leno::task::{JoinSet, yield_now};
use sim_support::perhaps;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

/// Adds one in two steps, between which others could come in.
async fn add_one(number: &mut u32) {
    let before = *number;
    yield_now().await;
    *number = before + 1;
}

#[leno::test(sim)]
async fn a_mutex_is_had_by_one_and_left_by_all() {
    let mutex = Arc::new(Mutex::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..3 {
        let mutex = Arc::clone(&mutex);
        tasks.spawn(async move {
            let mut times = 0;
            if let Some(mut number) = perhaps(mutex.lock()).await {
                add_one(&mut number).await;
                times += 1;
            }
            if let Some(mut number) = perhaps(Arc::clone(&mutex).lock_owned()).await {
                add_one(&mut number).await;
                times += 1;
            }
            add_one(&mut *mutex.lock().await).await;
            times + 1
        });
    }
    let times: u32 = tasks.join_all().await.iter().sum();
    sometimes(times < 9, "somebody gave up");
    assert_eq!(*mutex.try_lock().expect("all have left"), times);
}

#[leno::test(sim)]
async fn a_lock_has_many_readers_or_a_writer() {
    let lock = Arc::new(RwLock::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..2 {
        let lock = Arc::clone(&lock);
        tasks.spawn(async move {
            let mut times = 0;
            if let Some(mut number) = perhaps(lock.write()).await {
                add_one(&mut number).await;
                times += 1;
                let number = RwLockWriteGuard::downgrade(number);
                let seen = *number;
                yield_now().await;
                assert_eq!(*number, seen, "written while it was read");
            }
            add_one(&mut *lock.write().await).await;
            times + 1
        });
    }
    for _ in 0..2 {
        let lock = Arc::clone(&lock);
        tasks.spawn(async move {
            drop(perhaps(Arc::clone(&lock).read_owned()).await);
            let number = lock.read().await;
            let seen = *number;
            yield_now().await;
            assert_eq!(*number, seen, "written while it was read");
            0
        });
    }
    let times: u32 = tasks.join_all().await.iter().sum();
    assert_eq!(*lock.try_write().expect("all have left"), times);
}

#[leno::test(sim)]
async fn permits_come_back() {
    let semaphore = Arc::new(Semaphore::new(3));
    let inside = Arc::new(AtomicU32::new(0));
    let mut tasks = JoinSet::new();
    for count in [1, 2, 3, 1] {
        let (semaphore, inside) = (Arc::clone(&semaphore), Arc::clone(&inside));
        tasks.spawn(async move {
            drop(perhaps(semaphore.acquire_many(count)).await);
            let permit = semaphore.acquire_many(count).await.unwrap();
            let before = inside.fetch_add(count, Ordering::Relaxed);
            assert!(before + count <= 3, "{} of 3", before + count);
            yield_now().await;
            inside.fetch_sub(count, Ordering::Relaxed);
            drop(permit);
        });
    }
    tasks.join_all().await;
    assert_eq!(semaphore.available_permits(), 3);
}

/// Permits are taken away and added while others wait for them.
#[leno::test(sim)]
async fn permits_are_counted_while_they_come_and_go() {
    let semaphore = Arc::new(Semaphore::new(2));
    let mut tasks = JoinSet::new();
    for _ in 0..3 {
        let semaphore = Arc::clone(&semaphore);
        tasks.spawn(async move {
            drop(perhaps(semaphore.acquire_many(2)).await);
            drop(semaphore.acquire().await.unwrap());
        });
    }
    let forgotten = semaphore.forget_permits(choose(3) as usize);
    yield_now().await;
    semaphore.add_permits(forgotten);
    if let Some(permit) = perhaps(semaphore.acquire()).await {
        permit.unwrap().forget();
        semaphore.add_permits(1);
    }
    tasks.join_all().await;
    assert_eq!(semaphore.available_permits(), 2);
}

#[leno::test(sim)]
async fn a_semaphore_that_closes_lets_nobody_wait() {
    let semaphore = Arc::new(Semaphore::new(1));
    let mut tasks = JoinSet::new();
    for _ in 0..3 {
        let semaphore = Arc::clone(&semaphore);
        tasks.spawn(async move {
            drop(perhaps(semaphore.acquire()).await);
            if let Ok(permit) = semaphore.acquire().await {
                yield_now().await;
                drop(permit);
            }
        });
    }
    yield_now().await;
    semaphore.close();
    tasks.join_all().await;
    assert_eq!(semaphore.available_permits(), 1);
    assert!(semaphore.acquire().await.is_err());
}

/// As many calls as there are waiters: a call for one that gives up goes on to another.
#[leno::test(sim)]
async fn a_notification_is_passed_on() {
    let notify = Arc::new(Notify::new());
    let heard = Arc::new(AtomicU32::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..2 {
        let (notify, heard) = (Arc::clone(&notify), Arc::clone(&heard));
        tasks.spawn(async move {
            if perhaps(notify.notified()).await.is_some() {
                heard.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let steady = {
        let notify = Arc::clone(&notify);
        leno::spawn(async move { notify.notified().await })
    };
    yield_now().await;
    notify.notify_one();
    yield_now().await;
    tasks.join_all().await;
    if heard.load(Ordering::Relaxed) != 0 {
        notify.notify_one();
    }
    steady.await.unwrap();
}

/// Who is waiting when all are called hears it, whether it has been polled or not, and a call for one is not lost among them.
#[leno::test(sim)]
async fn all_that_wait_are_called() {
    let notify = Arc::new(Notify::new());
    let mut tasks = JoinSet::new();
    for _ in 0..3 {
        let notified = Arc::clone(&notify).notified_owned();
        tasks.spawn(async move {
            notified.await;
        });
    }
    let quitter = {
        let notify = Arc::clone(&notify);
        leno::spawn(async move { perhaps(notify.notified()).await.is_some() })
    };
    yield_now().await;
    notify.notify_waiters();
    tasks.join_all().await;
    quitter.await.unwrap();
    assert!(
        perhaps(notify.notified()).await.is_none(),
        "nobody has called since"
    );
}

/// Two senders, of which each gives up now and then, and a receiver that does: in order, once, and all that was sent.
#[leno::test(sim)]
async fn a_channel_loses_nothing() {
    let capacity = 1 + choose(2) as usize;
    let (sender, mut receiver) = mpsc::channel(capacity);
    let mut tasks = JoinSet::new();
    for name in 0..2 {
        let sender = sender.clone();
        tasks.spawn(async move {
            let mut sent = Vec::new();
            for number in 0..3 {
                let message = (name, number);
                let was_sent = match choose(3) {
                    0 => perhaps(sender.send(message)).await.is_some(),
                    1 => perhaps(sender.reserve())
                        .await
                        .map(|permit| permit.unwrap().send(message))
                        .is_some(),
                    _ => sender.send(message).await.is_ok(),
                };
                if was_sent {
                    sent.push(message);
                }
            }
            (name, sent)
        });
    }
    let observer = sender.clone();
    drop(sender);
    let weak = observer.downgrade();
    drop(observer);
    let mut received = Vec::new();
    loop {
        if choose(2) == 0 {
            match perhaps(receiver.recv()).await {
                Some(Some(message)) => received.push(message),
                Some(None) => break,
                None => {}
            }
        } else {
            let mut some = Vec::new();
            if perhaps(receiver.recv_many(&mut some, 2)).await == Some(0) {
                break;
            }
            received.append(&mut some);
        }
    }
    assert!(weak.upgrade().is_none());
    for (name, sent) in tasks.join_all().await {
        let of_this: Vec<_> = received
            .iter()
            .filter(|message| message.0 == name)
            .collect();
        assert_eq!(of_this, sent.iter().collect::<Vec<_>>());
    }
}

/// The receiver closes while senders wait: what they were told they have sent is there.
#[leno::test(sim)]
async fn a_channel_that_closes_keeps_what_it_has() {
    let (sender, mut receiver) = mpsc::channel(1);
    let mut tasks = JoinSet::new();
    for number in 0..3 {
        let sender = sender.clone();
        tasks.spawn(async move {
            let told = perhaps(sender.send(number)).await;
            (number, told.is_some_and(|told| told.is_ok()))
        });
    }
    let of_all = leno::spawn(async move { sender.closed().await });
    let mut received = Vec::new();
    received.extend(perhaps(receiver.recv()).await.flatten());
    receiver.close();
    of_all.await.unwrap();
    while let Some(number) = receiver.recv().await {
        received.push(number);
    }
    let told = tasks.join_all().await;
    let mut sent: Vec<_> = told
        .iter()
        .filter(|told| told.1)
        .map(|told| told.0)
        .collect();
    sent.sort_unstable();
    received.sort_unstable();
    assert_eq!(received, sent);
}

/// Room that is kept for somebody who goes is room for others.
#[leno::test(sim)]
async fn reserved_room_comes_back() {
    let (sender, mut receiver) = mpsc::channel::<u32>(2);
    let mut tasks = JoinSet::new();
    for _ in 0..2 {
        let sender = sender.clone();
        tasks.spawn(async move {
            if let Some(Ok(mut permits)) = perhaps(sender.reserve_many(2)).await {
                yield_now().await;
                if let Some(permit) = permits.next() {
                    permit.send(1);
                }
            }
            drop(perhaps(sender.clone().reserve_owned()).await);
            sender.send(2).await.unwrap();
        });
    }
    let mut of_each = [0; 3];
    drop(perhaps(sender.reserve()).await);
    while of_each[2] < 2 {
        let number = receiver.recv().await.unwrap();
        of_each[number as usize] += 1;
    }
    tasks.join_all().await;
    assert_eq!(sender.capacity() + receiver.len(), 2);
    while receiver.try_recv().is_ok() {}
    assert_eq!(sender.capacity(), 2);
}

#[leno::test(sim)]
async fn a_broadcast_reaches_all_or_says_what_is_missed() {
    const SENT: u64 = 5;
    let (sender, receiver) = broadcast::channel(2);
    let mut tasks = JoinSet::new();
    for _ in 0..3 {
        let mut receiver = receiver.resubscribe();
        tasks.spawn(async move {
            let mut next = 0;
            loop {
                match perhaps(receiver.recv()).await {
                    None => {}
                    Some(Ok(number)) => {
                        assert_eq!(number, next, "in order, without a gap that is not told");
                        next += 1;
                    }
                    Some(Err(broadcast::error::RecvError::Lagged(missed))) => next += missed,
                    Some(Err(broadcast::error::RecvError::Closed)) => return next,
                }
            }
        });
    }
    drop(receiver);
    for number in 0..SENT {
        sender.send(number).unwrap();
        if choose(2) == 0 {
            yield_now().await;
        }
    }
    drop(sender);
    assert_eq!(tasks.join_all().await, [SENT; 3]);
}

#[leno::test(sim)]
async fn the_last_value_is_seen() {
    let (sender, receiver) = watch::channel(0);
    let mut tasks = JoinSet::new();
    for _ in 0..2 {
        let mut receiver = receiver.clone();
        tasks.spawn(async move {
            let mut last = 0;
            loop {
                match perhaps(receiver.changed()).await {
                    None => assert!(*receiver.borrow() >= last),
                    Some(Ok(())) => {
                        let seen = *receiver.borrow_and_update();
                        assert!(seen > last, "{seen} after {last}");
                        last = seen;
                    }
                    Some(Err(_)) => break *receiver.borrow(),
                }
            }
        });
    }
    let mut waits = receiver.clone();
    tasks.spawn(async move {
        loop {
            if let Some(seen) = perhaps(waits.wait_for(|number| *number >= 3)).await {
                break *seen.unwrap();
            }
        }
    });
    drop(receiver);
    for number in 1..=4 {
        sender.send(number).unwrap();
        yield_now().await;
    }
    let _ = perhaps(sender.closed()).await;
    drop(sender);
    for last in tasks.join_all().await {
        assert!(last == 4 || last == 3);
    }
}

#[leno::test(sim)]
async fn a_oneshot_is_answered_or_dropped() {
    let (sender, receiver) = oneshot::channel();
    let (other, mut closes) = oneshot::channel::<()>();
    let answers = leno::spawn(async move {
        let mut sender = sender;
        if perhaps(sender.closed()).await.is_some() {
            return None;
        }
        Some(sender.send(7).is_ok())
    });
    let asks = leno::spawn(async move {
        let mut receiver = receiver;
        if let Some(answer) = perhaps(&mut receiver).await {
            return Some(answer.unwrap());
        }
        receiver.close();
        receiver.try_recv().ok()
    });
    let watches = leno::spawn(async move {
        let mut other = other;
        other.closed().await;
    });
    yield_now().await;
    closes.close();
    let (sent, got) = (answers.await.unwrap(), asks.await.unwrap());
    assert_eq!(sent == Some(true), got == Some(7), "{sent:?}, {got:?}");
    watches.await.unwrap();
}

/// Who leaves a barrier does not count, so those that stay do not pass before enough have come.
#[leno::test(sim)]
async fn a_barrier_is_passed_by_as_many_as_it_says() {
    let barrier = Arc::new(Barrier::new(2));
    let arrived = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..4 {
        let (barrier, arrived) = (Arc::clone(&barrier), Arc::clone(&arrived));
        tasks.spawn(async move {
            arrived.fetch_add(1, Ordering::Relaxed);
            let is_leader = barrier.wait().await.is_leader();
            assert!(arrived.load(Ordering::Relaxed) >= 2);
            usize::from(is_leader)
        });
    }
    let leaders: usize = tasks.join_all().await.iter().sum();
    assert_eq!(leaders, 2);
}

#[leno::test(sim)]
async fn a_cell_is_made_once() {
    let cell = Arc::new(OnceCell::new());
    let made = Arc::new(AtomicU32::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..3 {
        let (cell, made) = (Arc::clone(&cell), Arc::clone(&made));
        tasks.spawn(async move {
            let fails = || async {
                yield_now().await;
                Err::<u32, ()>(())
            };
            let works = || async {
                yield_now().await;
                yield_now().await;
                made.fetch_add(1, Ordering::Relaxed);
                7
            };
            perhaps(cell.get_or_try_init(fails)).await;
            perhaps(cell.get_or_init(works)).await;
            *cell.get_or_init(works).await
        });
    }
    assert_eq!(tasks.join_all().await, [7; 3]);
    assert_eq!(made.load(Ordering::Relaxed), 1);
}

#[leno::test(sim)]
async fn what_is_set_once_is_seen_by_all() {
    let cell = Arc::new(SetOnce::new());
    let mut tasks = JoinSet::new();
    for _ in 0..3 {
        let cell = Arc::clone(&cell);
        tasks.spawn(async move {
            if let Some(value) = perhaps(cell.wait()).await {
                assert_eq!(*value, 7);
            }
            *cell.wait().await
        });
    }
    for _ in 0..choose(3) {
        yield_now().await;
    }
    cell.set(7).unwrap();
    assert_eq!(tasks.join_all().await, [7; 3]);
}
