//! A TCP socket takes its options along when it connects or listens.

mod net_support;

use leno::io::{AsyncReadExt, AsyncWriteExt};
use leno::net::{TcpListener, TcpSocket};
use net_support::*;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

fn any() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

#[test]
fn it_listens_and_connects() {
    on_both(|| async {
        let socket = TcpSocket::new_v4()?;
        socket.bind(any())?;
        let address = socket.local_addr()?;
        let listener = socket.listen(16)?;
        assert_eq!(listener.local_addr()?, address);
        let mut near = TcpSocket::new_v4()?.connect(address).await?;
        let (mut far, _) = listener.accept().await?;
        near.write_all(b"hello").await?;
        let mut buffer = [0; 5];
        far.read_exact(&mut buffer).await?;
        assert_eq!(&buffer, b"hello");
        Ok(())
    });
}

#[test]
fn it_can_be_bound_before_it_connects() {
    on_one(async {
        let listener = TcpListener::bind(any()).await?;
        let socket = TcpSocket::new_v4()?;
        socket.bind(any())?;
        let ours = socket.local_addr()?;
        let _near = socket.connect(listener.local_addr()?).await?;
        let (_, peer) = listener.accept().await?;
        assert_eq!(peer, ours);
        Ok(())
    });
}

#[test]
fn a_refused_connect_is_an_error() {
    on_both(|| async {
        let free = TcpSocket::new_v4()?;
        free.bind(any())?;
        let error = TcpSocket::new_v4()?
            .connect(free.local_addr()?)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        Ok(())
    });
}

#[cfg(unix)]
#[test]
fn a_connect_that_cannot_begin_is_an_error() {
    on_one(async {
        let address = "[::1]:80".parse().unwrap();
        let error = TcpSocket::new_v4()?.connect(address).await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EAFNOSUPPORT));
        Ok(())
    });
}

#[test]
fn options_are_set_and_told() {
    let socket = TcpSocket::new_v4().unwrap();
    for on in [true, false] {
        socket.set_keepalive(on).unwrap();
        assert_eq!(socket.keepalive().unwrap(), on);
        socket.set_reuseaddr(on).unwrap();
        assert_eq!(socket.reuseaddr().unwrap(), on);
        socket.set_nodelay(on).unwrap();
        assert_eq!(socket.nodelay().unwrap(), on);
    }
    socket.set_send_buffer_size(16 * 1024).unwrap();
    assert!(socket.send_buffer_size().unwrap() >= 16 * 1024);
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    assert!(socket.recv_buffer_size().unwrap() >= 16 * 1024);
    assert_eq!(socket.linger().unwrap(), None);
    #[expect(deprecated)]
    socket.set_linger(Some(Duration::from_secs(7))).unwrap();
    assert_eq!(socket.linger().unwrap(), Some(Duration::from_secs(7)));
    socket.set_zero_linger().unwrap();
    assert_eq!(socket.linger().unwrap(), Some(Duration::ZERO));
    socket.set_tos_v4(0x10).unwrap();
    assert_eq!(socket.tos_v4().unwrap(), 0x10);
    assert!(socket.take_error().unwrap().is_none());
}

#[test]
fn options_stay_when_it_connects() {
    on_one(async {
        let listener = TcpListener::bind(any()).await?;
        let socket = TcpSocket::new_v4()?;
        socket.set_nodelay(true)?;
        socket.set_zero_linger()?;
        let stream = socket.connect(listener.local_addr()?).await?;
        assert!(stream.nodelay()?);
        assert_eq!(stream.linger()?, Some(Duration::ZERO));
        Ok(())
    });
}

#[cfg(target_os = "linux")]
#[test]
fn the_options_of_linux_are_set_and_told() {
    on_one(async {
        let socket = TcpSocket::new_v4()?;
        assert_eq!(socket.device()?, None);
        assert!(!socket.reuseport()?);
        socket.set_reuseport(true)?;
        assert!(socket.reuseport()?);
        socket.bind(any())?;
        let second = TcpSocket::new_v4()?;
        second.set_reuseport(true)?;
        second.bind(socket.local_addr()?)?;
        let listener = socket.listen(4)?;
        let stream = second.listen(4)?;
        assert_eq!(stream.local_addr()?, listener.local_addr()?);

        let (near, _far) = tcp_pair().await?;
        near.set_quickack(false)?;
        assert!(!near.quickack()?);
        Ok(())
    });
}

#[cfg(unix)]
#[test]
fn it_passes_through_descriptors_and_std() {
    use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd};
    on_one(async {
        let socket = TcpSocket::new_v4()?;
        assert_eq!(socket.as_raw_fd(), socket.as_fd().as_raw_fd());
        socket.bind(any())?;
        let address = socket.local_addr()?;
        // SAFETY: the descriptor has just been given away by a socket of the same kind.
        let socket = unsafe { TcpSocket::from_raw_fd(socket.into_raw_fd()) };
        assert_eq!(socket.local_addr()?, address);

        let raw = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
        raw.set_nonblocking(true)?;
        let listener = socket.listen(1)?;
        let stream = TcpSocket::from_std_stream(raw.into())
            .connect(address)
            .await?;
        assert_eq!(stream.peer_addr()?, listener.local_addr()?);
        Ok(())
    });
}
