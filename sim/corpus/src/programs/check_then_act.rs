//! Bug: a cache is looked at, and filled after a load; all who look meanwhile load too, and the backend is asked three times.
//! Blind: it is not. The load takes time, so the calm run fails: the row is there to show that it does.
//! Mended: the first one keeps the cell's place, and the others wait for what it loads.

use crate::Came;
use leno::sync::{Mutex, OnceCell};
use leno::time::{Duration, sleep};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Looks under the lock, loads without it.
pub async fn broken() -> Came {
    let cache = Arc::new(Mutex::new(None));
    ask(move |loads| {
        let cache = Arc::clone(&cache);
        async move {
            if cache.lock().await.is_none() {
                let loaded = load(&loads).await;
                *cache.lock().await = Some(loaded);
            }
        }
    })
    .await
}

/// One loads.
pub async fn mended() -> Came {
    let cache = Arc::new(OnceCell::new());
    ask(move |loads| {
        let cache = Arc::clone(&cache);
        async move {
            cache.get_or_init(|| load(&loads)).await;
        }
    })
    .await
}

async fn load(loads: &AtomicU32) -> u32 {
    // Ordering: Relaxed, a count.
    loads.fetch_add(1, Ordering::Relaxed);
    sleep(Duration::from_millis(1)).await;
    7
}

async fn ask<F>(request: impl Fn(Arc<AtomicU32>) -> F) -> Came
where
    F: Future<Output = ()> + Send + 'static,
{
    let loads = Arc::new(AtomicU32::new(0));
    let requests: Vec<_> = (0..3)
        .map(|_| leno::spawn(request(Arc::clone(&loads))))
        .collect();
    for request in requests {
        request.await.unwrap();
    }
    // Ordering: Relaxed, the tasks have been joined.
    let loads = loads.load(Ordering::Relaxed);
    Came::to(loads).must(loads == 1, "it was loaded more than once")
}
