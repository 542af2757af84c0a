//! Connections and messages of `leno::net`: none may be lost.

use crate::ready::full_datagram;
use crate::support::{Row, Seen, again, kept, later, of_the_system, row, settle};
use leno::io::AsyncReadExt;
use leno::net::{TcpListener, TcpSocket, TcpStream, UdpSocket, UnixDatagram};
use leno::net::{UnixListener, UnixSocket, UnixStream, lookup_host};
use leno::task::yield_now;
use std::net::SocketAddr;
use tempfile::TempDir;

/// Each is measured on a thread of its own.
pub(crate) const LISTS: &[fn() -> Vec<Row>] =
    &[names, accepts, connects, messages, unix_messages, sends];

/// What looks up a name does so on another thread.
fn names() -> Vec<Row> {
    of_the_system(vec![
        row! {
            "net::lookup_host";
            make ();
            run |()| lookup_host("localhost:80");
            check |(), _cut| kept(lookup_host("localhost:80").await.unwrap().count() > 0)
        },
        row! {
            "net::TcpListener::bind";
            make ();
            run |()| TcpListener::bind("localhost:0");
            check |(), _cut| kept(TcpListener::bind("localhost:0").await.is_ok())
        },
        row! {
            "net::UdpSocket::bind";
            make ();
            run |()| UdpSocket::bind("localhost:0");
            check |(), _cut| kept(UdpSocket::bind("localhost:0").await.is_ok())
        },
        row! {
            "net::UdpSocket::connect";
            make UdpSocket::bind("127.0.0.1:0").await.unwrap();
            run |socket| socket.connect("localhost:80");
            check |socket, _cut| kept(socket.connect("localhost:80").await.is_ok() && socket.peer_addr().unwrap().port() == 80)
        },
    ])
}

async fn tcp_listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn unix_listener() -> (UnixListener, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (
        UnixListener::bind(folder.path().join("socket")).unwrap(),
        folder,
    )
}

fn accepts() -> Vec<Row> {
    vec![
        row! {
            "net::TcpListener::accept";
            make {
                let (listener, address) = tcp_listener().await;
                later(async move { drop(std::net::TcpStream::connect(address).unwrap()) });
                (listener, false)
            };
            run |(listener, _got)| listener.accept() => |accepted| *_got = accepted.is_ok();
            check |(listener, got), _cut| kept(got || again(listener.accept()).await.is_some())
        },
        row! {
            "net::UnixListener::accept";
            make {
                let (listener, folder) = unix_listener();
                let path = folder.path().join("socket");
                later(async { drop(std::os::unix::net::UnixStream::connect(path).unwrap()) });
                (listener, folder, false)
            };
            run |(listener, _, _got)| listener.accept() => |accepted| *_got = accepted.is_ok();
            check |(listener, _folder, got), _cut| kept(got || again(listener.accept()).await.is_some())
        },
    ]
}

/// The listener sees a connection if and only if the run has one.
async fn tcp_connection(listener: &TcpListener, has_one: bool) -> Seen {
    settle().await;
    kept(again(listener.accept()).await.is_some() == has_one)
}

async fn unix_connection(listener: &UnixListener, has_one: bool) -> Seen {
    settle().await;
    kept(again(listener.accept()).await.is_some() == has_one)
}

