//! What cannot do without a runtime, or without its IO or its timers, panics at its caller's line: every public function of
//! which that is true, those that return futures too, which panic where they are awaited.

mod task_support;

use leno::fs::{self, DirBuilder, File, OpenOptions};
use leno::io::{
    self, AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, BufStream,
    BufWriter,
};
use leno::net::{self, TcpListener, TcpSocket, TcpStream, UdpSocket};
use leno::runtime::{Builder, Handle, Runtime};
use leno::task::JoinSet;
use leno::time::{self, Duration, Instant};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use task_support::{catch, current_thread};

/// What a call cannot do without.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Need {
    Runtime,
    Io,
    Timers,
    /// The clock of a runtime.
    Clock,
    /// A `LocalSet`.
    Set,
}

/// A call, as it is written, and what it needs.
type Call = (&'static str, Need, Box<dyn FnOnce()>);

/// Each call, in a future that is polled once, so that it may be awaited.
macro_rules! calls {
    ($calls:ident: $($need:ident: $call:expr;)*) => {$(
        $calls.push((stringify!($call), Need::$need, Box::new(move || poll_once(async move { let_go($call) }))));
    )*};
}

fn let_go<T>(_: T) {}

fn poll_once(future: impl Future<Output = ()>) {
    let future = pin!(future);
    let _ = future.poll(&mut Context::from_waker(Waker::noop()));
}

fn std_listener() -> std::net::TcpListener {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    listener
}

fn std_stream() -> std::net::TcpStream {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    stream.set_nonblocking(true).unwrap();
    stream
}

fn std_udp() -> std::net::UdpSocket {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_nonblocking(true).unwrap();
    socket
}

/// All of them. What they are called on belongs to `runtime`, or is in a folder.
fn calls(runtime: &Runtime, folder: &Path) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    tasks(&mut calls);
    clocks(&mut calls);
    sockets(&mut calls, runtime);
    files(&mut calls, runtime);
    streams(&mut calls, runtime);
    #[cfg(unix)]
    unix::calls(&mut calls, runtime, folder);
    calls
}

fn tasks(calls: &mut Vec<Call>) {
    calls! { calls:
        Runtime: Handle::current();
        Runtime: leno::spawn(async {});
        Runtime: leno::task::spawn_blocking(|| {});
        Set: leno::task::spawn_local(async {});
        Runtime: JoinSet::new().spawn(async {});
        Runtime: JoinSet::new().spawn_blocking(|| {});
        Set: JoinSet::new().spawn_local(async {});
    }
}

fn clocks(calls: &mut Vec<Call>) {
    const SOON: Duration = Duration::from_secs(1);
    calls! { calls:
        Timers: time::sleep(SOON);
        Timers: time::sleep_until(Instant::now() + SOON);
        Timers: time::timeout(SOON, async {});
        Timers: time::timeout_at(Instant::now() + SOON, async {});
        Timers: time::interval(SOON);
        Timers: time::interval_at(Instant::now(), SOON);
        Timers: leno::sync::mpsc::channel(1).0.send_timeout(1, SOON).await;
        Clock: time::pause();
        Clock: time::resume();
        Clock: time::advance(SOON).await;
    }
}

fn sockets(calls: &mut Vec<Call>, runtime: &Runtime) {
    const HERE: &str = "127.0.0.1:0";
    const BY_NAME: &str = "localhost:1";
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
    let _enter = runtime.enter();
    let listener = TcpListener::from_std(std_listener()).unwrap();
    let address_of_listener = listener.local_addr().unwrap();
    let connections = [(); 3].map(|()| std::net::TcpStream::connect(address_of_listener).unwrap());
    // Where one has come there is no need to wait for the next.
    runtime.block_on(listener.accept()).unwrap();
    let listener = Arc::new((listener, connections));
    let also_listener = Arc::clone(&listener);
    let udp = || UdpSocket::from_std(std_udp()).unwrap();
    let (one, two) = (udp(), udp());
    let bound = TcpSocket::new_v4().unwrap();
    bound.bind(HERE.parse().unwrap()).unwrap();
    let unconnected = TcpSocket::new_v4().unwrap();
    calls! { calls:
        Io: TcpListener::bind(HERE).await;
        Io: listener.0.accept().await;
        Io: poll_fn(|cx| also_listener.0.poll_accept(cx)).await;
        Io: TcpListener::from_std(std_listener());
        Io: TcpListener::try_from(std_listener());
        Io: TcpStream::connect(address).await;
        Io: TcpStream::from_std(std_stream());
        Io: TcpStream::try_from(std_stream());
        Io: bound.listen(1);
        Io: unconnected.connect(address).await;
        Io: UdpSocket::bind(HERE).await;
        Io: UdpSocket::from_std(std_udp());
        Io: UdpSocket::try_from(std_udp());
        Runtime: one.connect(BY_NAME).await;
        Runtime: two.send_to(b"-", BY_NAME).await;
        Runtime: net::lookup_host(BY_NAME).await;
        Runtime: net::lookup_host(("localhost", 1)).await;
        Runtime: net::lookup_host((String::from("localhost"), 1)).await;
    }
}

