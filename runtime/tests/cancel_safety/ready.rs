//! Readiness of what `leno::net` has: who asks again is told the same.

use crate::support::{Row, again, ends, kept, later, row};
use leno::io::Interest;
use leno::net::unix::pipe;
use leno::net::{TcpStream, UdpSocket, UnixDatagram, UnixStream};
use std::io::{Read, Write};

/// Each is measured on a thread of its own.
pub(crate) const LISTS: &[fn() -> Vec<Row>] =
    &[tcp, tcp_halves, unix, unix_halves, datagrams, pipes];

/// Two ends of a connection, and the far one as std's. A byte comes from there a second from now.
fn tcp_readable() -> (TcpStream, std::net::TcpStream) {
    let (near, far) = tcp_pair();
    let mut writer = far.try_clone().unwrap();
    later(async move { writer.write_all(b"x").unwrap() });
    (near, far)
}

/// The same, without room to write until a second from now.
fn tcp_writable() -> (TcpStream, std::net::TcpStream) {
    let (near, far) = tcp_pair();
    while near.try_write(&[0; 65536]).is_ok() {}
    let mut reader = far.try_clone().unwrap();
    reader.set_nonblocking(true).unwrap();
    later(async move { while reader.read(&mut [0; 65536]).is_ok() {} });
    (near, far)
}

fn tcp_pair() -> (TcpStream, std::net::TcpStream) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let far = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (near, _) = listener.accept().unwrap();
    near.set_nonblocking(true).unwrap();
    (TcpStream::from_std(near).unwrap(), far)
}

fn unix_readable() -> (UnixStream, std::os::unix::net::UnixStream) {
    let (near, far) = unix_pair();
    let mut writer = far.try_clone().unwrap();
    later(async move { writer.write_all(b"x").unwrap() });
    (near, far)
}

fn unix_writable() -> (UnixStream, std::os::unix::net::UnixStream) {
    let (near, far) = unix_pair();
    while near.try_write(&[0; 65536]).is_ok() {}
    let mut reader = far.try_clone().unwrap();
    reader.set_nonblocking(true).unwrap();
    later(async move { while reader.read(&mut [0; 65536]).is_ok() {} });
    (near, far)
}

fn unix_pair() -> (UnixStream, std::os::unix::net::UnixStream) {
    let (near, far) = std::os::unix::net::UnixStream::pair().unwrap();
    near.set_nonblocking(true).unwrap();
    (UnixStream::from_std(near).unwrap(), far)
}

/// A row that asks for readiness, and asks again.
macro_rules! asks {
    ($operation:literal, $make:expr, |$io:ident| $future:expr) => {
        asks!($operation, $make, |$io| with () = (); $future)
    };
    ($operation:literal, $make:expr, |$io:ident| with $part:pat_param = $parts:expr; $future:expr) => {
        row! {
            $operation;
            make $make;
            run |($io, _far)| with $part = $parts; $future;
            check |($io, _far), _cut| {
                #[allow(unused_mut, reason = "halves are of what can be changed")]
                let mut $io = $io;
                let $part = $parts;
                ends($future).await
            }
        }
    };
}

/// A row that reads the byte that comes, and another that looks at it.
macro_rules! reads {
    ($operation:literal, $make:expr) => {
        row! {
            $operation;
            make ($make, 0);
            run |((io, _far), _got)| {
                io.async_io(Interest::READABLE, || io.try_read(&mut [0; 4]))
            } => |n| *_got = n.unwrap();
            check |((io, _far), mut got), _cut| {
                if got == 0 {
                    let read = io.async_io(Interest::READABLE, || io.try_read(&mut [0; 4]));
                    got = again(read).await.map_or(0, Result::unwrap);
                }
                kept(got == 1)
            }
        }
    };
}

macro_rules! peeks {
    ($operation:literal, $make:expr, |$io:ident| with $part:pat_param = $parts:expr; $peeker:expr) => {
        row! {
            $operation;
            make ($make, [0; 4]);
            run |(($io, _far), buf)| with $part = $parts; $peeker.peek(buf);
            check |(($io, _far), mut buf), _cut| {
                #[allow(unused_mut, reason = "halves are of what can be changed")]
                let mut $io = $io;
                let $part = $parts;
                kept(again($peeker.peek(&mut buf)).await.map(Result::unwrap) == Some(1))
            }
        }
    };
}

