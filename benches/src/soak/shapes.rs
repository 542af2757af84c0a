//! What runs in a soak.

use super::Soak;
use leno::io::{AsyncReadExt, AsyncWriteExt};
use leno::net::{TcpListener, TcpStream};
use leno::sync::{Mutex, Notify, RwLock, Semaphore, broadcast, mpsc, oneshot, watch};
use leno::task::{self, JoinSet};
use leno::time::{Duration, Instant, sleep};
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};

/// What a shape does, until its soak ends; it counts its polls.
type Start = fn(Arc<Soak>, Arc<AtomicU64>) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// A loop, until the soak ends.
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) start: Start,
}

macro_rules! shapes {
    ($($name:literal: $function:ident,)+) => {
        vec![$(Shape {
            name: $name,
            start: |soak, polls| {
                let polls = Polls(polls);
                Box::pin(polls.counted($function(soak, polls.clone())))
            },
        },)+]
    };
}

pub(super) fn all() -> Vec<Shape> {
    shapes! {
        "rings of tasks that wake each other": rings,
        "bounded channels, in order": channels,
        "broadcast and watch": news,
        "sleeps of up to 3 ms": sleeps,
        "locks and permits": locks,
        "trees of tasks, and aborts": churn,
        "groups that fail": groups,
        "connections": connections,
        "closures that block": closures,
    }
}

/// Counts polls.
#[derive(Clone)]
struct Polls(Arc<AtomicU64>);

impl Polls {
    fn counted<F: Future>(&self, future: F) -> Counted<F> {
        Counted {
            future: Box::pin(future),
            polls: Arc::clone(&self.0),
        }
    }
}

/// A future whose polls are counted.
struct Counted<F> {
    future: Pin<Box<F>>,
    polls: Arc<AtomicU64>,
}

impl<F: Future> Future for Counted<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.polls.fetch_add(1, Ordering::Relaxed);
        self.future.as_mut().poll(cx)
    }
}

/// Ends with the others, and passes panics on.
async fn all_of(mut set: JoinSet<()>) {
    while let Some(result) = set.join_next().await {
        if let Err(error) = result {
            panic!("{error}");
        }
    }
}

async fn rings(soak: Arc<Soak>, polls: Polls) {
    const TASKS: usize = 16;
    let mut set = JoinSet::new();
    for _ in 0..4 {
        let notifies: Arc<Vec<Notify>> = Arc::new((0..TASKS).map(|_| Notify::new()).collect());
        let token = Arc::new(AtomicUsize::new(0));
        for place in 0..TASKS {
            let (soak, notifies, token) = (soak.clone(), notifies.clone(), token.clone());
            set.spawn(polls.counted(async move {
                for round in 0.. {
                    notifies[place].notified().await;
                    let ends = soak.ends();
                    let seen = token.fetch_add(1, Ordering::Relaxed);
                    // Who has been told of the end goes on to tell the next, which may have looked before.
                    assert!(
                        ends || seen == round * TASKS + place,
                        "a wake too many, or too few"
                    );
                    notifies[(place + 1) % TASKS].notify_one();
                    if ends {
                        break;
                    }
                }
            }));
        }
        notifies[0].notify_one();
    }
    all_of(set).await;
}

async fn channels(soak: Arc<Soak>, polls: Polls) {
    while !soak.ends() {
        let (sender, mut receiver) = mpsc::channel(16);
        let mut set = JoinSet::new();
        for who in 0..4_usize {
            let sender = sender.clone();
            set.spawn(polls.counted(async move {
                for n in 0..1000_usize {
                    sender.send((who, n)).await.expect("the receiver is there");
                }
            }));
        }
        drop(sender);
        let mut next = [0; 4];
        while let Some((who, n)) = receiver.recv().await {
            assert_eq!(n, next[who], "out of order");
            next[who] += 1;
        }
        assert_eq!(next, [1000; 4], "something was lost");
        all_of(set).await;
    }
}

async fn news(soak: Arc<Soak>, polls: Polls) {
    while !soak.ends() {
        let (sender, _) = broadcast::channel(64);
        let (last, _) = watch::channel(0);
        let mut set = JoinSet::new();
        for _ in 0..3 {
            let (mut receiver, mut follower) = (sender.subscribe(), last.subscribe());
            set.spawn(polls.counted(async move {
                let mut seen = 0;
                loop {
                    match receiver.recv().await {
                        Ok(n) => {
                            assert!(n > seen, "a value came twice");
                            seen = n;
                        }
                        Err(broadcast::error::RecvError::Lagged(missed)) => seen += missed,
                        Err(broadcast::error::RecvError::Closed) => break,
                    }
                }
                assert_eq!(seen, 500, "the last value was lost");
                let state = follower
                    .wait_for(|n| *n == 500)
                    .await
                    .expect("its value stays");
                assert_eq!(*state, 500);
            }));
        }
        for n in 1..=500_u64 {
            sender.send(n).expect("there are receivers");
            last.send_replace(n);
            if n % 16 == 0 {
                task::yield_now().await;
            }
        }
        drop(sender);
        all_of(set).await;
    }
}

