//! What needs the crate's inside: rings under load, and files.

use super::format::{self, Clock, Data, TrackData};
use crate::kernel::observe::event::{Kind, Outcome, Word};
use crate::kernel::observe::ring::{OWN, Ring, Writer, words};
use crate::kernel::observe::strings;
use crate::prim::words::Words;
use std::thread;

const CAPACITY: usize = 64;

fn ring() -> Ring<2> {
    Ring::new(Words::zeroed(words(CAPACITY, 2)), CAPACITY)
}

/// What record `index` has to hold: neither word can be taken for another record's.
fn content(index: u64) -> [u64; 2] {
    let mixed = index.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (index >> 7);
    [mixed, !mixed.rotate_left(17)]
}

fn write(ring: &Ring<2>, index: u64) {
    // Three at a time.
    if index % 3 == 0 {
        ring.begin(index + 3);
    }
    ring.write(index, content(index));
}

#[test]
fn the_last_records_are_there() {
    let ring = ring();
    assert_eq!(ring.read().records.len(), 0);
    for index in 0..CAPACITY as u64 + 10 {
        write(&ring, index);
        let found = ring.read();
        let begun = index / 3 * 3 + 3;
        assert_eq!(found.first, begun.saturating_sub(CAPACITY as u64));
        assert_eq!(found.first + found.records.len() as u64, index + 1);
        for (index, record) in (found.first..).zip(found.records) {
            assert_eq!(record, content(index));
        }
    }
}

#[test]
fn whoever_reads_beside_the_writer_sees_whole_records() {
    let ring = ring();
    let writer = thread::spawn({
        let ring = ring.clone();
        move || (0..3_000_000).for_each(|index| write(&ring, index))
    });
    let (mut seen, mut last) = (0, 0);
    while !writer.is_finished() || seen == 0 {
        let found = ring.read();
        let end = found.first + found.records.len() as u64;
        assert!(end >= last, "it went back");
        last = end;
        seen += found.records.len() as u64;
        for (index, record) in (found.first..).zip(found.records) {
            assert_eq!(record, content(index), "record {index}");
        }
    }
    writer.join().unwrap();
    // The last three were begun together, and all are there.
    assert_eq!(ring.read().records.len(), CAPACITY);
}

const AHEAD: usize = 4;

fn blocks() -> Ring<2, AHEAD> {
    Ring::new(Words::zeroed(words(CAPACITY, 2)), CAPACITY)
}

/// Writes what record `index` has to hold, every third one in full.
fn write_to_block(writer: &Writer<2, AHEAD>) {
    let index = writer.index();
    let [first, last] = content_in_block(index);
    if first != 0 || !writer.put(last) {
        writer.write([first, last]);
    }
    if index % 5 != 1 {
        writer.rest();
    }
    assert_eq!(writer.index(), index + 1);
}

fn content_in_block(index: u64) -> [u64; 2] {
    let [first, last] = content(index);
    let is_full = index.is_multiple_of(3);
    [if is_full { first } else { 0 }, last & !OWN]
}

#[test]
fn the_last_records_of_blocks_are_there_one_by_one() {
    let ring = blocks();
    let mut writer = Writer::new(ring.clone());
    assert_eq!(ring.read().records.len(), 0);
    for index in 0..2 * CAPACITY as u64 + 10 {
        if index % 13 == 7 {
            // Another one goes on in the middle of a block.
            writer = Writer::new(ring.clone());
        }
        write_to_block(&writer);
        let found = ring.read();
        let begun = index / AHEAD as u64 * AHEAD as u64 + AHEAD as u64;
        assert_eq!(found.first, begun.saturating_sub(CAPACITY as u64));
        assert_eq!(found.first + found.records.len() as u64, index + 1);
        for (index, record) in (found.first..).zip(found.records) {
            assert_eq!(record, content_in_block(index));
        }
    }
}

#[test]
fn what_a_ring_was_before_does_not_count() {
    for before in 0..3 * AHEAD as u64 {
        let memory = Words::zeroed(words(CAPACITY, 2));
        let ring = Ring::new(memory.clone(), CAPACITY);
        let writer = Writer::new(ring);
        (0..before).for_each(|_| write_to_block(&writer));
        let ring = Ring::<2, AHEAD>::new(memory, CAPACITY);
        let found = ring.read();
        assert_eq!((found.first, found.records.len()), (before, 0));
        let writer = Writer::new(ring.clone());
        write_to_block(&writer);
        let found = ring.read();
        assert_eq!(found.first, before);
        assert_eq!(found.records, [content_in_block(before)]);
    }
}

