//! Each part of leno, where its features are on: that it is there, and works without the others.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Polls once, without a runtime.
fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// What all builds have: `pin!`, and the traits of `io`.
#[test]
fn a_build_without_features_has_the_traits() {
    let future = async { 42 };
    leno::pin!(future);
    assert_eq!(poll_once(future), Poll::Ready(42));

    let mut memory = [0; 2];
    let mut buffer = leno::io::ReadBuf::new(&mut memory);
    let reader = pin!(Zeros);
    let mut cx = Context::from_waker(Waker::noop());
    let read = leno::io::AsyncRead::poll_read(reader, &mut cx, &mut buffer);
    assert!(matches!(read, Poll::Ready(Ok(()))));
    assert_eq!(buffer.filled(), [0, 0]);
}

struct Zeros;

impl leno::io::AsyncRead for Zeros {
    fn poll_read(
        self: std::pin::Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut leno::io::ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        buffer.initialize_unfilled();
        buffer.set_filled(buffer.capacity());
        Poll::Ready(Ok(()))
    }
}

#[cfg(feature = "sync")]
#[test]
fn channels_and_locks_need_no_runtime() {
    let (sender, mut receiver) = leno::sync::mpsc::channel(1);
    assert!(poll_once(receiver.recv()).is_pending());
    assert_eq!(poll_once(sender.send(7)), Poll::Ready(Ok(())));
    assert_eq!(poll_once(receiver.recv()), Poll::Ready(Some(7)));

    let lock = leno::sync::Mutex::new(1);
    let Poll::Ready(guard) = poll_once(lock.lock()) else {
        panic!("nobody has it");
    };
    assert!(poll_once(lock.lock()).is_pending());
    drop(guard);
    assert!(poll_once(lock.lock()).is_ready());
}

#[cfg(feature = "macros")]
#[test]
fn macros_need_no_runtime() {
    let both = async { leno::join!(async { 1 }, async { 2 }) };
    assert_eq!(poll_once(both), Poll::Ready((1, 2)));
    let first = async {
        leno::select! { one = async { 1 } => one, () = std::future::pending() => 2 }
    };
    assert_eq!(poll_once(first), Poll::Ready(1));
}

#[cfg(feature = "structured")]
#[test]
fn who_ends_for_the_panic_of_another_is_told_its_text() {
    use leno::task::{self, TaskGroup};
    use std::panic::{AssertUnwindSafe, catch_unwind};

    async fn panics() -> Result<(), ()> {
        panic!("as planned")
    }

    let runtime = leno::runtime::Builder::new_current_thread().build();
    let runtime = runtime.unwrap();
    let mut kept = None::<TaskGroup<()>>;
    let body = task::group(async |group| {
        kept = Some(group.clone());
        let _child = group.spawn(panics());
        std::future::pending::<Result<(), ()>>().await
    });
    catch_unwind(AssertUnwindSafe(|| runtime.block_on(body))).unwrap_err();
    let reason = kept.unwrap().reason().unwrap();
    assert_eq!(reason.text(), Some("as planned"));
}

#[cfg(feature = "io-util")]
#[test]
fn pipes_in_memory_need_no_runtime() {
    use leno::io::{AsyncReadExt, AsyncWriteExt};
    let (mut here, mut there) = leno::io::duplex(16);
    let exchange = async {
        here.write_all(b"hello").await?;
        drop(here);
        let mut text = String::new();
        there.read_to_string(&mut text).await?;
        std::io::Result::Ok(text)
    };
    let Poll::Ready(Ok(text)) = poll_once(exchange) else {
        panic!("there is room for it");
    };
    assert_eq!(text, "hello");
}

/// Runs on the current-thread runtime, with all that is there.
#[cfg(feature = "rt")]
fn run<F: Future>(future: F) -> F::Output {
    let runtime = leno::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the system has what a runtime needs");
    runtime.block_on(future)
}

#[cfg(feature = "rt")]
#[test]
fn tasks_run_on_the_current_thread() {
    let sum = run(async {
        let tasks = [1, 2, 3].map(|number| {
            leno::spawn(async move {
                leno::task::yield_now().await;
                number
            })
        });
        let mut sum = leno::task::spawn_blocking(|| 4)
            .await
            .expect("it does not panic");
        for task in tasks {
            sum += task.await.expect("it does not panic");
        }
        sum
    });
    assert_eq!(sum, 10);
}

