//! Reads and writes of one source go on at the same time, on different threads.

mod common;
use common::*;
use leno_reactor::{Direction, Interest, Reactor};
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::thread;

const TOTAL: usize = 4 << 20;

fn wait<R>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<io::Result<R>>) -> io::Result<R> {
    let thread = thread::current();
    let waker = Call::waker(move || thread.unpark());
    let mut cx = Context::from_waker(&waker);
    loop {
        match poll(&mut cx) {
            Poll::Ready(result) => return result,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn megabytes_go_both_ways_at_once() {
    let mut reactor = Reactor::new().unwrap();
    let handle = reactor.handle();
    let (client, server) = tcp();
    let io = Arc::new(register(&handle, server));
    // The peer echoes, with two blocking halves.
    let echo = thread::spawn(move || io::copy(&mut &client, &mut &client).unwrap());
    let done = Arc::new(AtomicUsize::new(0));
    let finish = move |done: &AtomicUsize| {
        done.fetch_add(1, Ordering::Release);
        handle.wake().unwrap();
    };

    let writer = thread::spawn({
        let (io, done, finish) = (io.clone(), done.clone(), finish.clone());
        move || {
            let mut sent = 0;
            while sent < TOTAL {
                let chunk: Vec<u8> = (sent..TOTAL.min(sent + 65_536)).map(|i| i as u8).collect();
                sent +=
                    wait(|cx| io.poll_io(cx, Direction::Write, |mut stream| stream.write(&chunk)))
                        .unwrap();
            }
            io.get_ref().shutdown(std::net::Shutdown::Write).unwrap();
            finish(&done);
        }
    });
    let reader = thread::spawn({
        let (io, done) = (io.clone(), done.clone());
        move || {
            let mut buffer = [0; 50_000];
            let mut received = 0;
            loop {
                // A short read clears without another call.
                let n = wait(|cx| {
                    loop {
                        let event = std::task::ready!(io.poll_try(cx, Direction::Read))?;
                        match io.get_ref().read(&mut buffer) {
                            Ok(n) => {
                                if 0 < n && n < buffer.len() {
                                    io.clear_ready(event);
                                }
                                return Poll::Ready(Ok(n));
                            }
                            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                                io.clear_ready(event);
                            }
                            Err(error) => return Poll::Ready(Err(error)),
                        }
                    }
                })
                .unwrap();
                if n == 0 {
                    break;
                }
                for byte in &buffer[..n] {
                    assert_eq!(*byte, received as u8);
                    received += 1;
                }
            }
            finish(&done);
            received
        }
    });
    turn_until(&mut reactor, || done.load(Ordering::Acquire) == 2);
    writer.join().unwrap();
    assert_eq!(reader.join().unwrap(), TOTAL);
    assert_eq!(echo.join().unwrap(), TOTAL as u64);
}

#[test]
fn an_event_of_one_half_does_not_wake_the_other() {
    let mut reactor = Reactor::new().unwrap();
    // A listener is never writable.
    let io = register(&reactor.handle(), listener());
    let (read, read_waker) = Count::new();
    let (write, write_waker) = Count::new();
    assert!(poll_ready(&io, &read_waker, Direction::Read).is_pending());
    assert!(poll_ready(&io, &write_waker, Direction::Write).is_pending());
    let address = io.get_ref().local_addr().unwrap();
    let _client = std::net::TcpStream::connect(address).unwrap();
    turn_until_ready(&mut reactor, &io, Interest::READABLE);
    assert_eq!((read.get(), write.get()), (1, 0));
}