#[test]
fn whoever_reads_blocks_beside_their_writer_sees_whole_records() {
    let ring = blocks();
    let writer = thread::spawn({
        let ring = ring.clone();
        move || {
            let writer = Writer::new(ring);
            (0..3_000_000).for_each(|_| write_to_block(&writer));
        }
    });
    let (mut seen, mut last) = (0, 0);
    while !writer.is_finished() || seen == 0 {
        let found = ring.read();
        let end = found.first + found.records.len() as u64;
        assert!(end >= last, "it went back");
        last = end;
        seen += found.records.len() as u64;
        for (index, record) in (found.first..).zip(found.records) {
            assert_eq!(record, content_in_block(index), "record {index}");
        }
    }
    writer.join().unwrap();
    assert_eq!(ring.read().records.len(), CAPACITY);
}

fn data() -> Data {
    let mut strings = vec![0];
    let number = strings.len() as u64;
    strings.extend(strings::encode("größer als acht Bytes"));
    Data {
        clock: Clock {
            process: 7,
            ticks: 1_000,
            nanoseconds: 5,
            unix: 6,
            ticks_per_second: 2_000_000_000,
        },
        strings,
        tracks: vec![TrackData {
            runtime: 3,
            worker: 1,
            name: number as u32,
            events: vec![
                [3_000, Word::new(Kind::Unpark, 0).0],
                [0, Word::new(Kind::Wake, 8).0],
                [0, Word::new(Kind::PollEnd, 9).outcome(Outcome::Woken).0],
                [9_000, Word::new(Kind::PollEnd, 9).outcome(Outcome::Done).0],
            ],
            lives: vec![[0, Word::new(Kind::Known, 9).0, number << 32 | number, 40, 2]],
        }],
    }
}

#[test]
fn what_is_written_is_read() {
    let data = data();
    let bytes = data.write();
    assert_eq!(format::read(&bytes, None).unwrap(), data);
    assert_eq!(format::read(&bytes, Some(&bytes)).unwrap(), data);
}

#[test]
fn what_is_damaged_is_refused_or_read_in_part() {
    let bytes = data().write();
    assert!(format::read(b"", None).is_err());
    assert!(format::read(b"no trace of anything at all", None).is_err());
    for cut in 0..bytes.len() / 8 {
        // Whatever the answer is.
        let _ = format::read(&bytes[..cut * 8], None);
    }
    // Each word, replaced by what it cannot be.
    for word in 0..bytes.len() / 8 {
        for wrong in [u64::MAX, 1 << 40, 0] {
            let mut bytes = bytes.clone();
            bytes[word * 8..][..8].copy_from_slice(&wrong.to_le_bytes());
            if let Ok(data) = format::read(&bytes, None) {
                let _ = super::events::all(&data);
                let _ = super::tasks::all(&data);
            }
        }
    }
}

#[test]
fn what_has_no_stamp_lies_between() {
    let events = super::events::all(&data());
    let times: Vec<_> = events.iter().map(|event| event.time.as_nanos()).collect();
    // Two ticks a nanosecond, from 1,000 on: stamps at 1 and 4 µs.
    assert_eq!(times, [1_000, 2_000, 3_000, 4_000]);
    let exact: Vec<_> = events.iter().map(|event| event.is_exact).collect();
    assert_eq!(exact, [true, false, false, true]);
    let super::EventKind::Wake { task: 8, by } = events[1].kind else {
        panic!("{events:?}");
    };
    assert_eq!(by, super::Cause::Task(9));
    let super::EventKind::Poll { since, outcome, .. } = events[3].kind else {
        panic!("{events:?}");
    };
    assert_eq!((since.as_nanos(), outcome), (3_000, super::Outcome::Done));
}

/// A file in which one long text is said by very many marks.
fn long_winded() -> Vec<u8> {
    let mut data = data();
    let number = data.strings.len() as u64;
    data.strings
        .extend(strings::encode(&"long ".repeat(1 << 16)));
    let mark = [3_000, Word::new(Kind::Mark, number).0];
    data.tracks[0].events = vec![mark; 10_000];
    data.write()
}

