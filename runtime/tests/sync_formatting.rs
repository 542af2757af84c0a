//! Printing is foreign code, and may look at what is printed: no lock of leno's is held meanwhile, and one of the program's own is told.

use leno::sync::{Mutex, OnceCell, RwLock, SetOnce, watch};
use std::fmt;
use std::sync::{Arc, Weak};

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
