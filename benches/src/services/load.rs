//! The client of the service workloads: connections that each send a request and wait for its answer, again and again.
//!
//! One thread on mio, whatever peer it measures, so that no peer's client takes part in another's figure. It is a
//! closed loop: a server that is slow is asked less often, so the latencies are those of a server that is kept busy and
//! not those of one that is overrun.

use hdrhistogram::Histogram;
use mio::event::Event;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A server that answers nobody for so long is broken.
const PATIENCE: Duration = Duration::from_secs(10);

/// What to send and what to wait for.
#[derive(Debug)]
pub struct Load {
    /// The requests, taken in turns.
    pub requests: Vec<Request>,
    /// Whether this is a whole answer. It panics if it is a wrong one.
    pub is_whole: fn(&[u8]) -> bool,
    /// Whether each request has a connection of its own.
    pub reconnect: bool,
}

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    /// What is sent.
    pub bytes: Vec<u8>,
    /// Whether its latency counts.
    pub counts: bool,
}

/// What a load gave.
#[derive(Debug)]
pub struct Outcome {
    /// From the first request to the last answer.
    pub elapsed: Duration,
    /// Nanoseconds from request to answer, of the requests that count.
    pub latency: Histogram<u64>,
}

/// Connections to a server.
pub struct Client {
    load: Load,
    address: SocketAddr,
    poll: Poll,
    connections: Vec<Connection>,
    /// How many requests were sent in all: whose turn it is.
    sent: usize,
}

struct Connection {
    stream: TcpStream,
    /// The number of the request, if it has to wait for the connection.
    unsent: Option<usize>,
    counts: bool,
    since: Instant,
    answer: Vec<u8>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("address", &self.address)
            .field("connections", &self.connections.len())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// So many connections to `address`.
    ///
    /// # Panics
    ///
    /// Here and later, if the server does not do its part.
    pub fn connect(address: SocketAddr, connections: usize, load: Load) -> Self {
        let poll = Poll::new().expect("the system has readiness");
        let connections = (0..connections).map(|number| {
            // One after the other, so that the server's backlog has room.
            let stream = std::net::TcpStream::connect(address).expect("the server listens");
            stream.set_nonblocking(true).expect("a TCP socket");
            let mut connection = Connection {
                stream: TcpStream::from_std(stream),
                unsent: None,
                counts: false,
                since: Instant::now(),
                answer: Vec::new(),
            };
            connection.register(&poll, number);
            connection
        });
        Self {
            connections: connections.collect(),
            load,
            address,
            poll,
            sent: 0,
        }
    }

    /// Sends so many requests in all, each connection its next one when it has its answer.
    pub fn run(&mut self, requests: u64) -> Outcome {
        let mut latency = Histogram::new(3).expect("three digits are allowed");
        let (mut sent, mut answered) = (0, 0);
        let start = Instant::now();
        for number in 0..self.connections.len() {
            if sent < requests {
                self.send(number);
                sent += 1;
            }
        }
        let mut events = Events::with_capacity(1024);
        while answered < requests {
            match self.poll.poll(&mut events, Some(PATIENCE)) {
                Ok(()) => assert!(!events.is_empty(), "the server does not answer"),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => panic!("cannot wait for the server: {error}"),
            }
            for event in &events {
                let number = event.token().0;
                let connection = &mut self.connections[number];
                if !connection.is_answered(&self.load, event) {
                    continue;
                }
                answered += 1;
                if connection.counts {
                    let nanoseconds = connection.since.elapsed().as_nanos() as u64;
                    latency
                        .record(nanoseconds)
                        .expect("a histogram that grows takes any value");
                }
                if sent < requests {
                    self.send(number);
                    sent += 1;
                }
            }
        }
        Outcome {
            elapsed: start.elapsed(),
            latency,
        }
    }

    fn send(&mut self, number: usize) {
        let turn = self.sent % self.load.requests.len();
        self.sent += 1;
        let request = &self.load.requests[turn];
        let connection = &mut self.connections[number];
        connection.answer.clear();
        connection.counts = request.counts;
        connection.since = Instant::now();
        if self.load.reconnect {
            connection.stream = TcpStream::connect(self.address).expect("there are ports left");
            connection.unsent = Some(turn);
            connection.register(&self.poll, number);
        } else {
            connection.write(&request.bytes);
        }
    }
}

impl Connection {
    fn register(&mut self, poll: &Poll, number: usize) {
        let interest = match self.unsent {
            Some(_) => Interest::READABLE | Interest::WRITABLE,
            None => Interest::READABLE,
        };
        poll.registry()
            .register(&mut self.stream, Token(number), interest)
            .expect("a fresh socket can be registered");
        // Not before the connection is there on every system, so an error says nothing.
        let _ = self.stream.set_nodelay(true);
    }

    /// Requests are small, and sent when the one before is answered: there is always room.
    fn write(&mut self, request: &[u8]) {
        let written = self.stream.write(request).expect("the server listens");
        assert_eq!(written, request.len(), "the request has room");
    }

    /// Goes on after an event; whether the answer has become whole.
    fn is_answered(&mut self, load: &Load, event: &Event) -> bool {
        if let Some(turn) = self.unsent {
            if !event.is_writable() {
                return false;
            }
            self.unsent = None;
            self.write(&load.requests[turn].bytes);
            return false;
        }
        if !event.is_readable() {
            return false;
        }
        let mut buffer = [0; 4096];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => panic!("the server hung up"),
                Ok(read) => {
                    self.answer.extend_from_slice(&buffer[..read]);
                    // What comes later makes a new event, and after a whole answer nothing comes.
                    if (load.is_whole)(&self.answer) {
                        return true;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("the server hung up: {error}"),
            }
        }
    }
}

/// Whether an HTTP answer is whole.
///
/// # Panics
///
/// If it is none, or says anything but 200.
pub fn is_whole_http(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return false;
    };
    let text = std::str::from_utf8(&answer[..head]).expect("a head is text");
    assert!(text.starts_with("HTTP/1.1 200 "), "the answer is {text}");
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    answer.len() >= head + 4 + length.expect("the answer has a length")
}

#[cfg(test)]
mod tests {
    use super::is_whole_http;

    #[test]
    fn an_answer_is_whole_with_its_body() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        assert!(is_whole_http(answer));
        for length in 0..answer.len() {
            assert!(!is_whole_http(&answer[..length]), "{length} bytes");
        }
    }

    #[test]
    #[should_panic(expected = "404")]
    fn another_answer_is_wrong() {
        is_whole_http(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    }
}