#[test]
fn a_text_that_is_said_again_and_again_does_not_fill_the_memory() {
    let data = format::read(&long_winded(), None).unwrap();
    let events = super::events::all(&data);
    assert_eq!(events.len(), 10_000);
    for event in events {
        let super::EventKind::Mark { label, .. } = event.kind else {
            panic!("{event:?}");
        };
        assert_eq!(label.len(), strings::LONGEST);
    }
}

#[test]
fn a_worker_that_no_pool_can_have_is_refused() {
    let mut data = data();
    for (worker, is_there) in [(65_535, true), (65_536, false), (usize::MAX, false)] {
        data.tracks[0].worker = worker;
        assert_eq!(format::read(&data.write(), None).is_ok(), is_there);
    }
}

#[test]
fn long_texts_are_entered_in_part() {
    let words = strings::HEAD + 2 * strings::LONGEST / 8;
    let table = strings::Strings::new(Words::zeroed(words));
    let number = table.number(&"ä".repeat(strings::LONGEST));
    let text = format::string(&table.copy(), number).unwrap();
    assert_eq!(text, "ä".repeat(strings::LONGEST / 2));
    assert_ne!(table.number("short"), 0);
}

#[test]
fn a_lone_poll_lasts_until_its_worker_sleeps() {
    let mut data = data();
    data.tracks[0].events = vec![
        [3_000, Word::new(Kind::Unpark, 0).0],
        [0, Word::new(Kind::PollEnd, 9).outcome(Outcome::Done).0],
        [9_000, Word::new(Kind::Park, 0).0],
    ];
    let events = super::events::all(&data);
    let times: Vec<_> = events.iter().map(|event| event.time.as_nanos()).collect();
    assert_eq!(times, [1_000, 4_000, 4_000]);
}

#[cfg(unix)]
mod unix {
    use super::super::Snapshot;
    use super::*;
    use std::path::Path;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    #[test]
    fn what_never_ends_is_no_trace() {
        let error = Snapshot::load("/dev/zero").unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_trace_comes_through_a_pipe() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        make_pipe(&pipe);
        let writer = thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::write(pipe, data().write()).unwrap()
        });
        let snapshot = Snapshot::load(&pipe).unwrap();
        writer.join().unwrap();
        assert_eq!(snapshot.events().count(), 4);
    }

    fn make_pipe(path: &Path) {
        use std::os::unix::ffi::OsStrExt;
        let path = std::ffi::CString::new(path.as_os_str().as_bytes()).unwrap();
        // SAFETY: a path that ends as C's do.
        assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
    }

    #[test]
    fn nobody_follows_a_link_that_is_in_the_way_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let precious = folder.path().join("precious");
        std::fs::write(&precious, "precious").unwrap();
        let path = folder.path().join("saved.trace");
        // Whatever name is next: some of them are taken.
        for number in 0..64 {
            let part = format!("saved.trace.{}-{number}.part", std::process::id());
            std::os::unix::fs::symlink(&precious, folder.path().join(part)).unwrap();
        }
        let snapshot = Snapshot::from_bytes(&data().write()).unwrap();
        snapshot.save(&path).unwrap();
        assert_eq!(Snapshot::load(&path).unwrap().events().count(), 4);
        assert_eq!(std::fs::read(&precious).unwrap(), b"precious");
    }

    #[test]
    fn a_forked_child_waits_for_no_lock_of_its_parent() {
        let table = strings::Strings::new(Words::zeroed(strings::HEAD + 64));
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            // Holds the lock most of the time.
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    table.number("the parent's");
                }
            });
            for _ in 0..50 {
                // SAFETY: the child allocates nothing, takes no lock, and ends.
                let child = unsafe { libc::fork() };
                if child == 0 {
                    // SAFETY: if it waits it is ended by the signal.
                    unsafe { libc::alarm(10) };
                    let number = table.number("the child's");
                    // SAFETY: ends the process.
                    unsafe { libc::_exit(number as i32) };
                }
                let mut status = 0;
                // SAFETY: the child's number, and a place for its status.
                unsafe { libc::waitpid(child, &raw mut status, 0) };
                if !libc::WIFEXITED(status) || libc::WEXITSTATUS(status) != 0 {
                    stop.store(true, Ordering::Relaxed);
                    panic!("the child ended with {status}");
                }
            }
            stop.store(true, Ordering::Relaxed);
        });
    }
}
