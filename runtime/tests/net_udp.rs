//! UDP sockets exchange whole messages.

mod net_support;

use leno::io::{Interest, ReadBuf};
use leno::net::UdpSocket;
use net_support::*;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

const ANY: &str = "127.0.0.1:0";

/// Two sockets that are connected to each other.
async fn pair() -> io::Result<(UdpSocket, UdpSocket)> {
    let (near, far) = (UdpSocket::bind(ANY).await?, UdpSocket::bind(ANY).await?);
    near.connect(far.local_addr()?).await?;
    far.connect(near.local_addr()?).await?;
    Ok((near, far))
}

#[test]
fn connected_sockets_send_and_receive() {
    on_both(|| async {
        let (near, far) = pair().await?;
        assert_eq!(near.peer_addr()?, far.local_addr()?);
        let mut buffer = [0; 16];
        for message in [&b"one"[..], b"", b"three"] {
            assert_eq!(near.send(message).await?, message.len());
            assert_eq!(far.recv(&mut buffer).await?, message.len());
            assert_eq!(&buffer[..message.len()], message);
        }
        assert_eq!(poll_fn(|cx| far.poll_send(cx, b"back")).await?, 4);
        let mut buf = ReadBuf::new(&mut buffer);
        poll_fn(|cx| near.poll_recv(cx, &mut buf)).await?;
        assert_eq!(buf.filled(), b"back");
        Ok(())
    });
}

#[test]
fn unconnected_sockets_name_their_peers() {
    on_both(|| async {
        let (near, far) = (UdpSocket::bind(ANY).await?, UdpSocket::bind(ANY).await?);
        let (us, them) = (near.local_addr()?, far.local_addr()?);
        let mut buffer = [0; 16];
        assert_eq!(near.send_to(b"hello", them).await?, 5);
        assert_eq!(far.recv_from(&mut buffer).await?, (5, us));
        assert_eq!(&buffer[..5], b"hello");

        assert_eq!(poll_fn(|cx| far.poll_send_to(cx, b"polled", us)).await?, 6);
        let mut buf = ReadBuf::new(&mut buffer);
        assert_eq!(poll_fn(|cx| near.poll_recv_from(cx, &mut buf)).await?, them);
        assert_eq!(buf.filled(), b"polled");

        assert_eq!(near.try_send_to(b"tried", them)?, 5);
        far.readable().await?;
        assert_eq!(far.try_recv_from(&mut buffer)?, (5, us));
        assert_eq!(
            near.peer_addr().unwrap_err().kind(),
            ErrorKind::NotConnected
        );
        Ok(())
    });
}

#[test]
fn sending_to_no_address_is_an_error() {
    on_one(async {
        let socket = UdpSocket::bind(ANY).await?;
        let none: &[SocketAddr] = &[];
        let error = socket.send_to(b"x", none).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let error = socket.connect(none).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        Ok(())
    });
}

#[test]
fn a_new_socket_can_be_tried_at_once() {
    on_both(|| async {
        let (near, far) = pair().await?;
        let mut buffer = [0; 16];
        assert_would_block(far.try_recv(&mut buffer));
        assert_would_block(far.try_recv_from(&mut buffer));
        assert_eq!(near.try_send(b"first")?, 5);
        far.readable().await?;
        assert_eq!(far.try_recv(&mut buffer)?, 5);
        assert_would_block(far.try_recv(&mut buffer));
        Ok(())
    });
}

#[test]
fn messages_are_appended_to_buffers() {
    on_both(|| async {
        let (near, far) = pair().await?;
        let us = near.local_addr()?;
        let mut vec = Vec::with_capacity(64);
        near.send(b"one ").await?;
        assert_eq!(far.recv_buf(&mut vec).await?, 4);
        near.send(b"two ").await?;
        assert_eq!(far.recv_buf_from(&mut vec).await?, (4, us));
        near.send(b"three ").await?;
        far.readable().await?;
        assert_eq!(far.try_recv_buf(&mut vec)?, 6);
        near.send(b"four").await?;
        far.readable().await?;
        assert_eq!(far.try_recv_buf_from(&mut vec)?, (4, us));
        assert_eq!(vec, b"one two three four");
        Ok(())
    });
}

#[test]
fn peeking_takes_nothing() {
    on_both(|| async {
        let (near, far) = pair().await?;
        let us = near.local_addr()?;
        let mut buffer = [0; 16];
        assert_would_block(far.try_peek(&mut buffer));
        near.send(b"seen").await?;
        assert_eq!(far.peek_sender().await?, us);
        assert_eq!(poll_fn(|cx| far.poll_peek_sender(cx)).await?, us);
        assert_eq!(far.try_peek_sender()?, us);
        assert_eq!(far.peek(&mut buffer).await?, 4);
        assert_eq!(far.peek_from(&mut buffer).await?, (4, us));
        assert_eq!(far.try_peek(&mut buffer)?, 4);
        assert_eq!(far.try_peek_from(&mut buffer)?, (4, us));
        let mut buf = ReadBuf::new(&mut buffer);
        poll_fn(|cx| far.poll_peek(cx, &mut buf)).await?;
        assert_eq!(buf.filled(), b"seen");
        buf.clear();
        assert_eq!(poll_fn(|cx| far.poll_peek_from(cx, &mut buf)).await?, us);
        assert_eq!(buf.filled(), b"seen");
        assert_eq!(far.recv(&mut buffer).await?, 4);
        assert_would_block(far.try_peek_sender());
        Ok(())
    });
}

