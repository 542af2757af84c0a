//! Dropping a stream that lingers holds nobody up, and nothing that was written is lost.
#![cfg(any(target_os = "linux", target_os = "android"))]

mod net_support;

use leno::io::AsyncReadExt;
use leno::net::{TcpListener, TcpSocket, TcpStream};
use leno::runtime::{Builder, Runtime};
use net_support::*;
use socket2::SockRef;
use std::io;
use std::time::{Duration, Instant};

/// Far longer than anything here takes, if nobody waits.
const LINGER: Duration = Duration::from_secs(30);

/// A pair whose near end lingers, has written what the far end did not read, and how much that was.
async fn unread() -> io::Result<(TcpStream, TcpStream, usize)> {
    let (near, far) = tcp_pair().await?;
    SockRef::from(&near).set_linger(Some(LINGER))?;
    let written = fill(&near).await?;
    Ok((near, far, written))
}

/// Writes until nothing more goes, also after the system has moved on what there was.
async fn fill(stream: &TcpStream) -> io::Result<usize> {
    let mut written = 0;
    let mut rounds = 0;
    while rounds < 20 {
        match stream.try_write(&[7; 64 * 1024]) {
            Ok(length) => {
                written += length;
                rounds = 0;
            }
            Err(_) => {
                rounds += 1;
                leno::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }
    Ok(written)
}

/// Drops `end`, and expects that to take no time to speak of.
#[track_caller]
fn drop_at_once<T>(end: T) {
    let begin = Instant::now();
    drop(end);
    assert!(begin.elapsed() < LINGER / 2, "it lingered");
}

async fn expect_all(mut far: TcpStream, written: usize) -> io::Result<()> {
    let mut received = Vec::new();
    far.read_to_end(&mut received).await?;
    assert_eq!(received.len(), written);
    Ok(())
}

fn one_worker() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().unwrap()
}

#[test]
fn a_dropped_stream_is_closed_by_another_thread() {
    for runtime in [current_thread(), one_worker()] {
        let test = async {
            let (near, far, written) = unread().await?;
            drop_at_once(near);
            expect_all(far, written).await
        };
        runtime
            .block_on(async { leno::spawn(test).await.unwrap() })
            .unwrap();
    }
}

#[test]
fn the_last_of_two_halves_is_as_a_whole_stream() {
    on_one(async {
        let (near, far, written) = unread().await?;
        let (read, write) = near.into_split();
        drop_at_once(write);
        drop_at_once(read);
        expect_all(far, written).await
    });
}

#[test]
fn a_connection_may_have_the_option_from_its_listener_or_from_std() {
    on_one(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        SockRef::from(&listener).set_linger(Some(LINGER))?;
        let client = TcpStream::connect(listener.local_addr()?).await?;
        let (server, _) = listener.accept().await?;
        assert_eq!(server.linger()?, Some(LINGER));
        let written = fill(&server).await?;
        drop_at_once(server);
        expect_all(client, written).await?;

        let (near, far, written) = unread().await?;
        let near = TcpStream::from_std(near.into_std()?)?;
        assert_eq!(near.linger()?, Some(LINGER));
        drop_at_once(near);
        expect_all(far, written).await?;

        #[expect(deprecated, reason = "it is what is tested")]
        let socket = {
            let socket = TcpSocket::new_v4()?;
            socket.set_linger(Some(LINGER))?;
            socket
        };
        let client = socket.connect(listener.local_addr()?).await?;
        let (server, _) = listener.accept().await?;
        let written = fill(&client).await?;
        drop_at_once(client);
        expect_all(server, written).await
    });
}

#[test]
fn a_stream_given_to_std_lingers_there() {
    on_one(async {
        let (near, far) = tcp_pair().await?;
        SockRef::from(&near).set_linger(Some(LINGER))?;
        let near = near.into_std()?;
        assert_eq!(SockRef::from(&near).linger()?, Some(LINGER));
        drop(far);
        Ok(())
    });
}

#[test]
fn without_a_runtime_it_does_not_linger() {
    let runtime = current_thread();
    let (near, far, written) = runtime.block_on(unread()).unwrap();
    drop_at_once(near);
    runtime.block_on(expect_all(far, written)).unwrap();
}

#[test]
fn what_a_runtime_leaves_behind_is_sent() {
    for runtime in [current_thread(), one_worker()] {
        let reader = current_thread();
        let (far, written) = runtime.block_on(async {
            let (near, far, written) = unread().await.unwrap();
            leno::spawn(async move {
                let _near = near;
                std::future::pending::<()>().await;
            });
            leno::task::yield_now().await;
            (far.into_std().unwrap(), written)
        });
        let begin = Instant::now();
        runtime.shutdown_background();
        assert!(begin.elapsed() < LINGER / 2, "it lingered");
        reader.block_on(async {
            let far = TcpStream::from_std(far).unwrap();
            expect_all(far, written).await.unwrap();
        });
    }
}

#[test]
fn a_linger_of_zero_resets_the_connection() {
    on_one(async {
        let (near, mut far) = tcp_pair().await?;
        near.set_zero_linger()?;
        drop(near);
        let error = far.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        Ok(())
    });
}
