//! Unix listeners and streams connect, move bytes, and lose none.
#![cfg(unix)]

mod net_support;

use leno::io::{AsyncReadExt, AsyncWriteExt, Interest};
use leno::net::unix::SocketAddr;
use leno::net::{UnixListener, UnixSocket, UnixStream};
use net_support::*;
use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice, IoSliceMut};

#[test]
fn an_echo_comes_back_whole() {
    on_both(|| async {
        let folder = Folder::new("echo");
        let listener = UnixListener::bind(folder.path("socket"))?;
        let server = leno::spawn(async move {
            let (mut stream, peer) = listener.accept().await?;
            assert!(peer.is_unnamed());
            let (mut reader, mut writer) = stream.split();
            leno::io::copy(&mut reader, &mut writer).await
        });
        let sent: Vec<u8> = (0..1 << 20).map(|n: u32| (n / 7) as u8).collect();
        let (mut reader, mut writer) = UnixStream::connect(folder.path("socket"))
            .await?
            .into_split();
        assert_eq!(
            reader.peer_addr()?.as_pathname(),
            Some(&*folder.path("socket"))
        );
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

/// The system says `EINVAL` where it may wait, and where it may not, that no connection is there yet.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn shutting_a_listener_down_ends_accepting_as_where_it_blocks() {
    use std::net::Shutdown;

    fn assert_ended<T>(accepted: io::Result<T>) {
        match accepted {
            Ok(_) => panic!("a connection"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}"),
        }
    }

    on_both(|| async {
        for how in [Shutdown::Read, Shutdown::Both] {
            for by_poll in [false, true] {
                let folder = Folder::new("shut_down");
                let listener = std::sync::Arc::new(UnixListener::bind(folder.path("socket"))?);
                let accept = |listener: std::sync::Arc<UnixListener>| async move {
                    match by_poll {
                        false => listener.accept().await.map(drop),
                        true => poll_fn(|cx| listener.poll_accept(cx)).await.map(drop),
                    }
                };
                let waiting = leno::spawn(accept(listener.clone()));
                leno::task::yield_now().await;
                // What came before is accepted.
                let _near = UnixStream::connect(folder.path("socket")).await?;
                waiting.await??;
                let waiting = leno::spawn(accept(listener.clone()));
                leno::task::yield_now().await;
                socket2::SockRef::from(&*listener).shutdown(how)?;
                assert_ended(waiting.await?);
                // Whoever comes later does not wait either.
                for _ in 0..2 {
                    assert_ended(accept(listener.clone()).await);
                }
            }
        }
        Ok(())
    });
}

#[test]
fn poll_accept_returns_the_connection() {
    on_both(|| async {
        let folder = Folder::new("poll_accept");
        let listener = UnixListener::bind(folder.path("socket"))?;
        start_and_cancel(listener.accept());
        let mut near = UnixStream::connect(folder.path("socket")).await?;
        let (mut far, _) = poll_fn(|cx| listener.poll_accept(cx)).await?;
        near.write_all(b"x").await?;
        far.read_exact(&mut [0; 1]).await?;
        Ok(())
    });
}

#[test]
fn connecting_to_nothing_is_an_error() {
    on_both(|| async {
        let folder = Folder::new("nothing");
        let error = UnixStream::connect(folder.path("socket"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        drop(UnixListener::bind(folder.path("socket"))?);
        let error = UnixStream::connect(folder.path("socket"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let error = UnixListener::bind(folder.path("socket")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        Ok(())
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_begins_with_zero_is_abstract() {
    on_both(|| async {
        let name = format!(
            "leno-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        );
        let path = format!("\0{name}");
        let listener = UnixListener::bind(&path)?;
        let address = listener.local_addr()?;
        assert_eq!(address.as_abstract_name(), Some(name.as_bytes()));
        assert_eq!(address.as_pathname(), None);
        let near = UnixStream::connect(&path).await?;
        assert_eq!(near.peer_addr()?.as_abstract_name(), Some(name.as_bytes()));
        let near = UnixStream::connect_addr(&address).await?;
        assert!(near.local_addr()?.is_unnamed());
        Ok(())
    });
}

#[test]
fn addresses_go_to_std_and_come_back() {
    on_one(async {
        let folder = Folder::new("addr");
        let std = std::os::unix::net::SocketAddr::from_pathname(folder.path("socket"))?;
        let address = SocketAddr::from(std);
        let listener = UnixListener::bind_addr(&address)?;
        let std: std::os::unix::net::SocketAddr = listener.local_addr()?.into();
        assert_eq!(std.as_pathname(), Some(&*folder.path("socket")));
        assert!(format!("{address:?}").contains("socket"));
        Ok(())
    });
}

#[test]
fn a_new_pair_can_be_written_at_once() {
    on_both(|| async {
        let (near, mut far) = UnixStream::pair()?;
        assert_eq!(near.try_write(b"first")?, 5);
        let mut buffer = [0; 5];
        far.read_exact(&mut buffer).await?;
        assert_eq!(&buffer, b"first");
        assert!(far.local_addr()?.is_unnamed());
        Ok(())
    });
}

#[test]
fn try_read_reads_what_readable_announced() {
    on_both(|| async {
        let (mut near, far) = UnixStream::pair()?;
        let mut buffer = [0; 16];
        assert_would_block(far.try_read(&mut buffer));
        near.write_all(b"abcdef").await?;
        far.readable().await?;
        let (mut head, mut tail) = ([0; 2], [0; 8]);
        let mut bufs = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut tail)];
        assert_eq!(far.try_read_vectored(&mut bufs)?, 6);
        assert_would_block(far.try_read(&mut buffer));

        near.try_write_vectored(&[IoSlice::new(b"mo"), IoSlice::new(b"re")])?;
        poll_fn(|cx| far.poll_read_ready(cx)).await?;
        let mut vec = Vec::with_capacity(64);
        assert_eq!(far.try_read_buf(&mut vec)?, 4);
        assert_eq!(vec, b"more");

        near.shutdown().await?;
        assert!(far.ready(Interest::READABLE).await?.is_readable());
        assert_eq!(far.try_read(&mut buffer)?, 0);
        poll_fn(|cx| far.poll_write_ready(cx)).await?;
        assert!(far.take_error()?.is_none());
        Ok(())
    });
}

#[test]
fn a_full_stream_is_writable_when_it_has_been_read() {
    on_both(|| async {
        let (mut near, mut far) = UnixStream::pair()?;
        let sent = vec![5; 8 << 20];
        let expected = sent.len();
        let writing = leno::spawn(async move { near.write_all(&sent).await });
        let mut received = Vec::new();
        far.read_to_end(&mut received).await?;
        writing.await??;
        assert_eq!(received.len(), expected);
        Ok(())
    });
}

/// A read ends behind file descriptors. What follows has come with the same event, so there is no other to wait for.
#[cfg(target_os = "linux")]
#[test]
fn a_read_that_ends_at_file_descriptors_does_not_hide_what_follows() {
    on_both(|| async {
        let (near, mut far) = UnixStream::pair()?;
        near.writable().await?;
        let mut buffer = [0; 64];
        for _ in 0..50 {
            send_with_descriptor(&near, b"with a descriptor")?;
            assert_eq!(near.try_write(b"behind")?, 6);
            let mut received = Vec::new();
            while !received.ends_with(b"behind") {
                let length = far.read(&mut buffer).await?;
                received.extend_from_slice(&buffer[..length]);
            }
        }
        Ok(())
    });
}

/// Sends bytes and the sender's own file descriptor.
#[cfg(target_os = "linux")]
fn send_with_descriptor(stream: &UnixStream, bytes: &[u8]) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let descriptor = stream.as_raw_fd();
    let mut part = libc::iovec {
        iov_base: bytes.as_ptr().cast_mut().cast(),
        iov_len: bytes.len(),
    };
    // Of `u64`s, so that it is aligned as the header has to be.
    let mut control = [0u64; 8];
    // SAFETY: a `msghdr` is made of integers and pointers, which may be zero.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    // SAFETY: these functions only compute.
    let (space, length) = unsafe { (libc::CMSG_SPACE(4), libc::CMSG_LEN(4)) };
    message.msg_controllen = space as _;
    // SAFETY: `message` points to memory of ours that is large enough: 24 bytes of 64.
    unsafe {
        let header = libc::CMSG_FIRSTHDR(&message);
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        (*header).cmsg_len = length as _;
        libc::CMSG_DATA(header)
            .cast::<i32>()
            .write_unaligned(descriptor);
    }
    // SAFETY: `message` describes memory of ours, which outlives the call.
    match unsafe { libc::sendmsg(descriptor, &message, 0) } {
        -1 => Err(io::Error::last_os_error()),
        sent => {
            assert_eq!(sent as usize, bytes.len());
            Ok(())
        }
    }
}

#[test]
fn the_peer_is_known() {
    on_one(async {
        let folder = Folder::new("cred");
        let listener = UnixListener::bind(folder.path("socket"))?;
        let near = UnixStream::connect(folder.path("socket")).await?;
        let (far, _) = listener.accept().await?;
        let cred = near.peer_cred()?;
        assert_eq!(cred, far.peer_cred()?);
        // SAFETY: these calls cannot fail and touch no memory.
        let (uid, gid) = unsafe { (libc::getuid(), libc::getgid()) };
        assert_eq!((cred.uid(), cred.gid()), (uid, gid));
        if cfg!(target_os = "linux") {
            assert_eq!(cred.pid(), Some(std::process::id() as i32));
        }
        Ok(())
    });
}

/// Root may be somebody else for a while, and else this is nobody whose numbers are 0.
#[cfg(target_os = "linux")]
#[test]
fn the_peer_is_known_whoever_it_is() {
    let made = std::thread::spawn(|| {
        // SAFETY: these calls cannot fail and touch no memory.
        let (mut uid, mut gid) = unsafe { (libc::geteuid(), libc::getegid()) };
        if uid == 0 {
            (uid, gid) = (7, 9);
            // The system's own calls are about the thread that makes them; libc's are about all threads.
            for (call, number) in [(libc::SYS_setresgid, gid), (libc::SYS_setresuid, uid)] {
                // SAFETY: it takes numbers, and the thread does nothing but make a pair of sockets.
                assert_eq!(unsafe { libc::syscall(call, -1, number, -1) }, 0);
            }
        }
        (std::os::unix::net::UnixStream::pair(), uid, gid)
    });
    let (pair, uid, gid) = made.join().unwrap();
    on_one(async {
        let (near, _far) = pair?;
        near.set_nonblocking(true)?;
        let cred = UnixStream::from_std(near)?.peer_cred()?;
        assert_eq!((cred.uid(), cred.gid()), (uid, gid));
        Ok(())
    });
}

#[test]
fn halves_reunite_and_end_their_direction() {
    on_both(|| async {
        let (near, mut far) = UnixStream::pair()?;
        let (reader, writer) = near.into_split();
        let (reader, writer) = reader.reunite(writer).unwrap().into_split();
        let (_other, stranger) = UnixStream::pair()?;
        let (stranger_reader, _writer) = stranger.into_split();
        let error = writer.reunite(stranger_reader).unwrap_err();
        drop(error);
        assert_eq!(
            far.read(&mut [0; 8]).await?,
            0,
            "the write half has been dropped"
        );
        far.write_all(b"still").await?;
        reader.readable().await?;
        assert_eq!(reader.try_read(&mut [0; 8])?, 5);
        assert_eq!(far.write(b"").await?, 0);
        Ok(())
    });
}

#[test]
fn a_closed_peer_is_a_broken_pipe() {
    on_both(|| async {
        let (mut near, far) = UnixStream::pair()?;
        drop(far);
        let error = near.write_all(b"x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        near.shutdown().await?;
        Ok(())
    });
}

#[test]
fn a_unix_socket_becomes_a_listener_or_a_stream() {
    on_both(|| async {
        let folder = Folder::new("socket");
        let socket = UnixSocket::new_stream()?;
        socket.bind(folder.path("socket"))?;
        let listener = socket.listen(4)?;
        let mut near = UnixSocket::new_stream()?
            .connect(folder.path("socket"))
            .await?;
        let (mut far, _) = listener.accept().await?;
        near.write_all(b"x").await?;
        far.read_exact(&mut [0; 1]).await?;
        assert!(UnixSocket::new_stream()?.datagram().is_err());
        assert!(UnixSocket::new_datagram()?.listen(1).is_err());
        assert!(
            UnixSocket::new_datagram()?
                .connect(folder.path("socket"))
                .await
                .is_err()
        );
        Ok(())
    });
}

#[test]
fn sockets_go_to_std_and_come_back() {
    on_both(|| async {
        let folder = Folder::new("std");
        let listener = UnixListener::bind(folder.path("socket"))?.into_std()?;
        let listener = UnixListener::try_from(listener)?;
        let near = UnixStream::connect(folder.path("socket")).await?;
        let mut near = UnixStream::from_std(near.into_std()?)?;
        let (far, _) = listener.accept().await?;
        let mut far = UnixStream::try_from(far.into_std()?)?;
        near.write_all(b"x").await?;
        far.read_exact(&mut [0; 1]).await?;
        assert!(listener.take_error()?.is_none());
        Ok(())
    });
}

#[test]
fn without_a_runtime_a_socket_panics_with_the_remedy() {
    let text = panic_text(|| drop(UnixStream::pair()));
    assert!(text.contains("Runtime::block_on"), "{text}");
}

#[test]
fn the_end_of_the_runtime_ends_waiting() {
    let runtime = multi_thread();
    let folder = Folder::new("end");
    let (listener, (mut near, _far)) = runtime.block_on(async {
        (
            UnixListener::bind(folder.path("socket")).unwrap(),
            UnixStream::pair().unwrap(),
        )
    });
    current_thread().block_on(async {
        let accepting = leno::spawn(async move { listener.accept().await.map(drop) });
        let reading = leno::spawn(async move { near.read(&mut [0; 8]).await });
        leno::task::yield_now().await;
        leno::task::spawn_blocking(move || drop(runtime))
            .await
            .unwrap();
        accepting.await.unwrap().unwrap_err();
        reading.await.unwrap().unwrap_err();
    });
}

/// Nobody else is ready, so events need not wait for their turn.
#[test]
fn who_yields_alone_lets_events_in_at_once() {
    let runtime = leno::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let task = runtime.spawn(async {
        let (here, mut there) = std::os::unix::net::UnixStream::pair().unwrap();
        here.set_nonblocking(true).unwrap();
        let mut here = UnixStream::from_std(here).unwrap();
        let (begins, begun) = leno::sync::oneshot::channel();
        let reads = leno::spawn(async move {
            begins.send(()).unwrap();
            here.read_u8().await.unwrap()
        });
        // It waits by then.
        begun.await.unwrap();
        let mut most = 0;
        io::Write::write_all(&mut there, b"!").unwrap();
        while !reads.is_finished() {
            most += 1;
            leno::task::yield_now().await;
        }
        (reads.await.unwrap(), most)
    });
    let (byte, yields) = runtime.block_on(task).unwrap();
    assert_eq!(byte, b'!');
    // One until it looks, and one until the reader has had its turn.
    assert!(yields <= 4, "{yields} yields");
}
