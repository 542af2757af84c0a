//! Polls one future on a thread that parks while it is pending.

use crate::kernel::here::{self, Blocking};
use crate::prim::{Condvar, Mutex, SelfArc};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Wake, Waker};

/// Where a thread waits for its future's waker.
struct Seat {
    woken: Mutex<bool>,
    condvar: Condvar,
}

impl Wake for Seat {
    fn wake(self: SelfArc<Self>) {
        *self.woken.lock() = true;
        self.condvar.notify_one();
    }
}

/// Polls `future` to its end, parking this thread while it is pending.
#[track_caller]
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    if here::with(|here| here.blocking.get()) != Blocking::Allowed {
        panic!(
            "cannot block this thread: it drives a runtime's tasks, and would hold them all up; \
             use the async method, or call this from `task::spawn_blocking`"
        );
    }
    let seat = SelfArc::new(Seat {
        woken: Mutex::new(false),
        condvar: Condvar::new(),
    });
    let waker = Waker::from(seat.clone());
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        let mut woken = seat.woken.lock();
        while !*woken {
            woken = seat.condvar.wait(woken);
        }
        *woken = false;
    }
}
