//! Threads that are interrupted at whatever they do, many times each, and say where they are. (All is well with some
//! thousand as well, which take minutes on a machine that has other work.)

use super::Frames;
use crate::prim::{stack, threads};
use std::cell::UnsafeCell;
use std::hint::black_box;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::panic::{catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;
use std::{ptr, thread};

/// Signals to a thread that goes on meanwhile, and to one that waits, always at the same place.
const MANY: usize = 100;
const SOME: usize = 20;

/// Where the handler puts the stack that is wanted next.
static WANTED: AtomicPtr<Wanted> = AtomicPtr::new(ptr::null_mut());

struct Wanted {
    stack: UnsafeCell<Frames>,
    is_there: AtomicBool,
}

fn answer() {
    let wanted = WANTED.swap(ptr::null_mut(), Ordering::Acquire);
    // SAFETY: null, or what `ask` has put there, which waits until the stack is there.
    if let Some(wanted) = unsafe { wanted.as_ref() } {
        // SAFETY: whoever has swapped the pointer out is alone with it.
        unsafe { *wanted.stack.get() = Frames::capture_interrupted() };
        wanted.is_there.store(true, Ordering::Release);
    }
}

/// The stack of a thread, with a second question if the first was in vain.
fn ask(thread: u32) -> Frames {
    loop {
        let stack = ask_once(thread);
        if !stack.is_cut() {
            return stack;
        }
    }
}

fn ask_once(thread: u32) -> Frames {
    let mut wanted = Wanted {
        stack: UnsafeCell::new(Frames::new()),
        is_there: AtomicBool::new(false),
    };
    WANTED.store(&raw mut wanted, Ordering::Release);
    assert!(threads::interrupt(thread));
    while !wanted.is_there.load(Ordering::Acquire) {
        thread::yield_now();
    }
    wanted.stack.into_inner()
}

/// What a thread does until it is stopped. It says by the channel that it is about to begin.
type Work = fn(&Stop);

struct Stop {
    stop: AtomicBool,
    lock: Mutex<()>,
    socket: Mutex<Option<UnixStream>>,
}

impl Stop {
    fn is_set(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

#[inline(never)]
fn compute(stop: &Stop) {
    const MARK: i32 = 4242;
    let errno = || {
        // SAFETY: this thread's own.
        unsafe { &mut *libc::__errno_location() }
    };
    while !stop.is_set() {
        *errno() = MARK;
        for round in 0..1000 {
            black_box(round);
        }
        assert_eq!(*errno(), MARK);
    }
}

fn allocate(stop: &Stop) {
    let mut kept = Vec::new();
    while !stop.is_set() {
        kept.push(vec![1u8; 100 + kept.len() % 5000]);
        if kept.len() > 1000 {
            kept.clear();
        }
    }
    black_box(kept);
}

fn unwind(stop: &Stop) {
    while !stop.is_set() {
        let unwound = catch_unwind(|| resume_unwind(Box::new(7)));
        assert!(unwound.is_err());
    }
}

fn wait_for_a_lock(stop: &Stop) {
    drop(stop.lock.lock().unwrap_or_else(PoisonError::into_inner));
}

fn sleep(stop: &Stop) {
    while !stop.is_set() {
        thread::sleep(Duration::from_millis(20));
    }
}

/// One that is interrupted, and goes on of itself.
fn read(stop: &Stop) {
    let socket = stop.socket.lock().unwrap().take().unwrap();
    let mut byte = [0u8];
    // SAFETY: an open descriptor, and a place for one byte.
    let count = unsafe { libc::read(socket.as_raw_fd(), byte.as_mut_ptr().cast(), 1) };
    assert_eq!((count, byte), (1, [9]));
}

fn walk(stop: &Stop) {
    while !stop.is_set() {
        black_box(Frames::capture(0));
    }
}

#[test]
fn every_stack_reaches_the_start_of_its_thread() {
    if !stack::prepare() || !threads::prepare_to_interrupt(answer) {
        // An old C library.
        return;
    }
    let works: [(&str, Work, usize); 7] = [
        ("computes", compute, MANY),
        ("allocates", allocate, MANY),
        ("unwinds", unwind, MANY),
        ("walks its own stack", walk, MANY),
        ("waits for a lock", wait_for_a_lock, SOME),
        ("sleeps", sleep, SOME),
        ("reads", read, SOME),
    ];
    for (name, work, signals) in works {
        let (reader, mut writer) = UnixStream::pair().unwrap();
        let stop = Arc::new(Stop {
            stop: AtomicBool::new(false),
            lock: Mutex::new(()),
            socket: Mutex::new(Some(reader)),
        });
        let held = stop.lock.lock().unwrap();
        let (tell, told) = mpsc::channel();
        let thread = thread::spawn({
            let stop = Arc::clone(&stop);
            move || {
                tell.send((threads::id(), Frames::capture(0))).unwrap();
                work(&stop);
                black_box(&stop);
            }
        });
        let (id, start) = told.recv().unwrap();
        // The first is in the closure itself, which has gone on since.
        let start = &start.addresses()[1..];
        assert!(start.len() > 2);
        for _ in 0..signals {
            let stack = ask(id);
            assert!(
                stack.addresses().ends_with(start),
                "{name}: {stack:x?} does not reach {start:x?}"
            );
        }
        stop.stop.store(true, Ordering::Relaxed);
        drop(held);
        writer.write_all(&[9]).unwrap();
        thread.join().unwrap();
    }
}