fn files(calls: &mut Vec<Call>, runtime: &Runtime) {
    let directory = runtime.block_on(fs::read_dir("/")).unwrap();
    let entry = runtime.block_on(async { fs::read_dir("/").await?.next_entry().await });
    let entry = entry.unwrap().expect("there is something in the root");
    let permissions = std::fs::metadata("/").unwrap().permissions();
    calls! { calls:
        Runtime: fs::canonicalize("/").await;
        Runtime: fs::copy("-", "-").await;
        Runtime: fs::create_dir("/").await;
        Runtime: fs::create_dir_all("/").await;
        Runtime: fs::hard_link("/", "/").await;
        Runtime: fs::metadata("/").await;
        Runtime: fs::read("/").await;
        Runtime: fs::read_dir("/").await;
        Runtime: fs::read_link("/").await;
        Runtime: fs::read_to_string("/").await;
        Runtime: fs::remove_dir("-").await;
        Runtime: fs::remove_dir_all("-").await;
        Runtime: fs::remove_file("-").await;
        Runtime: fs::rename("-", "-").await;
        Runtime: fs::set_permissions("-", permissions).await;
        Runtime: fs::symlink_metadata("/").await;
        Runtime: fs::try_exists("/").await;
        Runtime: fs::write("/", "").await;
        Runtime: DirBuilder::new().create("/").await;
        Runtime: OpenOptions::new().open("-").await;
        Runtime: File::open("/").await;
        Runtime: File::create("/").await;
        Runtime: File::create_new("/").await;
        Runtime: entry.metadata().await;
    }
    drop(directory);
    let temporary = || File::from_std(tempfile::tempfile().unwrap());
    let now = std::time::SystemTime::now();
    let times = fs::FileTimes::new().set_modified(now);
    let permissions = std::fs::metadata("/").unwrap().permissions();
    calls! { calls:
        Runtime: temporary().try_clone().await;
        Runtime: temporary().sync_all().await;
        Runtime: temporary().sync_data().await;
        Runtime: temporary().set_len(1).await;
        Runtime: temporary().metadata().await;
        Runtime: temporary().set_permissions(permissions).await;
        Runtime: temporary().set_times(times).await;
        Runtime: temporary().set_modified(now).await;
    }
}

