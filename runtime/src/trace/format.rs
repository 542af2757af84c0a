//! The format of traces: files that a [`Snapshot`](super::Snapshot) saves, and black boxes.
//!
//! A file is a row of 64-bit words, those of the machine that wrote it in its order of bytes, which is little-endian wherever
//! leno runs. It begins with a head of 16 words:
//!
//! | word | |
//! | --- | --- |
//! | 0 | `lenotrac`, as eight bytes |
//! | 1 | the version of the format, 2 |
//! | 2 | segments begin at multiples of so many words |
//! | 3 | the process' id |
//! | 4 | ticks, when |
//! | 5 | the monotonic clock showed so many nanoseconds, and |
//! | 6 | the time of day was so many nanoseconds after 1970 |
//! | 7 | ticks a second |
//! | 8–15 | 0 |
//!
//! Segments follow, the first at the first multiple behind the head, each with a head of 8 words: what it is, its length in words,
//! and what depends on that. A word of 0 where one might begin is the end.
//!
//! - **1, strings.** The [table](crate::kernel::observe::strings), behind the head.
//! - **2, a track**, what one worker did: the runtime's number, the worker's (65535 for all threads that are none), the number of
//!   the runtime's name among the strings, where in the segment its two [rings](crate::kernel::observe::ring) are, and 0. The
//!   [events](crate::kernel::observe::event) are in the first, what is told of tasks in the second.
//!
//! What is not known is passed over: a kind of segment, or of event. Numbers are not used for anything else in later versions.
//!
//! A black box grows while it is written, and its rings come round. So whoever reads one of a process that is alive reads it
//! twice, and drops what the second reading says has been begun meanwhile; see the protocol of the rings.

use crate::kernel::observe::event::{EVENT, LIFE};
use crate::kernel::observe::{ring, store, strings};
use crate::prim::tick::Calibration;
use std::io;

pub(super) const MAGIC: u64 = u64::from_le_bytes(*b"lenotrac");
pub(super) const VERSION: u64 = 2;
/// Words of the file's head, and of a segment's.
pub(super) const HEAD: usize = 16;
pub(super) const SEGMENT_HEAD: usize = 8;
pub(super) const STRINGS: u64 = 1;

/// What a file says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Data {
    pub(super) clock: Clock,
    /// From the first string on.
    pub(super) strings: Vec<u64>,
    pub(super) tracks: Vec<TrackData>,
}

/// Whose ticks they are, and what they mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    pub(super) process: u32,
    pub(super) ticks: u64,
    pub(super) nanoseconds: u64,
    /// After 1970.
    pub(super) unix: u64,
    pub(super) ticks_per_second: u64,
}

/// What one worker did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TrackData {
    pub(super) runtime: u64,
    pub(super) worker: usize,
    /// The number of the runtime's name.
    pub(super) name: u32,
    pub(super) events: Vec<[u64; EVENT]>,
    pub(super) lives: Vec<[u64; LIFE]>,
}

impl Clock {
    pub(super) fn new(calibration: Calibration, unix: u64) -> Self {
        Self {
            process: std::process::id(),
            ticks: calibration.ticks,
            nanoseconds: calibration.nanoseconds,
            unix,
            ticks_per_second: calibration.ticks_per_second,
        }
    }

    /// The head of a file whose segments begin at such multiples.
    pub(super) fn head(&self, multiple: usize) -> [u64; HEAD] {
        let mut head = [0; HEAD];
        head[..8].copy_from_slice(&[
            MAGIC,
            VERSION,
            multiple as u64,
            u64::from(self.process),
            self.ticks,
            self.nanoseconds,
            self.unix,
            self.ticks_per_second,
        ]);
        head
    }
}

// ----- writing ----------------------------------------------------------------------------------------

impl Data {
    pub(super) fn write(&self) -> Vec<u8> {
        let mut words = Vec::from(self.clock.head(SEGMENT_HEAD));
        let strings = self.strings.len();
        words.extend([STRINGS, (SEGMENT_HEAD + strings::HEAD + strings) as u64]);
        words.extend([0; SEGMENT_HEAD - 2]);
        words.push(strings as u64);
        words.extend([0; strings::HEAD - 1]);
        words.extend(&self.strings);
        for track in &self.tracks {
            words.resize(words.len().next_multiple_of(SEGMENT_HEAD), 0);
            track.write(&mut words);
        }
        words.resize(words.len().next_multiple_of(SEGMENT_HEAD), 0);
        words.into_iter().flat_map(u64::to_le_bytes).collect()
    }
}

impl TrackData {
    fn write(&self, words: &mut Vec<u64>) {
        let lives_at = SEGMENT_HEAD + ring::words(self.events.len(), EVENT);
        words.extend([
            store::TRACK,
            (lives_at + ring::words(self.lives.len(), LIFE)) as u64,
            self.runtime,
            self.worker as u64,
            u64::from(self.name),
            SEGMENT_HEAD as u64,
            lives_at as u64,
            0,
        ]);
        write_ring(&self.events, words);
        write_ring(&self.lives, words);
    }
}

/// A ring that has just been filled.
fn write_ring<const W: usize>(records: &[[u64; W]], words: &mut Vec<u64>) {
    let count = records.len() as u64;
    words.extend([count, count, count, W as u64, 0, 0, 0, 0]);
    words.extend(records.iter().flatten());
}

// ----- reading ----------------------------------------------------------------------------------------

