//! hyper's client and its pool of connections, which knows of tokio alone, used within leno's scopes and groups. The pool spawns
//! a task for each connection, in whoever's poll that happens: it is no member of the scope there and lives on when that has
//! ended, and it inherits the values there. It checks both.

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::routing::get;
use axum::serve::ListenerExt;
use http_body_util::{BodyExt, Empty};
use hyper::Uri;
use hyper::rt::Executor;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use leno::task::{self, ReasonKind, Scope};
use std::future::{Future, pending};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

type Pool = Client<HttpConnector, Empty<Bytes>>;

const CLIENTS: u64 = 20;

leno::task_local! {
    /// Which request a task works for.
    #[inherited]
    static REQUEST: u64;
}

/// Spawns hyper's tasks, notes for which request, and counts those that are there.
#[derive(Clone, Default)]
struct Noting {
    requests: Arc<Mutex<Vec<Option<u64>>>>,
    living: watch::Sender<usize>,
}

impl Noting {
    fn take(&self) -> Vec<Option<u64>> {
        std::mem::take(&mut *self.requests.lock().expect("nobody panics under it"))
    }

    /// Until the pool has its connections back: a task of hyper's may still bring one when the answer is there already, and a
    /// request that comes before it opens another. After it there is the task of each connection alone.
    async fn until_connections_alone(&self, connections: usize) -> Result<()> {
        let mut living = self.living.subscribe();
        living.wait_for(|living| *living <= connections).await?;
        Ok(())
    }
}

impl<F> Executor<F> for Noting
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        let Self { requests, living } = self.clone();
        living.send_modify(|living| *living += 1);
        tokio::spawn(async move {
            let request = REQUEST.try_get().ok();
            requests
                .lock()
                .expect("nobody panics under it")
                .push(request);
            future.await;
            living.send_modify(|living| *living -= 1);
        });
    }
}

/// A server that counts its connections.
struct Server {
    base: String,
    connections: Arc<AtomicUsize>,
}

impl Server {
    fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    fn uri(&self, path: &str) -> Result<Uri> {
        Ok(format!("{}{path}", self.base).parse()?)
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    let listener = listener.tap_io(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(async move {
        let server = axum::serve(listener, service());
        server
            .with_graceful_shutdown(async { drop(stopped.await) })
            .await
    });
    let server = Server { base, connections };
    let noting = Noting::default();
    let pool: Pool = Client::builder(noting.clone()).build_http();

    a_pool_outlives_the_scope(&server, &pool, &noting).await?;
    println!(
        "ok: a connection that was opened in a scope lives after it, in a task that has inherited its values"
    );
    a_deadline_ends_the_request_alone(&server, &pool).await?;
    println!("ok: a deadline ends the request that is under way, and the pool goes on");
    groups_share_the_pool(&server, &pool).await?;
    println!(
        "ok: {CLIENTS} tasks of a group share the pool, and none is left when the group has ended"
    );

    drop(pool);
    drop(stop);
    serving.await??;
    println!("ok: the server has drained and stopped");
    Ok(())
}

fn service() -> Router {
    Router::new()
        .route("/hello", get(async || "hello"))
        .route("/never", get(async || pending::<&str>().await))
}

async fn hello(pool: &Pool, server: &Server) -> Result<()> {
    let response = pool.get(server.uri("/hello")?).await?;
    let body = response.into_body().collect().await?.to_bytes();
    ensure!(body == "hello", "another body: {body:?}");
    Ok(())
}

async fn a_pool_outlives_the_scope(server: &Server, pool: &Pool, noting: &Noting) -> Result<()> {
    let first = REQUEST.scope(7, hello(pool, server));
    Scope::new()
        .timeout(Duration::from_secs(30))
        .run(first)
        .await??;
    let noted = noting.take();
    ensure!(!noted.is_empty(), "hyper has spawned nothing");
    ensure!(
        noted.iter().all(|request| *request == Some(7)),
        "hyper's tasks were spawned for {noted:?}"
    );
    noting.until_connections_alone(1).await?;
    REQUEST.scope(8, hello(pool, server)).await?;
    noting.until_connections_alone(1).await?;
    hello(pool, server).await?;
    ensure!(
        server.connections() == 1,
        "{} connections, where the first one was to be used again",
        server.connections()
    );
    Ok(())
}

async fn a_deadline_ends_the_request_alone(server: &Server, pool: &Pool) -> Result<()> {
    let request = pool.get(server.uri("/never")?);
    let ended = Scope::new()
        .timeout(Duration::from_millis(50))
        .run(request)
        .await;
    let Err(cancelled) = ended else {
        anyhow::bail!("a request without an answer has ended");
    };
    ensure!(
        cancelled.reason().kind() == ReasonKind::Deadline,
        "{cancelled}"
    );
    hello(pool, server).await
}

async fn groups_share_the_pool(server: &Server, pool: &Pool) -> Result<()> {
    let living = Arc::new(AtomicUsize::new(0));
    let uri = server.uri("/hello")?;
    task::group(async |group| {
        for number in 0..CLIENTS {
            let (pool, uri, living) = (pool.clone(), uri.clone(), Living::new(&living));
            let _child = group.spawn(REQUEST.scope(number, async move {
                let _living = living;
                let response = pool.get(uri).await.context("within the group")?;
                response.into_body().collect().await?;
                anyhow::Ok(())
            }));
        }
        Ok(())
    })
    .await?;
    ensure!(
        living.load(Ordering::Relaxed) == 0,
        "a task outlives its group"
    );
    hello(pool, server).await
}

/// Counted as long as it is there.
struct Living(Arc<AtomicUsize>);

impl Living {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count.clone())
    }
}

impl Drop for Living {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
