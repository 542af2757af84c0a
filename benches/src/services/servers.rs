//! The programs that are put under load, on any peer that has what they need.

use crate::peer::{Http, Network, on_worker};
use crate::workload::Server;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How many keys the key–value service has.
pub const KEYS: usize = 1000;

/// The size of its values.
pub const VALUE: usize = 100;

/// How long a heavy request takes.
const HEAVY: Duration = Duration::from_micros(200);

/// What the server "hello" answers.
pub(super) const HELLO: &[u8] = b"Hello, World!";

/// The server "echo".
pub fn network<P: Network>() -> Vec<Server> {
    vec![Server {
        name: "echo",
        serve: echo::<P>,
    }]
}

/// The servers "hello", "key-value" and "mixed".
pub fn http<P: Http>() -> Vec<Server> {
    vec![
        Server {
            name: "hello",
            serve: |workers, listener| on_hyper::<P, _>(workers, listener, hello),
        },
        Server {
            name: "key-value",
            serve: |workers, listener| {
                let store = Arc::new(Store::filled());
                on_hyper::<P, _>(workers, listener, move |request| {
                    key_value(Arc::clone(&store), request)
                });
            },
        },
        Server {
            name: "mixed",
            serve: |workers, listener| on_hyper::<P, _>(workers, listener, mixed),
        },
    ]
}

/// Gives each connection to a task of its own, for ever. Accepting is a task too, so that it runs on a worker.
fn serve<P: Network, F>(
    workers: usize,
    listener: TcpListener,
    task: impl Fn(P::Stream) -> F + Send + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    on_worker(&P::start(workers), accept_all::<P, F>(listener, task));
}

async fn accept_all<P: Network, F>(listener: TcpListener, task: impl Fn(P::Stream) -> F + Send)
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = P::adopt(listener);
    loop {
        let stream = P::accept(&listener).await;
        P::detach(P::spawn(task(stream)));
    }
}

fn echo<P: Network>(workers: usize, listener: TcpListener) {
    serve::<P, _>(workers, listener, |mut stream| async move {
        let mut buffer = [0; 1024];
        loop {
            match P::read(&mut stream, &mut buffer).await {
                0 => return,
                read => P::write_all(&mut stream, &buffer[..read]).await,
            }
        }
    });
}

fn on_hyper<P: Http, F>(
    workers: usize,
    listener: TcpListener,
    service: impl Fn(Request<Incoming>) -> F + Clone + Send + 'static,
) where
    F: Future<Output = Result<Answer, Infallible>> + Send + 'static,
{
    serve::<P, _>(workers, listener, move |stream| {
        let service = service.clone();
        async move {
            // A client that hangs up is none of ours.
            let _ = http1::Builder::new()
                .serve_connection(P::io(stream), service_fn(service))
                .await;
        }
    });
}

type Answer = Response<Full<Bytes>>;

/// An answer of 200.
fn answer(body: Bytes) -> Answer {
    Response::new(Full::new(body))
}

async fn hello(_: Request<Incoming>) -> Result<Answer, Infallible> {
    Ok(answer(Bytes::from_static(HELLO)))
}

async fn mixed(request: Request<Incoming>) -> Result<Answer, Infallible> {
    if request.uri().path() == "/heavy" {
        let start = Instant::now();
        while start.elapsed() < HEAVY {
            std::hint::spin_loop();
        }
    }
    hello(request).await
}

/// Values by path, in shards that are locked one by one.
struct Store {
    shards: Vec<Mutex<HashMap<String, Bytes>>>,
}

impl Store {
    /// With a value for each key.
    fn filled() -> Self {
        const SHARDS: usize = 16;
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        let store = Self { shards };
        for key in 0..KEYS {
            store.put(&format!("/{key}"), Bytes::from(vec![b'v'; VALUE]));
        }
        store
    }

    /// The shard that a key belongs to: its bytes' sum is as good as any, for keys that count up.
    fn shard(&self, key: &str) -> &Mutex<HashMap<String, Bytes>> {
        let sum: usize = key.bytes().map(usize::from).sum();
        &self.shards[sum % self.shards.len()]
    }

    fn get(&self, key: &str) -> Option<Bytes> {
        let shard = self.shard(key).lock().expect("not poisoned");
        shard.get(key).cloned()
    }

    fn put(&self, key: &str, value: Bytes) {
        let mut shard = self.shard(key).lock().expect("not poisoned");
        shard.insert(key.to_owned(), value);
    }
}

async fn key_value(store: Arc<Store>, request: Request<Incoming>) -> Result<Answer, Infallible> {
    let key = request.uri().path().to_owned();
    match *request.method() {
        Method::GET => Ok(match store.get(&key) {
            Some(value) => answer(value),
            None => refusal(StatusCode::NOT_FOUND),
        }),
        Method::PUT => Ok(match request.into_body().collect().await {
            Ok(body) => {
                store.put(&key, body.to_bytes());
                answer(Bytes::new())
            }
            Err(_) => refusal(StatusCode::BAD_REQUEST),
        }),
        _ => Ok(refusal(StatusCode::METHOD_NOT_ALLOWED)),
    }
}

fn refusal(status: StatusCode) -> Answer {
    let mut refusal = answer(Bytes::new());
    *refusal.status_mut() = status;
    refusal
}
