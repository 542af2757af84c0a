//! Who finds a queue of Unix sockets full waits until there is room, and does not spin meanwhile.
#![cfg(any(target_os = "linux", target_os = "android"))]

mod net_support;

use leno::io::{AsyncReadExt, AsyncWriteExt, Interest, Ready};
use leno::net::{UnixDatagram, UnixListener, UnixSocket, UnixStream};
use leno::runtime::Builder;
use net_support::*;
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind};
use std::os::unix::net;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, Instant};

type Connecting = Pin<Box<dyn Future<Output = io::Result<UnixStream>> + Send>>;

/// A listener whose queue is full.
fn full_listener(path: &Path) -> io::Result<(UnixListener, Vec<net::UnixStream>)> {
    let socket = UnixSocket::new_stream()?;
    socket.bind(path)?;
    let listener = socket.listen(1)?;
    let mut early = Vec::new();
    loop {
        let next = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None)?;
        next.set_nonblocking(true)?;
        match next.connect(&socket2::SockAddr::unix(path)?) {
            Ok(()) => early.push(next.into()),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                return Ok((listener, early));
            }
        }
    }
}

/// All the ways to connect.
fn connects(path: &Path) -> Vec<Connecting> {
    let path = path.to_owned();
    let address = net::SocketAddr::from_pathname(&path).unwrap();
    let (by_socket, by_address) = (path.clone(), address.into());
    vec![
        Box::pin(async move { UnixStream::connect(path).await }),
        Box::pin(async move { UnixStream::connect_addr(&by_address).await }),
        Box::pin(async move { UnixSocket::new_stream()?.connect(by_socket).await }),
    ]
}

async fn connect_while_it_is_full() -> io::Result<()> {
    let folder = Folder::new("connect-full");
    let path = folder.path("socket");
    let (listener, early) = full_listener(&path)?;
    let mut connecting: Vec<_> = connects(&path).into_iter().map(leno::spawn).collect();
    // Who gives up does not disturb the others.
    connecting.push(leno::spawn(connects(&path).remove(0)));
    for _ in 0..10 {
        leno::task::yield_now().await;
    }
    assert!(connecting.iter().all(|task| !task.is_finished()));
    let given_up = connecting.pop().unwrap();
    given_up.abort();
    // Before there is room, or it may connect in a poll that is under way.
    assert!(given_up.await.unwrap_err().is_cancelled());
    for _ in early {
        listener.accept().await?;
    }
    for _ in &connecting {
        listener.accept().await?.0.write_all(b"hello").await?;
    }
    for task in connecting {
        let mut word = [0; 5];
        task.await??.read_exact(&mut word).await?;
        assert_eq!(&word, b"hello");
    }
    Ok(())
}

#[test]
fn a_connect_waits_until_somebody_accepts() {
    on_both(connect_while_it_is_full);
}

#[test]
fn a_connect_waits_without_timers_too() {
    let mut current = Builder::new_current_thread();
    let runtime = current.enable_io().build().unwrap();
    runtime.block_on(connect_while_it_is_full()).unwrap();
    let mut one = Builder::new_multi_thread();
    let runtime = one.worker_threads(1).enable_io().build().unwrap();
    runtime.block_on(connect_while_it_is_full()).unwrap();
}

#[test]
fn a_connect_that_waits_is_refused_when_the_listener_goes() {
    on_one(async {
        let folder = Folder::new("connect-gone");
        let path = folder.path("socket");
        for nth in 0..3 {
            let (listener, _early) = full_listener(&path)?;
            let mut connecting = connects(&path).remove(nth);
            assert!(poll_once(&mut connecting).is_pending());
            drop(listener);
            let error = connecting.await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            std::fs::remove_file(&path)?;
        }
        Ok(())
    });
}

#[test]
fn a_connect_that_waits_ends_with_the_runtime() {
    let folder = Folder::new("connect-end");
    let runtime = current_thread();
    let guard = runtime.enter();
    let (_listener, _early) = full_listener(&folder.path("socket")).unwrap();
    let mut connecting = connects(&folder.path("socket")).remove(0);
    assert!(poll_once(&mut connecting).is_pending());
    drop(guard);
    drop(runtime);
    let other = current_thread();
    let _guard = other.enter();
    match poll_once(&mut connecting) {
        Poll::Ready(Err(_)) => {}
        other => panic!("{other:?}"),
    }
}

