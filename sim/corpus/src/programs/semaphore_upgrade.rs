//! Bug: a request holds one of two permits and asks for the other one when it turns out to be large; two such requests wait for ever.
//! Blind: permits that are free do not suspend, so a request has both before the other one runs.
//! Mended: whoever may need two takes two at once, in one place of the line.

use crate::{Came, Log};
use leno::sync::Semaphore;
use std::sync::Arc;

/// One after the other.
pub async fn broken() -> Came {
    requests(|semaphore| async move {
        let _one = semaphore.acquire().await.unwrap();
        let _other = semaphore.acquire().await.unwrap();
    })
    .await
}

/// Both at once.
pub async fn mended() -> Came {
    requests(|semaphore| async move {
        let _both = semaphore.acquire_many(2).await.unwrap();
    })
    .await
}

async fn requests<F>(request: impl Fn(Arc<Semaphore>) -> F) -> Came
where
    F: Future<Output = ()> + Send + 'static,
{
    let semaphore = Arc::new(Semaphore::new(2));
    let log = Log::default();
    let tasks: Vec<_> = (0..2)
        .map(|number| {
            let (request, log) = (request(Arc::clone(&semaphore)), log.clone());
            leno::spawn(async move {
                request.await;
                log.push(number);
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    Came::to(log.text())
}