/// What reads and writes files and the standard streams.
fn streams(calls: &mut Vec<Call>, runtime: &Runtime) {
    let temporary = || File::from_std(tempfile::tempfile().unwrap());
    // It is tried again by whatever comes next.
    let with_a_failed_write = || {
        let mut file =
            File::from_std(std::fs::File::open(std::env::current_exe().unwrap()).unwrap());
        runtime.block_on(async {
            file.write_all(b"-").await.unwrap();
            file.flush().await.unwrap_err();
        });
        file
    };
    let [mut first, mut second, third, mut fourth] = [(); 4].map(|()| with_a_failed_write());
    calls! { calls:
        Runtime: temporary().read(&mut [0]).await;
        Runtime: temporary().read_buf(&mut Vec::with_capacity(1)).await;
        Runtime: temporary().read_exact(&mut [0]).await;
        Runtime: temporary().read_to_end(&mut Vec::new()).await;
        Runtime: temporary().read_to_string(&mut String::new()).await;
        Runtime: temporary().read_u32().await;
        Runtime: temporary().write(b"-").await;
        Runtime: temporary().write_all(b"-").await;
        Runtime: temporary().write_buf(&mut &b"-"[..]).await;
        Runtime: temporary().write_all_buf(&mut &b"-"[..]).await;
        Runtime: temporary().write_u32(1).await;
        Runtime: temporary().write_vectored(&[std::io::IoSlice::new(b"-")]).await;
        Runtime: temporary().seek(std::io::SeekFrom::Start(0)).await;
        Runtime: temporary().rewind().await;
        Runtime: BufReader::new(temporary()).read_line(&mut String::new()).await;
        Runtime: BufReader::new(temporary()).read_until(b'-', &mut Vec::new()).await;
        Runtime: BufReader::new(temporary()).fill_buf().await;
        Runtime: BufReader::new(temporary()).read(&mut [0]).await;
        Runtime: BufReader::new(temporary()).lines().next_line().await;
        Runtime: BufReader::new(temporary()).split(b'-').next_segment().await;
        Runtime: BufWriter::with_capacity(1, temporary()).write_all(b"two").await;
        Runtime: BufStream::new(temporary()).read_u8().await;
        Runtime: temporary().take(1).read_u8().await;
        Runtime: temporary().chain(leno::io::empty()).read_u8().await;
        Runtime: BufReader::new(&mut temporary()).read_u8().await;
        Runtime: Box::new(temporary()).read_u8().await;
        Runtime: Box::pin(temporary()).write_u8(1).await;
        Runtime: io::copy(&mut temporary(), &mut io::sink()).await;
        Runtime: io::copy(&mut &b"-"[..], &mut temporary()).await;
        Runtime: io::copy_buf(&mut BufReader::new(temporary()), &mut io::sink()).await;
        Runtime: io::copy_buf(&mut &b"-"[..], &mut temporary()).await;
        Runtime: io::copy_bidirectional(&mut temporary(), &mut temporary()).await;
        Runtime: io::copy_bidirectional_with_sizes(&mut temporary(), &mut temporary(), 1, 1).await;
        Runtime: first.flush().await;
        Runtime: second.shutdown().await;
        Runtime: BufWriter::new(third).flush().await;
        Runtime: io::copy(&mut io::empty(), &mut fourth).await;
        Runtime: leno::io::stdout().write(b"-").await;
        Runtime: leno::io::stderr().write_all(b"-").await;
    }
}

#[cfg(unix)]
mod unix {
    use super::*;
    use leno::io::Interest;
    use leno::io::unix::AsyncFd;
    use leno::net::unix::pipe;
    use leno::net::{UnixDatagram, UnixListener, UnixSocket, UnixStream};
    use leno::process::{ChildStderr, ChildStdin, ChildStdout, Command};
    use leno::signal::unix::{SignalKind, signal};
    use std::os::fd::OwnedFd;

    fn reader() -> OwnedFd {
        mio::unix::pipe::new().unwrap().1.into()
    }

    fn writer() -> OwnedFd {
        mio::unix::pipe::new().unwrap().0.into()
    }

    fn std_pair() -> std::os::unix::net::UnixStream {
        let (one, _) = std::os::unix::net::UnixStream::pair().unwrap();
        one.set_nonblocking(true).unwrap();
        one
    }

    fn std_datagram() -> std::os::unix::net::UnixDatagram {
        let socket = std::os::unix::net::UnixDatagram::unbound().unwrap();
        socket.set_nonblocking(true).unwrap();
        socket
    }

    fn std_unix_listener(folder: &Path) -> std::os::unix::net::UnixListener {
        let path = folder.join("listener");
        let _ = std::fs::remove_file(&path);
        let listener = std::os::unix::net::UnixListener::bind(path).unwrap();
        listener.set_nonblocking(true).unwrap();
        listener
    }

    fn child() -> std::process::Child {
        use std::process::Stdio;
        let mut command = std::process::Command::new("true");
        command.stdin(Stdio::piped());
        command.stdout(Stdio::piped());
        command.stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take();
        child.wait().unwrap();
        child.stdin = stdin;
        child
    }

