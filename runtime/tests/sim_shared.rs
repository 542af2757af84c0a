//! What tasks share through leno is seen: where `dpor` leaves schedules out, no outcome is lost of all that there are.

use leno::io::{AsyncReadExt, AsyncWriteExt, duplex, split};
use leno::sim::{Builder, Strategy};
use leno::sync::{Mutex, Notify, OnceCell, RwLock, Semaphore, broadcast, mpsc, oneshot, watch};
use leno::task::{JoinHandle, JoinSet, yield_now};
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::sync::Mutex as StdMutex;
use std::time::Duration;

/// All that `program` may come to, if `strategy` goes through its schedules; and whether it says that these were all.
fn outcomes<F: Future<Output = String>>(
    strategy: Strategy,
    program: &(impl Fn() -> F + Sync),
) -> (BTreeSet<String>, bool) {
    let seen = StdMutex::new(BTreeSet::new());
    let summary = Builder::new()
        .shared_through_leno(true)
        .tolerate_sleepers(true)
        .seeds(0..100_000)
        .strategy(strategy)
        .run(|| async {
            let outcome = program().await;
            seen.lock().unwrap().insert(outcome);
        })
        .unwrap_or_else(|failed| panic!("{failed}"));
    let is_all = summary.claim().is_some_and(|claim| claim.is_complete());
    (seen.into_inner().unwrap(), is_all)
}

#[track_caller]
fn nothing_is_lost<F: Future<Output = String>>(program: impl Fn() -> F + Sync) {
    let (all, is_all) = outcomes(Strategy::exhaustive(), &program);
    assert!(is_all, "a program for this test is small");
    assert!(all.len() > 1, "nothing depends on the schedule: {all:?}");
    let (some, _) = outcomes(Strategy::dpor(), &program);
    assert_eq!(some, all);
}

async fn both(one: JoinHandle<String>, other: JoinHandle<String>) -> String {
    format!("{} / {}", one.await.unwrap(), other.await.unwrap())
}

#[test]
fn counts_of_an_mpsc_channel() {
    nothing_is_lost(|| async {
        let (sender, receiver) = mpsc::channel::<u32>(1);
        let clones = leno::spawn(async move {
            let another = sender.clone();
            yield_now().await;
            drop(another);
            String::new()
        });
        let looks = leno::spawn(async move {
            let first = receiver.sender_strong_count();
            yield_now().await;
            format!("{first} {}", receiver.sender_strong_count())
        });
        both(clones, looks).await
    });
    nothing_is_lost(|| async {
        let (sender, receiver) = mpsc::unbounded_channel::<u32>();
        let makes = leno::spawn(async move {
            let weak = sender.downgrade();
            yield_now().await;
            drop(weak);
            String::new()
        });
        let looks = leno::spawn(async move { receiver.sender_weak_count().to_string() });
        both(makes, looks).await
    });
}

#[test]
fn weak_senders() {
    nothing_is_lost(|| async {
        let (sender, _receiver) = mpsc::channel::<u32>(1);
        let weak = sender.downgrade();
        let drops = leno::spawn(async move {
            drop(sender);
            String::new()
        });
        let upgrades = leno::spawn(async move { weak.upgrade().is_some().to_string() });
        both(drops, upgrades).await
    });
    nothing_is_lost(|| async {
        let (sender, _receiver) = broadcast::channel::<u32>(1);
        let weak = sender.downgrade();
        let drops = leno::spawn(async move {
            drop(sender);
            String::new()
        });
        let upgrades = leno::spawn(async move { weak.upgrade().is_some().to_string() });
        both(drops, upgrades).await
    });
}

#[test]
fn the_end_and_the_counts_of_a_broadcast_channel() {
    nothing_is_lost(|| async {
        let (sender, mut receiver) = broadcast::channel::<u32>(1);
        let drops = leno::spawn(async move {
            drop(sender);
            String::new()
        });
        let looks = leno::spawn(async move { format!("{:?}", receiver.try_recv()) });
        both(drops, looks).await
    });
    nothing_is_lost(|| async {
        let (sender, receiver) = broadcast::channel::<u32>(1);
        let clones = leno::spawn(async move {
            let another = sender.clone();
            let weak = sender.downgrade();
            yield_now().await;
            drop((another, weak));
            String::new()
        });
        let looks = leno::spawn(async move {
            let counts = (receiver.sender_strong_count(), receiver.sender_weak_count());
            format!("{counts:?}")
        });
        both(clones, looks).await
    });
}

#[test]
fn a_watch_channel() {
    nothing_is_lost(|| async {
        let (sender, receiver) = watch::channel(0);
        let there = sender.clone();
        let clones = leno::spawn(async move {
            drop(there.clone());
            there.send_replace(1).to_string()
        });
        let looks = leno::spawn(async move {
            let count = sender.sender_count();
            format!("{count} {}", *receiver.borrow())
        });
        both(clones, looks).await
    });
}

#[test]
fn a_oneshot_channel() {
    nothing_is_lost(|| async {
        let (sender, mut receiver) = oneshot::channel();
        let sends = leno::spawn(async move { sender.send(1).is_ok().to_string() });
        let closes = leno::spawn(async move {
            let empty = receiver.is_empty();
            yield_now().await;
            receiver.close();
            format!("{empty} {}", receiver.try_recv().is_ok())
        });
        both(sends, closes).await
    });
}

