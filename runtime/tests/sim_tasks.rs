//! Sets of tasks, streams in memory and timers, under every order of turns.

mod sim_support;

use leno::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional, duplex, simplex, split};
use leno::sim::{choose, sometimes};
use leno::sync::{Mutex, Semaphore, mpsc, oneshot};
use leno::task::{JoinSet, LocalSet, spawn_blocking, spawn_local, yield_now};
use leno::time::{Duration, Instant, MissedTickBehavior, interval, sleep, timeout};
use sim_support::perhaps;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

const TICK: Duration = Duration::from_millis(10);

/// Counts those that are alive.
struct Alive(Arc<AtomicU32>);

impl Alive {
    fn new(count: &Arc<AtomicU32>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

leno::task_local! {
    #[inherited]
    static REQUEST: u32;
}

// ----- values that are inherited ---------------------------------------------------------------------------

/// A closure that waits has others run in the middle of it: they have the values that they inherit, and not those of the closure.
#[leno::test(sim)]
async fn whoever_runs_while_a_closure_waits_has_values_of_his_own() {
    let (go_on, goes_on) = oneshot::channel();
    let (seen, see) = oneshot::channel();
    let waits = REQUEST.sync_scope(1, || {
        spawn_blocking(move || {
            let seen = goes_on.blocking_recv().unwrap();
            (seen, REQUEST.get())
        })
    });
    let plain = leno::spawn(async move {
        yield_now().await;
        go_on.send(REQUEST.try_get().ok()).unwrap();
        seen.send(REQUEST.try_get().ok()).unwrap();
    });
    let inherits = REQUEST.sync_scope(2, || {
        leno::spawn(async {
            yield_now().await;
            REQUEST.get()
        })
    });
    // The root too is polled there.
    assert_eq!(REQUEST.try_get().ok(), None);
    assert_eq!(see.await.unwrap(), None);
    assert_eq!(REQUEST.try_get().ok(), None);
    plain.await.unwrap();
    assert_eq!(waits.await.unwrap(), (None, 1));
    assert_eq!(inherits.await.unwrap(), 2);
}

// ----- sets of tasks ---------------------------------------------------------------------------------------

/// Each task is heard of once, whether it ends, panics or is aborted, and whoever asks gives up now and then.
#[leno::test(sim, tolerate_panics = true)]
async fn a_set_tells_of_each_task_once() {
    let alive = Arc::new(AtomicU32::new(0));
    let mut set = JoinSet::new();
    let mut handles = Vec::new();
    for number in 0..4 {
        let alive = Alive::new(&alive);
        let handle = set.spawn(async move {
            let _alive = alive;
            for _ in 0..choose(3) {
                yield_now().await;
            }
            assert!(choose(4) != 1, "it panics");
            number
        });
        handles.push(handle);
    }
    let aborts = choose(5) as usize;
    let (mut done, mut panicked, mut cancelled) = (Vec::new(), 0, 0);
    if choose(2) == 1 {
        yield_now().await;
    }
    if let Some(handle) = handles.get(aborts) {
        handle.abort();
    }
    loop {
        let heard = match choose(3) {
            0 => perhaps(set.join_next()).await,
            1 => set.try_join_next().map(Some),
            _ => Some(set.join_next().await),
        };
        match heard {
            None => yield_now().await,
            Some(None) => break,
            Some(Some(Ok(number))) => done.push(number),
            Some(Some(Err(error))) if error.is_panic() => panicked += 1,
            Some(Some(Err(_))) => cancelled += 1,
        }
    }
    assert_eq!(done.len() + panicked + cancelled, 4);
    assert!(cancelled <= 1 && (cancelled == 0 || aborts < 4));
    sometimes(cancelled == 1, "one was aborted in time");
    sometimes(aborts < 4 && cancelled == 0, "one was done before");
    done.sort_unstable();
    done.dedup();
    assert_eq!(done.len() + panicked + cancelled, 4, "one was told twice");
    assert_eq!(alive.load(Ordering::Relaxed), 0);
    assert!(handles.iter().all(|handle| handle.is_finished()));
}

/// The end of a set waits for all that its tasks hold.
#[leno::test(sim)]
async fn a_set_that_is_shut_down_holds_nothing() {
    let alive = Arc::new(AtomicU32::new(0));
    let lock = Arc::new(Mutex::new(()));
    let mut set = JoinSet::new();
    for _ in 0..3 {
        let (alive, lock) = (Alive::new(&alive), Arc::clone(&lock));
        set.spawn(async move {
            let _alive = alive;
            loop {
                let _guard = lock.lock().await;
                yield_now().await;
            }
        });
    }
    drop(perhaps(lock.lock()).await);
    set.shutdown().await;
    assert_eq!(alive.load(Ordering::Relaxed), 0);
    assert!(lock.try_lock().is_ok());
}

/// A task that is aborted while it is handed a permit, a lock or a message does not take it along.
#[leno::test(sim)]
async fn an_aborted_task_takes_nothing_along() {
    let semaphore = Arc::new(Semaphore::new(1));
    let (sender, receiver) = mpsc::channel(1);
    let receiver = Arc::new(Mutex::new(receiver));
    let aborted = {
        let (semaphore, receiver) = (Arc::clone(&semaphore), Arc::clone(&receiver));
        leno::spawn(async move {
            let permit = semaphore.acquire_owned().await.unwrap();
            let message: Option<u32> = receiver.lock().await.recv().await;
            drop(permit);
            message
        })
    };
    let sends = leno::spawn(async move {
        for number in 0..2 {
            sender.send(number).await.unwrap();
        }
    });
    let held = perhaps(semaphore.acquire()).await;
    yield_now().await;
    drop(held);
    for _ in 0..choose(3) {
        yield_now().await;
    }
    aborted.abort();
    let was_received = aborted.await.ok().flatten().is_some();
    let mut received = u32::from(was_received);
    let mut receiver = receiver.try_lock().expect("it is gone");
    while receiver.recv().await.is_some() {
        received += 1;
    }
    sends.await.unwrap();
    assert_eq!(received, 2, "a message was lost");
    assert_eq!(semaphore.available_permits(), 1);
}

/// A local set's tasks and those outside wait for each other.
#[leno::test(sim)]
async fn a_local_set_is_woken_from_outside() {
    let (there, mut back) = mpsc::channel(1);
    let (ask, mut asked) = mpsc::channel::<oneshot::Sender<u32>>(1);
    let set = LocalSet::new();
    let sum = Rc::new(Cell::new(0));
    for _ in 0..2 {
        let (sum, there) = (Rc::clone(&sum), there.clone());
        set.spawn_local(async move {
            let inner = spawn_local(async { yield_now().await });
            inner.await.unwrap();
            sum.set(sum.get() + 1);
            there.send(sum.get()).await.unwrap();
        });
    }
    drop(there);
    let outside = leno::spawn(async move {
        let mut seen = Vec::new();
        while let Some(number) = back.recv().await {
            let (sender, answer) = oneshot::channel();
            ask.send(sender).await.unwrap();
            seen.push((number, answer.await.unwrap()));
        }
        seen
    });
    let answers = set.run_until(async {
        while let Some(sender) = asked.recv().await {
            sender.send(sum.get()).unwrap();
        }
    });
    answers.await;
    set.await;
    let seen = outside.await.unwrap();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|(number, sum)| number <= sum), "{seen:?}");
}