    #[expect(deprecated, reason = "they are there still")]
    pub(super) fn calls(calls: &mut Vec<Call>, runtime: &Runtime, folder: &Path) {
        let folder = folder.to_owned();
        let path = folder.join("socket");
        let [first, second, third] = ["first", "second", "third"].map(|name| folder.join(name));
        let address = |name: &str| {
            let address = std::os::unix::net::SocketAddr::from_pathname(folder.join(name));
            leno::net::unix::SocketAddr::from(address.unwrap())
        };
        let (fourth, nowhere) = (address("fourth"), address("nowhere"));
        let enter = runtime.enter();
        let listener = UnixListener::from_std(std_unix_listener(&folder)).unwrap();
        drop(enter);
        let path_of_listener = folder.join("listener");
        let connections =
            [(); 3].map(|()| std::os::unix::net::UnixStream::connect(&path_of_listener).unwrap());
        runtime.block_on(listener.accept()).unwrap();
        let listener = Arc::new((listener, connections));
        let also_listener = Arc::clone(&listener);
        let listening = UnixSocket::new_stream().unwrap();
        listening.bind(&third).unwrap();
        let fifo = folder.join("fifo");
        let status = std::process::Command::new("mkfifo").arg(&fifo).status();
        assert!(status.unwrap().success());
        let (fifo_reader, fifo_writer) = (fifo.clone(), fifo.clone());
        let mut both = pipe::OpenOptions::new();
        both.read_write(true);
        let both_too = both.clone();
        let folder_of_std = folder.clone();
        let folder_to_try = folder.clone();
        calls! { calls:
            Io: UnixListener::bind(first);
            Io: UnixListener::bind_addr(&fourth);
            Io: UnixListener::from_std(std_unix_listener(&folder_of_std));
            Io: UnixListener::try_from(std_unix_listener(&folder_to_try));
            Io: listener.0.accept().await;
            Io: poll_fn(|cx| also_listener.0.poll_accept(cx)).await;
            Io: UnixStream::connect(path).await;
            Io: UnixStream::connect_addr(&nowhere).await;
            Io: UnixStream::pair();
            Io: UnixStream::from_std(std_pair());
            Io: UnixStream::try_from(std_pair());
            Io: listening.listen(1);
            Io: UnixSocket::new_stream().unwrap().connect("-").await;
            Io: UnixSocket::new_datagram().unwrap().datagram();
            Io: UnixDatagram::bind(second);
            Io: UnixDatagram::unbound();
            Io: UnixDatagram::pair();
            Io: UnixDatagram::from_std(std_datagram());
            Io: UnixDatagram::try_from(std_datagram());
            Io: pipe::pipe();
            Io: both.open_receiver(fifo_reader);
            Io: both_too.open_sender(fifo_writer);
            Io: pipe::Receiver::from_file(std::fs::File::from(reader()));
            Io: pipe::Receiver::from_owned_fd(reader());
            Io: pipe::Receiver::from_file_unchecked(std::fs::File::from(reader()));
            Io: pipe::Receiver::from_owned_fd_unchecked(reader());
            Io: pipe::Sender::from_file(std::fs::File::from(writer()));
            Io: pipe::Sender::from_owned_fd(writer());
            Io: pipe::Sender::from_file_unchecked(std::fs::File::from(writer()));
            Io: pipe::Sender::from_owned_fd_unchecked(writer());
            Io: AsyncFd::new(reader());
            Io: AsyncFd::with_interest(reader(), Interest::READABLE);
            Io: AsyncFd::try_new(reader());
            Io: AsyncFd::try_with_interest(reader(), Interest::READABLE);
            // SAFETY: the descriptor is the `AsyncFd`'s own.
            Io: unsafe { AsyncFd::register(reader()) };
            // SAFETY: as above.
            Io: unsafe { AsyncFd::register_with_interest(reader(), Interest::READABLE) };
            Runtime: fs::symlink("/", "/").await;
        }
        calls! { calls:
            Io: signal(SignalKind::hangup());
            Io: leno::signal::ctrl_c().await;
            Io: Command::new("true").spawn();
            Io: Command::new("true").spawn_with(|command| command.spawn());
            Io: Command::new("true").status().await;
            Io: Command::new("true").output().await;
            Io: ChildStdin::from_std(child().stdin.unwrap());
            Io: ChildStdout::from_std(child().stdout.unwrap());
            Io: ChildStderr::from_std(child().stderr.unwrap());
        }
    }
}