#[test]
fn locks_and_permits() {
    nothing_is_lost(|| async {
        let lock = Arc::new(RwLock::new(0));
        let there = lock.clone();
        let writes = leno::spawn(async move {
            let mut guard = there.write().await;
            *guard = 1;
            let guard = guard.downgrade();
            yield_now().await;
            guard.to_string()
        });
        let tries = leno::spawn(async move {
            let read = lock.try_read().map(|guard| *guard).ok();
            yield_now().await;
            format!("{read:?} {}", lock.try_write().is_ok())
        });
        both(writes, tries).await
    });
    nothing_is_lost(|| async {
        let permits = Arc::new(Semaphore::new(1));
        let there = permits.clone();
        let changes = leno::spawn(async move {
            there.add_permits(1);
            yield_now().await;
            there.forget_permits(2);
            there.close();
            String::new()
        });
        let looks = leno::spawn(async move {
            let (count, closed) = (permits.available_permits(), permits.is_closed());
            yield_now().await;
            format!("{count} {closed} {:?}", permits.try_acquire().err())
        });
        both(changes, looks).await
    });
}

#[test]
fn a_cell_and_a_notification() {
    nothing_is_lost(|| async {
        let cell = Arc::new(OnceCell::new());
        let there = cell.clone();
        let sets = leno::spawn(async move { there.set(1).is_ok().to_string() });
        let looks = leno::spawn(async move {
            let seen = cell.get().copied();
            yield_now().await;
            format!("{seen:?} {}", cell.set(2).is_ok())
        });
        both(sets, looks).await
    });
    nothing_is_lost(|| async {
        let notify = Arc::new(Notify::new());
        let there = notify.clone();
        let notifies = leno::spawn(async move {
            there.notify_waiters();
            String::new()
        });
        let looks = leno::spawn(async move {
            let mut notified = Box::pin(notify.notified());
            let first = notified.as_mut().enable();
            yield_now().await;
            format!("{first} {}", notified.as_mut().enable())
        });
        both(notifies, looks).await
    });
}

#[test]
fn a_pipe() {
    nothing_is_lost(|| async {
        let (mut near, mut far) = duplex(4);
        let writes = leno::spawn(async move {
            let first = near.write_all(b"a").await.is_ok();
            format!("{first} {}", near.write_all(b"b").await.is_ok())
        });
        let reads = leno::spawn(async move {
            let mut bytes = [0; 4];
            far.read(&mut bytes).await.unwrap().to_string()
        });
        both(writes, reads).await
    });
    nothing_is_lost(|| async {
        let (near, mut far) = duplex(4);
        let (_reader, mut one) = split(near);
        let other = Arc::new(Mutex::new(()));
        let there = other.clone();
        let writes = leno::spawn(async move {
            let written = one.write_all(b"a").await.is_ok();
            drop(there.lock().await);
            written.to_string()
        });
        let closes = leno::spawn(async move {
            let done = other.try_lock().is_ok();
            let mut bytes = [0; 4];
            let read = leno::time::timeout(Duration::from_secs(1), far.read(&mut bytes)).await;
            format!("{done} {}", read.unwrap().unwrap())
        });
        format!("{} {}", both(writes, closes).await, leno::sim::choose(2))
    });
}

#[test]
fn a_clock_that_is_stopped() {
    nothing_is_lost(|| async {
        leno::time::pause();
        let begin = leno::time::Instant::now();
        let advances = leno::spawn(async move {
            leno::time::advance(Duration::from_secs(1)).await;
            String::new()
        });
        let looks = leno::spawn(async move { format!("{:?}", begin.elapsed()) });
        both(advances, looks).await
    });
}

#[test]
fn tasks_that_are_stopped() {
    nothing_is_lost(|| async {
        let task = leno::spawn(async {
            yield_now().await;
            String::from("done")
        });
        let handle = task.abort_handle();
        let stops = leno::spawn(async move {
            handle.abort();
            handle.is_finished().to_string()
        });
        let ended = task
            .await
            .unwrap_or_else(|error| error.is_cancelled().to_string());
        format!("{ended} {}", stops.await.unwrap())
    });
}

#[test]
fn tasks_of_a_set() {
    nothing_is_lost(|| async {
        let mut set = JoinSet::new();
        for number in 0..2 {
            set.spawn(async move { number });
        }
        let mut seen = format!("{:?}", set.try_join_next().map(Result::unwrap));
        yield_now().await;
        seen += &format!(" {:?}", set.try_join_next().map(Result::unwrap));
        while let Some(number) = set.join_next().await {
            seen += &format!(" {}", number.unwrap());
        }
        seen
    });
}

#[test]
fn what_is_shared_past_leno_ends_the_claim() {
    use std::sync::atomic::{AtomicU32, Ordering};
    let summary = Builder::new()
        .seeds(0..100_000)
        .shared_through_leno(true)
        .strategy(Strategy::dpor())
        .run(|| async {
            let hidden = Arc::new(AtomicU32::new(0));
            let there = hidden.clone();
            let counts = leno::spawn(async move {
                let own = Mutex::new(());
                for _ in 0..3 {
                    there.fetch_add(1, Ordering::Relaxed);
                    drop(own.lock().await);
                }
            });
            let looks = leno::spawn(async move {
                let own = Mutex::new(());
                drop(own.lock().await);
                // What it does next depends on how far the other one is, and leno does not see why.
                for _ in 0..hidden.load(Ordering::Relaxed) {
                    drop(own.lock().await);
                }
            });
            let tasks = [counts, looks];
            for task in tasks {
                task.await.unwrap();
            }
        })
        .unwrap();
    let claim = summary.claim().unwrap();
    assert!(!claim.is_complete(), "{summary}");
    assert!(
        claim
            .to_string()
            .contains("tasks share state that the simulation does not see"),
        "{summary}"
    );
    assert!(claim.to_string().contains("2 delays"), "{summary}");
}