// ----- streams in memory -----------------------------------------------------------------------------------

/// What is written arrives, in pieces and in order, whoever gives up on a read or a write meanwhile: both may be dropped, and have
/// done nothing or what they say.
#[leno::test(sim)]
async fn a_duplex_stream_loses_nothing() {
    let (mut left, mut right) = duplex(1 + choose(4) as usize);
    let writes = leno::spawn(async move {
        let mut sent = Vec::new();
        for number in 0..6_u8 {
            match perhaps(left.write(&[number, number])).await {
                Some(count) => sent.extend_from_slice(&[number, number][..count.unwrap()]),
                None => sometimes(true, "a write was dropped"),
            }
        }
        left.shutdown().await.unwrap();
        let mut rest = Vec::new();
        left.read_to_end(&mut rest).await.unwrap();
        (sent, rest)
    });
    let mut received = Vec::new();
    let mut buffer = [0; 3];
    loop {
        match perhaps(right.read(&mut buffer)).await {
            Some(Ok(0)) => break,
            Some(count) => received.extend_from_slice(&buffer[..count.unwrap()]),
            None => {}
        }
    }
    right.write_all(b"thanks").await.unwrap();
    drop(right);
    let (sent, rest) = writes.await.unwrap();
    assert_eq!(received, sent);
    assert_eq!(rest, b"thanks");
}

