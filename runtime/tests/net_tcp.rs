//! TCP listeners and streams connect, move bytes, and lose none.

mod net_support;

use leno::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use leno::net::{TcpListener, TcpStream};
use net_support::*;
use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[test]
fn an_echo_comes_back_whole() {
    on_both(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let server = leno::spawn(async move {
            let (mut stream, _) = listener.accept().await?;
            let (mut reader, mut writer) = stream.split();
            leno::io::copy(&mut reader, &mut writer).await
        });
        let sent: Vec<u8> = (0..1 << 20).map(|n: u32| (n / 7) as u8).collect();
        let (mut reader, mut writer) = TcpStream::connect(address).await?.into_split();
        let writing = leno::spawn({
            let sent = sent.clone();
            async move {
                writer.write_all(&sent).await?;
                writer.shutdown().await
            }
        });
        let mut received = Vec::new();
        reader.read_to_end(&mut received).await?;
        writing.await??;
        assert_eq!(server.await??, sent.len() as u64);
        assert!(received == sent);
        Ok(())
    });
}

#[test]
fn every_connection_is_accepted() {
    const CONNECTIONS: usize = 100;
    on_both(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let clients: Vec<_> = (0..CONNECTIONS)
            .map(|number| {
                leno::spawn(async move {
                    let mut stream = TcpStream::connect(address).await?;
                    stream.write_all(&number.to_le_bytes()).await?;
                    io::Result::Ok(stream)
                })
            })
            .collect();
        let mut sum = 0;
        for _ in 0..CONNECTIONS {
            let (mut stream, peer) = listener.accept().await?;
            assert_eq!(stream.peer_addr()?, peer);
            let mut number = [0; size_of::<usize>()];
            stream.read_exact(&mut number).await?;
            sum += usize::from_le_bytes(number);
        }
        for client in clients {
            client.await??;
        }
        assert_eq!(sum, CONNECTIONS * (CONNECTIONS - 1) / 2);
        Ok(())
    });
}

#[test]
fn two_tasks_may_accept_on_one_listener() {
    on_both(|| async {
        let listener = Arc::new(TcpListener::bind("127.0.0.1:0").await?);
        let accepting: Vec<_> = (0..2)
            .map(|_| {
                let listener = listener.clone();
                leno::spawn(async move { listener.accept().await.map(|(_, peer)| peer) })
            })
            .collect();
        let mut ours = Vec::new();
        let mut streams = Vec::new();
        for _ in 0..2 {
            let stream = TcpStream::connect(listener.local_addr()?).await?;
            ours.push(stream.local_addr()?);
            streams.push(stream);
        }
        let mut theirs = Vec::new();
        for task in accepting {
            theirs.push(task.await??);
        }
        ours.sort();
        theirs.sort();
        assert_eq!(ours, theirs);
        Ok(())
    });
}

#[test]
fn poll_accept_returns_the_connection() {
    on_both(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let near = TcpStream::connect(listener.local_addr()?).await?;
        let (far, peer) = poll_fn(|cx| listener.poll_accept(cx)).await?;
        assert_eq!(near.local_addr()?, peer);
        assert_eq!(near.peer_addr()?, far.local_addr()?);
        Ok(())
    });
}

#[test]
fn a_cancelled_accept_loses_no_connection() {
    on_one(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        start_and_cancel(listener.accept());
        let near = TcpStream::connect(listener.local_addr()?).await?;
        let (_, peer) = listener.accept().await?;
        assert_eq!(near.local_addr()?, peer);
        Ok(())
    });
}

#[test]
fn a_cancelled_read_loses_no_bytes() {
    on_one(async {
        let (mut near, mut far) = tcp_pair().await?;
        let mut buffer = [0; 5];
        for round in 0..10u8 {
            start_and_cancel(far.read(&mut buffer));
            near.write_all(&[round; 5]).await?;
            far.readable().await?;
            far.read_exact(&mut buffer).await?;
            assert_eq!(buffer, [round; 5]);
        }
        Ok(())
    });
}

/// A port that nobody listens on: it was free a moment ago, and the system does not give it away again at once.
fn closed_port() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

#[test]
fn a_refused_connect_is_an_error() {
    on_both(|| async {
        let error = TcpStream::connect(closed_port()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        Ok(())
    });
}

#[test]
fn connect_tries_one_address_after_the_other() {
    on_both(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addresses = [closed_port(), listener.local_addr()?];
        let stream = TcpStream::connect(&addresses[..]).await?;
        assert_eq!(stream.peer_addr()?, addresses[1]);
        Ok(())
    });
}

#[test]
fn without_an_address_there_is_nothing_to_connect_or_bind_to() {
    on_one(async {
        let none: &[SocketAddr] = &[];
        let error = TcpStream::connect(none).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let error = TcpListener::bind(none).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        Ok(())
    });
}

