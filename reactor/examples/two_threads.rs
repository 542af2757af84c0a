//! One thread turns the reactor; another registers a source and waits for it.
//!
//! ```text
//! cargo run -p leno-reactor --example two_threads
//! ```

use leno_reactor::{Direction, Handle, Interest, Reactor};
use mio::net::UdpSocket;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

fn main() -> io::Result<()> {
    let mut reactor = Reactor::new()?;
    let handle = reactor.handle();
    let stop = Arc::new(AtomicBool::new(false));

    let turning = thread::spawn({
        let stop = stop.clone();
        move || -> io::Result<usize> {
            let mut events = 0;
            while !stop.load(Ordering::Acquire) {
                events += reactor.turn(None)?.events;
            }
            Ok(events)
        }
    });

    let received = exchange(&handle);
    stop.store(true, Ordering::Release);
    handle.wake()?;
    let events = turning.join().expect("the turning thread does not panic")?;
    println!("received {:?}, {events} events", received?);
    Ok(())
}

/// Sends a datagram to a socket of our own and waits until it has come.
fn exchange(handle: &Handle) -> io::Result<String> {
    let any = ([127, 0, 0, 1], 0).into();
    let receiver = handle.register(UdpSocket::bind(any)?, Interest::READABLE)?;
    let address = receiver.get_ref().local_addr()?;
    let sender = thread::spawn(move || UdpSocket::bind(any)?.send_to(b"hello", address));

    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut buffer = [0; 64];
    let length = loop {
        match receiver.poll_io(&mut cx, Direction::Read, |socket| socket.recv(&mut buffer)) {
            Poll::Ready(result) => break result?,
            Poll::Pending => thread::park(),
        }
    };
    sender.join().expect("the sender does not panic")?;
    Ok(String::from_utf8_lossy(&buffer[..length]).into_owned())
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
