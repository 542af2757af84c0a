//! Servers without a runtime: one thread, mio, and a loop. The floor that stands beside the runtimes.
//!
//! mio is edge-triggered: a connection is read until a read does not fill the buffer, as the runtimes do it. However
//! many workers are asked for, there is one thread.

use super::Named;
use super::servers::HELLO;
use crate::workload::Server;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpListener;

/// The bare peer's name.
#[derive(Debug)]
pub struct Bare;

impl Named for Bare {
    const NAME: &'static str = "bare";
}

/// The servers "echo" and "hello", whose answer is canned.
pub fn servers() -> Vec<Server> {
    vec![
        Server {
            name: "echo",
            serve: |_, listener| serve(listener, |_, read| Some(read.to_vec())),
        },
        Server {
            name: "hello",
            serve: |_, listener| {
                let head = "HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\
                    date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n";
                let canned = [head.as_bytes(), HELLO].concat();
                serve(listener, move |pending, read| {
                    pending.extend_from_slice(read);
                    let whole = pending.ends_with(b"\r\n\r\n");
                    whole.then(|| {
                        pending.clear();
                        canned.clone()
                    })
                });
            },
        },
    ]
}

/// A connection and what of its request has come.
struct Connection {
    stream: TcpStream,
    pending: Vec<u8>,
}

/// Answers each piece that is read with what `answer` makes of it and of what was pending, for ever.
fn serve(listener: TcpListener, answer: impl Fn(&mut Vec<u8>, &[u8]) -> Option<Vec<u8>>) {
    const LISTENER: Token = Token(0);
    let mut poll = Poll::new().expect("the system has readiness");
    listener.set_nonblocking(true).expect("a TCP socket");
    let mut listener = mio::net::TcpListener::from_std(listener);
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)
        .expect("a fresh socket can be registered");
    let mut connections = HashMap::new();
    let mut next = 1;
    let mut events = Events::with_capacity(1024);
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() != ErrorKind::Interrupted => panic!("cannot wait: {error}"),
            _ => {}
        }
        for event in &events {
            if event.token() != LISTENER {
                if let Some(connection) = connections.get_mut(&event.token()) {
                    if !turn(connection, &answer) {
                        connections.remove(&event.token());
                    }
                }
                continue;
            }
            // An error is that nobody is there any more.
            while let Ok((mut stream, _)) = listener.accept() {
                let token = Token(next);
                next += 1;
                stream.set_nodelay(true).expect("a TCP socket");
                poll.registry()
                    .register(&mut stream, token, Interest::READABLE)
                    .expect("a fresh socket can be registered");
                let pending = Vec::new();
                connections.insert(token, Connection { stream, pending });
            }
        }
    }
}

/// Reads and answers what is there; whether the connection goes on.
fn turn(
    connection: &mut Connection,
    answer: &impl Fn(&mut Vec<u8>, &[u8]) -> Option<Vec<u8>>,
) -> bool {
    let mut buffer = [0; 4096];
    loop {
        let read = match connection.stream.read(&mut buffer) {
            Ok(0) => return false,
            Ok(read) => read,
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        };
        if let Some(answer) = answer(&mut connection.pending, &buffer[..read]) {
            // Answers are small, and the next request waits for them: there is always room.
            if connection.stream.write_all(&answer).is_err() {
                return false;
            }
        }
        if read < buffer.len() {
            return true;
        }
    }
}