#[test]
fn a_cancelled_receive_loses_no_message() {
    on_one(async {
        let (near, far) = pair().await?;
        let mut buffer = [0; 8];
        for round in 0..10u8 {
            start_and_cancel(far.recv(&mut buffer));
            near.send(&[round]).await?;
            assert_eq!(far.recv(&mut buffer).await?, 1);
            assert_eq!(buffer[0], round);
        }
        Ok(())
    });
}

#[test]
fn one_socket_serves_several_tasks() {
    on_both(|| async {
        let (near, far) = pair().await?;
        let far = Arc::new(far);
        let echo = leno::spawn({
            let far = far.clone();
            async move {
                let mut buffer = [0; 4];
                for _ in 0..100 {
                    let length = far.recv(&mut buffer).await?;
                    far.send(&buffer[..length]).await?;
                }
                io::Result::Ok(())
            }
        });
        let mut buffer = [0; 4];
        for round in 0..100u32 {
            near.send(&round.to_le_bytes()).await?;
            assert_eq!(near.recv(&mut buffer).await?, 4);
            assert_eq!(u32::from_le_bytes(buffer), round);
        }
        echo.await??;
        far.writable().await?;
        Ok(())
    });
}

#[cfg(target_os = "linux")]
#[test]
fn that_nobody_listens_is_reported_to_who_receives() {
    on_both(|| async {
        let nobody = UdpSocket::bind(ANY).await?.local_addr()?;
        let socket = UdpSocket::bind(ANY).await?;
        socket.connect(nobody).await?;
        socket.send(b"hello?").await?;
        let error = socket.recv(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        Ok(())
    });
}

#[test]
fn readiness_is_told() {
    on_both(|| async {
        let (near, far) = pair().await?;
        poll_fn(|cx| near.poll_send_ready(cx)).await?;
        assert!(near.ready(Interest::WRITABLE).await?.is_writable());
        near.send(b"x").await?;
        poll_fn(|cx| far.poll_recv_ready(cx)).await?;
        let both = Interest::READABLE | Interest::WRITABLE;
        assert!(far.ready(both).await?.is_readable());
        let length = far
            .async_io(Interest::READABLE, || {
                socket2::SockRef::from(&far).recv(&mut [std::mem::MaybeUninit::uninit(); 8])
            })
            .await?;
        assert_eq!(length, 1);
        let would_block = || io::Result::<()>::Err(ErrorKind::WouldBlock.into());
        assert_would_block(far.try_io(Interest::READABLE, would_block));
        Ok(())
    });
}

#[test]
fn options_are_set_and_told() {
    on_one(async {
        let socket = UdpSocket::bind(ANY).await?;
        for on in [true, false] {
            socket.set_broadcast(on)?;
            assert_eq!(socket.broadcast()?, on);
            socket.set_multicast_loop_v4(on)?;
            assert_eq!(socket.multicast_loop_v4()?, on);
        }
        socket.set_multicast_ttl_v4(3)?;
        assert_eq!(socket.multicast_ttl_v4()?, 3);
        socket.set_ttl(42)?;
        assert_eq!(socket.ttl()?, 42);
        socket.set_tos_v4(0x10)?;
        assert_eq!(socket.tos_v4()?, 0x10);
        #[expect(deprecated)]
        let tos = socket.tos()?;
        assert_eq!(tos, 0x10);
        assert!(socket.take_error()?.is_none());
        let error = socket.join_multicast_v4(Ipv4Addr::LOCALHOST, Ipv4Addr::UNSPECIFIED);
        assert!(error.is_err(), "that is no multicast group");
        let group = Ipv4Addr::new(224, 0, 0, 123);
        let error = socket.leave_multicast_v4(group, Ipv4Addr::UNSPECIFIED);
        assert!(error.is_err(), "it has not joined");
        let error = socket.leave_multicast_v6(&group.to_ipv6_mapped(), 0);
        assert!(error.is_err(), "it is of IPv4");
        Ok(())
    });
}

#[test]
fn sockets_go_to_std_and_come_back() {
    on_both(|| async {
        let (near, far) = pair().await?;
        let near = UdpSocket::from_std(near.into_std()?)?;
        let far = UdpSocket::try_from(far.into_std()?)?;
        near.send(b"still").await?;
        assert_eq!(far.recv(&mut [0; 8]).await?, 5);
        Ok(())
    });
}

#[test]
fn the_end_of_the_runtime_ends_waiting() {
    let runtime = multi_thread();
    let (_near, far) = runtime.block_on(pair()).unwrap();
    current_thread().block_on(async {
        let receiving = leno::spawn(async move { far.recv(&mut [0; 8]).await });
        leno::task::yield_now().await;
        leno::task::spawn_blocking(move || drop(runtime))
            .await
            .unwrap();
        receiving.await.unwrap().unwrap_err();
    });
}
