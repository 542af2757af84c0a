//! Bug: as `lost_notify_await`, with nothing awaited between looking and waiting: on two workers the news may come in between.
//! Blind: it is all in one poll, and polls are atomic in a simulation. Neither shuffling nor holding shows it, and that is what is tested.
//! Mended: it enlists for the news before it looks.

use crate::{Came, Log};
use leno::sync::Notify;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Default)]
struct Service {
    ready: AtomicBool,
    news: Notify,
}

/// Looks, then waits.
pub async fn broken() -> Came {
    let service = Arc::new(Service::default());
    let starting = started(&service);
    let log = Log::default();
    if !service.ready.load(Ordering::SeqCst) {
        log.push("waits");
        service.news.notified().await;
    }
    starting.await.unwrap();
    Came::to(log.text())
}

/// Enlists, looks, then waits.
pub async fn mended() -> Came {
    let service = Arc::new(Service::default());
    let starting = started(&service);
    let log = Log::default();
    let mut notified = pin!(service.news.notified());
    notified.as_mut().enable();
    if !service.ready.load(Ordering::SeqCst) {
        log.push("waits");
        notified.await;
    }
    starting.await.unwrap();
    Came::to(log.text())
}

fn started(service: &Arc<Service>) -> leno::task::JoinHandle<()> {
    let service = Arc::clone(service);
    leno::spawn(async move {
        service.ready.store(true, Ordering::SeqCst);
        service.news.notify_waiters();
    })
}
