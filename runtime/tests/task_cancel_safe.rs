//! `CancelSafe`: which futures carry it, and that carrying it costs nothing. (Those that must not are in `ui/cancel_safe_*.rs`.)

use leno::io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use leno::sync::{Mutex, Notify, RwLock, Semaphore, SetOnce, broadcast, mpsc, oneshot, watch};
use leno::task::{self, CancelSafe, assert_cancel_safe};
use leno::time::{self, Duration};
use std::future::{Future, pending, poll_fn, ready};
use std::mem::size_of_val;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

/// Accepts only what the marker is on.
fn safe<F: CancelSafe>(future: F) -> F {
    future
}

#[leno::test]
async fn channels_carry_it() {
    let (sender, mut receiver) = mpsc::channel::<u32>(1);
    drop(safe(receiver.recv()));
    drop(safe(receiver.recv_many(&mut Vec::new(), 3)));
    drop(safe(sender.reserve()));
    drop(safe(sender.reserve_many(1)));
    drop(safe(sender.closed()));
    drop(safe(sender.reserve_owned()));

    let (sender, mut receiver) = mpsc::unbounded_channel::<u32>();
    drop(safe(receiver.recv()));
    drop(safe(receiver.recv_many(&mut Vec::new(), 3)));
    drop(safe(sender.closed()));

    let (sender, mut receiver) = broadcast::channel::<u32>(1);
    drop(safe(receiver.recv()));
    drop(safe(sender.closed()));

    let (sender, mut receiver) = watch::channel(0);
    drop(safe(receiver.changed()));
    drop(safe(receiver.wait_for(|number| *number == 1)));
    drop(safe(sender.closed()));

    let (mut sender, mut receiver) = oneshot::channel::<u32>();
    drop(safe(sender.closed()));
    sender.send(1).unwrap();
    assert_eq!(safe(&mut receiver).await, Ok(1));
}

#[leno::test]
async fn locks_carry_it() {
    let mutex = Arc::new(Mutex::new(0));
    drop(safe(mutex.lock()));
    drop(safe(mutex.clone().lock_owned()));
    let lock = Arc::new(RwLock::new(0));
    drop(safe(lock.read()));
    drop(safe(lock.write()));
    drop(safe(lock.clone().read_owned()));
    drop(safe(lock.clone().write_owned()));
    let semaphore = Arc::new(Semaphore::new(1));
    drop(safe(semaphore.acquire()));
    drop(safe(semaphore.acquire_many(1)));
    drop(safe(semaphore.clone().acquire_owned()));
    drop(safe(semaphore.clone().acquire_many_owned(1)));
    let notify = Arc::new(Notify::new());
    drop(safe(notify.notified()));
    drop(safe(notify.clone().notified_owned()));
    drop(safe(SetOnce::<u32>::new().wait()));
}

#[leno::test]
async fn tasks_and_time_carry_it() {
    let mut handle = leno::spawn(async {});
    safe(&mut handle).await.unwrap();
    let mut set = task::JoinSet::<()>::new();
    drop(safe(set.join_next()));
    drop(safe(set.join_next_with_id()));
    drop(safe(set.shutdown()));
    safe(task::yield_now()).await;
    safe(task::consume_budget()).await;
    drop(safe(time::sleep(Duration::from_secs(1))));
    drop(safe(time::sleep_until(time::Instant::now())));
    drop(safe(time::interval(Duration::from_secs(1)).tick()));
}

#[leno::test]
async fn streams_carry_it_where_nothing_is_lost() {
    let (mut one, _two) = leno::io::duplex(16);
    drop(safe(one.read(&mut [0])));
    drop(safe(one.read_buf(&mut Vec::new())));
    drop(safe(one.write(b"a")));
    drop(safe(one.write_vectored(&[])));
    drop(safe(one.write_buf(&mut &b"a"[..])));
    drop(safe(one.write_all_buf(&mut &b"a"[..])));
    drop(safe(one.flush()));
    drop(safe(one.shutdown()));
    let mut reader = leno::io::BufReader::new(one);
    drop(safe(reader.fill_buf()));
    let mut lines = reader.lines();
    drop(safe(lines.next_line()));
    drop(safe(lines.into_inner().split(b' ').next_segment()));
    drop(safe(std::io::Cursor::new([0]).stream_position()));
}

