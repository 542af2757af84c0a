//! leno and tokio: the same names, so the same source.

use crate::peer::Http;
use std::sync::atomic::{AtomicU32, Ordering};

/// After how many tasks runtimes look for events, or 0 for what they choose.
static EVENT_INTERVAL: AtomicU32 = AtomicU32::new(0);

/// Has the runtimes of this process that start from now on look for events after so many tasks, whatever the clock says.
pub(crate) fn fix_event_interval(tasks: u32) {
    EVENT_INTERVAL.store(tasks, Ordering::Relaxed);
}

/// Makes `$Peer` the peer of the runtime crate `$runtime`.
macro_rules! peer {
    ($module:ident, $Peer:ident, $runtime:ident, $alone:expr) => {
        mod $module {
            use crate::peer::{Blocking, Channels, Network, Peer, Timers};
            use std::future::Future;
            use std::net::SocketAddr;
            use std::pin::Pin;
            use std::task::{Context, Poll, ready};
            use std::time::Duration;
            use $runtime::io::{AsyncReadExt, AsyncWriteExt};
            use $runtime::sync::{Mutex, mpsc, oneshot};

            #[doc = concat!(stringify!($runtime), ", with everything enabled.")]
            #[derive(Debug)]
            pub struct $Peer($runtime::runtime::Runtime);

            /// Waits for a task.
            #[derive(Debug)]
            pub struct Join<T>($runtime::task::JoinHandle<T>);

            impl<T> Future for Join<T> {
                type Output = T;

                fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
                    Poll::Ready(ready!(Pin::new(&mut self.0).poll(cx)).expect("the task failed"))
                }
            }

            /// Builds a runtime with so many workers, 0 for one of the current thread.
            fn builder(workers: usize) -> $runtime::runtime::Builder {
                let mut builder = match workers {
                    0 => $runtime::runtime::Builder::new_current_thread(),
                    _ => $runtime::runtime::Builder::new_multi_thread(),
                };
                if workers > 0 {
                    builder.worker_threads(workers);
                }
                let interval = super::EVENT_INTERVAL.load(super::Ordering::Relaxed);
                if interval > 0 {
                    builder.event_interval(interval);
                    // Under valgrind all takes so long that any worker looks stuck.
                    alone(&mut builder);
                }
                builder.enable_all();
                builder
            }

            /// Nobody comes to the rescue of blocked workers.
            fn alone(builder: &mut $runtime::runtime::Builder) {
                let alone: fn(&mut $runtime::runtime::Builder) = $alone;
                alone(builder);
            }

            impl Peer for $Peer {
                const NAME: &'static str = stringify!($runtime);

                type Join<T: Send + 'static> = Join<T>;

                fn start(workers: usize) -> Self {
                    let mut builder = builder(workers);
                    Self(builder.build().expect("the runtime starts"))
                }

                fn start_alone(workers: usize) -> Self {
                    let mut builder = builder(workers);
                    alone(&mut builder);
                    Self(builder.build().expect("the runtime starts"))
                }

                fn block_on<F: Future>(&self, future: F) -> F::Output {
                    self.0.block_on(future)
                }

                fn spawn<F>(future: F) -> Join<F::Output>
                where
                    F: Future + Send + 'static,
                    F::Output: Send + 'static,
                {
                    Join($runtime::spawn(future))
                }

                fn spawn_from_outside<F>(&self, future: F) -> Join<F::Output>
                where
                    F: Future + Send + 'static,
                    F::Output: Send + 'static,
                {
                    Join(self.0.spawn(future))
                }

                fn yield_now() -> impl Future<Output = ()> + Send {
                    $runtime::task::yield_now()
                }
            }

            impl Network for $Peer {
                type Listener = $runtime::net::TcpListener;

                type Stream = $runtime::net::TcpStream;

                async fn listen() -> (Self::Listener, SocketAddr) {
                    let listener = Self::Listener::bind("127.0.0.1:0")
                        .await
                        .expect("a free port");
                    let address = listener.local_addr().expect("it is bound");
                    (listener, address)
                }

                fn adopt(listener: std::net::TcpListener) -> Self::Listener {
                    listener.set_nonblocking(true).expect("a TCP socket");
                    Self::Listener::from_std(listener).expect("the runtime has IO")
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

            impl Timers for $Peer {
                fn sleep(duration: Duration) -> impl Future<Output = ()> + Send {
                    $runtime::time::sleep(duration)
                }

                async fn timeout<F: Future + Send>(
                    limit: Duration,
                    future: F,
                ) -> Option<F::Output> {
                    $runtime::time::timeout(limit, future).await.ok()
                }
            }

            impl Blocking for $Peer {
                fn spawn_blocking<R: Send + 'static>(
                    closure: impl FnOnce() -> R + Send + 'static,
                ) -> impl Future<Output = R> + Send {
                    Join($runtime::task::spawn_blocking(closure))
                }
            }

            impl Channels for $Peer {
                type Sender<T: Send + 'static> = mpsc::Sender<T>;
                type Receiver<T: Send + 'static> = mpsc::Receiver<T>;
                type UnboundedSender<T: Send + 'static> = mpsc::UnboundedSender<T>;
                type UnboundedReceiver<T: Send + 'static> = mpsc::UnboundedReceiver<T>;
                type OnceSender<T: Send + 'static> = oneshot::Sender<T>;
                type OnceReceiver<T: Send + 'static> = oneshot::Receiver<T>;
                type Mutex<T: Send + 'static> = Mutex<T>;

                fn bounded<T: Send + 'static>(
                    capacity: usize,
                ) -> (mpsc::Sender<T>, mpsc::Receiver<T>) {
                    mpsc::channel(capacity)
                }

                async fn send<T: Send + 'static>(sender: &mpsc::Sender<T>, value: T) {
                    assert!(sender.send(value).await.is_ok(), "the receiver is gone");
                }

                async fn receive<T: Send + 'static>(receiver: &mut mpsc::Receiver<T>) -> Option<T> {
                    receiver.recv().await
                }

                fn unbounded<T: Send + 'static>()
                -> (mpsc::UnboundedSender<T>, mpsc::UnboundedReceiver<T>) {
                    mpsc::unbounded_channel()
                }

                fn send_unbounded<T: Send + 'static>(sender: &mpsc::UnboundedSender<T>, value: T) {
                    assert!(sender.send(value).is_ok(), "the receiver is gone");
                }

                async fn receive_unbounded<T: Send + 'static>(
                    receiver: &mut mpsc::UnboundedReceiver<T>,
                ) -> Option<T> {
                    receiver.recv().await
                }

                fn once<T: Send + 'static>() -> (oneshot::Sender<T>, oneshot::Receiver<T>) {
                    oneshot::channel()
                }

                fn send_once<T: Send + 'static>(sender: oneshot::Sender<T>, value: T) {
                    assert!(sender.send(value).is_ok(), "the receiver is gone");
                }

                async fn receive_once<T: Send + 'static>(receiver: oneshot::Receiver<T>) -> T {
                    receiver.await.expect("the sender sends")
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
        }
        pub use $module::$Peer;
    };
}

peer!(leno_peer, Leno, leno, |builder| {
    builder.spare_workers(0);
});
peer!(tokio_peer, Tokio, tokio, |_| {});

impl Http for Leno {
    type Io = leno::net::TcpStream;

    fn io(stream: Self::Stream) -> Self::Io {
        stream
    }
}

impl Http for Tokio {
    type Io = hyper_util::rt::TokioIo<tokio::net::TcpStream>;

    fn io(stream: Self::Stream) -> Self::Io {
        hyper_util::rt::TokioIo::new(stream)
    }
}
