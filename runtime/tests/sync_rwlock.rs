//! `leno::sync::RwLock`: many readers or one writer, in the order of arrival.

#[path = "support/sync_support.rs"]
mod support;

use leno::sync::{
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock,
    RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard,
};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use support::{manual, panic_text};

static IN_A_STATIC: RwLock<u32> = RwLock::const_new(7);
static TWO_READERS: RwLock<u32> = RwLock::const_with_max_readers(7, 2);

#[test]
fn readers_share_and_a_writer_is_alone() {
    let lock = RwLock::new(1);
    let first = lock.try_read().unwrap();
    let second = manual(lock.read()).ready();
    assert_eq!(*first + *second, 2);
    assert!(lock.try_write().is_err());
    drop((first, second));
    let mut writer = lock.try_write().unwrap();
    *writer += 1;
    assert!(lock.try_read().is_err() && lock.try_write().is_err());
    assert_eq!(format!("{lock:?}"), "RwLock { data: <locked> }");
    drop(writer);
    assert_eq!(format!("{lock:?}"), "RwLock { data: 2 }");
    assert_eq!(
        *IN_A_STATIC.blocking_write() + *TWO_READERS.blocking_read(),
        14
    );
}

#[test]
fn no_more_readers_than_allowed() {
    let readers = [TWO_READERS.try_read(), TWO_READERS.try_read()];
    assert!(readers.iter().all(|reader| reader.is_ok()));
    let mut third = manual(TWO_READERS.read());
    third.pending();
    drop(readers);
    assert_eq!(*third.ready(), 7);
    drop(third);
    let _most: RwLock<()> = RwLock::with_max_readers((), u32::MAX >> 3);
    let text = panic_text(|| _ = RwLock::with_max_readers((), u32::MAX));
    assert!(text.contains("more than"), "{text}");
    let text = panic_text(|| _ = RwLock::with_max_readers((), 0));
    assert!(text.contains("0 readers"), "{text}");
}

#[test]
fn a_reader_does_not_overtake_a_writer_that_waits() {
    let lock = RwLock::new(0);
    let reader = lock.try_read().unwrap();
    let mut writer = manual(lock.write());
    writer.pending();
    let mut late = manual(lock.read());
    late.pending();
    assert!(lock.try_read().is_err());
    drop(reader);
    assert!(writer.is_woken() && !late.is_woken());
    *writer.ready() = 1;
    assert!(late.is_woken());
    assert_eq!(*late.ready(), 1);
}

#[test]
fn a_writer_that_gives_up_lets_the_readers_behind_it_in() {
    let lock = RwLock::new(0);
    let reader = lock.try_read().unwrap();
    let mut writer = manual(lock.write());
    let mut late = manual(lock.read());
    writer.pending();
    late.pending();
    drop(writer);
    assert!(late.is_woken());
    drop((late.ready(), reader));
    assert!(lock.try_write().is_ok());
}

#[test]
fn a_writer_that_becomes_a_reader_lets_readers_in_and_no_writer() {
    let lock = RwLock::new(0);
    let mut guard = lock.try_write().unwrap();
    *guard = 1;
    let mut reader = manual(lock.read());
    let mut writer = manual(lock.write());
    reader.pending();
    writer.pending();
    let guard = guard.downgrade();
    assert!(reader.is_woken() && !writer.is_woken());
    assert_eq!(*guard + *reader.ready(), 2);
    drop(guard);
    assert_eq!(*writer.ready(), 1);

    // Through the other two ways, with a part.
    let lock = RwLock::new((1, 2));
    let part = RwLockWriteGuard::downgrade_map(lock.try_write().unwrap(), |pair| &pair.1);
    assert_eq!((*part, lock.try_read().unwrap().0), (2, 1));
    drop(part);
    let guard = RwLockWriteGuard::try_downgrade_map(lock.try_write().unwrap(), |_| None::<&()>);
    let part = RwLockWriteGuard::try_downgrade_map(guard.unwrap_err(), |pair| Some(&pair.0));
    let part = part.unwrap();
    assert_eq!((*part, lock.try_read().unwrap().1), (1, 2));
    drop(part);
    assert!(lock.try_write().is_ok());
}

#[test]
fn guards_of_parts_hold_the_whole_lock() {
    let lock = RwLock::new((1, Some(2)));
    let part = RwLockWriteGuard::map(lock.try_write().unwrap(), |pair| &mut pair.1);
    assert!(lock.try_read().is_err());
    let part = RwLockMappedWriteGuard::try_map(part, |_| None::<&mut ()>).unwrap_err();
    let mut part = RwLockMappedWriteGuard::try_map(part, Option::as_mut).unwrap();
    *part += 1;
    assert_eq!(format!("{part} {part:?}"), "3 3");
    drop(RwLockMappedWriteGuard::map(part, |part| part));
    let guard = RwLockWriteGuard::try_map(lock.try_write().unwrap(), |_| None::<&mut ()>);
    RwLockWriteGuard::into_mapped(guard.unwrap_err()).0 += 1;

    let part = RwLockReadGuard::map(lock.try_read().unwrap(), |pair| &pair.1);
    assert!(lock.try_write().is_err() && lock.try_read().is_ok());
    let part = RwLockReadGuard::try_map(part, |_| None::<&()>).unwrap_err();
    assert_eq!(*RwLockReadGuard::try_map(part, Option::as_ref).unwrap(), 3);
    assert_eq!(lock.into_inner(), (2, Some(3)));
}

