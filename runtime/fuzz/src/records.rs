//! Lines, segments and numbers of a source that trickles, against a slice.

use crate::many::Many;
use crate::polling::{Mood, Moody, finish, poll_at_most};
use arbitrary::Arbitrary;
use leno::io::{self, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use std::io::ErrorKind;

#[derive(Arbitrary, Debug)]
pub struct Script {
    first: Many<u8>,
    second: Many<u8>,
    /// Errors are for `buffered`: here they would hide where a record ends.
    moods: [Many<Quiet>; 2],
    capacity: u8,
    limit: Option<u8>,
    steps: Many<Step>,
}

#[derive(Arbitrary, Debug)]
pub enum Quiet {
    Pending,
    Interrupted,
    Short(u8),
}

#[derive(Arbitrary, Debug)]
pub enum Step {
    Until {
        delimiter: u8,
        polls: u8,
    },
    Line {
        polls: Many<u8>,
    },
    Segment {
        delimiter: u8,
        polls: Many<u8>,
    },
    /// Perhaps into no room.
    Read(u8),
    Exact(u8),
    U8,
    U16,
    U32Le,
    I128,
    F64,
    Copy,
    CopyBuf {
        polls: u8,
    },
    CopyBoth(Many<u8>),
}

impl super::Script for Script {
    fn run(self) {
        run(self);
    }
}

fn run(script: Script) {
    let [first_moods, second_moods] = script.moods.map(|moods| {
        let loud = |mood| match mood {
            Quiet::Pending => Mood::Pending,
            Quiet::Interrupted => Mood::Interrupted,
            Quiet::Short(most) => Mood::Short(most),
        };
        moods.into_iter().map(loud).collect()
    });
    let limit = script.limit.map_or(u64::MAX, u64::from);
    let all = [&script.first[..], &script.second[..]].concat();
    let all = &all[..all.len().min(usize::try_from(limit).unwrap_or(usize::MAX))];
    let first = Moody::new(script.first.0.clone(), first_moods);
    let second = Moody::new(script.second.0.clone(), second_moods);
    let capacity = usize::from(script.capacity) % 16 + 1;
    // Buffers within and without, so that the buffered reads of `Chain` and `Take` have their turn too.
    let mut source = BufReader::with_capacity(capacity, first)
        .chain(BufReader::with_capacity(capacity, second))
        .take(limit);
    let mut rest = all;
    for step in script.steps {
        rest = perform(step, &mut source, rest);
        if script.limit.is_some() {
            assert!(source.limit() <= limit - (all.len() - rest.len()) as u64);
        }
    }
    let mut left = Vec::new();
    finish(source.read_to_end(&mut left)).unwrap();
    assert_eq!(left, rest);
}

/// Does it, and returns what is left.
fn perform<'a>(
    step: Step,
    source: &mut (impl io::AsyncBufRead + Unpin),
    rest: &'a [u8],
) -> &'a [u8] {
    match step {
        Step::Until { delimiter, polls } => {
            // Dropped and called again with the same buffer, it goes on.
            let mut bytes = Vec::new();
            let early = poll_at_most(polls.into(), source.read_until(delimiter, &mut bytes));
            if early.is_none() {
                finish(source.read_until(delimiter, &mut bytes)).unwrap();
            }
            let (record, rest) = rest.split_at(record_length(rest, delimiter));
            // A delimiter that came with the last poll ends the record, and the second call begins another.
            assert_eq!(bytes, record);
            rest
        }
        Step::Line { polls } => {
            let mut lines = source.lines();
            let cancelled = polls
                .into_iter()
                .find_map(|polls| poll_at_most(polls.into(), lines.next_line()));
            let line = cancelled.unwrap_or_else(|| finish(lines.next_line()));
            let (record, rest) = rest.split_at(record_length(rest, b'\n'));
            let text = record
                .strip_suffix(b"\n")
                .map_or(record, |text| text.strip_suffix(b"\r").unwrap_or(text));
            match (line, std::str::from_utf8(text)) {
                (Ok(None), Ok(_)) => assert!(record.is_empty()),
                (Ok(Some(line)), Ok(text)) => assert_eq!(line, text),
                (Err(error), Err(_)) => assert_eq!(error.kind(), ErrorKind::InvalidData),
                (line, text) => panic!("{line:?} in place of {text:?}"),
            }
            rest
        }
        Step::Segment { delimiter, polls } => {
            let mut segments = source.split(delimiter);
            let cancelled = polls
                .into_iter()
                .find_map(|polls| poll_at_most(polls.into(), segments.next_segment()));
            let segment = cancelled.unwrap_or_else(|| finish(segments.next_segment()));
            let (record, rest) = rest.split_at(record_length(rest, delimiter));
            let text = record.strip_suffix(&[delimiter]).unwrap_or(record);
            let expected = (!record.is_empty()).then(|| text.to_vec());
            assert_eq!(segment.unwrap(), expected);
            rest
        }
        Step::Read(room) => {
            let mut memory = vec![0; room.into()];
            // Interrupted, as a single read is not tried again.
            let read = finish(source.read(&mut memory)).unwrap_or(0);
            assert_eq!(memory[..read], rest[..read]);
            &rest[read..]
        }
        Step::Exact(length) => {
            let mut memory = vec![0; length.into()];
            match finish(source.read_exact(&mut memory)) {
                Ok(_) => {
                    assert_eq!(memory, rest[..memory.len()]);
                    &rest[memory.len()..]
                }
                Err(error) => too_short(error, rest, memory.len()),
            }
        }
        Step::U8 => number(finish(source.read_u8()), rest, u8::from_be_bytes),
        Step::U16 => number(finish(source.read_u16()), rest, u16::from_be_bytes),
        Step::U32Le => number(finish(source.read_u32_le()), rest, u32::from_le_bytes),
        Step::I128 => number(finish(source.read_i128()), rest, i128::from_be_bytes),
        Step::F64 => {
            let bits = finish(source.read_f64()).map(f64::to_bits);
            number(bits, rest, u64::from_be_bytes)
        }
        Step::Copy => {
            let mut copy = Vec::new();
            let count = finish(io::copy(source, &mut copy)).unwrap();
            assert_eq!((count, &copy[..]), (rest.len() as u64, rest));
            &[]
        }
        Step::CopyBuf { polls } => {
            // What is not in the copy is still in the source.
            let mut copy = Vec::new();
            let _ = poll_at_most(polls.into(), io::copy_buf(source, &mut copy));
            finish(io::copy_buf(source, &mut copy)).unwrap();
            assert_eq!(copy, rest);
            &[]
        }
        Step::CopyBoth(answer) => {
            let mut near = io::join(source, Vec::new());
            let (mut far, mut end) = io::duplex(1024 + rest.len());
            if answer.len() <= 1024 {
                finish(end.write_all(&answer)).unwrap();
            }
            finish(end.shutdown()).unwrap();
            let sent = answer
                .len()
                .min(if answer.len() <= 1024 { usize::MAX } else { 0 });
            let copied = finish(io::copy_bidirectional(&mut near, &mut far)).unwrap();
            assert_eq!(copied, (rest.len() as u64, sent as u64));
            assert_eq!(near.writer()[..], answer[..sent]);
            let mut got = Vec::new();
            finish(end.read_to_end(&mut got)).unwrap();
            assert_eq!(got, rest);
            &[]
        }
    }
}

fn record_length(rest: &[u8], delimiter: u8) -> usize {
    let end = rest.iter().position(|&byte| byte == delimiter);
    end.map_or(rest.len(), |end| end + 1)
}

fn number<T: PartialEq + std::fmt::Debug, const N: usize>(
    read: io::Result<T>,
    rest: &[u8],
    from: fn([u8; N]) -> T,
) -> &[u8] {
    match read {
        Ok(number) => {
            let (bytes, rest) = rest.split_first_chunk().expect("more bytes than there are");
            assert_eq!(number, from(*bytes));
            rest
        }
        Err(error) => too_short(error, rest, N),
    }
}

fn too_short(error: io::Error, rest: &[u8], wanted: usize) -> &[u8] {
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert!(rest.len() < wanted);
    &[]
}
