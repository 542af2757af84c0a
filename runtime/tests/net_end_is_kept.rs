//! The end of a stream is told once, and not lost by an operation that would block for another reason: one that may read or
//! write, of which the caller says that it has tried "something". And whoever waits for both waits, if it is over.
#![cfg(any(target_os = "linux", target_os = "android"))]

mod net_support;

use leno::io::unix::AsyncFd;
use leno::io::{AsyncReadExt, Interest};
use leno::net::unix::pipe;
use leno::net::{TcpStream, UnixStream};
use net_support::*;
use socket2::{Domain, SockRef, Socket, Type};
use std::fs::File;
use std::io::{self, Read};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);
/// All that do not say of one half that it would block.
const SEVERAL: [Interest; 3] = [
    BOTH,
    Interest::READABLE.add(Interest::PRIORITY),
    Interest::READABLE.add(Interest::ERROR),
];

fn blocked() -> io::Result<()> {
    Err(io::ErrorKind::WouldBlock.into())
}

/// A waker that counts.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Starts a future, expects it to wait without being woken, however often events are looked at.
async fn start_and_leave_alone(mut future: Pin<&mut impl Future>) {
    let count = Arc::new(Count::default());
    let waker = Waker::from(count.clone());
    let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending(), "it did not wait");
    for _ in 0..100 {
        leno::task::yield_now().await;
    }
    assert_eq!(count.0.load(Ordering::Relaxed), 0, "it was woken");
}

/// Counts the calls, and notices when there are too many.
fn counted<R>(mut operation: impl FnMut() -> io::Result<R>) -> impl FnMut() -> io::Result<R> {
    let mut calls = 0;
    move || {
        calls += 1;
        assert!(calls < 100, "it spins");
        operation()
    }
}

/// A stream whose peer has ended its writing, which is known.
async fn ended_tcp() -> io::Result<(TcpStream, TcpStream)> {
    let (near, far) = tcp_pair().await?;
    SockRef::from(&far).shutdown(Shutdown::Write)?;
    while !near.ready(Interest::READABLE).await?.is_read_closed() {
        leno::task::yield_now().await;
    }
    Ok((near, far))
}

async fn ended_unix() -> io::Result<(UnixStream, UnixStream)> {
    let (near, far) = UnixStream::pair()?;
    SockRef::from(&far).shutdown(Shutdown::Write)?;
    while !near.ready(Interest::READABLE).await?.is_read_closed() {
        leno::task::yield_now().await;
    }
    Ok((near, far))
}

/// The same as a descriptor.
async fn ended_fd() -> io::Result<(UnixStream, AsyncFd<std::os::unix::net::UnixStream>)> {
    let (near, far) = ended_unix().await?;
    // SAFETY: the descriptor is the stream's.
    let near = unsafe { AsyncFd::register_with_interest(near.into_std()?, BOTH) }?;
    while !near.readable().await?.ready().is_read_closed() {
        leno::task::yield_now().await;
    }
    Ok((far, near))
}

/// Blocks in every way that a socket has, and then reads the end.
macro_rules! a_socket_keeps_the_end {
    ($ended:ident) => {
        on_one(async {
            for interest in SEVERAL {
                let (mut near, _far) = $ended().await?;
                assert_would_block(near.try_io(interest, blocked));
                assert_eq!(near.read(&mut [0; 8]).await?, 0, "{interest:?}");

                let (mut near, _far) = $ended().await?;
                let waiting = near.async_io(interest, counted(blocked));
                start_and_leave_alone(pin!(waiting)).await;
                near.readable().await?;
                assert_eq!(near.try_read(&mut [0; 8])?, 0, "{interest:?}");
                assert_eq!(near.read(&mut [0; 8]).await?, 0, "{interest:?}");
            }
            Ok(())
        });
    };
}

#[test]
fn a_tcp_stream_keeps_the_end() {
    a_socket_keeps_the_end!(ended_tcp);
}

#[test]
fn a_unix_stream_keeps_the_end() {
    a_socket_keeps_the_end!(ended_unix);
}

#[test]
fn a_tcp_stream_that_is_full_keeps_the_end() {
    on_both(|| async {
        let (mut near, _far) = ended_tcp().await?;
        let socket = SockRef::from(&near);
        let write = || near.try_io(BOTH, || socket.send(&[7; 65_536]));
        while write().is_ok() {}
        assert_eq!(near.read(&mut [0; 8]).await?, 0);
        Ok(())
    });
}

