//! For tests of `leno::io`: a way to poll without a runtime, and streams that follow a script.

// Each test file is a crate of its own and uses its part of this.
#![allow(dead_code)]

use leno::io::{AsyncRead, AsyncWrite, ReadBuf};
use std::collections::VecDeque;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::panic::{self, AssertUnwindSafe};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// Runs a future on this thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Polls once, with a waker that nobody hears.
pub fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// The output of a future that must be ready at once.
pub fn ready<F: Future>(future: F) -> F::Output {
    match poll_once(pin!(future)) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future is pending"),
    }
}

/// Counts how often it is woken.
#[derive(Default)]
pub struct Count(AtomicUsize);

impl Count {
    pub fn new() -> (Arc<Self>, Waker) {
        let count = Arc::new(Self::default());
        (Arc::clone(&count), Waker::from(count))
    }

    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// The file in which `f` panics, as its message says.
pub fn panic_file(f: impl FnOnce()) -> String {
    static HOOK: Mutex<()> = Mutex::new(());
    let _one_at_a_time = HOOK
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let file = Arc::new(Mutex::new(None));
    let previous = panic::take_hook();
    panic::set_hook({
        let file = Arc::clone(&file);
        let here = thread::current().id();
        Box::new(move |info| {
            if thread::current().id() == here {
                *file.lock().unwrap() = info.location().map(|at| at.file().to_owned());
            }
        })
    });
    let result = panic::catch_unwind(AssertUnwindSafe(f));
    panic::set_hook(previous);
    assert!(result.is_err(), "it did not panic");
    let file = file.lock().unwrap().take();
    file.expect("a panic has a location")
}

/// What a [`Source`] does in one poll.
pub enum Read {
    Bytes(&'static [u8]),
    Fail(ErrorKind),
    /// Pending once, woken at once.
    Wait,
}

/// A source that follows a script, and then ends. It gives each piece in one read if there is room.
pub struct Source {
    script: VecDeque<Read>,
    pub polls: usize,
}

impl Source {
    pub fn new(script: impl IntoIterator<Item = Read>) -> Self {
        Self {
            script: script.into_iter().collect(),
            polls: 0,
        }
    }

    pub fn pieces(pieces: &[&'static [u8]]) -> Self {
        Self::new(pieces.iter().map(|piece| Read::Bytes(piece)))
    }
}

impl AsyncRead for Source {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.polls += 1;
        match self.script.pop_front() {
            None => Poll::Ready(Ok(())),
            Some(Read::Fail(kind)) => Poll::Ready(Err(kind.into())),
            Some(Read::Wait) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Read::Bytes(bytes)) => {
                let (now, later) = bytes.split_at(bytes.len().min(buf.remaining()));
                buf.put_slice(now);
                if !later.is_empty() {
                    self.script.push_front(Read::Bytes(later));
                }
                Poll::Ready(Ok(()))
            }
        }
    }
}

/// What a [`Target`] does in one poll of a write.
pub enum Write {
    /// Takes at most so much.
    Take(usize),
    Fail(ErrorKind),
    /// Pending once, woken at once.
    Wait,
}

/// A destination that follows a script, and then takes everything.
#[derive(Default)]
pub struct Target {
    script: VecDeque<Write>,
    pub bytes: Vec<u8>,
    pub writes: usize,
    pub flushes: usize,
    pub shut_down: bool,
}

impl Target {
    pub fn new(script: impl IntoIterator<Item = Write>) -> Self {
        Self {
            script: script.into_iter().collect(),
            ..Self::default()
        }
    }
}

impl AsyncWrite for Target {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writes += 1;
        let count = match self.script.pop_front() {
            None => buf.len(),
            Some(Write::Take(count)) => count.min(buf.len()),
            Some(Write::Fail(kind)) => return Poll::Ready(Err(kind.into())),
            Some(Write::Wait) => {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        };
        self.bytes.extend_from_slice(&buf[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.flushes += 1;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shut_down = true;
        Poll::Ready(Ok(()))
    }
}
