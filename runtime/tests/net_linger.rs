//! Dropping a stream that lingers holds nobody up, and nothing that was written is lost.
#![cfg(any(target_os = "linux", target_os = "android"))]

mod net_support;

use leno::io::{AsyncReadExt, AsyncWriteExt};
use leno::net::{TcpListener, TcpSocket, TcpStream};
use leno::runtime::{Builder, Runtime};
use net_support::*;
use socket2::SockRef;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Far longer than anything here takes, if nobody waits.
const LINGER: Duration = Duration::from_secs(30);

/// A pair whose near end lingers.
async fn lingering() -> io::Result<(TcpStream, TcpStream)> {
    let (near, far) = tcp_pair().await?;
    SockRef::from(&near).set_linger(Some(LINGER))?;
    Ok((near, far))
}

/// A pair whose near end lingers, has written what the far end did not read, and how much that was.
async fn unread() -> io::Result<(TcpStream, TcpStream, usize)> {
    let (near, far) = lingering().await?;
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
        let (near, far) = lingering().await?;
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

/// Those with one thread for closures.
fn with_one_thread() -> [Runtime; 2] {
    builders_with_one_thread().map(|mut builder| builder.build().unwrap())
}

fn builders_with_one_thread() -> [Builder; 2] {
    let mut one = Builder::new_multi_thread();
    one.worker_threads(1);
    [Builder::new_current_thread(), one].map(|mut builder| {
        builder.max_blocking_threads(1).enable_all();
        builder
    })
}

#[test]
fn a_closure_may_wait_for_the_end_of_the_stream() {
    for runtime in with_one_thread() {
        runtime.block_on(async {
            let (mut near, far) = lingering().await.unwrap();
            let mut far = far.into_std().unwrap();
            far.set_nonblocking(false).unwrap();
            far.set_read_timeout(Some(LINGER / 2)).unwrap();
            let (begun, has_begun) = leno::sync::oneshot::channel();
            let reader = leno::task::spawn_blocking(move || {
                begun.send(()).unwrap();
                let mut text = String::new();
                far.read_to_string(&mut text).map(|_| text)
            });
            has_begun.await.unwrap();
            near.write_all(b"the end").await.unwrap();
            drop(near);
            assert_eq!(reader.await.unwrap().unwrap(), "the end");
        });
    }
}

/// More streams linger than the pool has threads; and, the second time, more than there are threads to wait for them.
#[test]
fn closes_that_wait_leave_the_pool_to_others() {
    for mut builder in builders_with_one_thread() {
        let threads = Arc::new(AtomicUsize::new(0));
        let (more, less) = (Arc::clone(&threads), Arc::clone(&threads));
        builder.on_thread_start(move || _ = more.fetch_add(1, Ordering::Relaxed));
        builder.on_thread_stop(move || _ = less.fetch_sub(1, Ordering::Relaxed));
        let runtime = builder.build().unwrap();
        for streams in [2, 40] {
            runtime.block_on(async {
                let mut far_ends = Vec::new();
                for _ in 0..streams {
                    let (near, far) = lingering().await.unwrap();
                    SockRef::from(&near).set_send_buffer_size(4096).unwrap();
                    fill(&near).await.unwrap();
                    drop_at_once(near);
                    far_ends.push(far);
                }
                let begin = Instant::now();
                leno::task::spawn_blocking(|| ()).await.unwrap();
                leno::task::spawn_blocking(|| ()).await.unwrap();
                assert!(begin.elapsed() < LINGER / 2, "it waits for a close");
                // A worker, one for closures, and those that wait.
                let threads = threads.load(Ordering::Relaxed);
                assert!(threads <= 1 + 1 + 16, "{threads} threads");
            });
        }
    }
}

#[test]
fn the_end_of_a_runtime_waits_for_closes_that_have_begun() {
    for runtime in with_one_thread() {
        let (far, written) = runtime.block_on(async {
            let (near, far, written) = unread().await.unwrap();
            leno::spawn(async move { drop(near) }).await.unwrap();
            (far.into_std().unwrap(), written)
        });
        let has_begun = Arc::new(AtomicBool::new(false));
        let reader = std::thread::spawn({
            let has_begun = Arc::clone(&has_begun);
            move || {
                has_begun.store(true, Ordering::Relaxed);
                let reader = current_thread();
                let far = async { expect_all(TcpStream::from_std(far)?, written).await };
                reader.block_on(far).unwrap();
            }
        });
        drop(runtime);
        let begun = has_begun.load(Ordering::Relaxed);
        reader.join().unwrap();
        assert!(begun, "it has not waited");
    }
}

#[test]
fn without_a_thread_it_does_not_linger() {
    // No system has room for such a stack, so every thread is refused.
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_all().thread_stack_size(1 << 60).build();
    runtime.unwrap().block_on(async {
        let (near, far, written) = unread().await.unwrap();
        drop_at_once(near);
        expect_all(far, written).await.unwrap();
    });
}

/// A close does nothing that a test waits for.
#[test]
fn a_paused_clock_does_not_stand_still_for_it() {
    on_one(async {
        let (near, _far, _) = unread().await?;
        leno::time::pause();
        drop_at_once(near);
        let begin = Instant::now();
        leno::time::sleep(10 * LINGER).await;
        assert!(begin.elapsed() < LINGER / 2, "it stands still");
        Ok(())
    });
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
