//! Bug: a frame is two messages; a signal that wins in `select!` drops the future that has the first of them, and the frame is lost.
//! Blind: both messages are there when the frame is read, and receiving does not suspend: nothing can come in between.
//! Mended: what was read of a frame lives outside of the future that `select!` drops.

use crate::Came;
use leno::sync::mpsc::{self, Receiver};

/// The half frame is in the future that is dropped.
pub async fn broken() -> Came {
    let (mut messages, mut signals, tasks) = peers();
    let mut sum = 0;
    let mut signalled = false;
    loop {
        leno::select! {
            biased;
            frame = frame(&mut messages) => match frame {
                Some(frame) => sum += frame,
                None => break,
            },
            _ = signals.recv(), if !signalled => signalled = true,
        }
    }
    end(tasks, sum).await
}

/// The half frame is outside.
pub async fn mended() -> Came {
    let (mut messages, mut signals, tasks) = peers();
    let mut sum = 0;
    let mut half = None;
    let mut signalled = false;
    loop {
        leno::select! {
            biased;
            message = messages.recv() => match (message, half.take()) {
                (None, _) => break,
                (Some(message), None) => half = Some(message),
                (Some(message), Some(half)) => sum += half + message,
            },
            _ = signals.recv(), if !signalled => signalled = true,
        }
    }
    end(tasks, sum).await
}

async fn frame(messages: &mut Receiver<u32>) -> Option<u32> {
    let first = messages.recv().await?;
    let second = messages.recv().await?;
    Some(first + second)
}

type Tasks = [leno::task::JoinHandle<()>; 2];

fn peers() -> (Receiver<u32>, Receiver<()>, Tasks) {
    let (send, messages) = mpsc::channel(4);
    let (signal, signals) = mpsc::channel(1);
    let sends = leno::spawn(async move {
        send.send(1).await.unwrap();
        send.send(2).await.unwrap();
    });
    let signals_once = leno::spawn(async move {
        signal.send(()).await.unwrap();
    });
    (messages, signals, [sends, signals_once])
}

async fn end(tasks: Tasks, sum: u32) -> Came {
    for task in tasks {
        task.await.unwrap();
    }
    Came::to(sum).must(sum == 3, "a frame is lost")
}
