//! Whoever reads a ring beside its writer sees whole records, the last ones, and each in its place.

use super::explore;
use crate::kernel::observe::ring::{self, Copied, Ring, Writer};
use crate::prim::Arc;
use crate::prim::atomic::{AtomicU32, Ordering};
use crate::prim::words::Words;
use loom::thread;

const CAPACITY: usize = 2;

fn ring() -> Ring<2> {
    Ring::new(Words::zeroed(ring::words(CAPACITY, 2)), CAPACITY)
}

/// What record `index` holds.
fn content(index: u64) -> [u64; 2] {
    [10 + index, 20 + index]
}

fn write(ring: &Ring<2>, index: u64) {
    ring.begin(index + 1);
    ring.write(index, content(index));
}

fn check(found: &Copied<2>) {
    for (index, record) in (found.first..).zip(&found.records) {
        assert_eq!(*record, content(index), "record {index} is torn");
    }
}

/// One reader beside a writer that comes round.
// Mutations (each makes this fail with a torn record): ring.rs, `begin` without its fence; `begin` stored when the slots have
// been written; one less stored there; `end` stored Relaxed; `read` without its fence; it takes what is from `begin - N - 1` on;
// it loads `end` Relaxed; it takes all that `end` allows.
#[test]
fn a_reader_beside_the_writer_sees_whole_records() {
    explore(3, || {
        let ring = ring();
        write(&ring, 0);
        let writer = thread::spawn({
            let ring = ring.clone();
            move || (1..4).for_each(|index| write(&ring, index))
        });
        let found = ring.read();
        check(&found);
        let end = found.first + found.records.len() as u64;
        writer.join().unwrap();
        let last = ring.read();
        check(&last);
        assert_eq!((last.first, last.records.len()), (2, CAPACITY));
        assert!(end <= 4);
    });
}

/// As the first, with two records begun together.
// Mutations: as above.
#[test]
fn records_that_are_begun_together_are_whole() {
    explore(3, || {
        let ring = ring();
        write(&ring, 0);
        write(&ring, 1);
        let writer = thread::spawn({
            let ring = ring.clone();
            move || {
                ring.begin(4);
                ring.write(2, content(2));
                ring.write(3, content(3));
            }
        });
        let found = ring.read();
        check(&found);
        writer.join().unwrap();
        let last = ring.read();
        check(&last);
        assert_eq!((last.first, last.records.len()), (2, CAPACITY));
    });
}

/// Records in a block.
const AHEAD: usize = 2;
const BLOCKS: usize = 4;

fn blocks() -> Ring<2, AHEAD> {
    Ring::new(Words::zeroed(ring::words(BLOCKS, 2)), BLOCKS)
}

/// What record `index` of a ring in blocks holds: every other one has no first word. None has a bit there that is the ring's.
fn content_in_block(index: u64) -> [u64; 2] {
    let first = if index % 2 == 0 { 10 + index } else { 0 };
    [first, 20 + index]
}

/// Writes the next one.
fn write_to_block(writer: &Writer<2, AHEAD>) {
    let [first, last] = content_in_block(writer.index());
    if first == 0 {
        writer.rest();
        assert!(writer.put(last));
    } else {
        writer.write([first, last]);
    }
}

fn check_blocks(found: &Copied<2>) {
    for (index, record) in (found.first..).zip(&found.records) {
        assert_eq!(*record, content_in_block(index), "record {index} is torn");
    }
}

/// One reader beside a writer of blocks, of which the last is not full. What was written before the reader began is there, in the
/// block that is open too.
// Mutations (each makes this or the next one fail): ring.rs, `Writer::open` without `begin`; `begin` without its fence;
// `Writer::write` stores the last word Relaxed; `read` without its fence; it loads the last word Relaxed, or `end`; `is_there` is
// always true; `read` takes nothing beyond `end`; `lap` says the same of each lap; `put` leaves the lap out.
#[test]
fn a_reader_sees_what_is_in_the_block_that_is_open() {
    explore(3, || {
        let ring = blocks();
        let writer = Writer::new(ring.clone());
        write_to_block(&writer);
        let thread = thread::spawn(move || {
            (1..3).for_each(|_| write_to_block(&writer));
        });
        let found = ring.read();
        check_blocks(&found);
        assert!(found.first == 0 && !found.records.is_empty());
        thread.join().unwrap();
        let last = ring.read();
        check_blocks(&last);
        assert_eq!((last.first, last.records.len()), (0, 3));
    });
}

/// The writer comes round beside the reader.
// Mutations: as above.
#[test]
fn a_reader_beside_the_writer_of_blocks_sees_whole_records() {
    explore(3, || {
        let ring = blocks();
        let writer = Writer::new(ring.clone());
        (0..3).for_each(|_| write_to_block(&writer));
        let thread = thread::spawn(move || {
            (3..7).for_each(|_| write_to_block(&writer));
        });
        let found = ring.read();
        check_blocks(&found);
        thread.join().unwrap();
        let last = ring.read();
        check_blocks(&last);
        // The block that is open takes the place of two.
        assert_eq!((last.first, last.records.len()), (4, 3));
    });
}

/// Who sees a record of one word sees what was told before it, with Relaxed on purpose: as the string that it names.
#[test]
fn a_record_of_one_word_brings_what_was_told_before() {
    explore(3, || {
        let (ring, told) = (blocks(), Arc::new(AtomicU32::new(0)));
        let writer = Writer::new(ring.clone());
        write_to_block(&writer);
        let thread = thread::spawn({
            let told = told.clone();
            move || {
                told.store(1, Ordering::Relaxed);
                write_to_block(&writer);
            }
        });
        let found = ring.read();
        assert!(found.records.len() < 2 || told.load(Ordering::Relaxed) == 1);
        thread.join().unwrap();
    });
}

/// Two readings: the second does not go back behind the first.
#[test]
fn what_was_seen_is_not_unseen() {
    explore(3, || {
        let ring = ring();
        let writer = thread::spawn({
            let ring = ring.clone();
            move || (0..2).for_each(|index| write(&ring, index))
        });
        let (first, second) = (ring.read(), ring.read());
        check(&first);
        check(&second);
        // Nothing is overwritten yet, so what was there is there.
        assert_eq!((first.first, second.first), (0, 0));
        assert!(first.records.len() <= second.records.len());
        writer.join().unwrap();
    });
}
