//! Bug: looks whether it is ready, awaits something else (a log), then waits for the news, which was told meanwhile: it sleeps for ever.
//! Blind: the log's lock is free and does not suspend, so looking and waiting are one step of the schedule.
//! Mended: it enlists for the news before it looks.

use crate::{Came, Log};
use leno::sync::{Mutex, Notify};
use std::pin::pin;
use std::sync::Arc;

#[derive(Default)]
struct Service {
    ready: Mutex<bool>,
    news: Notify,
    log: Mutex<u32>,
}

impl Service {
    async fn start(&self) {
        *self.ready.lock().await = true;
        self.news.notify_waiters();
    }
}

/// Looks, writes a line, then waits.
pub async fn broken() -> Came {
    let service = Arc::new(Service::default());
    let starting = started(&service);
    let log = Log::default();
    let is_ready = *service.ready.lock().await;
    if !is_ready {
        *service.log.lock().await += 1;
        log.push("waits");
        service.news.notified().await;
    }
    starting.await.unwrap();
    Came::to(log.text())
}

/// Enlists, looks, writes a line, then waits.
pub async fn mended() -> Came {
    let service = Arc::new(Service::default());
    let starting = started(&service);
    let log = Log::default();
    let mut notified = pin!(service.news.notified());
    notified.as_mut().enable();
    let is_ready = *service.ready.lock().await;
    if !is_ready {
        *service.log.lock().await += 1;
        log.push("waits");
        notified.await;
    }
    starting.await.unwrap();
    Came::to(log.text())
}

fn started(service: &Arc<Service>) -> leno::task::JoinHandle<()> {
    let service = Arc::clone(service);
    leno::spawn(async move { service.start().await })
}
