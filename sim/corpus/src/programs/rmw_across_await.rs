//! Bug: a counter is read under its lock, and written under its lock, and the lock is free in between: an update is lost.
//! Blind: the second `lock` finds it free and does not suspend, so reading and writing are one step of the schedule.
//! Mended: the lock is kept from the reading to the writing.

use crate::Came;
use leno::sync::Mutex;
use std::sync::Arc;

/// Locks twice.
pub async fn broken() -> Came {
    count(|counter| async move {
        let read = *counter.lock().await;
        *counter.lock().await = read + 1;
    })
    .await
}

/// Locks once.
pub async fn mended() -> Came {
    count(|counter| async move {
        *counter.lock().await += 1;
    })
    .await
}

async fn count<F>(increment: impl Fn(Arc<Mutex<u32>>) -> F) -> Came
where
    F: Future<Output = ()> + Send + 'static,
{
    let counter = Arc::new(Mutex::new(0));
    let tasks: Vec<_> = (0..2)
        .map(|_| leno::spawn(increment(Arc::clone(&counter))))
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let count = *counter.lock().await;
    Came::to(count).must(count == 2, "an update is lost")
}