async fn sleeps(soak: Arc<Soak>, polls: Polls) {
    let mut set = JoinSet::new();
    for number in 0..100_u64 {
        let soak = soak.clone();
        set.spawn(polls.counted(async move {
            for round in 0.. {
                if soak.ends() {
                    break;
                }
                let time = Duration::from_micros((number * 31 + round * 17) % 3000);
                let start = Instant::now();
                sleep(time).await;
                assert!(start.elapsed() >= time, "a sleep ended early");
            }
        }));
    }
    all_of(set).await;
}

async fn locks(soak: Arc<Soak>, polls: Polls) {
    while !soak.ends() {
        let mutex = Arc::new(Mutex::new(0_u64));
        let lock = Arc::new(RwLock::new((0_u64, 0_u64)));
        let permits = Arc::new(Semaphore::new(3));
        let inside = Arc::new(AtomicUsize::new(0));
        let mut set = JoinSet::new();
        for _ in 0..8 {
            let (mutex, lock) = (mutex.clone(), lock.clone());
            let (permits, inside) = (permits.clone(), inside.clone());
            set.spawn(polls.counted(async move {
                for _ in 0..200 {
                    *mutex.lock().await += 1;
                    {
                        let mut both = lock.write().await;
                        both.0 += 1;
                        task::yield_now().await;
                        both.1 += 1;
                    }
                    let both = lock.read().await;
                    assert_eq!(both.0, both.1, "a reader beside a writer");
                    drop(both);
                    let _permit = permits.acquire().await.expect("it is not closed");
                    assert!(
                        inside.fetch_add(1, Ordering::Relaxed) < 3,
                        "too many permits"
                    );
                    task::yield_now().await;
                    inside.fetch_sub(1, Ordering::Relaxed);
                }
            }));
        }
        all_of(set).await;
        assert_eq!(*mutex.lock().await, 1600, "an update was lost");
        assert_eq!(permits.available_permits(), 3, "a permit was lost");
    }
}

/// Counts those that are there.
struct There(Arc<AtomicUsize>);

impl There {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for There {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Release);
    }
}

fn tree(depth: u32, polls: Polls, there: There) -> Pin<Box<dyn Future<Output = u32> + Send>> {
    Box::pin(async move {
        let _there = &there;
        if depth == 0 {
            return 1;
        }
        let child =
            || leno::spawn(polls.counted(tree(depth - 1, polls.clone(), There::new(&there.0))));
        let (left, right) = (child(), child());
        left.await.expect("it does not fail") + right.await.expect("it does not fail")
    })
}

async fn churn(soak: Arc<Soak>, polls: Polls) {
    while !soak.ends() {
        let count = Arc::new(AtomicUsize::new(0));
        assert_eq!(tree(8, polls.clone(), There::new(&count)).await, 256);
        let sleepers: Vec<_> = (0..100)
            .map(|_| {
                let there = There::new(&count);
                leno::spawn(polls.counted(async move {
                    let _there = there;
                    pending::<()>().await;
                }))
            })
            .collect();
        task::yield_now().await;
        for sleeper in sleepers {
            assert_eq!(sleeper.cancel().await, None);
        }
        assert_eq!(count.load(Ordering::Acquire), 0, "a future was not dropped");
    }
}

async fn groups(soak: Arc<Soak>, polls: Polls) {
    for round in 0_u32.. {
        if soak.ends() {
            break;
        }
        let count = Arc::new(AtomicUsize::new(0));
        let fails = round % 3 == 0;
        let result = task::group(async |group| {
            for number in 0..50 {
                let there = There::new(&count);
                drop(group.spawn(polls.counted(async move {
                    let _there = there;
                    task::yield_now().await;
                    if fails && number == 25 {
                        Err(number)
                    } else {
                        Ok(())
                    }
                })));
            }
            Ok(())
        })
        .await;
        assert_eq!(result, if fails { Err(25) } else { Ok(()) });
        assert_eq!(
            count.load(Ordering::Acquire),
            0,
            "a task has outlived its group"
        );
    }
}

async fn connections(soak: Arc<Soak>, polls: Polls) {
    while !soak.ends() {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let mut set = JoinSet::new();
        for _ in 0..4 {
            set.spawn(polls.counted(async move {
                let mut stream = TcpStream::connect(address).await.expect("it listens");
                let mut answer = [0; 64];
                for n in 0..200_u8 {
                    stream
                        .write_all(&[n; 64])
                        .await
                        .expect("the other end is there");
                    stream.read_exact(&mut answer).await.expect("it answers");
                    assert_eq!(answer, [n; 64], "bytes were lost");
                }
            }));
            let (mut stream, _) = listener.accept().await.expect("somebody connects");
            set.spawn(polls.counted(async move {
                let (mut reader, mut writer) = stream.split();
                let copied = leno::io::copy(&mut reader, &mut writer).await;
                assert_eq!(copied.expect("the other end is there"), 64 * 200);
            }));
        }
        all_of(set).await;
    }
}

async fn closures(soak: Arc<Soak>, polls: Polls) {
    while !soak.ends() {
        let (sender, receiver) = oneshot::channel();
        let closure = task::spawn_blocking(move || sender.send(7));
        assert_eq!(polls.counted(receiver).await, Ok(7));
        assert_eq!(closure.await.expect("it does not panic"), Ok(()));
    }
}