/// A receiver whose queue others have filled.
fn full_receiver(path: &Path) -> io::Result<UnixDatagram> {
    let receiver = UnixDatagram::bind(path)?;
    let other = net::UnixDatagram::unbound()?;
    other.set_nonblocking(true)?;
    while other.send_to(b"other", path).is_ok() {}
    Ok(receiver)
}

/// Waits until there is something, takes all, and says whether the last message was `mine`.
async fn empty(receiver: &UnixDatagram) -> bool {
    receiver.readable().await.unwrap();
    let mut buffer = [0; 16];
    let mut last = false;
    while let Ok(length) = receiver.try_recv(&mut buffer) {
        last = &buffer[..length] == b"mine";
    }
    last
}

async fn send(socket: &UnixDatagram, target: &Path, by_poll: bool) -> io::Result<usize> {
    match by_poll {
        true => poll_fn(|cx| socket.poll_send_to(cx, b"mine", target)).await,
        false => socket.send_to(b"mine", target).await,
    }
}

#[test]
fn a_send_to_a_full_receiver_waits_and_asks_ever_more_seldom() {
    on_one(async {
        let folder = Folder::new("send-full");
        let path = folder.path("receiver");
        for by_poll in [false, true] {
            let receiver = full_receiver(&path)?;
            let sender = UnixDatagram::unbound()?;
            let begin = Instant::now();
            let mut polls = 0;
            let mut sending = pin!(send(&sender, &path, by_poll));
            let mut turns = pin!(leno::time::sleep(Duration::from_millis(150)));
            poll_fn(|cx| {
                assert!(sending.as_mut().poll(cx).is_pending());
                polls += 1;
                turns.as_mut().poll(cx)
            })
            .await;
            // Nine pauses that grow, then those of 25 ms.
            let most = 12 + begin.elapsed().as_millis() / 25;
            assert!(polls <= most, "{polls} polls, and not {most}");
            empty(&receiver).await;
            assert_eq!(sending.await?, 4);
            assert!(empty(&receiver).await);
            std::fs::remove_file(&path)?;
        }
        Ok(())
    });
}

#[test]
fn a_send_that_is_given_up_sends_nothing() {
    on_one(async {
        let folder = Folder::new("send-cancel");
        let path = folder.path("receiver");
        let receiver = full_receiver(&path)?;
        let sender = UnixDatagram::unbound()?;
        for by_poll in [false, true] {
            start_and_cancel(send(&sender, &path, by_poll));
        }
        assert!(!empty(&receiver).await);
        leno::time::sleep(Duration::from_millis(1)).await;
        assert_would_block(receiver.try_recv(&mut [0; 16]));
        // The socket is as good as before.
        for by_poll in [false, true] {
            assert_eq!(send(&sender, &path, by_poll).await?, 4);
        }
        Ok(())
    });
}

#[test]
fn a_send_that_waits_fails_when_the_receiver_goes() {
    on_one(async {
        let folder = Folder::new("send-gone");
        let path = folder.path("receiver");
        for by_poll in [false, true] {
            let receiver = full_receiver(&path)?;
            let sender = UnixDatagram::unbound()?;
            let mut sending = pin!(send(&sender, &path, by_poll));
            assert!(poll_once(&mut sending).is_pending());
            drop(receiver);
            let error = sending.await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            std::fs::remove_file(&path)?;
        }
        Ok(())
    });
}

#[test]
fn a_full_receiver_holds_up_its_own_messages_only() {
    on_one(async {
        let folder = Folder::new("send-others");
        let [full, roomy]: [PathBuf; 2] = ["full", "roomy"].map(|name| folder.path(name));
        let receiver = full_receiver(&full)?;
        let other = UnixDatagram::bind(&roomy)?;
        for by_poll in [false, true] {
            let sender = UnixDatagram::unbound()?;
            sender.connect(&full)?;
            start_and_cancel(sender.send(b"mine"));
            // Connected to one that is full, it has room for another.
            let mut sending = pin!(send(&sender, &roomy, by_poll));
            assert!(poll_once(&mut sending).is_ready());
            assert!(empty(&other).await);

            // And it is told of another's room although its own peer remains full.
            let blocked = net::UnixDatagram::unbound()?;
            blocked.set_nonblocking(true)?;
            while blocked.send_to(b"other", &roomy).is_ok() {}
            let mut sending = pin!(send(&sender, &roomy, by_poll));
            assert!(poll_once(&mut sending).is_pending());
            empty(&other).await;
            assert_eq!(sending.await?, 4);
            assert!(empty(&other).await);
        }
        drop(receiver);
        Ok(())
    });
}

