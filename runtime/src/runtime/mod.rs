//! Runtimes. (A stand-in with timers and one future at a time: the runtime brings the real one.)
#![allow(missing_docs, missing_debug_implementations)]

pub(crate) mod current;

use self::current::{CURRENT, Current};
use crate::kernel::clock::Clock;
use crate::kernel::seat::Seat;
use crate::kernel::wheel::Wheel;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

pub struct Builder {
    time: bool,
    paused: bool,
    is_current_thread: bool,
}

impl Builder {
    pub fn new_current_thread() -> Self {
        Self {
            time: false,
            paused: false,
            is_current_thread: true,
        }
    }

    pub fn new_multi_thread() -> Self {
        Self {
            is_current_thread: false,
            ..Self::new_current_thread()
        }
    }

    pub fn enable_time(&mut self) -> &mut Self {
        self.time = true;
        self
    }

    pub fn enable_all(&mut self) -> &mut Self {
        self.enable_time()
    }

    pub fn start_paused(&mut self, paused: bool) -> &mut Self {
        self.paused = paused;
        self
    }

    pub fn build(&mut self) -> std::io::Result<Runtime> {
        let clock = Arc::new(Clock::new());
        if self.paused {
            clock.pause();
        }
        let wheel = Arc::new(Wheel::new(Arc::new(Seat::new()), clock.clone()));
        Ok(Runtime(Current {
            wheel: self.time.then_some(wheel),
            clock,
            is_current_thread: self.is_current_thread,
        }))
    }
}

pub struct Runtime(Current);

struct Root(Thread, AtomicBool);

impl Wake for Root {
    fn wake(self: Arc<Self>) {
        self.1.store(true, Ordering::Release);
        self.0.unpark();
    }
}

struct Restore(Option<Current>);

impl Drop for Restore {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

impl Runtime {
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let _restore = Restore(CURRENT.replace(Some(self.0.clone())));
        let mut future = std::pin::pin!(future);
        let root = Arc::new(Root(std::thread::current(), AtomicBool::new(true)));
        let waker = Waker::from(root.clone());
        let clock = &self.0.clock;
        loop {
            if root.1.swap(false, Ordering::Acquire) {
                let polled = crate::kernel::budget::with_budget(128, || {
                    future.as_mut().poll(&mut Context::from_waker(&waker))
                });
                if let Poll::Ready(output) = polled {
                    return output;
                }
                continue;
            }
            let next = self
                .0
                .wheel
                .as_ref()
                .and_then(|wheel| wheel.prepare_sleep());
            match next {
                None => std::thread::park(),
                Some(next) if clock.is_paused() => clock.advance_to(next),
                Some(next) => std::thread::park_timeout(Duration::from_nanos(
                    next.saturating_sub(clock.now()),
                )),
            }
            if let Some(wheel) = &self.0.wheel {
                wheel.awake();
                wheel.fire(clock.now());
            }
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some(wheel) = &self.0.wheel {
            wheel.close();
        }
    }
}
