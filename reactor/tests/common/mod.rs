//! What several of the tests need.
#![allow(dead_code, reason = "no test file uses all of it")]

use leno_reactor::{Direction, Handle, Interest, Io, Reactor, ReadyEvent};
use mio::event::Source;
use mio::net::{TcpListener, TcpStream, UdpSocket};
use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

pub const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// A waker that counts.
#[derive(Default)]
pub struct Count(AtomicUsize);

impl Count {
    pub fn new() -> (Arc<Self>, Waker) {
        let count = Arc::new(Self::default());
        (count.clone(), Waker::from(count))
    }

    pub fn get(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

/// A waker that runs a closure.
pub struct Call<F>(pub F);

impl<F: Fn() + Send + Sync + 'static> Call<F> {
    pub fn waker(f: F) -> Waker {
        Waker::from(Arc::new(Self(f)))
    }
}

impl<F: Fn() + Send + Sync + 'static> Wake for Call<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

pub fn localhost() -> SocketAddr {
    ([127, 0, 0, 1], 0).into()
}

/// A bound socket and one that sends to it.
pub fn udp() -> (UdpSocket, UdpSocket) {
    let receiver = UdpSocket::bind(localhost()).unwrap();
    let sender = UdpSocket::bind(localhost()).unwrap();
    sender.connect(receiver.local_addr().unwrap()).unwrap();
    (receiver, sender)
}

/// The two ends of a connection; the second is mio's, the first the standard library's and blocking.
pub fn tcp() -> (std::net::TcpStream, TcpStream) {
    let listener = std::net::TcpListener::bind(localhost()).unwrap();
    let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    server.set_nonblocking(true).unwrap();
    (client, TcpStream::from_std(server))
}

pub fn listener() -> TcpListener {
    TcpListener::bind(localhost()).unwrap()
}

/// Turns until `done`; the harness notices if that is never.
pub fn turn_until(reactor: &mut Reactor, mut done: impl FnMut() -> bool) {
    while !done() {
        reactor.turn(None).unwrap();
    }
}

/// Delivers what the selector has to report now.
pub fn drain(reactor: &mut Reactor) {
    while reactor.turn(Some(Duration::ZERO)).unwrap().events > 0 {}
}

/// Turns until the source is ready for `interest`.
pub fn turn_until_ready<S: Source>(reactor: &mut Reactor, io: &Io<S>, interest: Interest) {
    turn_until(reactor, || !io.ready_event(interest).ready().is_empty());
}

pub fn poll_ready<S: Source>(
    io: &Io<S>,
    waker: &Waker,
    direction: Direction,
) -> Poll<io::Result<ReadyEvent>> {
    io.poll_ready(&mut Context::from_waker(waker), direction)
}

pub fn poll<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

pub fn would_block<T>(result: io::Result<T>) -> bool {
    result.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

pub fn register<S: Source>(handle: &Handle, source: S) -> Io<S> {
    handle.register(source, BOTH).unwrap()
}
