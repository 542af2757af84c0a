//! `BufReader` and `BufWriter` over a stream that obstructs, against a cursor.

use crate::many::Many;
use crate::polling::{Mood, Moody, finish, poll_at_most};
use arbitrary::Arbitrary;
use leno::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, BufWriter, SeekFrom,
};
use std::io::{Cursor, ErrorKind, IoSlice, Read, Seek, Write};

#[derive(Arbitrary, Debug)]
pub enum Script {
    Reads {
        bytes: Many<u8>,
        capacity: u8,
        moods: Many<Mood>,
        steps: Many<ReadStep>,
    },
    Writes {
        bytes: Many<u8>,
        capacity: u8,
        moods: Many<Mood>,
        steps: Many<WriteStep>,
    },
}

/// With how many polls until it is dropped.
#[derive(Arbitrary, Debug)]
pub enum ReadStep {
    Read(u8, u8),
    Look { polls: u8, take: u8 },
    ReadToEnd(u8),
    Seek(Position),
    Position,
}

#[derive(Arbitrary, Debug)]
pub enum WriteStep {
    Write(u8, Many<u8>),
    WriteVectored(u8, [Many<u8>; 2]),
    WriteAllBuf(u8, Many<u8>),
    Flush(u8),
    Seek(Position),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Position {
    Start(u8),
    End(i8),
    Current(i8),
}

impl From<Position> for SeekFrom {
    fn from(position: Position) -> Self {
        match position {
            Position::Start(offset) => SeekFrom::Start(offset.into()),
            Position::End(offset) => SeekFrom::End(offset.into()),
            Position::Current(offset) => SeekFrom::Current(offset.into()),
        }
    }
}

impl super::Script for Script {
    fn run(self) {
        match self {
            Script::Reads {
                bytes,
                capacity,
                moods,
                steps,
            } => {
                let capacity = usize::from(capacity) % 32 + 1;
                let stream =
                    BufReader::with_capacity(capacity, Moody::new(bytes.0.clone(), moods.0));
                reads(stream, Cursor::new(bytes.0), steps.0);
            }
            Script::Writes {
                bytes,
                capacity,
                moods,
                steps,
            } => {
                let capacity = usize::from(capacity) % 32;
                let stream =
                    BufWriter::with_capacity(capacity, Moody::new(bytes.0.clone(), moods.0));
                writes(stream, Cursor::new(bytes.0), steps.0);
            }
        }
    }
}

fn reads(mut stream: BufReader<Moody>, mut model: Cursor<Vec<u8>>, steps: Vec<ReadStep>) {
    for step in steps {
        match step {
            ReadStep::Read(polls, room) => {
                let mut memory = vec![0; room.into()];
                // Whether it is dropped or fails: nothing was read.
                if let Some(Ok(read)) = poll_at_most(polls.into(), stream.read(&mut memory)) {
                    let mut expected = vec![0; read];
                    Read::read_exact(&mut model, &mut expected).expect("no more than there is");
                    assert_eq!(&memory[..read], expected);
                    let is_at_end = model.fill(1).is_empty();
                    assert!(
                        read > 0 || room == 0 || is_at_end,
                        "an end where there is none"
                    );
                }
            }
            ReadStep::Look { polls, take } => {
                if let Some(Ok(bytes)) = poll_at_most(polls.into(), stream.fill_buf()) {
                    let bytes = bytes.to_vec();
                    assert_eq!(bytes, model.fill(bytes.len()));
                    assert!(!bytes.is_empty() || model.fill(1).is_empty());
                    let take = bytes.len().min(take.into());
                    stream.consume(take);
                    model.set_position(model.position() + take as u64);
                    assert_eq!(stream.buffer(), model.fill(bytes.len() - take));
                }
            }
            ReadStep::ReadToEnd(polls) => {
                // What came is in the buffer, whatever becomes of the future.
                let mut bytes = Vec::new();
                let ended = poll_at_most(polls.into(), stream.read_to_end(&mut bytes));
                assert_eq!(bytes, model.fill(bytes.len()));
                model.set_position(model.position() + bytes.len() as u64);
                if let Some(Ok(count)) = ended {
                    assert_eq!(count, bytes.len());
                    assert!(model.fill(1).is_empty());
                }
            }
            ReadStep::Seek(position) => {
                let position = SeekFrom::from(position);
                let moved = finish(stream.seek(position));
                let expected = Seek::seek(&mut model, position);
                assert_eq!(
                    moved.map_err(|error| error.kind()),
                    expected.map_err(|error| error.kind())
                );
            }
            ReadStep::Position => {
                assert_eq!(finish(stream.stream_position()).unwrap(), model.position());
            }
        }
    }
}

trait Fill {
    /// The next bytes, without taking them.
    fn fill(&self, count: usize) -> &[u8];
}

impl Fill for Cursor<Vec<u8>> {
    fn fill(&self, count: usize) -> &[u8] {
        let rest = usize::try_from(self.position())
            .ok()
            .and_then(|start| self.get_ref().get(start..))
            .unwrap_or_default();
        &rest[..count.min(rest.len())]
    }
}

fn writes(mut stream: BufWriter<Moody>, mut model: Cursor<Vec<u8>>, steps: Vec<WriteStep>) {
    for step in steps {
        match step {
            WriteStep::Write(polls, bytes) => {
                if let Some(Ok(written)) = poll_at_most(polls.into(), stream.write(&bytes)) {
                    assert!(written > 0 || bytes.is_empty());
                    append(&mut model, &bytes[..written]);
                }
            }
            WriteStep::WriteVectored(polls, parts) => {
                let slices = parts.each_ref().map(|part| IoSlice::new(part));
                if let Some(Ok(written)) =
                    poll_at_most(polls.into(), stream.write_vectored(&slices))
                {
                    let bytes = [&parts[0][..], &parts[1][..]].concat();
                    assert!(written > 0 || bytes.is_empty());
                    append(&mut model, &bytes[..written]);
                }
            }
            WriteStep::WriteAllBuf(polls, bytes) => {
                let mut rest = &bytes[..];
                let done = poll_at_most(polls.into(), stream.write_all_buf(&mut rest));
                assert!(rest.is_empty() || !matches!(done, Some(Ok(()))));
                // What was written is known, whatever becomes of the future.
                append(&mut model, &bytes[..bytes.len() - rest.len()]);
            }
            WriteStep::Flush(polls) => {
                if let Some(Ok(())) = poll_at_most(polls.into(), stream.flush()) {
                    compare(&stream, &model);
                }
            }
            WriteStep::Seek(position) => {
                // What is buffered has to leave first, which may fail: then nothing has moved.
                let position = SeekFrom::from(position);
                match finish(stream.seek(position)) {
                    Ok(moved) => {
                        assert_eq!(
                            moved,
                            Seek::seek(&mut model, position).expect("a position before the start")
                        );
                        compare(&stream, &model);
                    }
                    Err(error) if error.kind() == ErrorKind::InvalidInput => {
                        assert!(Seek::seek(&mut model, position).is_err());
                    }
                    // The seek is still asked for. Flushing and seeking again take its place.
                    Err(_) => {
                        finish_flush(&mut stream);
                        let position = SeekFrom::Start(model.position());
                        // The old one comes first, and may be refused.
                        let moved = finish(stream.seek(position));
                        let moved = moved.or_else(|_| finish(stream.seek(position)));
                        assert_eq!(moved.unwrap(), model.position());
                    }
                }
            }
        }
    }
    finish_flush(&mut stream);
    compare(&stream, &model);
}

fn append(model: &mut Cursor<Vec<u8>>, bytes: &[u8]) {
    // std's cursor fills up with zeroes even for nothing.
    if !bytes.is_empty() {
        Write::write_all(model, bytes).unwrap();
    }
}

/// Each failure is one obstruction less.
fn finish_flush(stream: &mut BufWriter<Moody>) {
    while finish(stream.flush()).is_err() {}
}

fn compare(stream: &BufWriter<Moody>, model: &Cursor<Vec<u8>>) {
    assert!(stream.buffer().is_empty());
    assert_eq!(stream.get_ref().cursor.get_ref(), model.get_ref());
    assert_eq!(stream.get_ref().cursor.position(), model.position());
}
