//! What locks and channels print of themselves. Printing is foreign code, and may look at what is printed: no lock of leno's is held
//! meanwhile, and one of the program's own is told.

use leno::sync::{
    Barrier, Mutex, Notify, OnceCell, RwLock, Semaphore, SetOnce, broadcast, mpsc, oneshot, watch,
};
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Waker};

/// Gets a future in line, or further.
macro_rules! poll_pending {
    ($future:expr) => {
        assert!(
            $future
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        )
    };
}

/// Prints what it is in.
struct Nosy<T>(Weak<T>);

impl<T: fmt::Debug> fmt::Debug for Nosy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.upgrade().unwrap(), f)
    }
}

#[test]
fn what_is_locked_says_so_to_what_it_prints() {
    struct InMutex(Weak<Mutex<InMutex>>);
    impl fmt::Debug for InMutex {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            fmt::Debug::fmt(&Nosy(self.0.clone()), f)
        }
    }
    let mutex = Arc::new_cyclic(|this| Mutex::new(InMutex(this.clone())));
    assert_eq!(
        format!("{mutex:?}"),
        "Mutex { data: Mutex { data: <locked> } }"
    );

    struct InLock(Weak<RwLock<InLock>>);
    impl fmt::Debug for InLock {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            // Two readers would look for ever.
            let lock = self.0.upgrade().unwrap();
            match lock.try_write() {
                Ok(_) => f.write_str("nobody has it"),
                Err(_) => f.write_str("somebody has it"),
            }
        }
    }
    let lock = Arc::new_cyclic(|this| RwLock::new(InLock(this.clone())));
    assert_eq!(format!("{lock:?}"), "RwLock { data: somebody has it }");
}

#[test]
fn who_prints_may_use_what_it_prints() {
    /// Sends, sets and reads as it is printed.
    struct Busy(Arc<(watch::Sender<u32>, SetOnce<u32>, OnceCell<u32>)>);
    impl fmt::Debug for Busy {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let (sender, set, cell) = &*self.0;
            sender.send_replace(7);
            let _ = (set.set(7), cell.set(7));
            write!(f, "{:?} {:?} {:?}", *sender.borrow(), set.get(), cell.get())
        }
    }
    let (sender, receiver) = watch::channel(1);
    let parts = Arc::new((sender, SetOnce::new(), OnceCell::new()));
    let mutex = Mutex::new(Busy(Arc::clone(&parts)));
    assert_eq!(format!("{mutex:?}"), "Mutex { data: 7 Some(7) Some(7) }");
    assert_eq!(*receiver.borrow(), 7);
}

#[test]
fn locks_print_who_has_them_and_who_waits() {
    let semaphore = Semaphore::new(3);
    let state = |words: &str| {
        let printed = format!("{semaphore:?}");
        assert!(printed.contains(&format!("{{ {words} }}")), "{printed}");
    };
    state("permits: 3, waiting: false, closed: false");
    let mut all = pin!(semaphore.acquire_many(5));
    poll_pending!(all);
    state("permits: 0, waiting: true, closed: false");
    semaphore.close();
    state("permits: 0, waiting: false, closed: true");

    let lock = RwLock::new(5);
    assert_eq!(format!("{lock:?}"), "RwLock { data: 5 }");
    let guard = lock.try_write().unwrap();
    assert_eq!(
        format!("{lock:?} {guard:?} {guard}"),
        "RwLock { data: <locked> } 5 5"
    );

    let notify = Notify::new();
    let state = |words: &str| {
        assert_eq!(format!("{notify:?}"), format!("Notify {{ {words}, .. }}"));
    };
    state("permit: false, waiting: false");
    notify.notify_one();
    state("permit: true, waiting: false");
    let mut first = pin!(notify.notified());
    assert!(
        first
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_ready()
    );
    let mut second = pin!(notify.notified());
    poll_pending!(second);
    state("permit: false, waiting: true");

    assert_eq!(format!("{:?}", Barrier::new(3)), "Barrier { n: 3, .. }");
    let cell = OnceCell::new();
    assert_eq!(format!("{cell:?}"), "OnceCell { value: None }");
    cell.set(7).unwrap();
    assert_eq!(format!("{cell:?}"), "OnceCell { value: Some(7) }");
    let cell = SetOnce::new();
    assert_eq!(format!("{cell:?}"), "SetOnce { value: None }");
    cell.set(7).unwrap();
    assert_eq!(format!("{cell:?}"), "SetOnce { value: Some(7) }");
}

