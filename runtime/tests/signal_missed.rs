//! A signal that comes when nobody listens any more is not lost. Alone in its process, whose signals it takes.
#![cfg(unix)]

use leno::runtime::Builder;
use leno::signal::unix::{SignalKind, signal};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

fn send_to_this_thread(kind: SignalKind) {
    // SAFETY: takes no pointers. The signal has a handler from the first listener on, which has run when this returns.
    let result = unsafe { libc::raise(kind.as_raw_value()) };
    assert_eq!(result, 0);
}

#[test]
fn the_next_listener_receives_what_came_in_between_and_only_that() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let kind = SignalKind::user_defined1();
        drop(signal(kind).unwrap());
        send_to_this_thread(kind);
        let mut next = signal(kind).unwrap();
        next.recv().await.unwrap();

        // What somebody has received is not kept.
        send_to_this_thread(kind);
        next.recv().await.unwrap();
        let mut second = signal(kind).unwrap();
        drop(next);
        leno::task::yield_now().await;
        let mut cx = Context::from_waker(Waker::noop());
        assert_eq!(pin!(second.recv()).poll(&mut cx), Poll::Pending);
        send_to_this_thread(kind);
        second.recv().await.unwrap();
    });
}
