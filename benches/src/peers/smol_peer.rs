//! smol: an `async_executor::Executor`, run by as many threads as there are workers.

use crate::peer::{Blocking, Channels, Http, Network, Peer, Timers};
use smol::Executor;
use smol::channel::{Receiver, Sender};
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::lock::Mutex;
use std::cell::RefCell;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

thread_local! {
    /// The executor that this thread runs, for spawning from inside a task.
    static CURRENT: RefCell<Option<Arc<Executor<'static>>>> = const { RefCell::new(None) };
}

/// smol, with an executor of its own.
#[derive(Debug)]
pub struct Smol {
    executor: Arc<Executor<'static>>,
    /// Closed to end the workers.
    stop: Option<Sender<()>>,
    workers: Vec<JoinHandle<()>>,
}

impl Peer for Smol {
    const NAME: &'static str = "smol";

    type Join<T: Send + 'static> = smol::Task<T>;

    fn start(workers: usize) -> Self {
        let executor = Arc::new(Executor::new());
        let (stop, stopped) = smol::channel::bounded::<()>(1);
        let workers = (0..workers)
            .map(|_| {
                let executor = Arc::clone(&executor);
                let stopped = stopped.clone();
                std::thread::spawn(move || {
                    CURRENT.set(Some(Arc::clone(&executor)));
                    // An error is the closing.
                    let _ = smol::block_on(executor.run(stopped.recv()));
                    CURRENT.set(None);
                })
            })
            .collect();
        Self {
            executor,
            stop: Some(stop),
            workers,
        }
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        if self.workers.is_empty() {
            CURRENT.set(Some(Arc::clone(&self.executor)));
            let output = smol::block_on(self.executor.run(future));
            CURRENT.set(None);
            output
        } else {
            smol::block_on(future)
        }
    }

    fn spawn<F>(future: F) -> smol::Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        CURRENT.with_borrow(|current| {
            current
                .as_ref()
                .expect("called inside a task")
                .spawn(future)
        })
    }

    fn spawn_from_outside<F>(&self, future: F) -> smol::Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.executor.spawn(future)
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        smol::future::yield_now()
    }
}

impl Network for Smol {
    type Listener = smol::net::TcpListener;

    type Stream = smol::net::TcpStream;

    async fn listen() -> (Self::Listener, SocketAddr) {
        let listener = Self::Listener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        (listener, address)
    }

    fn adopt(listener: std::net::TcpListener) -> Self::Listener {
        Self::Listener::try_from(listener).expect("the system has readiness")
    }

    fn detach(task: smol::Task<()>) {
        task.detach();
    }

    async fn accept(listener: &Self::Listener) -> Self::Stream {
        let (stream, _) = listener.accept().await.expect("a connection");
        stream.set_nodelay(true).expect("a TCP socket");
        stream
    }

    async fn connect(address: SocketAddr) -> Self::Stream {
        let stream = Self::Stream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("a TCP socket");
        stream
    }

    async fn read(stream: &mut Self::Stream, buffer: &mut [u8]) -> usize {
        stream.read(buffer).await.expect("the peer is alive")
    }

    async fn write_all(stream: &mut Self::Stream, data: &[u8]) {
        stream.write_all(data).await.expect("the peer is alive");
    }
}

impl Timers for Smol {
    async fn sleep(duration: Duration) {
        smol::Timer::after(duration).await;
    }

    async fn timeout<F: Future + Send>(limit: Duration, future: F) -> Option<F::Output> {
        // smol has no timeout. This one reads the clock when it is called, as the others' do: a limit that began with
        // the first pending poll would be another promise.
        let timer = smol::Timer::after(limit);
        smol::future::or(async { Some(future.await) }, async {
            timer.await;
            None
        })
        .await
    }
}

impl Blocking for Smol {
    fn spawn_blocking<R: Send + 'static>(
        closure: impl FnOnce() -> R + Send + 'static,
    ) -> impl Future<Output = R> + Send {
        smol::unblock(closure)
    }
}

impl Channels for Smol {
    type Sender<T: Send + 'static> = Sender<T>;
    type Receiver<T: Send + 'static> = Receiver<T>;
    type UnboundedSender<T: Send + 'static> = Sender<T>;
    type UnboundedReceiver<T: Send + 'static> = Receiver<T>;
    // smol has no channel for one value: its users take a channel of one.
    type OnceSender<T: Send + 'static> = Sender<T>;
    type OnceReceiver<T: Send + 'static> = Receiver<T>;
    type Mutex<T: Send + 'static> = Mutex<T>;

    fn bounded<T: Send + 'static>(capacity: usize) -> (Sender<T>, Receiver<T>) {
        smol::channel::bounded(capacity)
    }

    async fn send<T: Send + 'static>(sender: &Sender<T>, value: T) {
        assert!(sender.send(value).await.is_ok(), "the receiver is gone");
    }

    async fn receive<T: Send + 'static>(receiver: &mut Receiver<T>) -> Option<T> {
        receiver.recv().await.ok()
    }

    fn unbounded<T: Send + 'static>() -> (Sender<T>, Receiver<T>) {
        smol::channel::unbounded()
    }

    fn send_unbounded<T: Send + 'static>(sender: &Sender<T>, value: T) {
        assert!(sender.try_send(value).is_ok(), "the receiver is gone");
    }

    async fn receive_unbounded<T: Send + 'static>(receiver: &mut Receiver<T>) -> Option<T> {
        receiver.recv().await.ok()
    }

    fn once<T: Send + 'static>() -> (Sender<T>, Receiver<T>) {
        smol::channel::bounded(1)
    }

    fn send_once<T: Send + 'static>(sender: Sender<T>, value: T) {
        assert!(sender.try_send(value).is_ok(), "the receiver is gone");
    }

    async fn receive_once<T: Send + 'static>(receiver: Receiver<T>) -> T {
        receiver.recv().await.expect("the sender sends")
    }

    fn mutex<T: Send + 'static>(value: T) -> Mutex<T> {
        Mutex::new(value)
    }

    async fn lock<T: Send + 'static, R: Send>(
        mutex: &Mutex<T>,
        with: impl FnOnce(&mut T) -> R + Send,
    ) -> R {
        with(&mut *mutex.lock().await)
    }
}

impl Http for Smol {
    type Io = smol_hyper::rt::FuturesIo<smol::net::TcpStream>;

    fn io(stream: Self::Stream) -> Self::Io {
        Self::Io::new(stream)
    }
}

impl Drop for Smol {
    fn drop(&mut self) {
        self.stop.take();
        for worker in self.workers.drain(..) {
            worker.join().expect("a worker ends");
        }
    }
}