fn connects() -> Vec<Row> {
    let tcp = vec![
        row! {
            "net::TcpStream::connect";
            make (tcp_listener().await, None);
            run |((_, address), _stream)| TcpStream::connect(*address) => |stream| *_stream = stream.ok();
            check |((listener, _), stream), _cut| tcp_connection(&listener, stream.is_some()).await
        },
        row! {
            "net::TcpSocket::connect";
            make (tcp_listener().await, None);
            run |((_, address), _stream)| {
                TcpSocket::new_v4().unwrap().connect(*address)
            } => |stream| *_stream = stream.ok();
            check |((listener, _), stream), _cut| tcp_connection(&listener, stream.is_some()).await
        },
    ];
    let unix = vec![
        row! {
            "net::UnixStream::connect";
            make (unix_listener(), None);
            run |((_, folder), _stream)| UnixStream::connect(folder.path().join("socket")) => |stream| *_stream = stream.ok();
            check |((listener, _folder), stream), _cut| unix_connection(&listener, stream.is_some()).await
        },
        row! {
            "net::UnixStream::connect_addr";
            make (unix_listener(), None);
            run |((listener, _), _stream)| with address = listener.local_addr().unwrap();
                UnixStream::connect_addr(&address) => |stream| *_stream = stream.ok();
            check |((listener, _folder), stream), _cut| unix_connection(&listener, stream.is_some()).await
        },
        row! {
            "net::UnixSocket::connect";
            make (unix_listener(), None);
            run |((_, folder), _stream)| {
                UnixSocket::new_stream().unwrap().connect(folder.path().join("socket"))
            } => |stream| *_stream = stream.ok();
            check |((listener, _folder), stream), _cut| unix_connection(&listener, stream.is_some()).await
        },
        row! {
            "io::AsyncReadExt::read on net::TcpStream";
            make {
                let (listener, address) = tcp_listener().await;
                let far = std::net::TcpStream::connect(address).unwrap();
                let (near, _) = listener.accept().await.unwrap();
                later(async move { std::io::Write::write_all(&mut &far, b"text").unwrap() });
                (near, [0; 2], Vec::new())
            };
            run |(near, buf, _got)| near.read(buf) => |n| _got.extend(&buf[..n.unwrap()]);
            check |(mut near, _, mut got), _cut| {
                near.read_to_end(&mut got).await.unwrap();
                kept(got == b"text")
            }
        },
    ];
    [tcp, unix].concat()
}

/// A socket to which a message comes a second from now, room for that, and what has been taken.
async fn udp() -> (UdpSocket, Vec<u8>, usize) {
    let near = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let far = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = near.local_addr().unwrap();
    later(async move { assert_eq!(far.send_to(b"message", address).unwrap(), 7) });
    (near, vec![0; 16], 0)
}

/// The same, of a Unix socket.
fn unix() -> (UnixDatagram, Vec<u8>, usize) {
    let (near, far) = UnixDatagram::pair().unwrap();
    later(async move { assert_eq!(far.try_send(b"message").unwrap(), 7) });
    (near, vec![0; 16], 0)
}

/// The message was taken, or can be.
macro_rules! came {
    ($socket:ident, $got:ident) => {{
        let got = match $got {
            0 => again($socket.recv(&mut [0; 16]))
                .await
                .map_or(0, Result::unwrap),
            got => got,
        };
        kept(got == 7)
    }};
}

/// The message has been looked at, and can be taken.
async fn is_there(socket: UdpSocket) -> Seen {
    let received = again(socket.recv(&mut [0; 16])).await;
    kept(received.map(Result::unwrap) == Some(7))
}

fn messages() -> Vec<Row> {
    vec![
        row! {
            "net::UdpSocket::recv";
            make udp().await;
            run |(socket, buf, _got)| socket.recv(buf) => |n| *_got = n.unwrap();
            check |(socket, _, got), _cut| came!(socket, got)
        },
        row! {
            "net::UdpSocket::recv_buf";
            make udp().await;
            run |(socket, buf, _got)| socket.recv_buf(buf) => |n| *_got = n.unwrap();
            check |(socket, _, got), _cut| came!(socket, got)
        },
        row! {
            "net::UdpSocket::recv_from";
            make udp().await;
            run |(socket, buf, _got)| socket.recv_from(buf) => |n| *_got = n.unwrap().0;
            check |(socket, _, got), _cut| came!(socket, got)
        },
        row! {
            "net::UdpSocket::recv_buf_from";
            make udp().await;
            run |(socket, buf, _got)| socket.recv_buf_from(buf) => |n| *_got = n.unwrap().0;
            check |(socket, _, got), _cut| came!(socket, got)
        },
        row! {
            "net::UdpSocket::peek";
            make udp().await;
            run |(socket, buf, _)| socket.peek(buf);
            check |(socket, ..), _cut| is_there(socket).await
        },
        row! {
            "net::UdpSocket::peek_from";
            make udp().await;
            run |(socket, buf, _)| socket.peek_from(buf);
            check |(socket, ..), _cut| is_there(socket).await
        },
        row! {
            "net::UdpSocket::peek_sender";
            make udp().await;
            run |(socket, ..)| socket.peek_sender();
            check |(socket, ..), _cut| is_there(socket).await
        },
    ]
}

