//! One client: lines in, lines out, and an end to each that does not depend on the client.
//!
//! The socket's own timeouts are set anew before each call to what is left of the time for the whole line, so a client that
//! sends or takes a byte now and then is as bounded as one that does nothing.

use super::request::{Refusal, Request, VERSION};
use super::verbs;
use crate::diagnostics::json::Value;
use crate::prim::peer;
use std::fmt::{self, Write};
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// The longest request, in bytes.
const MOST_BYTES: usize = 4096;
/// For how long a client may take to send one, and between two.
const TO_ASK: Duration = Duration::from_secs(5);
/// For how long it may take to read an answer, once that has begun.
const TO_READ: Duration = Duration::from_secs(30);
/// So many bytes of an answer are sent at a time.
const CHUNK: usize = 64 * 1024;

/// Answers a client until it hangs up, or fails to ask or to read in time.
pub(super) fn serve(stream: &UnixStream) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    let mut lines = Lines {
        stream,
        bytes: Vec::new(),
    };
    while let Some(line) = lines.next()? {
        match line {
            Line::Whole(line) => match Request::parse(&line) {
                Ok(request) => verbs::answer(&request, &mut Answer::new(stream, TO_READ))?,
                Err(refusal) => refuse(stream, refusal, TO_READ)?,
            },
            Line::TooLong => {
                let text = format!("a request has at most {MOST_BYTES} bytes");
                return refuse(stream, Refusal::new("request", text), TO_READ);
            }
        }
    }
    Ok(())
}

/// Says no.
pub(super) fn refuse(stream: &UnixStream, refusal: Refusal, time: Duration) -> io::Result<()> {
    let mut answer = Answer::new(stream, time);
    answer.refuse(refusal);
    answer.end()
}

struct Lines<'a> {
    stream: &'a UnixStream,
    /// What has come and is not taken.
    bytes: Vec<u8>,
}

enum Line {
    Whole(Vec<u8>),
    TooLong,
}

impl Lines<'_> {
    /// The next line, or what comes instead of one; `None` at the end.
    fn next(&mut self) -> io::Result<Option<Line>> {
        let end = Instant::now() + TO_ASK;
        let mut buffer = [0; MOST_BYTES];
        loop {
            if let Some(length) = self.bytes.iter().position(|byte| *byte == b'\n') {
                let rest = self.bytes.split_off(length + 1);
                let mut line = std::mem::replace(&mut self.bytes, rest);
                line.pop();
                return Ok(Some(Line::Whole(line)));
            }
            if self.bytes.len() >= MOST_BYTES {
                return Ok(Some(Line::TooLong));
            }
            self.stream.set_read_timeout(Some(left(end)?))?;
            match self.stream.read(&mut buffer) {
                Ok(0) if self.bytes.iter().all(u8::is_ascii_whitespace) => return Ok(None),
                // Whoever shuts its side down has ended the line as well.
                Ok(0) => return Ok(Some(Line::Whole(std::mem::take(&mut self.bytes)))),
                Ok(count) => self.bytes.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// An answer on its way. The first error stops it, and [`end`](Self::end) tells.
pub(super) struct Answer<'a> {
    stream: &'a UnixStream,
    time: Duration,
    /// When the client must have read it; from when it is first sent to.
    end: Option<Instant>,
    bytes: Vec<u8>,
    failed: Option<io::Error>,
}

impl<'a> Answer<'a> {
    fn new(stream: &'a UnixStream, time: Duration) -> Self {
        Self {
            stream,
            time,
            end: None,
            bytes: Vec::new(),
            failed: None,
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        // If it fails `end` says so.
        let _ = self.write_str(text);
    }

    pub(super) fn value(&mut self, value: &Value) {
        // As above.
        let _ = write!(self, "{value}");
    }

    pub(super) fn field(&mut self, name: &'static str, value: &Value) {
        // As above.
        let _ = write!(self, "\"{name}\":{value}");
    }

    pub(super) fn refuse(&mut self, refusal: Refusal) {
        self.value(&Value::Object(vec![
            ("leno", Value::from(VERSION)),
            ("error", Value::from(refusal.kind)),
            ("text", Value::from(refusal.text)),
        ]));
    }

    /// True if nobody reads it any more.
    pub(super) fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// Ends the line.
    pub(super) fn end(&mut self) -> io::Result<()> {
        self.text("\n");
        if self.failed.is_none() {
            self.failed = self.send().err();
        }
        self.failed.take().map_or(Ok(()), Err)
    }

    fn send(&mut self) -> io::Result<()> {
        let end = *self.end.get_or_insert_with(|| Instant::now() + self.time);
        let mut sent = 0;
        while sent < self.bytes.len() {
            self.stream.set_write_timeout(Some(left(end)?))?;
            match peer::send(self.stream, &self.bytes[sent..]) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.bytes.clear();
        Ok(())
    }
}

impl Write for Answer<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.failed.is_some() {
            return Err(fmt::Error);
        }
        self.bytes.extend_from_slice(text.as_bytes());
        if self.bytes.len() >= CHUNK {
            if let Err(error) = self.send() {
                self.failed = Some(error);
                return Err(fmt::Error);
            }
        }
        Ok(())
    }
}

/// What is left of the time, or an error if nothing is.
fn left(end: Instant) -> io::Result<Duration> {
    let left = end.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(left)
}
