//! The hyper hello-world on leno or tokio, to be put under load by another process.
//!
//! `cargo run --profile bench -p leno-bench --bin hello -- leno 127.0.0.1:3000 2` serves on two workers until it is killed.

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use std::convert::Infallible;

async fn hello(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::new(Bytes::from_static(
        b"Hello, World!",
    ))))
}

/// Serves on `$runtime`; `$adapt` makes its stream one of hyper's.
macro_rules! serve {
    ($runtime:ident, $address:expr, $workers:expr, $adapt:expr) => {{
        let runtime = $runtime::runtime::Builder::new_multi_thread()
            .worker_threads($workers)
            .enable_all()
            .build()
            .expect("the runtime starts");
        // Accepting is a task of its own, so that it runs on a worker.
        let server = runtime.spawn(async move {
            let listener = $runtime::net::TcpListener::bind($address)
                .await
                .expect("the address is free");
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                stream.set_nodelay(true).expect("a TCP socket");
                $runtime::spawn(async move {
                    // A client that hangs up is none of ours.
                    let _ = http1::Builder::new()
                        .serve_connection($adapt(stream), service_fn(hello))
                        .await;
                });
            }
        });
        runtime.block_on(server).expect("serves until it is killed");
    }};
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [peer, address, workers] = &arguments[..] else {
        eprintln!("usage: hello leno|tokio ADDRESS WORKERS");
        std::process::exit(2);
    };
    let workers = workers.parse().expect("WORKERS is a number");
    let address = address.clone();
    match &**peer {
        "leno" => serve!(leno, address, workers, |stream| stream),
        "tokio" => serve!(tokio, address, workers, hyper_util::rt::TokioIo::new),
        other => panic!("there is no hello-world on {other}"),
    }
}
