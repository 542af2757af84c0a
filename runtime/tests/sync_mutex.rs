//! `leno::sync::Mutex`: one at a time, in the order of arrival.

#[path = "support/sync_support.rs"]
mod support;

use leno::sync::{
    MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard, TryLockError,
};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use support::{block_on, manual};

static IN_A_STATIC: Mutex<u32> = Mutex::const_new(7);

#[test]
fn the_lock_excludes_and_is_released_on_drop() {
    let mutex = Mutex::new(1);
    let mut guard = mutex.try_lock().unwrap();
    *guard += 1;
    assert_eq!(
        mutex.try_lock().unwrap_err().to_string(),
        "operation would block"
    );
    assert_eq!(format!("{mutex:?}"), "Mutex { data: <locked> }");
    assert!(std::ptr::eq(MutexGuard::mutex(&guard), &mutex));
    drop(guard);
    assert_eq!(format!("{mutex:?}"), "Mutex { data: 2 }");
    assert_eq!(mutex.into_inner(), 2);
    assert_eq!(*IN_A_STATIC.blocking_lock(), 7);
}

#[test]
fn who_came_first_gets_the_lock_first() {
    let mutex = Mutex::new(());
    let guard = mutex.try_lock().unwrap();
    let mut first = manual(mutex.lock());
    let mut second = manual(mutex.lock());
    first.pending();
    second.pending();
    drop(guard);
    assert!(first.is_woken() && !second.is_woken());
    assert!(
        mutex.try_lock().is_err(),
        "it was handed over, not put up for grabs"
    );
    drop(first.ready());
    assert!(second.is_woken());
    drop(second.ready());
    assert!(mutex.try_lock().is_ok());
}

#[test]
fn who_cancels_hands_the_lock_on() {
    let mutex = Mutex::new(());
    let guard = mutex.try_lock().unwrap();
    let mut first = manual(mutex.lock());
    let mut second = manual(mutex.lock());
    first.pending();
    second.pending();
    drop(guard);
    drop(first);
    drop(second.ready());
    assert!(mutex.try_lock().is_ok());
}

#[test]
fn a_panic_releases_the_lock_and_poisons_nothing() {
    let mutex = Mutex::new(1);
    let result = catch_unwind(AssertUnwindSafe(|| {
        let _guard = mutex.try_lock().unwrap();
        panic!("in the middle");
    }));
    assert!(result.is_err());
    assert_eq!(*mutex.try_lock().unwrap(), 1);
}

#[test]
fn guards_narrow_to_a_part_and_still_hold_the_lock() {
    let mutex = Mutex::new((1, vec![2, 3]));
    let part = MutexGuard::map(mutex.try_lock().unwrap(), |pair| &mut pair.1);
    let mut element = MappedMutexGuard::map(part, |vec| &mut vec[1]);
    assert!(mutex.try_lock().is_err());
    assert_eq!(format!("{element} {element:?}"), "3 3");
    *element = 4;
    drop(element);
    assert_eq!(mutex.try_lock().unwrap().1, [2, 4]);

    let back = MutexGuard::try_map(mutex.try_lock().unwrap(), |_| None::<&mut u8>).unwrap_err();
    assert!(mutex.try_lock().is_err());
    let part = MutexGuard::try_map(back, |pair| Some(&mut pair.1)).unwrap();
    let back = MappedMutexGuard::try_map(part, |vec| vec.get_mut(9)).unwrap_err();
    drop(MappedMutexGuard::try_map(back, |vec| vec.get_mut(0)).unwrap());
    assert!(mutex.try_lock().is_ok());
}

#[test]
fn owned_guards_narrow_too_and_keep_the_mutex_alive() {
    let mutex = Arc::new(Mutex::new((1, vec![2, 3])));
    let weak = Arc::downgrade(&mutex);
    let guard = mutex.clone().try_lock_owned().unwrap();
    assert!(mutex.clone().try_lock_owned().is_err());
    assert!(Arc::ptr_eq(OwnedMutexGuard::mutex(&guard), &mutex));
    let back = OwnedMutexGuard::try_map(guard, |_| None::<&mut u8>).unwrap_err();
    drop(mutex);
    let part = OwnedMutexGuard::map(back, |pair| &mut pair.1);
    let back = OwnedMappedMutexGuard::try_map(part, |vec| vec.get_mut(9)).unwrap_err();
    let element = OwnedMappedMutexGuard::map(back, |vec| &mut vec[1]);
    assert_eq!(*element, 3);
    assert!(weak.upgrade().is_some());
    drop(element);
    assert!(weak.upgrade().is_none());
}

