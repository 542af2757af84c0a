//! HTTP/1.1 as a client speaks it, by hand.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Requests, as bytes.
pub fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").into_bytes()
}

pub fn delete(path: &str) -> Vec<u8> {
    format!("DELETE {path} HTTP/1.1\r\nhost: x\r\n\r\n").into_bytes()
}

pub fn put(path: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("PUT {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(header, _)| header == name);
        header.map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

pub struct Connection {
    pub stream: TcpStream,
    input: BufReader<TcpStream>,
}

impl Connection {
    pub fn new(stream: TcpStream) -> Self {
        // A service that never answers fails its test instead of hanging it.
        let patience = Some(Duration::from_secs(60));
        stream.set_read_timeout(patience).unwrap();
        stream.set_write_timeout(patience).unwrap();
        let input = BufReader::new(stream.try_clone().unwrap());
        Self { stream, input }
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    pub fn receive(&mut self) -> Answer {
        self.try_receive().expect("an answer")
    }

    pub fn request(&mut self, bytes: &[u8]) -> Answer {
        self.send(bytes);
        self.receive()
    }

    /// The answer, or none if the connection ends before it is complete.
    pub fn try_request(&mut self, bytes: &[u8]) -> Option<Answer> {
        self.stream.write_all(bytes).ok()?;
        self.try_receive()
    }

    fn try_receive(&mut self) -> Option<Answer> {
        let status = self.line()?;
        let status = status.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':')?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_string()));
        }
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
        };
        let length = answer.header("content-length").map_or(Ok(0), str::parse);
        answer.body.resize(length.ok()?, 0);
        self.input.read_exact(&mut answer.body).ok()?;
        Some(answer)
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.input.read_line(&mut line).ok()?;
        line.strip_suffix("\r\n").map(str::to_string)
    }

    /// Waits for the service to close the connection; false if it says something first.
    pub fn is_closed(&mut self) -> bool {
        matches!(self.input.fill_buf(), Ok([]))
    }
}