/// The other end goes in the middle: whoever writes learns of it, and whoever reads has what was written before.
#[leno::test(sim)]
async fn a_stream_whose_end_goes_keeps_nobody() {
    let (reader, mut writer) = simplex(2);
    let (mut near, mut far) = duplex(2);
    let reads = leno::spawn(async move {
        let mut reader = reader;
        let mut buffer = [0; 2];
        let _ = perhaps(reader.read(&mut buffer)).await;
    });
    let far_reads = leno::spawn(async move {
        let mut all = Vec::new();
        far.read_to_end(&mut all).await.unwrap();
        all
    });
    near.write_all(b"some").await.unwrap();
    if choose(2) == 0 {
        near.shutdown().await.unwrap();
    }
    drop(near);
    while writer.write(b"x").await.is_ok() {
        yield_now().await;
    }
    reads.await.unwrap();
    assert_eq!(far_reads.await.unwrap(), b"some");
}

#[leno::test(sim)]
async fn copying_both_ways_ends_with_both() {
    let (mut client, mut near) = duplex(3);
    let (mut far, server) = duplex(2);
    let copies = leno::spawn(async move { copy_bidirectional(&mut near, &mut far).await.unwrap() });
    let serves = leno::spawn(async move {
        let (mut reader, mut writer) = split(server);
        let mut all = Vec::new();
        reader.read_to_end(&mut all).await.unwrap();
        writer.write_all(&all).await.unwrap();
        writer.shutdown().await.unwrap();
    });
    client.write_all(b"question").await.unwrap();
    client.shutdown().await.unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"question");
    serves.await.unwrap();
    assert_eq!(copies.await.unwrap(), (8, 8));
}

// ----- timers ----------------------------------------------------------------------------------------------

/// A timeout around a lock leaves it to others, and strikes neither early nor when it need not.
#[leno::test(sim)]
async fn a_timeout_around_a_lock_gives_it_back() {
    let lock = Arc::new(Mutex::new(0));
    let mut set = JoinSet::new();
    for number in 0..3 {
        let lock = Arc::clone(&lock);
        set.spawn(async move {
            let start = Instant::now();
            match timeout(TICK * number, lock.lock()).await {
                Ok(mut count) => {
                    sleep(TICK * (1 + choose(2))).await;
                    *count += 1;
                    1
                }
                Err(_) => {
                    assert!(start.elapsed() >= TICK * number);
                    0
                }
            }
        });
    }
    let had: u32 = set.join_all().await.iter().sum();
    assert_eq!(*lock.try_lock().unwrap(), had);
    assert!(had >= 1, "the first one need not wait");
}

/// A message and a timer that race: the message is there afterwards if it was not received.
#[leno::test(sim, stalls = true)]
async fn a_timeout_around_a_receive_loses_nothing() {
    let (sender, mut receiver) = mpsc::channel(1);
    let sends = leno::spawn(async move {
        for number in 0..4 {
            sleep(TICK).await;
            sender.send(number).await.unwrap();
        }
    });
    let mut received = Vec::new();
    loop {
        match timeout(TICK, receiver.recv()).await {
            Ok(Some(number)) => received.push(number),
            Ok(None) => break,
            Err(_) => sometimes(true, "it was given up"),
        }
    }
    sends.await.unwrap();
    assert_eq!(received, [0, 1, 2, 3]);
}

/// Ticks come when they are due, and as many as the behaviour says, also to one that gives up on some and is late for others.
#[leno::test(sim)]
async fn an_interval_keeps_its_beat() {
    let start = Instant::now();
    let mut ticks = interval(TICK);
    let skips = choose(2) == 1;
    if skips {
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    }
    let mut last = None;
    for number in 0..6_u32 {
        if number == 3 {
            sleep(TICK * 2 + TICK / 2).await;
        }
        let tick = loop {
            if let Some(tick) = perhaps(ticks.tick()).await {
                break tick;
            }
            sleep(TICK / 5).await;
        };
        assert!(tick <= Instant::now());
        let since = tick.duration_since(start).as_nanos();
        assert_eq!(since % TICK.as_nanos(), 0, "off the beat");
        assert!(last.is_none_or(|last| tick > last), "twice the same");
        last = Some(tick);
        if !skips {
            assert_eq!(tick, start + TICK * number);
        }
    }
}

/// Timers that are reset and dropped while others are due.
#[leno::test(sim)]
async fn a_timer_fires_at_its_last_deadline() {
    let start = Instant::now();
    let mut set = JoinSet::new();
    for number in 1..4 {
        set.spawn(async move {
            let mut timer = Box::pin(sleep(TICK * number));
            let _ = perhaps(timer.as_mut()).await;
            let deadline = Instant::now() + TICK * (1 + choose(3));
            timer.as_mut().reset(deadline);
            let _ = perhaps(sleep(TICK)).await;
            let late = Instant::now();
            timer.await;
            Instant::now() == deadline.max(late)
        });
    }
    assert!(set.join_all().await.into_iter().all(|in_time| in_time));
    assert!(start.elapsed() <= TICK * 8);
}
