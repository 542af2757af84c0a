//! The adapters for hyper, in both directions.

use hyper::body::Incoming;
use hyper::rt::{Executor, Timer};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use leno::hyper::{LenoExecutor, LenoIo, LenoTimer};
use leno::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf, duplex};
use leno::runtime::{Builder, Runtime};
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(3600);

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

async fn greet(_: Request<Incoming>) -> Result<Response<String>, Infallible> {
    Ok(Response::new("hello".to_string()))
}

#[test]
fn hyper_serves_over_any_leno_io() {
    runtime().block_on(async {
        let (mut client, server) = duplex(64);
        let connection = http1::Builder::new()
            .timer(LenoTimer::new())
            .serve_connection(LenoIo::new(server), service_fn(greet));
        let server = leno::spawn(connection);
        client
            .write_all(b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\nhello"), "{answer}");
        server.await.unwrap().unwrap();
    });
}

#[test]
fn what_is_wrapped_twice_is_what_it_was() {
    runtime().block_on(async {
        let (mut left, right) = duplex(8);
        let mut right = LenoIo::new(LenoIo::new(right));
        let text = b"more than fits at once";
        let (wrote, read) = leno::join!(
            async {
                left.write_all(text).await?;
                left.shutdown().await
            },
            async {
                let mut read = b"appended: ".to_vec();
                right.read_to_end(&mut read).await.map(|_| read)
            }
        );
        wrote.unwrap();
        assert_eq!(read.unwrap(), [&b"appended: "[..], text].concat());

        right.write_all(b"back").await.unwrap();
        right.flush().await.unwrap();
        right.shutdown().await.unwrap();
        let mut back = String::new();
        left.read_to_string(&mut back).await.unwrap();
        assert_eq!(back, "back");
    });
}

/// Puts another buffer in the place of the one it should fill.
struct Exchanger;

impl AsyncRead for Exchanger {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        *buf = ReadBuf::new(Box::leak(Box::new([1; 16])));
        buf.set_filled(16);
        Poll::Ready(Ok(()))
    }
}

#[test]
#[should_panic = "must fill the one it is given"]
fn a_reader_cannot_pass_off_unfilled_memory_as_filled() {
    runtime().block_on(async {
        let mut exchanger = LenoIo::new(LenoIo::new(Exchanger));
        let _ = exchanger.read(&mut [0; 16]).await;
    });
}

#[test]
fn the_executor_spawns_on_the_current_runtime() {
    runtime().block_on(async {
        let (sender, receiver) = leno::sync::oneshot::channel();
        LenoExecutor::new().execute(async move { sender.send(1).unwrap() });
        assert_eq!(receiver.await, Ok(1));
    });
}

#[test]
fn the_timer_sleeps_and_moves_its_sleeps() {
    runtime().block_on(async {
        let timer = LenoTimer::new();
        let start = Instant::now();
        timer.sleep(Duration::from_millis(20)).await;
        timer.sleep_until(start + Duration::from_millis(40)).await;
        assert!(start.elapsed() >= Duration::from_millis(40));

        let mut sleep = timer.sleep(LONG);
        let address = &raw const *sleep;
        timer.reset(&mut sleep, timer.now());
        assert!(std::ptr::addr_eq(address, &raw const *sleep));
        sleep.await;
        assert!(start.elapsed() < LONG);
    });
}

#[test]
fn a_task_tells_where_it_was_executed() {
    runtime().block_on(async {
        let line = line!() + 1;
        LenoExecutor::new().execute(std::future::pending::<()>());
        leno::task::yield_now().await;
        let tasks = leno::runtime::Handle::current().tasks();
        let place = tasks[0].spawned_at();
        assert_eq!((place.file(), place.line()), (file!(), line));
    });
}
