//! Whoever reads a ring beside its writer sees whole records, the last ones, and each in its place.

use super::explore;
use crate::kernel::observe::ring::{self, Copied, Ring};
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
// Mutations (each makes this fail with a torn record): ring.rs, `begin` without its fence; `begin` stored when the slots have been
// written; one less stored there; `end` stored Relaxed; `read` without its fence; it takes what is from `begin - N - 1` on; it loads
// `end` Relaxed; it takes all that `end` allows.
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
