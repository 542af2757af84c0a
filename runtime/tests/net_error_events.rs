//! An error that a socket gets while somebody waits ends every wait for reading, is told once, and closes nothing.
#![cfg(any(target_os = "linux", target_os = "android"))]

mod net_support;

use leno::io::unix::AsyncFd;
use leno::io::{Interest, ReadBuf};
use leno::net::{UdpSocket, UnixDatagram};
use net_support::*;
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::pin::pin;
use std::task::Poll;

/// A socket that has sent to nobody, which it is about to be told, and that has waited before.
async fn unanswered() -> io::Result<UdpSocket> {
    let nobody = std::net::UdpSocket::bind("127.0.0.1:0")?.local_addr()?;
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    socket.connect(nobody).await?;
    socket.writable().await?;
    leno::task::yield_now().await;
    start_and_cancel(socket.recv(&mut [0; 8]));
    Ok(socket)
}

/// Waits, by whatever is given; sends in the meantime; and expects to be refused.
async fn expect_refused<T>(
    name: &str,
    socket: &UdpSocket,
    waiting: impl Future<Output = io::Result<T>>,
) {
    let mut waiting = pin!(waiting);
    let mut sent = false;
    let result = poll_fn(|cx| {
        let polled = waiting.as_mut().poll(cx);
        if !sent {
            assert!(polled.is_pending(), "{name} did not wait");
            let sending = socket.try_send(b"x");
            assert_eq!(sending.unwrap(), 1);
            sent = true;
        }
        polled
    });
    let error = result.await.map(drop).expect_err(name);
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{name}");
}

#[test]
fn every_way_to_wait_for_a_message_ends() {
    on_one(async {
        macro_rules! ways {
            ($($name:literal: |$s:ident, $buf:ident| $wait:expr;)*) => {$({
                let $s = unanswered().await?;
                let mut $buf = [0; 8];
                expect_refused($name, &$s, async { $wait }).await;
            })*};
        }
        ways! {
            "recv": |s, buf| s.recv(&mut buf).await;
            "recv_from": |s, buf| s.recv_from(&mut buf).await;
            "recv_buf": |s, buf| s.recv_buf(&mut &mut buf[..]).await;
            "recv_buf_from": |s, buf| s.recv_buf_from(&mut &mut buf[..]).await;
            "peek": |s, buf| s.peek(&mut buf).await;
            "peek_from": |s, buf| s.peek_from(&mut buf).await;
            "peek_sender": |s, _buf| s.peek_sender().await;
            "poll_recv": |s, buf| poll_fn(|cx| s.poll_recv(cx, &mut ReadBuf::new(&mut buf))).await;
            "poll_recv_from": |s, buf| poll_fn(|cx| s.poll_recv_from(cx, &mut ReadBuf::new(&mut buf))).await;
            "poll_peek": |s, buf| poll_fn(|cx| s.poll_peek(cx, &mut ReadBuf::new(&mut buf))).await;
            "poll_peek_from": |s, buf| poll_fn(|cx| s.poll_peek_from(cx, &mut ReadBuf::new(&mut buf))).await;
            "poll_peek_sender": |s, _buf| poll_fn(|cx| s.poll_peek_sender(cx)).await;
            "poll_recv_ready": |s, buf| {
                poll_fn(|cx| s.poll_recv_ready(cx)).await?;
                s.try_recv(&mut buf)
            };
            "readable": |s, buf| {
                s.readable().await?;
                s.try_recv_from(&mut buf)
            };
            "ready for reading": |s, buf| {
                s.ready(Interest::READABLE).await?;
                s.try_peek(&mut buf)
            };
            "ready for reading or errors": |s, buf| {
                s.ready(Interest::READABLE | Interest::ERROR).await?;
                s.try_recv(&mut buf)
            };
            "async_io": |s, _buf| s.async_io(Interest::READABLE, || {
                let buf = &mut [std::mem::MaybeUninit::uninit(); 8];
                socket2::SockRef::from(&s).recv(buf)
            }).await;
        }
        Ok(())
    });
}

#[test]
fn a_descriptor_of_ones_own_is_told() {
    on_one(async {
        let nobody = std::net::UdpSocket::bind("127.0.0.1:0")?.local_addr()?;
        let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(nobody)?;
        socket.set_nonblocking(true)?;
        // SAFETY: the descriptor is the socket's.
        let socket = unsafe { AsyncFd::register(socket) }?;
        drop(socket.writable().await?);
        leno::task::yield_now().await;
        for by_poll in [false, true] {
            let receiving = async {
                loop {
                    let mut guard = match by_poll {
                        true => poll_fn(|cx| socket.poll_read_ready(cx)).await?,
                        false => socket.readable().await?,
                    };
                    if let Ok(result) = guard.try_io(|s| s.get_ref().recv(&mut [0; 8])) {
                        return result;
                    }
                }
            };
            let mut receiving = pin!(receiving);
            assert!(poll_once(&mut receiving).is_pending());
            socket.get_ref().send(b"x")?;
            let error = receiving.await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        }
        Ok(())
    });
}