#[test]
fn many_senders_and_one_receiver_lose_nothing() {
    on_both(|| async {
        let folder = Folder::new("send-many");
        let path = folder.path("receiver");
        let receiver = UnixDatagram::bind(&path)?;
        let senders: Vec<_> = (0..4u8)
            .map(|sender| {
                let path = path.clone();
                leno::spawn(async move {
                    let socket = UnixDatagram::unbound()?;
                    for message in 0..100u8 {
                        socket.send_to(&[sender, message], &path).await?;
                    }
                    io::Result::Ok(())
                })
            })
            .collect();
        let mut next = [0; 4];
        for _ in 0..400 {
            let mut message = [0; 2];
            receiver.recv(&mut message).await?;
            let [sender, number] = message;
            assert_eq!(number, next[usize::from(sender)]);
            next[usize::from(sender)] += 1;
        }
        for sender in senders {
            sender.await??;
        }
        Ok(())
    });
}

async fn wait_for_both(socket: &UnixDatagram) -> io::Result<Ready> {
    socket.ready(Interest::READABLE | Interest::WRITABLE).await
}

/// The ways to wait until one may try.
async fn wait_to_send(socket: &UnixDatagram, way: usize) -> io::Result<()> {
    match way {
        0 => socket.writable().await,
        1 => socket.ready(Interest::WRITABLE).await.map(drop),
        2 => wait_for_both(socket).await.map(drop),
        _ => poll_fn(|cx| socket.poll_send_ready(cx)).await,
    }
}

#[test]
fn a_loop_of_waiting_and_trying_asks_ever_more_seldom() {
    on_one(async {
        let folder = Folder::new("try-full");
        let path = folder.path("receiver");
        for way in 0..4 {
            let receiver = full_receiver(&path)?;
            let sender = UnixDatagram::unbound()?;
            let tries = Cell::new(0);
            let sending = async {
                loop {
                    wait_to_send(&sender, way).await?;
                    tries.set(tries.get() + 1);
                    match sender.try_send_to(b"mine", &path) {
                        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                        result => return result,
                    }
                }
            };
            let mut sending = pin!(sending);
            let begin = Instant::now();
            let mut turns = pin!(leno::time::sleep(Duration::from_millis(100)));
            poll_fn(|cx| {
                assert!(sending.as_mut().poll(cx).is_pending());
                turns.as_mut().poll(cx)
            })
            .await;
            let most = 12 + begin.elapsed().as_millis() / 25;
            assert!(tries.get() <= most, "{way}: {} tries", tries.get());
            empty(&receiver).await;
            assert_eq!(sending.await?, 4);
            assert!(empty(&receiver).await);
            std::fs::remove_file(&path)?;
        }
        Ok(())
    });
}

#[test]
fn a_socket_that_is_held_back_from_sending_receives() {
    on_one(async {
        let folder = Folder::new("held");
        let [full, own]: [PathBuf; 2] = ["full", "own"].map(|name| folder.path(name));
        let _receiver = full_receiver(&full)?;
        let socket = UnixDatagram::bind(&own)?;
        let friend = UnixDatagram::unbound()?;
        for _ in 0..20 {
            socket.writable().await?;
            assert_would_block(socket.try_send_to(b"mine", &full));
        }
        assert_would_block(socket.try_recv(&mut [0; 8]));
        friend.send_to(b"hello", &own).await?;
        // It is held back for a time only, so this may also say that it is writable, and then once more.
        while !wait_for_both(&socket).await?.is_readable() {
            assert_would_block(socket.try_send_to(b"mine", &full));
        }
        assert_eq!(socket.try_recv(&mut [0; 8])?, 5);
        Ok(())
    });
}
