//! `sync::OnceCell`: one initialiser at a time, one value for everyone, and a failed one hands on.

use super::block_on::block_on;
use super::explore;
use crate::sync::OnceCell;
use loom::thread;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

/// Values are loom's `Arc`s: loom reports one that is dropped twice or never.
type Cell = OnceCell<loom::sync::Arc<usize>>;

/// Mutation: `fill` gives the permit back before it closes → fails: there are two values.
#[test]
fn everyone_gets_the_one_value() {
    explore(3, || {
        let cell = Arc::new(Cell::new());
        let made = Arc::new(AtomicUsize::new(0));
        let init = |cell: Arc<Cell>, made: Arc<AtomicUsize>, value: usize| async move {
            let made = &made;
            let make = || async move {
                made.fetch_add(1, Ordering::Relaxed);
                loom::sync::Arc::new(value)
            };
            **cell.get_or_init(make).await
        };
        let other = init(cell.clone(), made.clone(), 1);
        let thread = thread::spawn(move || block_on(other));
        let mine = block_on(init(cell.clone(), made.clone(), 2));
        assert_eq!(mine, thread.join().unwrap());
        assert_eq!(made.load(Ordering::Relaxed), 1);
        assert_eq!(cell.get().map(|value| **value), Some(mine));
    });
}

#[test]
fn who_gives_up_hands_on() {
    explore(3, || {
        let cell = Arc::new(Cell::new());
        let other = cell.clone();
        let thread = thread::spawn(move || {
            block_on(async {
                let never = std::future::pending();
                let mut init = pin!(other.get_or_init(|| never));
                // Polled once, then dropped: holding the permit, in the queue, or ready.
                poll_fn(|cx| Poll::Ready(init.as_mut().poll(cx).is_ready())).await;
            });
        });
        let make = || async { loom::sync::Arc::new(1) };
        assert_eq!(**block_on(cell.get_or_init(make)), 1);
        thread.join().unwrap();
    });
}

/// Who looks without waiting sees nothing, or the whole value.
#[test]
fn set_beside_get_and_set() {
    explore(3, || {
        let cell = Arc::new(Cell::new());
        let other = cell.clone();
        let thread = thread::spawn(move || other.set(loom::sync::Arc::new(1)).is_ok());
        let before = cell.get().map(|value| **value);
        assert!(before.is_none_or(|value| value == 1));
        let mine = cell.set(loom::sync::Arc::new(2)).is_ok();
        let theirs = thread.join().unwrap();
        assert!(mine != theirs);
        assert_eq!(
            cell.get().map(|value| **value),
            Some(if mine { 2 } else { 1 })
        );
    });
}
