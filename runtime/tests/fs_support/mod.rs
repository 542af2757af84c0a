//! What the tests of files share.
#![allow(dead_code, reason = "no test uses all of it")]

use leno::runtime::{Builder, Runtime};
use std::sync::mpsc;

/// A runtime without reactor and timers, and with one blocking thread.
pub fn one_thread() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.max_blocking_threads(1).build().unwrap()
}

/// A runtime that has been shut down.
pub fn ended() -> leno::runtime::Handle {
    one_thread().handle().clone()
}

/// Keeps a blocking thread of the current runtime busy until it is dropped.
pub struct Busy(mpsc::Sender<()>);

impl Busy {
    pub async fn new() -> Self {
        let (end, ended) = mpsc::channel();
        let (begin, begun) = leno::sync::oneshot::channel();
        leno::task::spawn_blocking(move || {
            begin.send(()).unwrap();
            let _ = ended.recv();
        });
        begun.await.unwrap();
        Self(end)
    }
}