#[leno::test]
async fn sockets_and_files_carry_it() {
    let listener = leno::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    drop(safe(listener.accept()));
    let address = listener.local_addr().unwrap();
    let stream = leno::net::TcpStream::connect(address).await.unwrap();
    drop(safe(stream.readable()));
    drop(safe(stream.writable()));
    drop(safe(stream.ready(leno::io::Interest::READABLE)));
    drop(safe(stream.peek(&mut [0])));
    let socket = safe(leno::net::UdpSocket::bind("127.0.0.1:0"))
        .await
        .unwrap();
    drop(safe(socket.connect(address)));
    drop(safe(socket.send(b"a")));
    drop(safe(socket.send_to(b"a", address)));
    drop(safe(socket.recv(&mut [0])));
    drop(safe(socket.recv_buf(&mut Vec::new())));
    drop(safe(socket.recv_from(&mut [0])));
    drop(safe(socket.recv_buf_from(&mut Vec::new())));
    drop(safe(socket.peek(&mut [0])));
    drop(safe(socket.peek_from(&mut [0])));
    drop(safe(socket.peek_sender()));
    drop(safe(leno::net::lookup_host("127.0.0.1:0")));
    let mut directory = safe(leno::fs::read_dir(".")).await.unwrap();
    drop(safe(directory.next_entry()));
}

#[cfg(unix)]
#[leno::test]
async fn what_is_of_unix_carries_it() {
    let listener = leno::net::UnixListener::bind(tempfile::tempdir().unwrap().path().join("s"));
    drop(safe(listener.unwrap().accept()));
    let (one, _two) = leno::net::UnixDatagram::pair().unwrap();
    drop(safe(one.send(b"a")));
    drop(safe(one.send_to(b"a", "nowhere")));
    drop(safe(one.recv_from(&mut [0])));
    drop(safe(one.writable()));
    let mut signal = leno::signal::unix::signal(leno::signal::unix::SignalKind::user_defined1());
    drop(safe(signal.as_mut().unwrap().recv()));
    let mut child = leno::process::Command::new("true").spawn().unwrap();
    assert!(safe(child.wait()).await.unwrap().success());
    let (socket, _other) = std::os::unix::net::UnixStream::pair().unwrap();
    socket.set_nonblocking(true).unwrap();
    // SAFETY: the `AsyncFd` owns the socket, which closes its descriptor only when it is dropped.
    let file = unsafe { leno::io::unix::AsyncFd::register(socket) }.unwrap();
    drop(safe(file.readable()));
    drop(safe(
        file.async_io(leno::io::Interest::READABLE, |_| Ok(())),
    ));
}

#[leno::test]
async fn wrappers_pass_it_on() {
    let ready = || assert_cancel_safe(ready(1));
    assert_eq!(safe(Box::pin(ready())).await, 1);
    assert_eq!(safe(Box::new(ready())).await, 1);
    assert_eq!(safe(time::timeout(Duration::MAX, ready())).await, Ok(1));
    assert_eq!(safe(task::unconstrained(ready())).await, 1);
    assert_eq!(safe(task::coop::cooperative(ready())).await, 1);
    leno::task_local! { static NUMBER: u32; }
    assert_eq!(safe(NUMBER.scope(3, ready())).await, 1);
    drop(safe(pending::<()>()));
    let erased: Pin<Box<dyn CancelSafe<Output = u32> + Send>> = Box::pin(ready());
    assert_eq!(safe(erased).await, 1);
}

/// A reference to whatever it is may be dropped: the future goes on with the next one.
#[leno::test]
async fn a_reference_carries_it_whatever_it_is_to() {
    let polls = AtomicUsize::new(0);
    let mut future = pin!(poll_fn(|_| match polls.fetch_add(1, Ordering::Relaxed) {
        2 => Poll::Ready("done"),
        _ => Poll::Pending,
    }));
    for _ in 0..2 {
        let mut cx = Context::from_waker(Waker::noop());
        assert!(pin!(safe(future.as_mut())).poll(&mut cx).is_pending());
    }
    assert_eq!(safe(&mut future).await, "done");
}

#[test]
fn it_takes_no_memory() {
    let future = async || {
        let numbers = [0_u64; 8];
        pending::<()>().await;
        numbers.len()
    };
    assert_eq!(
        size_of_val(&future()),
        size_of_val(&assert_cancel_safe(future()))
    );
}