#[leno::test]
async fn owned_guards_keep_the_lock_alive() {
    let lock = Arc::new(RwLock::new((1, Some(2))));
    let mut guard = lock.clone().write_owned().await;
    guard.0 = 5;
    assert!(Arc::ptr_eq(OwnedRwLockWriteGuard::rwlock(&guard), &lock));
    assert!(lock.clone().try_read_owned().is_err() && lock.clone().try_write_owned().is_err());
    let guard = OwnedRwLockWriteGuard::try_map(guard, |_| None::<&mut ()>).unwrap_err();
    let part = OwnedRwLockWriteGuard::try_map(guard, |pair| Some(&mut pair.1)).unwrap();
    let part = OwnedRwLockMappedWriteGuard::try_map(part, |_| None::<&mut ()>).unwrap_err();
    assert!(Arc::ptr_eq(
        OwnedRwLockMappedWriteGuard::rwlock(&part),
        &lock
    ));
    let part = OwnedRwLockMappedWriteGuard::try_map(part, Option::as_mut).unwrap();
    *OwnedRwLockMappedWriteGuard::map(part, |part| part) = 6;
    *OwnedRwLockWriteGuard::map(lock.clone().write_owned().await, |pair| &mut pair.0) += 1;

    let writer = lock.clone().try_write_owned().unwrap();
    let writer = OwnedRwLockWriteGuard::try_downgrade_map(writer, |_| None::<&()>).unwrap_err();
    let part = OwnedRwLockWriteGuard::downgrade_map(writer, |pair| &pair.1);
    assert!(lock.try_read().is_ok() && lock.try_write().is_err());
    drop(part);
    let writer = lock.clone().try_write_owned().unwrap();
    drop(OwnedRwLockWriteGuard::try_downgrade_map(writer, |pair| Some(&pair.1)).unwrap());
    OwnedRwLockWriteGuard::into_mapped(lock.clone().try_write_owned().unwrap()).0 += 1;
    let reader = lock.clone().try_write_owned().unwrap().downgrade();
    let reader = OwnedRwLockReadGuard::try_map(reader, |_| None::<&()>).unwrap_err();
    assert!(Arc::ptr_eq(OwnedRwLockReadGuard::rwlock(&reader), &lock));
    let reader = OwnedRwLockReadGuard::try_map(reader, |pair| Some(&pair.1)).unwrap();
    assert_eq!(Arc::strong_count(&lock), 2);
    drop(lock);
    assert_eq!(*OwnedRwLockReadGuard::map(reader, |part| part), Some(6));

    let lock = Arc::new(RwLock::new(1));
    let reader = lock.clone().read_owned().await;
    drop(lock);
    assert_eq!(*reader, 1);
}

#[test]
fn a_panic_unlocks() {
    let lock = RwLock::new(1);
    let map = || RwLockWriteGuard::map(lock.try_write().unwrap(), |_| -> &mut u32 { panic!() });
    catch_unwind(AssertUnwindSafe(|| drop(map()))).unwrap_err();
    assert!(lock.try_write().is_ok());
    let mut lock = RwLock::<u32>::from(1);
    *lock.get_mut() += 1;
    assert_eq!(lock.into_inner(), 2);
    assert_eq!(RwLock::<u32>::default().into_inner(), 0);
}

#[test]
fn guards_go_where_the_data_may() {
    fn send<T: Send>(_: &T) {}
    fn sync<T: Sync>(_: &T) {}
    let lock = RwLock::new(1);
    send(&lock);
    sync(&lock);
    send(&lock.read());
    send(&lock.write());
    let guard = lock.try_write().unwrap();
    send(&guard);
    sync(&guard);
    let guard = RwLockWriteGuard::into_mapped(guard);
    send(&guard);
    sync(&guard);
    drop(guard);
    let guard = lock.try_read().unwrap();
    send(&guard);
    sync(&guard);
    // Data that may not be shared is fine as long as it stays here.
    let lock = RwLock::new(Cell::new(1));
    lock.try_read().unwrap().set(2);
    send(&lock);
}

#[leno::test(flavor = "multi_thread", worker_threads = 4)]
async fn updates_of_many_tasks_add_up() {
    let lock = Arc::new(RwLock::with_max_readers((0, 0), 3));
    let tasks: Vec<_> = (0..8)
        .map(|i| {
            let lock = lock.clone();
            leno::spawn(async move {
                for _ in 0..200 {
                    if i % 2 == 0 {
                        let mut guard = lock.write().await;
                        guard.0 += 1;
                        leno::task::yield_now().await;
                        guard.1 += 1;
                        let guard = guard.downgrade();
                        assert_eq!(guard.0, guard.1);
                    } else {
                        let guard = lock.read().await;
                        assert_eq!(guard.0, guard.1);
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*lock.read().await, (800, 800));
}