#[cfg(feature = "structured")]
#[test]
fn scopes_have_deadlines_with_and_without_the_feature_time() {
    use std::time::Duration;
    let ended = run(async {
        let scope = leno::task::Scope::new().timeout(Duration::from_millis(1));
        scope.run(std::future::pending::<()>()).await
    });
    assert!(ended.is_err());
}

#[cfg(feature = "rt-multi-thread")]
#[test]
fn tasks_run_on_a_pool() {
    let runtime = leno::runtime::Runtime::new().expect("the system has threads");
    let answer = runtime.block_on(async {
        let task = leno::spawn(async { leno::task::block_in_place(|| 42) });
        task.await.expect("it does not panic")
    });
    assert_eq!(answer, 42);
}

#[cfg(all(feature = "macros", feature = "rt-multi-thread"))]
#[leno::test(flavor = "multi_thread", worker_threads = 1)]
async fn attributes_build_a_pool() {
    assert!(leno::spawn(async {}).await.is_ok());
}

#[cfg(all(feature = "macros", feature = "rt"))]
#[leno::test]
async fn attributes_build_a_runtime() {
    assert!(leno::spawn(async {}).await.is_ok());
}

#[cfg(feature = "coroutine")]
#[test]
fn calls_make_coroutines() {
    #[leno::coroutine]
    async fn double(number: u32) -> u32 {
        number * 2
    }
    #[leno::cancel_safe]
    async fn next(numbers: &mut std::future::Ready<u32>) -> u32 {
        leno::task::assert_cancel_safe(numbers).await
    }
    let call = double(21);
    assert!(call.name().ends_with("double"));
    assert_eq!(run(call), 42);
    assert_eq!(run(next(&mut std::future::ready(7))), 7);
}

#[cfg(feature = "time")]
#[test]
fn timers_go_off_with_and_without_a_reactor() {
    use leno::time::{Duration, Instant, sleep, timeout};
    run(async {
        let start = Instant::now();
        sleep(Duration::from_millis(2)).await;
        assert!(start.elapsed() >= Duration::from_millis(2));
        let never = timeout(Duration::from_millis(1), std::future::pending::<()>());
        assert!(never.await.is_err());
    });
}

#[cfg(feature = "test-util")]
#[test]
fn the_clock_can_be_stopped() {
    use leno::time::{Duration, Instant, sleep};
    run(async {
        leno::time::pause();
        let start = Instant::now();
        sleep(Duration::from_secs(3600)).await;
        assert_eq!(start.elapsed(), Duration::from_secs(3600));
    });
}

#[cfg(feature = "net")]
#[test]
fn sockets_need_no_extension_traits() {
    use leno::net::{TcpListener, TcpStream};
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let server = leno::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a connection");
            stream.writable().await.expect("it is open");
            stream.try_write(b"hello").expect("there is room")
        });
        let stream = TcpStream::connect(address).await.expect("a listener");
        stream.readable().await.expect("it is open");
        let mut word = [0; 8];
        let length = stream.try_read(&mut word).expect("it is readable");
        assert_eq!(server.await.expect("it does not panic"), length);
        assert_eq!(&word[..length], b"hello");
    });
}

#[cfg(feature = "fs")]
#[test]
fn files_need_no_reactor() {
    let here = run(leno::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src/lib.rs"
    )));
    assert_eq!(here.expect("it is there"), "//! Nothing but its tests.\n");
}

#[cfg(feature = "io-std")]
#[test]
fn the_standard_streams_need_no_extension_traits() {
    use leno::io::AsyncWrite;
    run(async {
        let mut out = pin!(leno::io::stderr());
        let written = std::future::poll_fn(|cx| out.as_mut().poll_write(cx, b"")).await;
        assert_eq!(written.expect("nothing can be written"), 0);
        let flushed = std::future::poll_fn(|cx| out.as_mut().poll_flush(cx)).await;
        flushed.expect("it is open");
    });
}

#[cfg(all(unix, feature = "process"))]
#[test]
fn children_are_waited_for() {
    let output = run(async {
        let mut command = leno::process::Command::new("echo");
        command.arg("hello").output().await
    });
    assert_eq!(output.expect("there is an `echo`").stdout, b"hello\n");
}

#[cfg(all(unix, feature = "signal"))]
#[test]
fn signals_are_listened_for() {
    use leno::signal::unix::{SignalKind, signal};
    run(async {
        let mut signal = signal(SignalKind::user_defined1()).expect("it may be handled");
        assert!(poll_once(signal.recv()).is_pending());
    });
}
