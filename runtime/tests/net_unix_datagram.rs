//! Unix datagram sockets exchange whole messages.
#![cfg(unix)]

mod net_support;

use leno::io::{Interest, ReadBuf};
use leno::net::{UnixDatagram, UnixSocket};
use net_support::*;
use std::future::poll_fn;
use std::io::ErrorKind;
use std::net::Shutdown;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

#[test]
fn a_pair_sends_and_receives() {
    on_both(|| async {
        let (near, far) = UnixDatagram::pair()?;
        let mut buffer = [0; 16];
        for message in [&b"one"[..], b"three"] {
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
fn messages_go_to_paths_and_name_their_senders() {
    on_both(|| async {
        let folder = Folder::new("paths");
        let (us, them) = (folder.path("us"), folder.path("them"));
        let (near, far) = (UnixDatagram::bind(&us)?, UnixDatagram::bind(&them)?);
        let mut buffer = [0; 16];
        assert_eq!(near.send_to(b"hello", &them).await?, 5);
        let (length, sender) = far.recv_from(&mut buffer).await?;
        assert_eq!((length, sender.as_pathname()), (5, Some(&*us)));

        assert_eq!(poll_fn(|cx| far.poll_send_to(cx, b"polled", &us)).await?, 6);
        let mut buf = ReadBuf::new(&mut buffer);
        let sender = poll_fn(|cx| near.poll_recv_from(cx, &mut buf)).await?;
        assert_eq!(sender.as_pathname(), Some(&*them));
        assert_eq!(buf.filled(), b"polled");

        assert_eq!(near.try_send_to(b"tried", &them)?, 5);
        far.readable().await?;
        let (length, sender) = far.try_recv_from(&mut buffer)?;
        assert_eq!((length, sender.as_pathname()), (5, Some(&*us)));

        let nameless = UnixDatagram::unbound()?;
        nameless.connect(&them)?;
        assert_eq!(nameless.peer_addr()?.as_pathname(), Some(&*them));
        nameless.send(b"from nobody").await?;
        let (_, sender) = far.recv_from(&mut buffer).await?;
        assert!(sender.is_unnamed(), "{sender:?}");
        Ok(())
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_sender_may_have_an_abstract_name() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net;
    on_one(async {
        let folder = Folder::new("abstract");
        let far = UnixDatagram::bind(folder.path("far"))?;
        let name = format!("leno-datagram-{}", std::process::id());
        let near = net::UnixDatagram::bind_addr(&net::SocketAddr::from_abstract_name(&name)?)?;
        near.send_to(b"x", folder.path("far"))?;
        let (_, sender) = far.recv_from(&mut [0; 8]).await?;
        assert_eq!(sender.as_abstract_name(), Some(name.as_bytes()));
        Ok(())
    });
}

#[test]
fn a_new_socket_can_be_tried_at_once() {
    on_both(|| async {
        let (near, far) = UnixDatagram::pair()?;
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
fn a_full_socket_is_writable_when_it_has_been_read() {
    on_both(|| async {
        let (near, far) = UnixDatagram::pair()?;
        near.writable().await?;
        let mut sent = 0;
        while near.try_send(&[0; 1024]).is_ok() {
            sent += 1;
        }
        assert!(sent > 0);
        let sending = leno::spawn(async move { near.send(b"last").await });
        leno::task::yield_now().await;
        let mut buffer = [0; 1024];
        for _ in 0..sent {
            assert_eq!(far.recv(&mut buffer).await?, 1024);
        }
        assert_eq!(far.recv(&mut buffer).await?, 4);
        assert_eq!(sending.await??, 4);
        Ok(())
    });
}

#[test]
fn messages_are_appended_to_buffers() {
    on_both(|| async {
        let (near, far) = UnixDatagram::pair()?;
        let mut vec = Vec::with_capacity(64);
        near.send(b"one ").await?;
        assert_eq!(far.recv_buf(&mut vec).await?, 4);
        near.send(b"two ").await?;
        let (length, sender) = far.recv_buf_from(&mut vec).await?;
        assert!(length == 4 && sender.is_unnamed());
        near.send(b"three ").await?;
        far.readable().await?;
        assert_eq!(far.try_recv_buf(&mut vec)?, 6);
        near.send(b"four").await?;
        far.readable().await?;
        assert_eq!(far.try_recv_buf_from(&mut vec)?.0, 4);
        assert_eq!(vec, b"one two three four");
        Ok(())
    });
}

#[test]
fn a_cancelled_receive_loses_no_message() {
    on_one(async {
        let (near, far) = UnixDatagram::pair()?;
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
        let (near, far) = UnixDatagram::pair()?;
        let near = Arc::new(near);
        let sending = leno::spawn({
            let near = near.clone();
            async move {
                for round in 0..100u8 {
                    near.send(&[round]).await?;
                }
                std::io::Result::Ok(())
            }
        });
        let mut buffer = [0; 8];
        for round in 0..100u8 {
            assert_eq!(far.recv(&mut buffer).await?, 1);
            assert_eq!(buffer[0], round);
            far.send(&buffer[..1]).await?;
            assert_eq!(near.recv(&mut buffer).await?, 1);
        }
        sending.await?
    });
}

#[test]
fn shutdown_ends_sending() {
    on_one(async {
        let (near, far) = UnixDatagram::pair()?;
        near.shutdown(Shutdown::Write)?;
        let error = near.send(b"x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        far.send(b"x").await?;
        assert_eq!(near.recv(&mut [0; 8]).await?, 1);
        Ok(())
    });
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn shutdown_ends_receiving_as_where_it_blocks() {
    on_one(async {
        for how in [Shutdown::Read, Shutdown::Both] {
            let (near, far) = UnixDatagram::pair()?;
            far.send(b"x").await?;
            near.shutdown(how)?;
            let mut buffer = [7; 8];
            assert_eq!(near.recv(&mut buffer).await?, 1);
            assert_eq!(near.recv(&mut buffer).await?, 0);
            let (length, sender) = near.recv_from(&mut buffer).await?;
            assert!(length == 0 && sender.is_unnamed());
            let mut polled = ReadBuf::new(&mut buffer);
            poll_fn(|cx| near.poll_recv(cx, &mut polled)).await?;
            assert!(polled.filled().is_empty());
        }
        // Also who waits already.
        let (near, _far) = UnixDatagram::pair()?;
        let mut buffer = [0; 8];
        let mut receiving = pin!(near.recv(&mut buffer));
        assert!(poll_once(&mut receiving).is_pending());
        near.shutdown(Shutdown::Read)?;
        assert_eq!(receiving.await?, 0);
        Ok(())
    });
}

#[test]
fn a_send_to_a_path_ends_with_the_runtime() {
    let folder = Folder::new("ended");
    let runtime = current_thread();
    let guard = runtime.enter();
    let socket = UnixDatagram::unbound().unwrap();
    let _receiver = UnixDatagram::bind(folder.path("receiver")).unwrap();
    drop(guard);
    drop(runtime);
    let target = folder.path("receiver");
    for by_poll in [false, true] {
        let mut sending = pin!(async {
            match by_poll {
                true => poll_fn(|cx| socket.poll_send_to(cx, b"x", &target)).await,
                false => socket.send_to(b"x", &target).await,
            }
        });
        match poll_once(&mut sending) {
            Poll::Ready(Err(error)) => assert!(leno::runtime::is_rt_shutdown_err(&error)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn sending_to_nothing_is_an_error() {
    on_one(async {
        let folder = Folder::new("nothing");
        let socket = UnixDatagram::unbound()?;
        let error = socket
            .send_to(b"x", folder.path("nobody"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let error = socket.send(b"x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotConnected);
        assert!(socket.take_error()?.is_none());
        Ok(())
    });
}

#[test]
fn readiness_is_told() {
    on_both(|| async {
        let (near, far) = UnixDatagram::pair()?;
        poll_fn(|cx| near.poll_send_ready(cx)).await?;
        near.send(b"x").await?;
        poll_fn(|cx| far.poll_recv_ready(cx)).await?;
        assert!(far.ready(Interest::READABLE).await?.is_readable());
        let would_block = || std::io::Result::<()>::Err(ErrorKind::WouldBlock.into());
        assert_would_block(far.try_io(Interest::READABLE, would_block));
        let receive = || socket2::SockRef::from(&near).recv(&mut [std::mem::MaybeUninit::uninit()]);
        far.send(b"y").await?;
        assert_eq!(near.async_io(Interest::READABLE, receive).await?, 1);
        Ok(())
    });
}

#[test]
fn a_unix_socket_becomes_a_datagram_socket() {
    on_one(async {
        let folder = Folder::new("socket");
        let socket = UnixSocket::new_datagram()?;
        socket.bind(folder.path("far"))?;
        let far = socket.datagram()?;
        UnixDatagram::unbound()?
            .send_to(b"x", folder.path("far"))
            .await?;
        assert_eq!(far.recv(&mut [0; 8]).await?, 1);
        Ok(())
    });
}

#[test]
fn sockets_go_to_std_and_come_back() {
    on_both(|| async {
        let (near, far) = UnixDatagram::pair()?;
        let near = UnixDatagram::from_std(near.into_std()?)?;
        let far = UnixDatagram::try_from(far.into_std()?)?;
        near.send(b"still").await?;
        assert_eq!(far.recv(&mut [0; 8]).await?, 5);
        Ok(())
    });
}