fn tcp() -> Vec<Row> {
    vec![
        asks!("net::TcpStream::ready", tcp_readable(), |io| io
            .ready(Interest::READABLE)),
        asks!("net::TcpStream::readable", tcp_readable(), |io| io
            .readable()),
        asks!("net::TcpStream::writable", tcp_writable(), |io| io
            .writable()),
        reads!("net::TcpStream::async_io", tcp_readable()),
        peeks!("net::TcpStream::peek", tcp_readable(), |io| with () = (); io),
    ]
}

fn tcp_halves() -> Vec<Row> {
    vec![
        asks!("net::tcp::ReadHalf::ready", tcp_readable(), |io| with (half, _) = io.split(); half.ready(Interest::READABLE)),
        asks!("net::tcp::ReadHalf::readable", tcp_readable(), |io| with (half, _) = io.split(); half.readable()),
        peeks!("net::tcp::ReadHalf::peek", tcp_readable(), |io| with (mut half, _) = io.split(); half),
        asks!("net::tcp::WriteHalf::ready", tcp_writable(), |io| with (_, half) = io.split(); half.ready(Interest::WRITABLE)),
        asks!("net::tcp::WriteHalf::writable", tcp_writable(), |io| with (_, half) = io.split(); half.writable()),
        asks!(
            "net::tcp::OwnedReadHalf::ready",
            read_half(tcp_readable()),
            |io| io.0.ready(Interest::READABLE)
        ),
        asks!(
            "net::tcp::OwnedReadHalf::readable",
            read_half(tcp_readable()),
            |io| io.0.readable()
        ),
        peeks!("net::tcp::OwnedReadHalf::peek", read_half(tcp_readable()), |io| with () = (); io.0),
        asks!(
            "net::tcp::OwnedWriteHalf::ready",
            read_half(tcp_writable()),
            |io| io.1.ready(Interest::WRITABLE)
        ),
        asks!(
            "net::tcp::OwnedWriteHalf::writable",
            read_half(tcp_writable()),
            |io| io.1.writable()
        ),
    ]
}

type Halves<R, W, F> = ((R, W), F);

fn read_half<F>(
    (io, far): (TcpStream, F),
) -> Halves<leno::net::tcp::OwnedReadHalf, leno::net::tcp::OwnedWriteHalf, F> {
    (io.into_split(), far)
}

fn unix_half<F>(
    (io, far): (UnixStream, F),
) -> Halves<leno::net::unix::OwnedReadHalf, leno::net::unix::OwnedWriteHalf, F> {
    (io.into_split(), far)
}

fn unix() -> Vec<Row> {
    vec![
        asks!("net::UnixStream::ready", unix_readable(), |io| io
            .ready(Interest::READABLE)),
        asks!("net::UnixStream::readable", unix_readable(), |io| io
            .readable()),
        asks!("net::UnixStream::writable", unix_writable(), |io| io
            .writable()),
        reads!("net::UnixStream::async_io", unix_readable()),
    ]
}

fn unix_halves() -> Vec<Row> {
    vec![
        asks!("net::unix::ReadHalf::ready", unix_readable(), |io| with (half, _) = io.split(); half.ready(Interest::READABLE)),
        asks!("net::unix::ReadHalf::readable", unix_readable(), |io| with (half, _) = io.split(); half.readable()),
        asks!("net::unix::WriteHalf::ready", unix_writable(), |io| with (_, half) = io.split(); half.ready(Interest::WRITABLE)),
        asks!("net::unix::WriteHalf::writable", unix_writable(), |io| with (_, half) = io.split(); half.writable()),
        asks!(
            "net::unix::OwnedReadHalf::ready",
            unix_half(unix_readable()),
            |io| io.0.ready(Interest::READABLE)
        ),
        asks!(
            "net::unix::OwnedReadHalf::readable",
            unix_half(unix_readable()),
            |io| io.0.readable()
        ),
        asks!(
            "net::unix::OwnedWriteHalf::ready",
            unix_half(unix_writable()),
            |io| io.1.ready(Interest::WRITABLE)
        ),
        asks!(
            "net::unix::OwnedWriteHalf::writable",
            unix_half(unix_writable()),
            |io| io.1.writable()
        ),
    ]
}

