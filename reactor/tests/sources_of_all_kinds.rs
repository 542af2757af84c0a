//! Anything mio knows as a source can be registered; interests are kept apart.

mod common;
use common::*;
use leno_reactor::{Interest, Reactor, block_on};
use std::io::{self, Read, Write};

#[test]
fn udp_sockets_exchange_datagrams() {
    let mut reactor = Reactor::new().unwrap();
    let handle = reactor.handle();
    let (receiver, sender) = udp();
    let receiver = register(&handle, receiver);
    let sender = register(&handle, sender);
    let received = block_on(&mut reactor, async {
        let mut buffer = [0; 16];
        sender
            .async_io(Interest::WRITABLE, |s| s.send(b"ping"))
            .await?;
        let (n, from) = receiver
            .async_io(Interest::READABLE, |s| s.recv_from(&mut buffer))
            .await?;
        assert_eq!(from, sender.get_ref().local_addr()?);
        io::Result::Ok(buffer[..n].to_vec())
    });
    assert_eq!(received.unwrap().unwrap(), b"ping");
}

#[test]
fn a_pending_connect_is_over_when_it_is_writable() {
    let mut reactor = Reactor::new().unwrap();
    let handle = reactor.handle();
    let listener = listener();
    let address = listener.local_addr().unwrap();
    let listener = register(&handle, listener);
    let stream = mio::net::TcpStream::connect(address).unwrap();
    let stream = handle.register(stream, BOTH).unwrap();
    block_on(&mut reactor, async {
        stream.ready(Interest::WRITABLE).await.unwrap();
        let peer = stream.get_ref().peer_addr().unwrap();
        assert_eq!(peer, address);
        let accepted = listener.async_io(Interest::READABLE, |l| l.accept()).await;
        assert_eq!(accepted.unwrap().1, stream.get_ref().local_addr().unwrap());
    })
    .unwrap();
}

#[cfg(unix)]
#[test]
fn a_pipe_carries_bytes_and_its_end() {
    let mut reactor = Reactor::new().unwrap();
    let handle = reactor.handle();
    let (sender, receiver) = mio::unix::pipe::new().unwrap();
    let sender = handle.register(sender, Interest::WRITABLE).unwrap();
    let receiver = handle.register(receiver, Interest::READABLE).unwrap();
    let (all, end) = block_on(&mut reactor, async move {
        sender
            .async_io(Interest::WRITABLE, |mut s| s.write(b"bytes"))
            .await
            .unwrap();
        drop(sender);
        let mut buffer = [0; 16];
        let n = receiver
            .async_io(Interest::READABLE, |mut r| r.read(&mut buffer))
            .await
            .unwrap();
        let all = buffer[..n].to_vec();
        let end = receiver
            .async_io(Interest::READABLE, |mut r| r.read(&mut buffer))
            .await
            .unwrap();
        (all, end)
    })
    .unwrap();
    assert_eq!((all, end), (b"bytes".to_vec(), 0));
}

#[cfg(unix)]
#[test]
fn a_writer_learns_that_the_reader_of_its_pipe_is_gone() {
    let mut reactor = Reactor::new().unwrap();
    let (sender, receiver) = mio::unix::pipe::new().unwrap();
    let sender = reactor
        .handle()
        .register(sender, Interest::WRITABLE)
        .unwrap();
    drop(receiver);
    turn_until(&mut reactor, || {
        sender
            .ready_event(Interest::WRITABLE)
            .ready()
            .is_write_closed()
    });
    let written = sender.try_io(Interest::WRITABLE, |mut s| s.write(b"x"));
    assert_eq!(written.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn a_source_registered_for_reading_is_never_writable() {
    let mut reactor = Reactor::new().unwrap();
    let (receiver, sender) = udp();
    let io = reactor
        .handle()
        .register(receiver, Interest::READABLE)
        .unwrap();
    sender.send(b"x").unwrap();
    turn_until_ready(&mut reactor, &io, Interest::READABLE);
    assert!(!io.ready_event(BOTH).ready().is_writable());
    let tried = io.try_io(Interest::WRITABLE, |_| -> io::Result<()> {
        panic!("it is not writable")
    });
    assert!(would_block(tried));
}

#[test]
fn a_source_registered_for_writing_is_never_readable() {
    let mut reactor = Reactor::new().unwrap();
    let (receiver, sender) = udp();
    let io = reactor
        .handle()
        .register(receiver, Interest::WRITABLE)
        .unwrap();
    sender.send(b"x").unwrap();
    turn_until_ready(&mut reactor, &io, Interest::WRITABLE);
    assert!(!io.ready_event(BOTH).ready().is_readable());
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn interest_in_errors_alone_is_not_satisfied_by_data() {
    let mut reactor = Reactor::new().unwrap();
    let (receiver, sender) = udp();
    let io = reactor
        .handle()
        .register(receiver, Interest::ERROR)
        .unwrap();
    sender.send(b"x").unwrap();
    turn_until_ready(&mut reactor, &io, Interest::READABLE);
    assert!(io.ready_event(Interest::ERROR).ready().is_empty());
}