#[test]
fn a_unix_socket_is_told() {
    on_one(async {
        let folder = Folder::new("unix-error");
        let [near_path, far_path, other] = ["near", "far", "other"].map(|name| folder.path(name));
        let _other = UnixDatagram::bind(&other)?;
        for by_poll in [false, true] {
            let near = UnixDatagram::bind(&near_path)?;
            let far = UnixDatagram::bind(&far_path)?;
            near.connect(&far_path)?;
            far.connect(&near_path)?;
            near.send(b"lost").await?;
            near.writable().await?;
            leno::task::yield_now().await;
            let mut buffer = [0; 8];
            let receiving = async {
                match by_poll {
                    true => poll_fn(|cx| near.poll_recv(cx, &mut ReadBuf::new(&mut buffer))).await,
                    false => near.recv(&mut buffer).await.map(drop),
                }
            };
            let mut receiving = pin!(receiving);
            assert!(poll_once(&mut receiving).is_pending());
            // With a message unread, this resets the peer.
            far.connect(&other)?;
            let error = receiving.await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            std::fs::remove_file(&near_path)?;
            std::fs::remove_file(&far_path)?;
        }
        Ok(())
    });
}

#[test]
fn an_error_that_was_told_is_over() {
    on_one(async {
        let both = Interest::READABLE | Interest::WRITABLE | Interest::ERROR;
        let attempts: [fn(&UdpSocket) -> io::Result<()>; 3] = [
            |s| s.try_recv(&mut [0; 8]).map(drop),
            |s| s.try_send(b"x").map(drop),
            |s| s.take_error()?.map_or(Ok(()), Err),
        ];
        for attempt in attempts {
            let socket = unanswered().await?;
            assert_eq!(socket.try_send(b"x")?, 1);
            assert!(socket.ready(Interest::ERROR).await?.is_error());
            let error = attempt(&socket).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            let ready = socket.ready(both).await?;
            assert!(!ready.is_error() && !ready.is_write_closed(), "{ready:?}");
            start_and_cancel(socket.ready(Interest::ERROR));

            let friend = UdpSocket::bind("127.0.0.1:0").await?;
            socket.connect(friend.local_addr()?).await?;
            socket.send(b"hello").await?;
            assert_eq!(friend.recv(&mut [0; 8]).await?, 5);
        }
        Ok(())
    });
}

/// Then the error is told by receiving, and remains in the queue.
#[test]
fn a_socket_that_keeps_a_queue_of_errors_is_not_closed_by_them() {
    on_one(async {
        let socket = unanswered().await?;
        let on: libc::c_int = 1;
        // SAFETY: the option is an integer, which is there.
        let result = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::SOL_IP,
                libc::IP_RECVERR,
                (&raw const on).cast(),
                size_of_val(&on) as libc::socklen_t,
            )
        };
        assert_eq!(result, 0);
        assert_eq!(socket.try_send(b"x")?, 1);
        let error = socket.recv(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        start_and_cancel(socket.recv(&mut [0; 8]));
        // It can be fetched from the queue.
        assert!(socket.ready(Interest::ERROR).await?.is_error());

        let friend = UdpSocket::bind("127.0.0.1:0").await?;
        socket.connect(friend.local_addr()?).await?;
        socket.send(b"hello").await?;
        assert_eq!(friend.recv(&mut [0; 8]).await?, 5);
        assert!(!socket.ready(Interest::WRITABLE).await?.is_write_closed());
        friend.send_to(b"hi", socket.local_addr()?).await?;
        assert_eq!(socket.recv(&mut [0; 8]).await?, 2);
        Ok(())
    });
}

#[test]
fn a_loop_of_waiting_and_trying_waits_after_the_error() {
    on_one(async {
        let socket = unanswered().await?;
        assert_eq!(socket.try_send(b"x")?, 1);
        let (tries, errors) = (Cell::new(0), Cell::new(0));
        let receiving = async {
            loop {
                socket.ready(Interest::READABLE | Interest::ERROR).await?;
                tries.set(tries.get() + 1);
                match socket.try_recv(&mut [0; 8]) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(_) => errors.set(errors.get() + 1),
                    Ok(length) => return io::Result::Ok(length),
                }
            }
        };
        let mut receiving = pin!(receiving);
        for _ in 0..100 {
            assert!(poll_fn(|cx| Poll::Ready(receiving.as_mut().poll(cx).is_pending())).await);
            leno::task::yield_now().await;
        }
        assert_eq!(errors.get(), 1);
        assert!(tries.get() < 10, "it tried {} times", tries.get());
        Ok(())
    });
}
