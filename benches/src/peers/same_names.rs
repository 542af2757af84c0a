//! leno and tokio: the same names, so the same source.

/// Makes `$Peer` the peer of the runtime crate `$runtime`.
macro_rules! peer {
    ($module:ident, $Peer:ident, $runtime:ident) => {
        mod $module {
            use crate::peer::{Network, Peer, Timers};
            use std::future::Future;
            use std::net::SocketAddr;
            use std::pin::Pin;
            use std::task::{Context, Poll, ready};
            use std::time::Duration;
            use $runtime::io::{AsyncReadExt, AsyncWriteExt};

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

            impl Peer for $Peer {
                const NAME: &'static str = stringify!($runtime);

                type Join<T: Send + 'static> = Join<T>;

                fn start(workers: usize) -> Self {
                    let mut builder = match workers {
                        0 => $runtime::runtime::Builder::new_current_thread(),
                        _ => $runtime::runtime::Builder::new_multi_thread(),
                    };
                    if workers > 0 {
                        builder.worker_threads(workers);
                    }
                    Self(builder.enable_all().build().expect("the runtime starts"))
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
        }
        pub use $module::$Peer;
    };
}

peer!(leno_peer, Leno, leno);
peer!(tokio_peer, Tokio, tokio);