#[test]
fn an_address_in_use_cannot_be_bound() {
    on_one(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let error = TcpListener::bind(listener.local_addr()?).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        Ok(())
    });
}

#[test]
fn peek_takes_nothing() {
    on_both(|| async {
        let (mut near, mut far) = tcp_pair().await?;
        near.write_all(b"seen").await?;
        let mut buffer = [0; 16];
        for _ in 0..3 {
            assert_eq!(far.peek(&mut buffer).await?, 4);
            assert_eq!(&buffer[..4], b"seen");
        }
        let mut buf = ReadBuf::new(&mut buffer);
        assert_eq!(poll_fn(|cx| far.poll_peek(cx, &mut buf)).await?, 4);
        assert_eq!(buf.filled(), b"seen");
        assert_eq!(far.read(&mut buffer).await?, 4);
        drop(near);
        assert_eq!(far.peek(&mut buffer).await?, 0);
        Ok(())
    });
}

#[test]
fn vectored_writes_arrive_in_order() {
    on_both(|| async {
        let (mut near, mut far) = tcp_pair().await?;
        assert!(near.is_write_vectored());
        let bufs = [
            IoSlice::new(b"one "),
            IoSlice::new(b"two "),
            IoSlice::new(b"three"),
        ];
        let length = poll_fn(|cx| Pin::new(&mut near).poll_write_vectored(cx, &bufs)).await?;
        assert_eq!(length, 13);
        drop(near);
        let mut text = String::new();
        far.read_to_string(&mut text).await?;
        assert_eq!(text, "one two three");
        Ok(())
    });
}

#[test]
fn messages_shorter_than_the_buffer_go_back_and_forth() {
    on_both(|| async {
        let (mut near, mut far) = tcp_pair().await?;
        let echo = leno::spawn(async move {
            let mut buffer = [0; 1024];
            loop {
                match far.read(&mut buffer).await? {
                    0 => return io::Result::Ok(()),
                    length => far.write_all(&buffer[..length]).await?,
                }
            }
        });
        let mut buffer = [0; 1024];
        for round in 0..5_000u32 {
            near.write_all(&round.to_le_bytes()).await?;
            let mut received = 0;
            while received < 4 {
                received += near.read(&mut buffer[received..]).await?;
            }
            assert_eq!(buffer[..4], round.to_le_bytes());
        }
        drop(near);
        echo.await?
    });
}

/// A read ends in front of urgent data. What is behind it has come with the same event, so there is no other to wait for.
#[cfg(unix)]
#[test]
fn a_read_that_ends_at_urgent_data_does_not_hide_what_follows() {
    on_both(|| async {
        let (mut near, mut far) = tcp_pair().await?;
        let mut buffer = [0; 64];
        for _ in 0..50 {
            near.write_all(b"before").await?;
            socket2::SockRef::from(&near).send_out_of_band(b"!")?;
            near.write_all(b"behind").await?;
            let mut received = Vec::new();
            while !received.ends_with(b"behind") {
                let length = far.read(&mut buffer).await?;
                received.extend_from_slice(&buffer[..length]);
            }
        }
        Ok(())
    });
}

#[test]
fn shutdown_ends_one_direction_and_leaves_the_other() {
    on_both(|| async {
        let (mut near, mut far) = tcp_pair().await?;
        near.write_all(b"question").await?;
        near.shutdown().await?;
        near.shutdown().await?;
        let mut text = String::new();
        far.read_to_string(&mut text).await?;
        assert_eq!(text, "question");
        assert_eq!(far.read(&mut [0; 8]).await?, 0, "the end remains");
        far.write_all(b"answer").await?;
        drop(far);
        text.clear();
        near.read_to_string(&mut text).await?;
        assert_eq!(text, "answer");
        assert_eq!(
            near.write(b"x").await.unwrap_err().kind(),
            ErrorKind::BrokenPipe
        );
        Ok(())
    });
}

#[test]
fn a_reader_that_waits_sees_the_end() {
    on_both(|| async {
        let (near, mut far) = tcp_pair().await?;
        let reading = leno::spawn(async move { far.read(&mut [0; 8]).await });
        leno::task::yield_now().await;
        drop(near);
        assert_eq!(reading.await??, 0);
        Ok(())
    });
}

#[test]
fn a_reset_connection_is_an_error() {
    on_both(|| async {
        let (near, mut far) = tcp_pair().await?;
        let reading = leno::spawn(async move { far.read(&mut [0; 8]).await });
        leno::task::yield_now().await;
        near.set_zero_linger()?;
        drop(near);
        let error = reading.await?.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        Ok(())
    });
}

