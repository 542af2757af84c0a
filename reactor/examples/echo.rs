//! An echo server on the reactor alone: one thread, and an executor of forty lines.
//!
//! ```text
//! cargo run -p leno-reactor --example echo -- [ADDRESS] [--once N]
//! ```
//!
//! Listens on ADDRESS (127.0.0.1:0 if none is given), prints where, and serves for ever, or until N connections
//! have come and gone.

use leno_reactor::{Direction, Handle, Interest, Io, Reactor};
use mio::net::{TcpListener, TcpStream};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker, ready};

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

fn main() -> io::Result<()> {
    let (address, limit) = arguments()?;
    let mut reactor = Reactor::new()?;
    let handle = reactor.handle();
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    let listener = handle.register(listener, Interest::READABLE)?;

    let executor = Executor::default();
    let queue = executor.queue.clone();
    executor.queue.spawn(async move {
        let mut accepted = 0;
        while limit.is_none_or(|limit| accepted < limit) {
            match listener.async_io(Interest::READABLE, |l| l.accept()).await {
                Ok((stream, peer)) => {
                    accepted += 1;
                    let handle = handle.clone();
                    queue.spawn(async move {
                        if let Err(error) = serve(&handle, stream).await {
                            eprintln!("{peer}: {error}");
                        }
                    });
                }
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Err(error) => return eprintln!("accept: {error}"),
            }
        }
    });
    executor.run(&mut reactor)
}

/// Sends back what comes, until the peer closes its half.
async fn serve(handle: &Handle, stream: TcpStream) -> io::Result<()> {
    // Accepted: its request may have come with it, and there is room to answer.
    let stream = handle.register_ready(stream, BOTH)?;
    let mut buffer = [0; 16 * 1024];
    loop {
        let length = poll_fn(|cx| poll_read(&stream, cx, &mut buffer)).await?;
        if length == 0 {
            return Ok(());
        }
        let mut rest = &buffer[..length];
        while !rest.is_empty() {
            let write = |mut stream: &TcpStream| stream.write(rest);
            let written = stream.async_io(Interest::WRITABLE, write).await?;
            rest = &rest[written..];
        }
    }
}

/// Reads, and on unix spares the call that would say that there is no more.
fn poll_read(
    io: &Io<TcpStream>,
    cx: &mut Context<'_>,
    buffer: &mut [u8],
) -> Poll<io::Result<usize>> {
    loop {
        let event = ready!(io.poll_try(cx, Direction::Read))?;
        match io.get_ref().read(buffer) {
            Ok(length) => {
                if cfg!(unix) && 0 < length && length < buffer.len() {
                    io.clear_ready(event);
                }
                return Poll::Ready(Ok(length));
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => io.clear_ready(event),
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
}

/// Tasks that want to be polled, and how many there are in all.
#[derive(Default)]
struct Queue {
    runnable: Mutex<VecDeque<Arc<Task>>>,
    alive: Mutex<usize>,
}

/// Everything happens on one thread, so nobody waits for these locks; wakers just have to be `Sync`.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Task {
    future: Mutex<Option<BoxFuture>>,
    queue: Arc<Queue>,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        let queue = self.queue.clone();
        lock(&queue.runnable).push_back(self);
    }
}

/// `Arc<Queue>` as the executor's own face.
trait Spawn {
    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static);
}

impl Spawn for Arc<Queue> {
    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        *lock(&self.alive) += 1;
        let future = Mutex::new(Some(Box::pin(future) as BoxFuture));
        let queue = self.clone();
        Arc::new(Task { future, queue }).wake();
    }
}

#[derive(Default)]
struct Executor {
    queue: Arc<Queue>,
}

impl Executor {
    /// Polls what is runnable, then turns the reactor, until there is no task left.
    fn run(&self, reactor: &mut Reactor) -> io::Result<()> {
        while *lock(&self.queue.alive) > 0 {
            loop {
                let next = lock(&self.queue.runnable).pop_front();
                let Some(task) = next else { break };
                self.poll(&task);
            }
            if *lock(&self.queue.alive) > 0 {
                reactor.turn(None)?;
            }
        }
        Ok(())
    }

    fn poll(&self, task: &Arc<Task>) {
        let mut place = lock(&task.future);
        if let Some(future) = place.as_mut() {
            let waker = Waker::from(task.clone());
            if future
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_ready()
            {
                *place = None;
                *lock(&self.queue.alive) -= 1;
            }
        }
    }
}

fn arguments() -> io::Result<(SocketAddr, Option<usize>)> {
    let usage = || io::Error::new(ErrorKind::InvalidInput, "usage: echo [ADDRESS] [--once N]");
    let mut address = ([127, 0, 0, 1], 0).into();
    let mut limit = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--once" {
            let count = arguments.next().ok_or_else(usage)?;
            limit = Some(count.parse().map_err(|_| usage())?);
        } else {
            address = argument.parse().map_err(|_| usage())?;
        }
    }
    Ok((address, limit))
}