/// Whether a file that begins like this is a trace.
///
/// # Errors
///
/// If it is none, or of a later version.
pub(super) fn check(bytes: &[u8]) -> io::Result<()> {
    let words = to_words(bytes.get(..16).unwrap_or(&[]));
    match words.as_slice() {
        [MAGIC, VERSION] => Ok(()),
        [MAGIC, _] => Err(invalid(
            "this trace is of a version that this one cannot read",
        )),
        _ => Err(invalid("this is no trace of leno's")),
    }
}

/// Reads a file. `later` is what it was when it was read again, after that.
///
/// # Errors
///
/// If it is none, or of a later version; or if it says what cannot be.
pub(super) fn read(bytes: &[u8], later: Option<&[u8]>) -> io::Result<Data> {
    check(bytes)?;
    let (words, later) = (to_words(bytes), later.map(to_words));
    let head = words.get(..HEAD).ok_or_else(cut)?;
    let multiple = usize::try_from(head[2]).ok().filter(|&words| words > 0);
    let multiple = multiple.ok_or_else(cut)?;
    let clock = Clock {
        process: head[3] as u32,
        ticks: head[4],
        nanoseconds: head[5],
        unix: head[6],
        ticks_per_second: head[7].max(1),
    };
    let (mut strings, mut tracks) = (vec![0], Vec::new());
    let mut place = HEAD.next_multiple_of(multiple);
    while let Some(&kind) = words.get(place).filter(|&&kind| kind != 0) {
        let length = words
            .get(place + 1)
            .and_then(|&length| usize::try_from(length).ok());
        let length = length
            .filter(|&length| length >= SEGMENT_HEAD)
            .ok_or_else(cut)?;
        let range = place..place.checked_add(length).ok_or_else(cut)?;
        let segment = words.get(range.clone()).ok_or_else(cut)?;
        match kind {
            STRINGS => strings = read_strings(segment)?,
            store::TRACK => {
                let later = later.as_ref().and_then(|later| later.get(range.clone()));
                tracks.push(read_track(segment, later.unwrap_or(segment))?);
            }
            _ => {}
        }
        place = range
            .end
            .checked_next_multiple_of(multiple)
            .ok_or_else(cut)?;
    }
    Ok(Data {
        clock,
        strings,
        tracks,
    })
}

fn to_words(bytes: &[u8]) -> Vec<u64> {
    let words = bytes.chunks_exact(8);
    words
        .map(|word| u64::from_le_bytes(word.try_into().expect("eight bytes")))
        .collect()
}

fn read_strings(segment: &[u64]) -> io::Result<Vec<u64>> {
    let used = *segment.get(SEGMENT_HEAD).ok_or_else(cut)?;
    let strings = segment
        .get(SEGMENT_HEAD + strings::HEAD..)
        .ok_or_else(cut)?;
    let used = usize::try_from(used).map_err(|_| cut())?;
    Ok(strings.get(..used).ok_or_else(cut)?.to_vec())
}

fn read_track(segment: &[u64], later: &[u64]) -> io::Result<TrackData> {
    Ok(TrackData {
        runtime: segment[2],
        worker: usize::try_from(segment[3])
            .ok()
            .filter(|&worker| worker <= store::OUTSIDE)
            .ok_or_else(cut)?,
        name: segment[4] as u32,
        events: read_ring(segment, later, segment[5])?,
        lives: read_ring(segment, later, segment[6])?,
    })
}

/// What is valid of a ring; see there.
fn read_ring<const W: usize>(
    segment: &[u64],
    later: &[u64],
    place: u64,
) -> io::Result<Vec<[u64; W]>> {
    let place = usize::try_from(place).map_err(|_| cut())?;
    let ring = segment.get(place..).ok_or_else(cut)?;
    let &[_, end, capacity, width, counts, ahead, ..] = ring else {
        return Err(cut());
    };
    let begin = *later.get(place).ok_or_else(cut)?;
    let slots = ring.get(ring::HEAD..).ok_or_else(cut)?;
    let enough = usize::try_from(capacity)
        .ok()
        .and_then(|capacity| capacity.checked_mul(W));
    // A ring that is about to be made has no width yet, no blocks, and nothing in it.
    if end == 0 && ahead == 0 {
        return Ok(Vec::new());
    }
    if width != W as u64 || enough.is_none_or(|enough| enough > slots.len()) {
        return Err(cut());
    }
    let first = begin.max(end).saturating_sub(capacity).max(counts);
    let record = |index: u64| {
        let place = (index % capacity) as usize * W;
        let record = std::array::from_fn(|word| slots[place + word]);
        if ahead == 0 {
            record
        } else {
            ring::clean(record)
        }
    };
    if capacity == 0 || ahead > capacity {
        return Err(cut());
    }
    let open = first.max(end)..end.checked_add(ahead).ok_or_else(cut)?;
    let open = open.take_while(|&index| {
        let last = slots[(index % capacity) as usize * W + W - 1];
        ring::is_there(last, index, capacity)
    });
    Ok((first..end).chain(open).map(record).collect())
}

/// The string of a number; none for 0, and for one that is not the table's. No writer enters longer ones than this returns: a file
/// that has a long one, and says it again and again, is not to fill the memory of who reads it.
pub(super) fn string(strings: &[u64], number: u32) -> Option<String> {
    let place = Some(number as usize).filter(|&place| place > 0)?;
    let length = usize::try_from(*strings.get(place)?).ok()?;
    let length = length.min(strings::LONGEST);
    let range = place + 1..(place + 1).checked_add(length.div_ceil(8))?;
    let words = strings.get(range)?;
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    bytes.truncate(length);
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn cut() -> io::Error {
    invalid("this trace is damaged, or was cut short")
}

fn invalid(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}
