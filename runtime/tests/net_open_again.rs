//! What was closed may be open again: whoever waits for it then waits, and is not told for ever that it is closed.
#![cfg(any(target_os = "linux", target_os = "android"))]

mod net_support;

use leno::io::unix::AsyncFd;
use leno::io::{AsyncReadExt, AsyncWriteExt, Interest};
use leno::net::TcpStream;
use leno::net::unix::pipe;
use net_support::*;
use socket2::{Domain, SockRef, Socket, Type};
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

/// Opens the pipe that `end` is an end of once more.
fn open_again(end: impl AsFd, options: &std::fs::OpenOptions) -> File {
    let path = format!("/proc/self/fd/{}", end.as_fd().as_raw_fd());
    options.open(path).unwrap()
}

fn next_writer(end: impl AsFd) -> File {
    open_again(end, File::options().write(true))
}

fn next_reader(end: impl AsFd) -> File {
    open_again(end, File::options().read(true))
}

/// A waker that counts.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Starts a future, and expects it to wait without being woken, however often events are looked at.
async fn start_and_leave_alone(future: impl Future) {
    let mut future = pin!(future);
    let count = Arc::new(Count::default());
    let waker = Waker::from(count.clone());
    assert!(
        future
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_pending(),
        "it did not wait"
    );
    for _ in 0..100 {
        leno::task::yield_now().await;
    }
    assert_eq!(count.0.load(Ordering::Relaxed), 0, "it was woken");
}

/// A pipe's receiver that has read the end, and knows of it by an event.
async fn ended() -> io::Result<pipe::Receiver> {
    let (sender, mut receiver) = pipe::pipe()?;
    drop(sender);
    assert_eq!(receiver.read(&mut [0; 8]).await?, 0);
    while !receiver.ready(Interest::READABLE).await?.is_read_closed() {
        leno::task::yield_now().await;
    }
    Ok(receiver)
}

#[test]
fn a_pipe_is_read_on_when_it_has_a_next_writer() {
    on_one(async {
        let mut receiver = ended().await?;
        for round in 0..3 {
            let mut next = next_writer(&receiver);
            start_and_leave_alone(receiver.read(&mut [0; 8])).await;
            start_and_leave_alone(receiver.readable()).await;
            next.write_all(b"next")?;
            let mut buffer = [0; 8];
            assert_eq!(receiver.read(&mut buffer).await?, 4, "round {round}");
            assert_eq!(&buffer[..4], b"next");
            drop(next);
            assert_eq!(receiver.read(&mut buffer).await?, 0, "round {round}");
        }
        Ok(())
    });
}

#[test]
fn a_pipe_is_not_said_to_be_closed_when_it_has_a_next_writer() {
    on_one(async {
        let receiver = ended().await?;
        let mut next = next_writer(&receiver);
        assert_would_block(receiver.try_read(&mut [0; 8]));
        next.write_all(b"next")?;
        assert!(!receiver.ready(Interest::READABLE).await?.is_read_closed());
        Ok(())
    });
}

#[test]
fn a_pipe_is_written_on_when_it_has_a_next_reader() {
    on_one(async {
        let (mut sender, receiver) = pipe::pipe()?;
        drop(receiver);
        let error = sender.write(b"x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        while !sender.ready(Interest::WRITABLE).await?.is_write_closed() {
            leno::task::yield_now().await;
        }

        let mut next = next_reader(&sender);
        sender.write_all(b"x").await?;
        assert!(!sender.ready(Interest::WRITABLE).await?.is_write_closed());
        let mut written = 1;
        while let Ok(length) = sender.try_write(&[7; 4096]) {
            written += length;
        }
        start_and_leave_alone(sender.write(b"x")).await;
        next.read_exact(&mut vec![0; written])?;
        sender.write_all(b"x").await
    });
}

#[test]
fn a_descriptor_waits_again_whether_its_guard_tries_or_clears() {
    on_one(async {
        for tries in [true, false] {
            let receiver = ended().await?.into_nonblocking_fd()?;
            // SAFETY: the descriptor is the file's.
            let fd = unsafe { AsyncFd::register(File::from(receiver)) }?;
            let mut guard = fd.readable().await?;
            assert!(guard.ready().is_read_closed());
            let mut next = next_writer(&fd);
            if tries {
                assert!(guard.try_io(|fd| fd.get_ref().read(&mut [0; 8])).is_err());
            } else {
                guard.clear_ready();
            }
            start_and_leave_alone(fd.readable()).await;
            next.write_all(b"next")?;
            assert!(!fd.readable().await?.ready().is_read_closed());
        }
        Ok(())
    });
}

/// Programs say that a descriptor is not ready after a short read, too.
#[test]
fn a_guard_that_clears_too_early_does_not_lose_the_end() {
    on_one(async {
        let (mut near, far) = std::os::unix::net::UnixStream::pair()?;
        far.set_nonblocking(true)?;
        // SAFETY: the descriptor is the stream's.
        let far = unsafe { AsyncFd::register(far) }?;
        near.write_all(b"last")?;
        drop(near);
        let mut guard = far.readable().await?;
        while !guard.ready().is_read_closed() {
            guard = far.readable().await?;
        }
        let mut inner = far.get_ref();
        assert_eq!(inner.read(&mut [0; 64])?, 4);
        guard.clear_ready();
        drop(far.readable().await?);
        assert_eq!(inner.read(&mut [0; 64])?, 0);
        Ok(())
    });
}

#[test]
fn a_socket_that_was_registered_before_it_listened_waits_for_connections() {
    on_one(async {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        // SAFETY: the descriptor is the socket's.
        let socket = unsafe { AsyncFd::register(socket) }?;
        assert!(socket.readable().await?.ready().is_read_closed());
        let any: std::net::SocketAddr = "127.0.0.1:0".parse().unwrap();
        socket.get_ref().bind(&any.into())?;
        socket.get_ref().listen(8)?;
        let accept = || socket.async_io(Interest::READABLE, Socket::accept);
        start_and_leave_alone(accept()).await;
        let address = socket.get_ref().local_addr()?.as_socket().unwrap();
        let _client = std::net::TcpStream::connect(address)?;
        accept().await?;
        Ok(())
    });
}

#[test]
fn an_attempt_for_both_directions_finds_out_that_a_stream_is_connected() {
    on_one(async {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        let stream = TcpStream::from_std(socket.into())?;
        assert!(stream.ready(Interest::READABLE).await?.is_read_closed());
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        // That it takes a while is no error.
        let _ = SockRef::from(&stream).connect(&listener.local_addr()?.into());
        let (_peer, _) = listener.accept()?;
        let both = Interest::READABLE | Interest::WRITABLE;
        assert_would_block(
            stream.try_io(both, || io::Result::<()>::Err(ErrorKind::WouldBlock.into())),
        );
        start_and_leave_alone(stream.readable()).await;
        Ok(())
    });
}