/// A socket to which a message comes a second from now.
fn udp() -> (UdpSocket, std::net::UdpSocket) {
    let far = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let near = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    near.connect(far.local_addr().unwrap()).unwrap();
    far.connect(near.local_addr().unwrap()).unwrap();
    near.set_nonblocking(true).unwrap();
    let sender = far.try_clone().unwrap();
    later(async move { assert_eq!(sender.send(b"x").unwrap(), 1) });
    (UdpSocket::from_std(near).unwrap(), far)
}

fn unix_datagram() -> (UnixDatagram, UnixDatagram) {
    let (near, far) = UnixDatagram::pair().unwrap();
    let far = far.into_std().unwrap();
    let sender = far.try_clone().unwrap();
    later(async move { assert_eq!(sender.send(b"x").unwrap(), 1) });
    (near, UnixDatagram::from_std(far).unwrap())
}

/// One that has no room, until a second from now.
pub(crate) fn full_datagram() -> (UnixDatagram, UnixDatagram) {
    let (near, far) = UnixDatagram::pair().unwrap();
    while near.try_send(b"-").is_ok() {}
    let far = far.into_std().unwrap();
    let reader = far.try_clone().unwrap();
    later(async move { while reader.recv(&mut [0; 4]).is_ok() {} });
    (near, UnixDatagram::from_std(far).unwrap())
}

fn datagrams() -> Vec<Row> {
    vec![
        asks!("net::UdpSocket::ready", udp(), |io| io
            .ready(Interest::READABLE)),
        asks!("net::UdpSocket::readable", udp(), |io| io.readable()),
        asks!("net::UdpSocket::writable", udp(), |io| io.writable()),
        asks!("net::UnixDatagram::ready", unix_datagram(), |io| io
            .ready(Interest::READABLE)),
        asks!("net::UnixDatagram::readable", unix_datagram(), |io| io
            .readable()),
        asks!("net::UnixDatagram::writable", full_datagram(), |io| io
            .writable()),
        row! {
            "net::UdpSocket::async_io";
            make (udp(), 0);
            run |((io, _far), _got)| io.async_io(Interest::READABLE, || io.try_recv(&mut [0; 4])) => |n| *_got = n.unwrap();
            check |((io, _far), got), _cut| kept(got + usize::from(got == 0 && io.recv(&mut [0; 4]).await.is_ok()) == 1)
        },
        row! {
            "net::UnixDatagram::async_io";
            make (unix_datagram(), 0);
            run |((io, _far), _got)| io.async_io(Interest::READABLE, || io.try_recv(&mut [0; 4])) => |n| *_got = n.unwrap();
            check |((io, _far), got), _cut| kept(got + usize::from(got == 0 && io.recv(&mut [0; 4]).await.is_ok()) == 1)
        },
    ]
}

fn pipe_readable() -> (pipe::Receiver, pipe::Sender) {
    let (sender, receiver) = pipe::pipe().unwrap();
    let writer = std::os::fd::AsFd::as_fd(&sender)
        .try_clone_to_owned()
        .unwrap();
    later(async move { std::fs::File::from(writer).write_all(b"x").unwrap() });
    (receiver, sender)
}

fn pipe_writable() -> (pipe::Sender, pipe::Receiver) {
    let (sender, receiver) = pipe::pipe().unwrap();
    while sender.try_write(&[0; 4096]).is_ok() {}
    let reader = std::os::fd::AsFd::as_fd(&receiver)
        .try_clone_to_owned()
        .unwrap();
    let mut reader = std::fs::File::from(reader);
    later(async move { while reader.read(&mut [0; 4096]).is_ok() {} });
    (sender, receiver)
}

fn pipes() -> Vec<Row> {
    vec![
        asks!("net::unix::pipe::Receiver::ready", pipe_readable(), |io| io
            .ready(Interest::READABLE)),
        asks!(
            "net::unix::pipe::Receiver::readable",
            pipe_readable(),
            |io| io.readable()
        ),
        asks!("net::unix::pipe::Sender::ready", pipe_writable(), |io| io
            .ready(Interest::WRITABLE)),
        asks!("net::unix::pipe::Sender::writable", pipe_writable(), |io| {
            io.writable()
        }),
    ]
}
