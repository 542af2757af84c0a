//! Wakers that panic when a runtime ends and tells those who wait: the others are told, and the end takes place.

mod task_support;

use leno::net::{TcpListener, UdpSocket};
use std::future::Future;
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Duration;
use task_support::{multi_thread, runtimes};

const LONG: Duration = Duration::from_secs(1_000_000);

/// Counts its wakes, and panics at each.
struct Panics(AtomicUsize);

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
        // Tells no hook.
        resume_unwind(Box::new("a waker that panics"));
    }
}

#[test]
fn at_the_end_all_are_told() {
    for (kind, runtime) in runtimes() {
        let panics = Arc::new(Panics(AtomicUsize::new(0)));
        let waker = Waker::from(panics.clone());
        let mut cx = Context::from_waker(&waker);
        let bind = || runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let (first, last) = (bind(), bind());
        let socket = runtime.block_on(UdpSocket::bind("127.0.0.1:0")).unwrap();
        let entered = runtime.enter();
        // More than one batch of them.
        let mut sleeps: Vec<_> = (0..100)
            .map(|_| Box::pin(leno::time::sleep(LONG)))
            .collect();
        for sleep in &mut sleeps {
            assert!(sleep.as_mut().poll(&mut cx).is_pending());
        }
        let mut task = pin!(runtime.spawn(std::future::pending::<()>()));
        assert!(task.as_mut().poll(&mut cx).is_pending());
        drop(entered);
        assert!(first.poll_accept(&mut cx).is_pending());
        let mut readable = pin!(socket.readable());
        assert!(readable.as_mut().poll(&mut cx).is_pending());
        // One that behaves, among them.
        let other = multi_thread(1);
        let accept = other.spawn(async move { last.accept().await.map(drop) });
        // The accept may not have begun to wait, and gets its error then as well.
        drop(runtime);
        assert!(other.block_on(accept).unwrap().is_err(), "{kind}");
        assert_eq!(panics.0.load(Ordering::Relaxed), 100 + 1 + 2, "{kind}");
    }
}
