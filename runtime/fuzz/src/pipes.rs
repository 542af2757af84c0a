//! Pipes in memory, against a queue of bytes for each direction.

use crate::many::Many;
use crate::polling::Flag;
use arbitrary::Arbitrary;
use leno::io::{self, AsyncRead, AsyncWrite, DuplexStream, ReadBuf, ReadHalf, WriteHalf};
use std::collections::VecDeque;
use std::io::{ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

#[derive(Arbitrary, Debug)]
pub struct Script {
    is_simplex: bool,
    capacity: u8,
    steps: Many<Step>,
}

/// What one of the two ends does.
#[derive(Arbitrary, Debug)]
pub enum Step {
    Write(bool, u8),
    WriteVectored(bool, [u8; 3]),
    Read(bool, u8),
    Shutdown(bool),
    Drop(bool),
    Split(bool),
    Unsplit(bool),
}

/// A reader and a writer, or both in one.
enum End {
    Whole(DuplexStream),
    Halves(ReadHalf<DuplexStream>, WriteHalf<DuplexStream>),
    Source(ReadHalf<io::SimplexStream>),
    Sink(WriteHalf<io::SimplexStream>),
    Gone,
}

impl End {
    fn reader(&mut self) -> Option<&mut (dyn AsyncRead + Unpin)> {
        match self {
            End::Whole(stream) => Some(stream),
            End::Halves(half, _) => Some(half),
            End::Source(half) => Some(half),
            End::Sink(_) | End::Gone => None,
        }
    }

    fn writer(&mut self) -> Option<&mut (dyn AsyncWrite + Unpin)> {
        match self {
            End::Whole(stream) => Some(stream),
            End::Halves(_, half) => Some(half),
            End::Sink(half) => Some(half),
            End::Source(_) | End::Gone => None,
        }
    }
}

/// Bytes between a writer and a reader.
struct Direction {
    bytes: VecDeque<u8>,
    capacity: usize,
    is_closed: bool,
    /// Those who wait, and are to be woken.
    reader: Option<Arc<Flag>>,
    writer: Option<Arc<Flag>>,
}

impl Direction {
    fn new(capacity: usize) -> Self {
        Self {
            bytes: VecDeque::new(),
            capacity,
            is_closed: false,
            reader: None,
            writer: None,
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Poll<Result<usize, ErrorKind>> {
        let room = self.capacity - self.bytes.len();
        if self.is_closed {
            return Poll::Ready(Err(ErrorKind::BrokenPipe));
        }
        if room == 0 && !bytes.is_empty() {
            return Poll::Pending;
        }
        let written = bytes.len().min(room);
        self.bytes.extend(&bytes[..written]);
        if written > 0 {
            expect_woken(&mut self.reader);
        }
        Poll::Ready(Ok(written))
    }

    fn read(&mut self, room: usize) -> Poll<Vec<u8>> {
        if self.bytes.is_empty() && room > 0 && !self.is_closed {
            return Poll::Pending;
        }
        let read = room.min(self.bytes.len());
        if read > 0 {
            expect_woken(&mut self.writer);
        }
        Poll::Ready(self.bytes.drain(..read).collect())
    }
}

/// Called after the real thing has done what wakes it.
fn expect_woken(waiting: &mut Option<Arc<Flag>>) {
    if let Some(flag) = waiting.take() {
        assert!(flag.is_woken(), "who waits at the other end sleeps on");
    }
}

impl super::Script for Script {
    fn run(self) {
        run(self);
    }
}

fn run(script: Script) {
    let capacity = usize::from(script.capacity) + 1;
    let mut ends = if script.is_simplex {
        let (source, sink) = io::simplex(capacity);
        [End::Sink(sink), End::Source(source)]
    } else {
        let (one, other) = io::duplex(capacity);
        [End::Whole(one), End::Whole(other)]
    };
    // The direction with an end's index is the one that it writes to.
    let mut directions = [Direction::new(capacity), Direction::new(capacity)];
    let mut next_byte = 0_u8;
    let mut fresh = move |length: u8| -> Vec<u8> {
        (0..length)
            .map(|_| {
                next_byte = next_byte.wrapping_add(1);
                next_byte
            })
            .collect()
    };

    for step in script.steps {
        match step {
            Step::Write(end, length) => {
                let bytes = fresh(length);
                write(
                    &mut ends[usize::from(end)],
                    &mut directions[usize::from(end)],
                    &[&bytes],
                );
            }
            Step::WriteVectored(end, lengths) => {
                let parts = lengths.map(&mut fresh);
                let parts = [&parts[0][..], &parts[1][..], &parts[2][..]];
                write(
                    &mut ends[usize::from(end)],
                    &mut directions[usize::from(end)],
                    &parts,
                );
            }
            Step::Read(end, room) => {
                let direction = &mut directions[usize::from(!end)];
                if let Some(reader) = ends[usize::from(end)].reader() {
                    read(reader, direction, room.into());
                }
            }
            Step::Shutdown(end) => {
                if let Some(writer) = ends[usize::from(end)].writer() {
                    let (_, waker) = Flag::new();
                    let ended = Pin::new(writer).poll_shutdown(&mut Context::from_waker(&waker));
                    assert!(matches!(ended, Poll::Ready(Ok(()))));
                    let direction = &mut directions[usize::from(end)];
                    direction.is_closed = true;
                    expect_woken(&mut direction.reader);
                }
            }
            Step::Drop(end) => {
                let dropped = std::mem::replace(&mut ends[usize::from(end)], End::Gone);
                let (writes, reads) = match dropped {
                    End::Gone => continue,
                    End::Sink(_) => (true, false),
                    End::Source(_) => (false, true),
                    End::Whole(_) | End::Halves(..) => (true, true),
                };
                drop(dropped);
                if writes {
                    let outgoing = &mut directions[usize::from(end)];
                    outgoing.is_closed = true;
                    outgoing.writer = None;
                    expect_woken(&mut outgoing.reader);
                }
                if reads {
                    let incoming = &mut directions[usize::from(!end)];
                    incoming.is_closed = true;
                    incoming.reader = None;
                    expect_woken(&mut incoming.writer);
                }
            }
            Step::Split(end) => {
                let end = &mut ends[usize::from(end)];
                *end = match std::mem::replace(end, End::Gone) {
                    End::Whole(stream) => {
                        let (reader, writer) = io::split(stream);
                        assert!(reader.is_pair_of(&writer) && writer.is_pair_of(&reader));
                        End::Halves(reader, writer)
                    }
                    other => other,
                };
            }
            Step::Unsplit(end) => {
                let end = &mut ends[usize::from(end)];
                *end = match std::mem::replace(end, End::Gone) {
                    End::Halves(reader, writer) => End::Whole(reader.unsplit(writer)),
                    other => other,
                };
            }
        }
    }
}

fn write(end: &mut End, direction: &mut Direction, parts: &[&[u8]]) {
    let Some(writer) = end.writer() else {
        return;
    };
    let (flag, waker) = Flag::new();
    let mut cx = Context::from_waker(&waker);
    let wrote = match parts {
        [bytes] => Pin::new(writer).poll_write(&mut cx, bytes),
        _ => {
            let slices: Vec<_> = parts.iter().map(|bytes| IoSlice::new(bytes)).collect();
            Pin::new(writer).poll_write_vectored(&mut cx, &slices)
        }
    };
    let expected = direction.write(&parts.concat());
    assert_eq!(wrote.map_err(|error| error.kind()), expected);
    if expected.is_pending() {
        direction.writer = Some(flag);
    }
}

fn read(reader: &mut (dyn AsyncRead + Unpin), direction: &mut Direction, room: usize) {
    let mut memory = vec![0; room];
    let mut buf = ReadBuf::new(&mut memory);
    let (flag, waker) = Flag::new();
    let polled = Pin::new(reader).poll_read(&mut Context::from_waker(&waker), &mut buf);
    let read = polled.map(|result| {
        result.expect("reading from a pipe never fails");
        buf.filled().to_vec()
    });
    let expected = direction.read(room);
    assert_eq!(read, expected);
    if expected.is_pending() {
        direction.reader = Some(flag);
    }
}
