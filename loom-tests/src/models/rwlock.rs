//! `sync::RwLock`: writers are alone, who comes later sees what was written, and a writer that becomes a reader lets no
//! other writer in between.

use super::block_on::block_on;
use super::explore;
use crate::prim::UnsafeCell;
use crate::sync::RwLock;
use loom::thread;
use std::sync::Arc;

/// What the lock guards; loom reports a writer that is not alone, or a reader that does not see what was written.
struct Data(UnsafeCell<usize>);

// SAFETY: that the lock guards it is what the models check.
unsafe impl Sync for Data {}
// SAFETY: as above.
unsafe impl Send for Data {}

impl Data {
    fn get(&self) -> usize {
        // SAFETY: only under a lock.
        self.0.with(|data| unsafe { *data })
    }

    fn set(&self, value: usize) {
        // SAFETY: only under a writer's lock.
        self.0.with_mut(|data| unsafe { *data = value });
    }
}

fn lock(readers: u32) -> Arc<RwLock<Data>> {
    let data = Data(UnsafeCell::new(0));
    Arc::new(RwLock::with_max_readers(data, readers))
}

/// Mutation: `write` acquires one permit → fails with a causality violation (the data).
#[test]
fn a_writer_is_alone_and_readers_see_what_was_written() {
    explore(2, || {
        let lock = lock(2);
        let write = |lock: Arc<RwLock<Data>>| {
            move || {
                block_on(async {
                    let guard = lock.write().await;
                    guard.set(guard.get() + 1);
                });
            }
        };
        let read = |lock: Arc<RwLock<Data>>| move || block_on(async { lock.read().await.get() });
        let writer = thread::spawn(write(lock.clone()));
        let reader = thread::spawn(read(lock.clone()));
        write(lock.clone())();
        writer.join().unwrap();
        assert!(reader.join().unwrap() <= 2);
        assert_eq!(lock.try_read().unwrap().get(), 2);
    });
}

/// Mutation: `keep_one` gives all permits back → fails with a causality violation (the data): another writer is there.
#[test]
fn nobody_writes_while_a_writer_becomes_a_reader() {
    explore(2, || {
        let lock = lock(2);
        let other = lock.clone();
        let writer = thread::spawn(move || {
            block_on(async {
                let guard = other.write().await;
                guard.set(guard.get() + 10);
            });
        });
        block_on(async {
            let guard = lock.write().await;
            let written = guard.get() + 1;
            guard.set(written);
            let reader = guard.downgrade();
            thread::yield_now();
            assert_eq!(reader.get(), written);
        });
        writer.join().unwrap();
        let reader = lock.try_write().unwrap().downgrade();
        assert_eq!(block_on(lock.read()).get(), 11);
        drop(reader);
    });
}
