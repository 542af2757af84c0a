//! A clock that stands still, and what comes from outside of the runtime, in real time.

use leno::io::{AsyncReadExt, AsyncWriteExt};
use leno::net::{TcpListener, TcpStream, UdpSocket};
use leno::runtime::{Builder, Runtime};
use leno::time::{self, Duration, Instant, timeout};
use std::io::{Read, Write};
use std::thread;

const MINUTE: Duration = Duration::from_secs(60);

fn paused() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
}

/// Counts how many of 20 answers were in time. How long a thread takes to answer is the system's affair, so a few may be
/// late, but not all of them.
#[test]
fn an_answer_from_another_thread_comes_before_a_minute_is_over() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let peer = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut byte = [0];
        while stream.read_exact(&mut byte).is_ok() {
            thread::yield_now();
            stream.write_all(&byte).unwrap();
        }
    });
    let in_time = paused().block_on(async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let mut in_time = 0;
        for sent in 0..20 {
            stream.write_u8(sent).await.unwrap();
            let answer = match timeout(MINUTE, stream.read_u8()).await {
                Ok(answer) => {
                    in_time += 1;
                    answer
                }
                Err(_) => stream.read_u8().await,
            };
            assert_eq!(answer.unwrap(), sent);
        }
        in_time
    });
    peer.join().unwrap();
    assert!(in_time > 0, "no answer came in time");
}

#[test]
fn a_datagram_from_another_thread_comes_before_a_minute_is_over() {
    let peer = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = peer.local_addr().unwrap();
    let thread = thread::spawn(move || {
        let mut byte = [0];
        loop {
            let (_, from) = peer.recv_from(&mut byte).unwrap();
            if byte == [20] {
                return;
            }
            peer.send_to(&byte, from).unwrap();
        }
    });
    let in_time = paused().block_on(async {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(address).await.unwrap();
        let mut in_time = 0;
        for sent in 0..20 {
            socket.send(&[sent]).await.unwrap();
            let mut byte = [0];
            if timeout(MINUTE, socket.recv(&mut byte)).await.is_ok() {
                in_time += 1;
            } else {
                socket.recv(&mut byte).await.unwrap();
            }
        }
        socket.send(&[20]).await.unwrap();
        in_time
    });
    thread.join().unwrap();
    assert!(in_time > 0, "no answer came in time");
}

#[cfg(target_os = "linux")]
#[test]
fn a_child_that_ends_soon_ends_before_a_minute_is_over() {
    let in_time = paused().block_on(async {
        let mut in_time = 0;
        for _ in 0..20 {
            let mut child = leno::process::Command::new("sleep")
                .arg("0.01")
                .spawn()
                .unwrap();
            in_time += usize::from(timeout(MINUTE, child.wait()).await.is_ok());
            child.wait().await.unwrap();
        }
        in_time
    });
    assert!(in_time > 0, "no child ended in time");
}

#[test]
fn an_answer_that_does_not_come_is_too_late_by_the_clock() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    paused().block_on(async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let start = Instant::now();
        for round in 1..=10 {
            stream.write_u8(0).await.unwrap();
            assert!(timeout(MINUTE, stream.read_u8()).await.is_err());
            assert_eq!(start.elapsed(), round * MINUTE);
        }
    });
}

/// Each wait of a millisecond would make this last for minutes.
#[test]
fn a_clock_that_moves_often_waits_for_nobody_without_traffic() {
    let real = std::time::Instant::now();
    paused().block_on(async {
        let start = Instant::now();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut ticks = time::interval(Duration::from_secs(1));
        for _ in 0..200_000 {
            leno::select! {
                _ = listener.accept() => unreachable!(),
                _ = ticks.tick() => {}
            }
        }
        assert_eq!(start.elapsed(), Duration::from_secs(200_000 - 1));
    });
    assert!(real.elapsed() < Duration::from_secs(100), "{real:?}");
}