#[test]
fn a_closure_that_panics_while_narrowing_releases_the_lock() {
    let mutex = Mutex::new(1);
    let result = catch_unwind(AssertUnwindSafe(|| {
        let _ = MutexGuard::map(mutex.try_lock().unwrap(), |_| -> &mut u8 {
            panic!("no part")
        });
    }));
    assert!(result.is_err());
    assert!(mutex.try_lock().is_ok());
}

#[test]
fn unsized_values_can_be_locked() {
    let mutex: Arc<Mutex<[u8]>> = Arc::new(Mutex::new([1, 2, 3]));
    block_on(mutex.lock())[0] = 4;
    assert_eq!(*mutex.clone().blocking_lock_owned(), [4, 2, 3]);
    let mut exclusive = Mutex::from(5);
    *exclusive.get_mut() += 1;
    assert_eq!(exclusive.into_inner(), 6);
    assert_eq!(Mutex::<u8>::default().into_inner(), 0);
}

#[test]
fn threads_that_fight_for_the_lock_lose_no_update() {
    let mutex = Arc::new(Mutex::new(0_u64));
    let threads: Vec<_> = (0..4)
        .map(|i| {
            let mutex = mutex.clone();
            thread::spawn(move || {
                for round in 0..10_000 {
                    if (i + round) % 5 == 0 {
                        let _ = manual(mutex.lock()).poll();
                    }
                    *block_on(mutex.lock()) += 1;
                }
            })
        })
        .collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    assert_eq!(*mutex.try_lock().unwrap(), 40_000);
}

/// Whether a type is Send or Sync, without a compile error if it is not.
macro_rules! auto_traits {
    ($t:ty) => {{
        #[allow(dead_code)]
        trait Fallback {
            const IS: bool = false;
        }
        struct IfSend<T: ?Sized>(std::marker::PhantomData<T>);
        struct IfSync<T: ?Sized>(std::marker::PhantomData<T>);
        impl<T: ?Sized> Fallback for IfSend<T> {}
        impl<T: ?Sized> Fallback for IfSync<T> {}
        #[allow(dead_code)]
        impl<T: ?Sized + Send> IfSend<T> {
            const IS: bool = true;
        }
        #[allow(dead_code)]
        impl<T: ?Sized + Sync> IfSync<T> {
            const IS: bool = true;
        }
        (<IfSend<$t>>::IS, <IfSync<$t>>::IS)
    }};
}

#[test]
fn guards_are_send_and_sync_as_far_as_their_data_allows() {
    type Yn = Cell<u8>;
    type Nn = std::rc::Rc<u8>;
    fn unpin<T: Unpin>() {}
    unpin::<Mutex<u8>>();
    unpin::<MappedMutexGuard<'_, u8>>();
    unpin::<OwnedMappedMutexGuard<u8, u8>>();
    unpin::<TryLockError>();
    assert_eq!(auto_traits!(Mutex<u8>), (true, true));
    assert_eq!(auto_traits!(Mutex<Yn>), (true, true));
    assert_eq!(auto_traits!(Mutex<Nn>), (false, false));
    assert_eq!(auto_traits!(MutexGuard<'_, u8>), (true, true));
    assert_eq!(auto_traits!(MutexGuard<'_, Yn>), (true, false));
    assert_eq!(auto_traits!(MutexGuard<'_, Nn>), (false, false));
    assert_eq!(auto_traits!(MappedMutexGuard<'_, Yn>), (true, false));
    assert_eq!(auto_traits!(OwnedMutexGuard<Yn>), (true, false));
    assert_eq!(auto_traits!(OwnedMutexGuard<Nn>), (false, false));
    assert_eq!(auto_traits!(OwnedMappedMutexGuard<Nn, u8>), (false, false));
    assert_eq!(auto_traits!(OwnedMappedMutexGuard<Yn, u8>), (true, false));
    assert_eq!(auto_traits!(OwnedMappedMutexGuard<u8, Nn>), (false, false));
    assert_eq!(auto_traits!(OwnedMappedMutexGuard<u8, u8>), (true, true));
}