/// `Send`, `Sync` and `Unpin` are those of the future inside.
#[test]
fn it_changes_no_auto_trait() {
    fn all(_: impl Send + Sync + Unpin) {}
    all(assert_cancel_safe(ready(1)));
    let receiver = |receiver: &mut mpsc::Receiver<u32>| {
        fn send(_: impl Send) {}
        send(receiver.recv());
    };
    receiver(&mut mpsc::channel(1).1);
    let held = Arc::new(());
    let inner = assert_cancel_safe(ready(held.clone())).into_inner();
    assert!(Arc::ptr_eq(&held, &inner.into_inner()));
}

mod attribute {
    use super::*;
    use std::rc::Rc;

    struct Frames<R> {
        reader: R,
        buffer: Vec<u8>,
    }

    impl<R: leno::io::AsyncRead + Unpin> Frames<R> {
        /// The next `N` bytes, or `None` at the end.
        #[leno::cancel_safe(because = "what was read is in `self.buffer`")]
        async fn next<const N: usize>(&mut self) -> std::io::Result<Option<[u8; N]>> {
            while self.buffer.len() < N {
                if self.reader.read_buf(&mut self.buffer).await? == 0 {
                    return Ok(None);
                }
            }
            let rest = self.buffer.split_off(N);
            let frame = std::mem::replace(&mut self.buffer, rest);
            Ok(Some(frame.try_into().unwrap()))
        }

        #[leno::cancel_safe]
        async fn by_pin(self: Pin<&mut Self>, at: usize) -> Option<u8> {
            task::yield_now().await;
            self.buffer.get(at).copied()
        }
    }

    /// What the attribute says is true of it: dropped at every pending, it goes on where it was.
    // In a simulation all may have been written before it has its turn, and it is never dropped.
    #[leno::test(sim = false)]
    async fn a_method_that_reads_in_pieces_loses_none() {
        let (mut writer, reader) = leno::io::duplex(64);
        let mut frames = Frames {
            reader,
            buffer: Vec::new(),
        };
        let writing = leno::spawn(async move {
            for byte in b"headbody" {
                writer.write_all(&[*byte]).await.unwrap();
                task::yield_now().await;
            }
        });
        let mut seen: Vec<[u8; 4]> = Vec::new();
        let mut drops = 0;
        loop {
            leno::select! {
                safe;
                biased;
                frame = frames.next() => match frame.unwrap() {
                    Some(frame) => seen.push(frame),
                    None => break,
                },
                () = task::yield_now() => drops += 1,
            }
        }
        assert_eq!(seen, [*b"head", *b"body"]);
        assert!(drops > 0);
        writing.await.unwrap();
        assert_eq!(safe(pin!(frames).by_pin(3)).await, None);
    }

    #[leno::cancel_safe]
    async fn nothing() {}

    #[leno::cancel_safe]
    async fn kept(
        (shared, one): (&u32, u32),
        lent: &mut u32,
        counted: Arc<String>,
        local: Rc<str>,
        copied: impl Fn() -> u32 + Copy,
    ) -> usize {
        nothing().await;
        *lent += shared + one + copied();
        counted.len() + local.len()
    }

    #[leno::cancel_safe]
    #[must_use]
    pub(super) async fn of_two<T: Send, U>(
        one: &mut mpsc::Receiver<T>,
        two: &mut mpsc::Receiver<U>,
    ) -> Result<T, U>
    where
        U: Send,
    {
        leno::select! {
            safe;
            Some(one) = one.recv() => Ok(one),
            Some(two) = two.recv() => Err(two),
            else => panic!("both are closed"),
        }
    }

    #[leno::test]
    async fn signatures_stay_what_they_are() {
        let mut number = 1;
        let future = kept((&1, 2), &mut number, Arc::default(), Rc::from("ab"), || 3);
        assert_eq!(safe(future).await, 2);
        assert_eq!(number, 7);
    }
}

/// The future is `Send` where its parts are: it can be spawned.
#[leno::test]
async fn an_attributed_function_can_be_spawned() {
    let (sender, mut one) = mpsc::channel::<u32>(1);
    let (_other, mut two) = mpsc::channel::<String>(1);
    let task = leno::spawn(async move { attribute::of_two(&mut one, &mut two).await });
    sender.send(3).await.unwrap();
    assert_eq!(task.await.unwrap(), Ok(3));
}
