//! `sync::SetOnce`: the one value reaches everyone who waits, and whoever was too late to set it.

use super::block_on::block_on;
use super::explore;
use crate::sync::SetOnce;
use loom::thread;
use std::sync::Arc;

/// Values are loom's `Arc`s: loom reports one that is dropped twice or never.
type Cell = SetOnce<loom::sync::Arc<usize>>;

/// Mutation: S4 before S1 → fails: the waiter, refused and without a value, asks for ever.
#[test]
fn a_value_reaches_who_waits() {
    explore(3, || {
        let cell = Arc::new(Cell::new());
        let other = cell.clone();
        let thread = thread::spawn(move || other.set(loom::sync::Arc::new(1)).unwrap());
        assert_eq!(**block_on(cell.wait()), 1);
        thread.join().unwrap();
    });
}

#[test]
fn who_is_too_late_to_set_finds_the_value() {
    explore(3, || {
        let cell = Arc::new(Cell::new());
        let other = cell.clone();
        let set = |cell: &Cell, value: usize| {
            let set = cell.set(loom::sync::Arc::new(value)).is_ok();
            (set, cell.get().map(|value| **value))
        };
        let thread = thread::spawn(move || set(&other, 1));
        let (mine, seen) = set(&cell, 2);
        let (theirs, seen_there) = thread.join().unwrap();
        assert!(mine != theirs);
        let value = Some(if mine { 2 } else { 1 });
        assert!(seen == value && seen_there == value);
    });
}