fn unix_messages() -> Vec<Row> {
    vec![
        row! {
            "net::UnixDatagram::recv";
            make unix();
            run |(socket, buf, _got)| socket.recv(buf) => |n| *_got = n.unwrap();
            check |(socket, _, got), _cut| came!(socket, got)
        },
        row! {
            "net::UnixDatagram::recv_buf";
            make unix();
            run |(socket, buf, _got)| socket.recv_buf(buf) => |n| *_got = n.unwrap();
            check |(socket, _, got), _cut| came!(socket, got)
        },
        row! {
            "net::UnixDatagram::recv_from";
            make unix();
            run |(socket, buf, _got)| socket.recv_from(buf) => |n| *_got = n.unwrap().0;
            check |(socket, _, got), _cut| came!(socket, got)
        },
        row! {
            "net::UnixDatagram::recv_buf_from";
            make unix();
            run |(socket, buf, _got)| socket.recv_buf_from(buf) => |n| *_got = n.unwrap().0;
            check |(socket, _, got), _cut| came!(socket, got)
        },
    ]
}

/// Two sockets, the address of the second, and whether a message was sent from one to the other.
async fn udp_pair() -> (UdpSocket, UdpSocket, bool) {
    let near = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let far = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    near.connect(far.local_addr().unwrap()).await.unwrap();
    (near, far, false)
}

/// The same, of Unix sockets, and there is no room for a second.
fn unix_pair() -> (UnixDatagram, UnixDatagram, bool) {
    let (near, far) = full_datagram();
    (near, far, false)
}

/// The same, with an address.
fn unix_bound() -> (UnixDatagram, UnixDatagram, bool, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let far = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    far.set_nonblocking(true).unwrap();
    let near = UnixDatagram::unbound().unwrap();
    while near.try_send_to(b"-", &path).is_ok() {}
    let reader = far.try_clone().unwrap();
    // Not a second from now: who waits for room at another socket looks again and again, in real time, so that the clock
    // stands still.
    leno::spawn(async move {
        for _ in 0..20 {
            yield_now().await;
        }
        while reader.recv(&mut [0; 4]).is_ok() {}
    })
    .detach();
    (near, UnixDatagram::from_std(far).unwrap(), false, folder)
}

/// One message has come, whatever else did.
macro_rules! one_came {
    ($far:ident) => {{
        settle().await;
        let mut count = 0;
        let mut buf = [0; 16];
        while let Ok(n) = $far.try_recv(&mut buf) {
            count += usize::from(n == 7);
        }
        kept(count == 1)
    }};
}

fn sends() -> Vec<Row> {
    vec![
        row! {
            "net::UdpSocket::send";
            make udp_pair().await;
            run |(near, _, _sent)| near.send(b"message") => |n| *_sent = n.is_ok();
            check |(near, far, sent), _cut| {
                assert!(sent || near.send(b"message").await.is_ok());
                one_came!(far)
            }
        },
        row! {
            "net::UdpSocket::send_to";
            make udp_pair().await;
            run |(near, far, _sent)| near.send_to(b"message", far.local_addr().unwrap()) => |n| *_sent = n.is_ok();
            check |(near, far, sent), _cut| {
                assert!(sent || near.send(b"message").await.is_ok());
                one_came!(far)
            }
        },
        row! {
            "net::UnixDatagram::send";
            make unix_pair();
            run |(near, _, _sent)| near.send(b"message") => |n| *_sent = n.is_ok();
            check |(near, far, sent), _cut| {
                assert!(sent || near.send(b"message").await.is_ok());
                one_came!(far)
            }
        },
        row! {
            "net::UnixDatagram::send_to";
            make unix_bound();
            run |(near, _, _sent, folder)| near.send_to(b"message", folder.path().join("socket")) => |n| *_sent = n.is_ok();
            check |(near, far, sent, folder), _cut| {
                assert!(sent || near.send_to(b"message", folder.path().join("socket")).await.is_ok());
                one_came!(far)
            }
        }
        .of_the_system(),
    ]
}