#[test]
fn options_are_set_and_told() {
    on_one(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        listener.set_ttl(42)?;
        assert_eq!(listener.ttl()?, 42);
        let stream = TcpStream::connect(listener.local_addr()?).await?;
        stream.set_ttl(43)?;
        assert_eq!(stream.ttl()?, 43);
        for nodelay in [true, false] {
            stream.set_nodelay(nodelay)?;
            assert_eq!(stream.nodelay()?, nodelay);
        }
        assert_eq!(stream.linger()?, None);
        #[expect(deprecated)]
        stream.set_linger(Some(Duration::from_secs(3)))?;
        assert_eq!(stream.linger()?, Some(Duration::from_secs(3)));
        stream.set_zero_linger()?;
        assert_eq!(stream.linger()?, Some(Duration::ZERO));
        assert!(stream.take_error()?.is_none());
        for printed in [format!("{listener:?}"), format!("{stream:?}")] {
            assert!(printed.contains("127.0.0.1"), "{printed}");
        }
        Ok(())
    });
}

#[test]
fn sockets_go_to_std_and_come_back() {
    on_both(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await?.into_std()?;
        let listener = TcpListener::try_from(listener)?;
        let near = TcpStream::connect(listener.local_addr()?).await?;
        let mut near = TcpStream::from_std(near.into_std()?)?;
        let (far, _) = listener.accept().await?;
        let mut far = TcpStream::try_from(far.into_std()?)?;
        near.write_all(b"still here").await?;
        let mut buffer = [0; 10];
        far.read_exact(&mut buffer).await?;
        assert_eq!(&buffer, b"still here");
        Ok(())
    });
}

#[cfg(all(unix, debug_assertions))]
#[test]
fn a_blocking_socket_is_refused_with_the_remedy() {
    let runtime = current_thread();
    let _guard = runtime.enter();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let text = panic_text(|| drop(TcpListener::from_std(listener)));
    assert!(text.contains("set_nonblocking(true)"), "{text}");
}

#[test]
fn without_a_runtime_a_socket_panics_with_the_remedy() {
    let text = panic_text(|| {
        let mut bind = Box::pin(TcpListener::bind("127.0.0.1:0"));
        let _ = poll_once(&mut bind);
    });
    assert!(text.contains("Runtime::block_on"), "{text}");
}

#[test]
fn without_io_a_socket_panics_with_the_remedy() {
    let runtime = leno::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let text = panic_text(|| {
        let _ = runtime.block_on(TcpStream::connect(closed_port()));
    });
    assert!(text.contains("enable_io"), "{text}");
}

#[test]
fn a_socket_of_one_runtime_can_be_used_on_another() {
    let (one, two) = (multi_thread(), current_thread());
    let (mut near, mut far) = one.block_on(tcp_pair()).unwrap();
    two.block_on(async {
        let reading = leno::spawn(async move {
            let mut buffer = [0; 4];
            far.read_exact(&mut buffer).await.map(|_| buffer)
        });
        leno::task::yield_now().await;
        near.write_all(b"over").await.unwrap();
        assert_eq!(&reading.await.unwrap().unwrap(), b"over");
    });
}

#[test]
fn the_end_of_the_runtime_ends_waiting() {
    for runtime in [current_thread(), multi_thread()] {
        let (mut near, far) = runtime.block_on(tcp_pair()).unwrap();
        let other = current_thread();
        other.block_on(async {
            let far = Arc::new(far);
            far.try_read(&mut [0; 8]).unwrap_err();
            let waiting = leno::spawn({
                let far = far.clone();
                async move { far.readable().await }
            });
            let reading = leno::spawn(async move { near.read(&mut [0; 8]).await });
            leno::task::yield_now().await;
            leno::task::spawn_blocking(move || drop(runtime))
                .await
                .unwrap();
            waiting.await.unwrap().unwrap_err();
            reading.await.unwrap().unwrap_err();
            far.writable().await.unwrap_err();
            far.peek(&mut [0; 8]).await.unwrap_err();
        });
    }
}

#[test]
fn a_stream_that_is_always_ready_lets_others_run() {
    on_one(async {
        let (mut near, mut far) = tcp_pair().await?;
        near.write_all(&[1; 4096]).await?;
        near.shutdown().await?;
        let runs = Arc::new(AtomicUsize::new(0));
        let other = leno::spawn({
            let runs = runs.clone();
            async move {
                loop {
                    runs.fetch_add(1, Ordering::Relaxed);
                    leno::task::yield_now().await;
                }
            }
        });
        let reading = leno::spawn(async move {
            far.peek(&mut [0; 1]).await?;
            let before = runs.load(Ordering::Relaxed);
            for _ in 0..4096 {
                far.read_exact(&mut [0; 1]).await?;
            }
            io::Result::Ok(runs.load(Ordering::Relaxed) - before)
        });
        assert!(reading.await?? >= 8);
        other.abort();
        Ok(())
    });
}

#[test]
fn sockets_are_send_sync_and_unwind_safe() {
    fn check<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe>() {}
    check::<TcpListener>();
    check::<TcpStream>();
    fn send<T: Send>(_: T) {}
    send(TcpStream::connect(("localhost", 80)));
    send(TcpListener::bind("localhost:80"));
}