/// Fails unless each call panics in this file, with this text.
fn check(calls: Vec<Call>, text_for: impl Fn(Need) -> &'static str) {
    let mut wrong = Vec::new();
    for (call, need, run) in calls {
        let Ok(caught) = catch_unwind(AssertUnwindSafe(|| catch(run))) else {
            wrong.push(format!("{call} does not panic"));
            continue;
        };
        if !caught.file.ends_with("runtime_missing.rs") || !caught.text.contains(text_for(need)) {
            wrong.push(format!("{call}: {caught:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn without_a_runtime() {
    let runtime = current_thread();
    let folder = tempfile::tempdir().unwrap();
    check(calls(&runtime, folder.path()), |need| match need {
        Need::Runtime | Need::Io | Need::Timers => "`Runtime::block_on` or a spawned task",
        Need::Clock => "call this within a runtime",
        Need::Set => "`LocalSet::run_until`",
    });
}

#[test]
fn without_io_or_timers() {
    let elsewhere = current_thread();
    let folder = tempfile::tempdir().unwrap();
    let calls = calls(&elsewhere, folder.path()).into_iter();
    let calls = calls.filter(|(_, need, _)| matches!(need, Need::Io | Need::Timers));
    let runtime = Builder::new_current_thread().build().unwrap();
    let _enter = runtime.enter();
    check(calls.collect(), |need| match need {
        Need::Io => "Call `enable_io`",
        Need::Timers => "Call `enable_time`",
        _ => unreachable!("left out"),
    });
}

/// What polls the future is leno, which is nobody's caller: then the text says where the call is.
#[test]
fn a_future_that_a_runtime_polls_says_where_it_was_made() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let line = line!() + 1;
    let bind = TcpListener::bind("127.0.0.1:0");
    let caught = catch(|| drop(runtime.block_on(bind)));
    let here = format!("called at {}:{line}:", file!());
    assert!(caught.text.contains(&here), "{caught:?}");
}

/// Polls `future` in `runtime`, then calls `between`, and finishes it where there is no runtime.
fn begin_and_finish<F: Future>(runtime: &Runtime, future: F, between: impl FnOnce()) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    const LONG: Duration = Duration::from_secs(60);
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut cx = Context::from_waker(&waker);
    let enter = runtime.enter();
    let mut polled = future.as_mut().poll(&mut cx);
    drop(enter);
    between();
    let begun = std::time::Instant::now();
    loop {
        if let Poll::Ready(output) = polled {
            return output;
        }
        assert!(begun.elapsed() < LONG, "nobody wakes it");
        std::thread::park_timeout(LONG);
        polled = future.as_mut().poll(&mut cx);
    }
}

#[test]
fn what_has_begun_within_a_runtime_goes_on_outside() {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).max_blocking_threads(1);
    let runtime = builder.enable_all().build().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Nothing is done before it has been polled, on the thread that there is for it.
    let busy = || {
        let (end, ended) = std::sync::mpsc::channel::<()>();
        runtime.spawn_blocking(move || {
            let _ = ended.recv();
        });
        || drop(end)
    };
    begin_and_finish(&runtime, fs::metadata("/"), busy()).unwrap();
    begin_and_finish(&runtime, File::open("/"), busy()).unwrap();
    let looked_up = begin_and_finish(&runtime, net::lookup_host("localhost:1"), busy());
    assert!(looked_up.unwrap().next().is_some());
    begin_and_finish(&runtime, TcpStream::connect(address), || {}).unwrap();
    let (sender, mut receiver) = leno::sync::mpsc::channel(1);
    sender.try_send(1).unwrap();
    let sending = sender.send_timeout(2, Duration::from_secs(60));
    begin_and_finish(&runtime, sending, || receiver.try_recv().map(drop).unwrap()).unwrap();
    assert_eq!(receiver.try_recv(), Ok(2));
}

/// What needs nothing of the sort works anywhere.
#[test]
fn what_needs_no_runtime_works_without() {
    let runtime = current_thread();
    let enter = runtime.enter();
    let (sender, receiver) = (std_udp(), std_udp());
    let address = receiver.local_addr().unwrap();
    let sender = UdpSocket::from_std(sender).unwrap();
    let one = TcpListener::bind("127.0.0.1:0");
    drop(enter);
    let (sent, text) = (sender.send_to(b"-", address), address.to_string());
    poll_once(async {
        sent.await.unwrap();
        sender.send_to(b"-", text.as_str()).await.unwrap();
        sender.connect(&text).await.unwrap();
        assert_eq!(net::lookup_host(text).await.unwrap().next(), Some(address));
    });
    for length in [1, 1] {
        assert_eq!(receiver_of(&receiver), length);
    }
    // Made outside, awaited inside.
    let listener = runtime.block_on(one).unwrap();
    // Waiting for a connection is nothing yet that belongs to a runtime.
    poll_once(async { let_go(listener.accept().await) });
}

fn receiver_of(socket: &std::net::UdpSocket) -> usize {
    socket.set_nonblocking(false).unwrap();
    socket.recv(&mut [0; 8]).unwrap()
}
