//! Bug: a branch of `select!` by reference waits for a lock; the other branch wins, and its body wants the same lock, which is promised to
//! the future that is not polled any more. Blind: the lock is free when it is first wanted, as nobody is held while having it.
//! Mended: the body of the other branch drops that future before it locks. (RFD 609 of Oxide has the story.)

use crate::{Came, Log};
use leno::sync::{Mutex, mpsc};
use leno::task::yield_now;
use std::sync::Arc;

/// The future that waits for the lock stays, and is not polled.
pub async fn broken() -> Came {
    select(false).await
}

/// It is dropped first.
pub async fn mended() -> Came {
    select(true).await
}

async fn select(drops: bool) -> Came {
    let lock = Arc::new(Mutex::new(()));
    let (signal, mut signals) = mpsc::channel::<()>(1);
    let log = Log::default();
    let holds = Arc::clone(&lock);
    let holder = leno::spawn(async move {
        let _held = holds.lock().await;
        yield_now().await;
    });
    let signalling = leno::spawn(async move {
        signal.send(()).await.unwrap();
    });
    let wants = Arc::clone(&lock);
    let mut work = Box::pin(async move {
        let _held = wants.lock().await;
        yield_now().await;
    });
    let is_done = leno::select! {
        biased;
        () = &mut work => true,
        _ = signals.recv() => false,
    };
    if is_done {
        log.push("worked");
    } else {
        let rest = (!drops).then_some(work);
        let _held = lock.lock().await;
        log.push("signalled");
        drop(rest);
    }
    holder.await.unwrap();
    signalling.await.unwrap();
    Came::to(log.text())
}