#[test]
fn channels_print_what_is_in_them_and_who_is_left() {
    let (sender, mut receiver) = mpsc::channel(3);
    sender.try_send('a').unwrap();
    assert_eq!(
        format!("{sender:?} {receiver:?}"),
        "Sender { capacity: 2, closed: false } Receiver { len: 1, capacity: 2, closed: false }"
    );
    assert_eq!(
        format!("{:?}", sender.try_reserve_many(2).unwrap()),
        "PermitIterator { capacity: 2, .. }"
    );
    assert_eq!(
        format!("{:?}", sender.try_reserve().unwrap()),
        "Permit { .. }"
    );
    let owned = sender.clone().try_reserve_owned().unwrap();
    assert_eq!(format!("{owned:?}"), "OwnedPermit { .. }");
    drop(owned);
    let weak = sender.downgrade();
    assert_eq!(format!("{weak:?}"), "WeakSender { .. }");
    receiver.close();
    assert_eq!(
        format!("{sender:?} {receiver:?}"),
        "Sender { capacity: 2, closed: true } Receiver { len: 1, capacity: 2, closed: true }"
    );

    let (sender, mut receiver) = mpsc::unbounded_channel();
    sender.send('a').unwrap();
    assert_eq!(
        format!("{sender:?} {receiver:?}"),
        "UnboundedSender { closed: false } UnboundedReceiver { len: 1, closed: false }"
    );
    let weak = sender.downgrade();
    assert_eq!(format!("{weak:?}"), "WeakUnboundedSender { .. }");
    receiver.close();
    assert_eq!(
        format!("{sender:?} {receiver:?}"),
        "UnboundedSender { closed: true } UnboundedReceiver { len: 1, closed: true }"
    );

    let (sender, mut receiver) = oneshot::channel();
    assert_eq!(
        format!("{sender:?} {receiver:?}"),
        "Sender { closed: false } Receiver { terminated: false, empty: true }"
    );
    sender.send('a').unwrap();
    assert_eq!(
        format!("{receiver:?}"),
        "Receiver { terminated: false, empty: false }"
    );
    receiver.try_recv().unwrap();
    assert_eq!(
        format!("{receiver:?}"),
        "Receiver { terminated: true, empty: true }"
    );
    let (sender, receiver) = oneshot::channel::<char>();
    drop(receiver);
    assert_eq!(format!("{sender:?}"), "Sender { closed: true }");

    let (sender, receiver) = broadcast::channel(4);
    let _second = sender.subscribe();
    sender.send('a').unwrap();
    assert_eq!(
        format!("{sender:?} {receiver:?}"),
        "Sender { len: 1, receivers: 2 } Receiver { len: 1, closed: false }"
    );
    let weak = sender.downgrade();
    assert_eq!(format!("{weak:?}"), "WeakSender { .. }");
    drop(sender);
    assert_eq!(format!("{receiver:?}"), "Receiver { len: 1, closed: true }");

    let (sender, receiver) = watch::channel('a');
    sender.send_replace('b');
    let _second = sender.clone();
    let printed = format!("{sender:?} {receiver:?}");
    for words in [
        "value:",
        "'b'",
        "version: 1, is_closed: false, senders: 2, receivers: 1 }",
        "seen: 0 }",
    ] {
        assert!(printed.contains(words), "{printed}");
    }
}
