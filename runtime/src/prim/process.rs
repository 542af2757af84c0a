//! Which process this is, told apart from those that it was forked from.
//!
//! A fork copies what the program has in memory, and shares what that refers to: selectors, sockets, the children. What
//! belongs to the process remembers its [`number`], and is left alone where the number is another.
//!
//! # The mark
//!
//! Asking the system for the process' id is a system call, too much for whoever wakes a reactor or lets go of a socket.
//! So there is a page that the kernel replaces by zeros in each child (`MADV_WIPEONFORK`), and in it the number: reading it
//! is two loads. Who finds a zero gives the process the next number of its line of descent. The last one is in ordinary
//! memory, so no process has a number of any that it descends from.
//!
//! It notices every kind of fork, a bare `clone` as well, and a child that shares its parent's memory until it executes
//! a program (`vfork`, `posix_spawn`) leaves the parent's mark as it is. Where there is no such page, a handler that libc
//! calls in the child (`pthread_atfork`) writes the zero: that only notices libc's own forks. Where there is neither, the
//! system's id has to do.
//!
//! All of this may be called in a signal handler: there is no lock and no allocation.

use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use std::{process, ptr};

/// A number that no process has from which this one was forked.
#[inline]
pub(crate) fn number() -> u32 {
    // Ordering: Acquire, partner of the exchange in `marked`: the page is there. Relaxed for the number, which says
    // nothing of other memory.
    let mark = MARK.load(Ordering::Acquire);
    // SAFETY: null, or what `marked` has stored, which is never unmapped.
    match unsafe { mark.as_ref() }.map(|mark| mark.load(Ordering::Relaxed)) {
        None | Some(0) => number_anew(),
        Some(number) => number,
    }
}

static MARK: AtomicPtr<AtomicU32> = AtomicPtr::new(ptr::null_mut());
/// Stands for a mark where there can be none: always 0.
static NO_MARK: AtomicU32 = AtomicU32::new(0);
static LAST: AtomicU32 = AtomicU32::new(0);

#[cold]
fn number_anew() -> u32 {
    let mark = marked();
    if ptr::eq(mark, &raw const NO_MARK) {
        return process::id();
    }
    // Ordering: Relaxed, here and below: all that matters is that it is a new number, and that all agree on it.
    let next = LAST.fetch_add(1, Ordering::Relaxed) + 1;
    match mark.compare_exchange(0, next, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => next,
        Err(given) => given,
    }
}

/// The mark, which is made if there is none.
fn marked() -> &'static AtomicU32 {
    let mut mark = MARK.load(Ordering::Acquire);
    if mark.is_null() {
        let new = page::map().or_else(handler::install);
        let new = new.unwrap_or((&raw const NO_MARK).cast_mut());
        // Ordering: AcqRel, partner of the load in `number`, and of itself if another thread was quicker. Then a page
        // stays behind that nobody uses, or a handler that runs twice.
        mark = match MARK.compare_exchange(mark, new, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => new,
            Err(quicker) => quicker,
        };
    }
    // SAFETY: just made or stored by another thread: a page that is never unmapped, or a static.
    unsafe { &*mark }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod page {
    use std::ptr;
    use std::sync::atomic::AtomicU32;

    /// A page of zeros, which is one in each child too. `None` if the kernel has no such thing.
    pub(super) fn map() -> Option<*mut AtomicU32> {
        // One page, whatever its size.
        const LENGTH: usize = 1;
        let (rights, kind) = (
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
        );
        // SAFETY: a new mapping, at a place that the kernel chooses.
        let page = unsafe { libc::mmap(ptr::null_mut(), LENGTH, rights, kind, -1, 0) };
        if page == libc::MAP_FAILED {
            return None;
        }
        // Emulators of Linux (QEMU's before version 8) take any advice, and do nothing: also one that there is not.
        const NO_ADVICE: libc::c_int = -1;
        // SAFETY: the page that was just mapped.
        let advise = |advice| unsafe { libc::madvise(page, LENGTH, advice) };
        if advise(NO_ADVICE) == 0 || advise(libc::MADV_WIPEONFORK) != 0 {
            // SAFETY: as above, and nobody else knows it.
            unsafe { libc::munmap(page, LENGTH) };
            return None;
        }
        // Aligned as pages are, and valid as all zeros.
        Some(page.cast())
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod page {
    use std::sync::atomic::AtomicU32;

    pub(super) fn map() -> Option<*mut AtomicU32> {
        None
    }
}

#[cfg(unix)]
mod handler {
    use std::sync::atomic::{AtomicU32, Ordering};

    static MARK: AtomicU32 = AtomicU32::new(0);

    extern "C" fn wipe() {
        // Ordering: Relaxed. The child has one thread.
        MARK.store(0, Ordering::Relaxed);
    }

    /// A mark that becomes 0 whenever libc forks. `None` if it has no memory for the handler.
    pub(super) fn install() -> Option<*mut AtomicU32> {
        // SAFETY: the handler does nothing but what is allowed between a fork and the execution of a program.
        let result = unsafe { libc::pthread_atfork(None, None, Some(wipe)) };
        (result == 0).then_some((&raw const MARK).cast_mut())
    }
}

#[cfg(not(unix))]
mod handler {
    use std::sync::atomic::AtomicU32;

    pub(super) fn install() -> Option<*mut AtomicU32> {
        None
    }
}

/// A static value that each process has for itself: what was inherited stays as it was when the process forked, locks that
/// another thread held included.
#[derive(Debug)]
pub(crate) struct PerProcess<T: 'static>(AtomicPtr<Owned<T>>);

#[derive(Debug)]
struct Owned<T> {
    process: u32,
    value: T,
}

impl<T: Default + Send + Sync> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    /// This process' value, which is never dropped.
    pub(crate) fn get(&'static self) -> &'static T {
        let process = number();
        let mut new = None;
        loop {
            // Ordering: Acquire, partner of the exchange below: the value has been made.
            let found = self.0.load(Ordering::Acquire);
            // SAFETY: null, or leaked by the exchange below.
            let owned = unsafe { found.as_ref() }.filter(|owned| owned.process == process);
            if let Some(owned) = owned {
                return &owned.value;
            }
            let made = new.take().unwrap_or_else(|| {
                Box::new(Owned {
                    process,
                    value: T::default(),
                })
            });
            let made = Box::into_raw(made);
            // Ordering: Release, see above; on failure it is loaded again.
            if let Err(_quicker) =
                self.0
                    .compare_exchange(found, made, Ordering::Release, Ordering::Relaxed)
            {
                // SAFETY: of `into_raw` above, and nobody has seen it.
                new = Some(unsafe { Box::from_raw(made) });
            }
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_process_keeps_its_number() {
        let first = number();
        assert_ne!(first, 0);
        let other = std::thread::spawn(number).join().unwrap();
        assert_eq!((first, first), (number(), other));
    }

    #[test]
    fn all_threads_get_the_same_value() {
        static VALUE: PerProcess<std::sync::Mutex<u32>> = PerProcess::new();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                std::thread::spawn(|| {
                    *VALUE.get().lock().unwrap() += 1;
                    ptr::from_ref(VALUE.get()).addr()
                })
            })
            .collect();
        for thread in threads {
            let place = thread.join().unwrap();
            assert_eq!(place, ptr::from_ref(VALUE.get()).addr());
        }
        assert_eq!(*VALUE.get().lock().unwrap(), 4);
    }
}
