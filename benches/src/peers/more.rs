//! Runtimes that only serve: those on io_uring, whose tasks stay on their thread and so cannot be a `Peer`.
//!
//! Each serves from one thread, however many workers are asked for.

use crate::services::{self, Named};
use crate::workload::{Runtime, Server};
use std::net::TcpListener;

/// They, with the workloads of the server "echo".
pub(super) fn all() -> Vec<Runtime> {
    vec![
        runtime::<Monoio>(|_, listener| monoio_echo(listener)),
        runtime::<Compio>(|_, listener| compio_echo(listener)),
    ]
}

fn runtime<N: Named>(serve: fn(usize, TcpListener)) -> Runtime {
    Runtime {
        name: N::NAME,
        cases: services::network::<N>(),
        servers: vec![Server {
            name: "echo",
            serve,
        }],
    }
}

struct Monoio;

impl Named for Monoio {
    const NAME: &'static str = "monoio";
}

struct Compio;

impl Named for Compio {
    const NAME: &'static str = "compio";
}

fn monoio_echo(listener: TcpListener) {
    use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
    use monoio::net::TcpListener;
    let mut runtime = monoio::RuntimeBuilder::<monoio::FusionDriver>::new()
        .build()
        .expect("the runtime starts");
    runtime.block_on(async {
        listener.set_nonblocking(true).expect("a TCP socket");
        let listener = TcpListener::from_std(listener).expect("it is bound");
        loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            stream.set_nodelay(true).expect("a TCP socket");
            monoio::spawn(async move {
                let mut buffer = Vec::with_capacity(1024);
                loop {
                    let (read, filled) = stream.read(buffer).await;
                    // A client that hangs up is none of ours.
                    if !read.is_ok_and(|read| read > 0) {
                        return;
                    }
                    let (written, mut sent) = stream.write_all(filled).await;
                    if written.is_err() {
                        return;
                    }
                    sent.clear();
                    buffer = sent;
                }
            });
        }
    });
}

fn compio_echo(listener: TcpListener) {
    use compio::io::{AsyncRead, AsyncWriteExt};
    use compio::net::TcpListener;
    let runtime = compio::runtime::Runtime::new().expect("the runtime starts");
    runtime.block_on(async {
        let listener = TcpListener::from_std(listener).expect("it is bound");
        loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let task = async move {
                let mut buffer = Vec::with_capacity(1024);
                loop {
                    let (read, filled) = stream.read(buffer).await.into();
                    // A client that hangs up is none of ours.
                    if !read.is_ok_and(|read: usize| read > 0) {
                        return;
                    }
                    let (written, mut sent): (std::io::Result<()>, Vec<u8>) =
                        stream.write_all(filled).await.into();
                    if written.is_err() {
                        return;
                    }
                    sent.clear();
                    buffer = sent;
                }
            };
            compio::runtime::spawn(task).detach();
        }
    });
}
