//! The smallest executor: one future, one reactor, one thread.

use crate::handle::Handle;
use crate::prim::atomic::{AtomicBool, Ordering};
use crate::prim::thread::{self, ThreadId};
use crate::reactor::Reactor;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// Runs a future to its end on this thread, turning the reactor while it waits.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use leno_reactor::{Interest, Reactor, block_on};
/// use mio::net::UdpSocket;
///
/// let mut reactor = Reactor::new()?;
/// let handle = reactor.handle();
/// let length = block_on(&mut reactor, async move {
///     let any = ([127, 0, 0, 1], 0).into();
///     let one = handle.register(UdpSocket::bind(any)?, Interest::READABLE)?;
///     let other = UdpSocket::bind(any)?;
///     other.send_to(b"hello", one.get_ref().local_addr()?)?;
///     let mut buffer = [0; 16];
///     one.async_io(Interest::READABLE, |socket| socket.recv(&mut buffer)).await
/// })??;
/// assert_eq!(length, 5);
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// Those of [`Reactor::turn`]; the future is dropped unfinished then.
///
/// # Panics
///
/// If the future panics, or a waker that a turn wakes.
pub fn block_on<F: Future>(reactor: &mut Reactor, future: F) -> io::Result<F::Output> {
    let unpark = Arc::new(Unpark {
        notified: AtomicBool::new(false),
        thread: thread::current().id(),
        handle: reactor.handle(),
    });
    let waker = Waker::from(Arc::clone(&unpark));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return Ok(output);
        }
        // Ordering: Acquire, partner of the Release in `wake_by_ref`: the next poll sees what its waker did.
        while !unpark.notified.swap(false, Ordering::Acquire) {
            reactor.turn(None)?;
        }
    }
}

struct Unpark {
    notified: AtomicBool,
    /// The thread that turns the reactor.
    thread: ThreadId,
    handle: Handle,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Ordering: Release, partner of the Acquire in `block_on`.
        if self.notified.swap(true, Ordering::Release) {
            // Whoever set it wakes the reactor.
            return;
        }
        // The turning thread itself does not wait while it wakes somebody, and looks at the flag before it does.
        if thread::current().id() != self.thread {
            // The selector cannot refuse: the counter behind this call only fails when it is full, and then the
            // wake-up is on its way.
            let _ = self.handle.wake();
        }
    }
}
