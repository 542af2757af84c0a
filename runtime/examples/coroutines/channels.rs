//! Tasks that share nothing hand values to each other. Which channel to take depends on what is passed: one result
//! (`oneshot`), work that is done once (`mpsc`), events for everybody (`broadcast`), or a state of which only
//! the latest counts (`watch`). When one side is dropped, the other is told: that is how loops end.

use leno::sync::{broadcast, mpsc, oneshot, watch};
use std::collections::HashMap;

use crate::tour::{Chapter, steps};

pub const CHAPTER: Chapter = Chapter {
    name: "channels",
    title: "Channels: tasks hand values to each other",
    guide: "guide/chapter_07_channels.md",
    source: include_str!("channels.rs"),
    steps: steps![
        one_result,
        many_senders_and_one_receiver,
        a_full_channel_holds_up_who_sends,
        a_task_that_owns_a_state,
        everybody_sees_everything,
        only_the_latest_counts,
    ],
    obstacle: || None,
};

/// `oneshot` is for an answer that is no task's output. Sending uses up the sender, and waits for nothing.
#[leno::main]
async fn one_result() {
    let (sender, receiver) = oneshot::channel();
    leno::spawn(async move { sender.send(6 * 7).unwrap() });
    let answer = receiver.await;
    println!("an answer: {answer:?}");
    assert_eq!(answer, Ok(42));

    let (sender, receiver) = oneshot::channel::<u32>();
    drop(sender);
    let nothing = receiver.await;
    println!("its sender was dropped: {nothing:?}");
    assert!(nothing.is_err());
}

/// Any number of clones of the sender may send. `recv` gives `None` when all of them are gone and all was
/// received: so the one that is left here must go, or the loop would wait for ever.
#[leno::main]
async fn many_senders_and_one_receiver() {
    let (sender, mut receiver) = mpsc::channel(2);
    for worker in 1..=3_u32 {
        let sender = sender.clone();
        leno::spawn(async move {
            for number in 1..=4 {
                sender.send(worker * number).await.unwrap();
            }
        });
    }
    drop(sender);

    let (mut received, mut sum) = (0, 0);
    while let Some(number) = receiver.recv().await {
        received += 1;
        sum += number;
    }
    println!("three workers have sent {received} numbers, {sum} in all");
    assert_eq!((received, sum), (12, 60));
}

/// A bounded channel has room for so many messages. A producer that is too fast waits at `send`, instead of
/// filling the memory: that is called back-pressure. `try_send` does not wait, and says that it is full.
#[leno::main]
async fn a_full_channel_holds_up_who_sends() {
    let (sender, mut receiver) = mpsc::channel(1);
    sender.send("first").await.unwrap();
    let refused = sender.try_send("second");
    println!("no room: {refused:?}");
    assert!(refused.is_err());

    let (sent, first) = leno::join!(sender.send("second"), receiver.recv());
    println!("{first:?} was received, and so the second could be sent: {sent:?}");
    assert_eq!((first, sent), (Some("first"), Ok(())));
}

#[derive(Debug)]
enum Request {
    Add(&'static str, u32),
    Get(&'static str, oneshot::Sender<u32>),
}

async fn store(mut requests: mpsc::Receiver<Request>) -> usize {
    let mut counts = HashMap::new();
    while let Some(request) = requests.recv().await {
        match request {
            Request::Add(name, count) => *counts.entry(name).or_insert(0) += count,
            // Whoever has asked may be gone by now: that is no error here.
            Request::Get(name, answer) => drop(answer.send(counts.get(name).copied().unwrap_or(0))),
        }
    }
    counts.len()
}

/// An `mpsc` for requests, and in each request a `oneshot` for the answer: the task owns its state, and nobody
/// needs a lock. It ends when the last sender is gone.
#[leno::main]
async fn a_task_that_owns_a_state() {
    let (requests, receiver) = mpsc::channel(16);
    let task = leno::spawn(store(receiver));
    for count in 1..=3 {
        requests.send(Request::Add("tea", count)).await.unwrap();
    }
    let (answer, answered) = oneshot::channel();
    requests.send(Request::Get("tea", answer)).await.unwrap();
    let count = answered.await.unwrap();
    drop(requests);
    let names = task.await.unwrap();
    println!("the store has {count} of tea, and has ended with {names} name");
    assert_eq!((count, names), (6, 1));
}

/// Each receiver of a `broadcast` gets a copy of each value. Nobody waits for slow receivers: one that falls
/// behind by more than the channel keeps is told how many it has missed.
#[leno::main]
async fn everybody_sees_everything() {
    let (sender, mut quick) = broadcast::channel(2);
    let mut slow = sender.subscribe();
    for event in ["a", "b", "c"] {
        sender.send(event).unwrap();
        let seen = quick.recv().await;
        println!("the quick one sees {seen:?}");
        assert_eq!(seen, Ok(event));
    }
    let seen = [slow.recv().await, slow.recv().await, slow.recv().await];
    println!("the slow one sees {seen:?}");
    assert_eq!(seen[1..], [Ok("b"), Ok("c")]);
    assert!(seen[0].is_err());
}

/// A `watch` keeps one value, a configuration or a progress. Receivers look at it at any time, or wait for a
/// change; what came between two looks is gone, which is the point of it.
#[leno::main]
async fn only_the_latest_counts() {
    let (sender, mut receiver) = watch::channel(1);
    sender.send(2).unwrap();
    sender.send(3).unwrap();
    receiver.changed().await.unwrap();
    let latest = *receiver.borrow_and_update();
    println!("two changes, and one look: {latest}");
    assert_eq!(latest, 3);

    let waits = leno::spawn(async move {
        receiver
            .wait_for(|value| *value >= 10)
            .await
            .map(|value| *value)
    });
    for value in [5, 10] {
        sender.send(value).unwrap();
    }
    let reached = waits.await.unwrap().unwrap();
    println!("it has waited for {reached}");
    assert_eq!(reached, 10);
}