#[test]
fn a_descriptor_keeps_the_end() {
    on_one(async {
        for interest in SEVERAL {
            let (_far, mut fd) = ended_fd().await?;
            fd.ready(interest).await?.try_io(|_| blocked()).unwrap_err();
            drop(fd.readable().await?);
            let mut guard = fd.ready_mut(interest).await?;
            guard.try_io(|_| blocked()).unwrap_err();
            drop(fd.readable().await?);
            assert_would_block(fd.try_io(interest, |_| blocked()));
            drop(fd.readable().await?);
            assert_would_block(fd.try_io_mut(interest, |_| blocked()));
            drop(fd.readable().await?);

            let mut block = counted(blocked);
            let waiting = fd.async_io(interest, |_| block());
            start_and_leave_alone(pin!(waiting)).await;
            drop(fd.readable().await?);
            let mut block = counted(blocked);
            let waiting = fd.async_io_mut(interest, |_| block());
            start_and_leave_alone(pin!(waiting)).await;
            let mut guard = fd.readable().await?;
            let read = guard.try_io(|fd| fd.get_ref().read(&mut [0; 8]));
            assert_eq!(read.unwrap()?, 0);
        }
        Ok(())
    });
}

/// One loop for both directions, which writes whenever it can.
#[test]
fn a_loop_that_writes_until_it_blocks_comes_to_the_end() {
    on_one(async {
        let (_far, fd) = ended_fd().await?;
        let socket = SockRef::from(fd.get_ref());
        let mut write = counted(|| socket.send(&[7; 65_536]));
        loop {
            let mut guard = fd.ready(BOTH).await?;
            if guard.ready().is_writable() {
                let _ = guard.try_io(|_| write());
            } else if let Ok(read) = guard.try_io(|fd| fd.get_ref().read(&mut [0; 8])) {
                assert_eq!(read?, 0);
                return Ok(());
            }
        }
    });
}

/// A pipe whose last writer is gone, as a descriptor that may be read or written for all that is said.
async fn ended_pipe() -> io::Result<AsyncFd<File>> {
    let (sender, receiver) = pipe::pipe()?;
    drop(sender);
    let receiver = File::from(receiver.into_nonblocking_fd()?);
    // SAFETY: the descriptor is the file's.
    let fd = unsafe { AsyncFd::register(receiver) }?;
    while !fd.readable().await?.ready().is_read_closed() {
        leno::task::yield_now().await;
    }
    Ok(fd)
}

fn next_writer(end: impl AsFd) -> io::Result<File> {
    let path = format!("/proc/self/fd/{}", end.as_fd().as_raw_fd());
    File::options().write(true).open(path)
}

#[test]
fn what_is_open_again_is_waited_for() {
    on_one(async {
        for way in 0..4 {
            let mut fd = ended_pipe().await?;
            let _next = next_writer(&fd)?;
            let read = |mut file: &File| file.read(&mut [0; 8]);
            match way {
                0 => assert_would_block(fd.try_io(BOTH, read)),
                1 => assert_would_block(fd.try_io_mut(BOTH, |file| file.read(&mut [0; 8]))),
                2 => drop(fd.ready(BOTH).await?.try_io(|fd| read(fd.get_ref()))),
                _ => drop(
                    fd.ready_mut(BOTH)
                        .await?
                        .try_io(|fd| fd.get_mut().read(&mut [0; 8])),
                ),
            }
            start_and_leave_alone(pin!(fd.readable())).await;
        }
        Ok(())
    });
}

#[test]
fn a_second_end_is_told_to_who_waits_for_both() {
    on_one(async {
        let fd = ended_pipe().await?;
        let next = next_writer(&fd)?;
        let mut read = counted(|| fd.get_ref().read(&mut [0; 8]));
        let mut reading = pin!(fd.async_io(BOTH, |_| read()));
        start_and_leave_alone(reading.as_mut()).await;
        drop(next);
        assert_eq!(reading.await?, 0);
        Ok(())
    });
}

#[test]
fn a_socket_that_was_registered_before_it_connected_is_waited_for() {
    on_one(async {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        let stream = TcpStream::from_std(socket.into())?;
        // It counts as hung up.
        while !stream.ready(Interest::READABLE).await?.is_read_closed() {}
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        let _ = SockRef::from(&stream).connect(&listener.local_addr()?.into());
        let (peer, _) = listener.accept()?;
        let read = || (&*SockRef::from(&stream)).read(&mut [0; 8]);
        assert_would_block(stream.try_io(BOTH, read));
        start_and_leave_alone(pin!(stream.readable())).await;
        drop(peer);
        stream.readable().await?;
        assert_eq!(stream.try_read(&mut [0; 8])?, 0);
        Ok(())
    });
}
