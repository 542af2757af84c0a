//! The switch of the command `mutants`: one build holds all mutants, and a process runs with one of them, or none.
//!
//! The command copies leno's sources and writes calls of [`is`] into the copy; this file goes there too. The checkout has no such
//! calls.
//!
//! `LENO_MUTANT=17` makes a process run with mutant 17. `LENO_MUTANTS_REACHED=FILE` makes it set bit 17 of that file where it comes
//! to the place of mutant 17: the file is mapped, so nothing is lost when a process aborts, and what it forks or starts sets its
//! bits there as well.

use std::ffi::{CStr, c_char};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

/// The mutant that this process runs with; the number of none is the largest.
static CHOSEN: AtomicU32 = AtomicU32::new(u32::MAX);

/// The bits of what was reached, if somebody wants to know.
static REACHED: AtomicPtr<AtomicU64> = AtomicPtr::new(ptr::null_mut());

/// How many words of bits there are.
static WORDS: AtomicU32 = AtomicU32::new(0);

/// True if this process runs with a mutant. The compiler tells of each use of what is deprecated: so the command knows which places
/// are compiled.
#[deprecated]
pub(crate) fn is(number: u32) -> bool {
    let reached = REACHED.load(Ordering::Relaxed);
    if !reached.is_null() {
        reach(reached, number);
    }
    CHOSEN.load(Ordering::Relaxed) == number
}

#[inline(never)]
fn reach(reached: *mut AtomicU64, number: u32) {
    assert!(
        number / 64 < WORDS.load(Ordering::Relaxed),
        "mutant {number} has no bit"
    );
    // SAFETY: `begin` has mapped so many words, for the rest of the process, and whoever else has mapped them uses atomics as well.
    let word = unsafe { &*reached.add(number as usize / 64) };
    let bit = 1 << (number % 64);
    if word.load(Ordering::Relaxed) & bit == 0 {
        word.fetch_or(bit, Ordering::Relaxed);
    }
}

/// Before `main`: later there may be threads, signal handlers, or a fork.
#[used]
#[unsafe(link_section = ".init_array")]
static BEGIN: extern "C" fn() = begin;

extern "C" fn begin() {
    // SAFETY: no other thread is there that could change the environment.
    let (mutant, reached) = unsafe {
        (
            libc::getenv(c"LENO_MUTANT".as_ptr()),
            libc::getenv(c"LENO_MUTANTS_REACHED".as_ptr()),
        )
    };
    if !mutant.is_null() {
        // SAFETY: what `getenv` returns is a string, which nobody changes meanwhile.
        let mutant = unsafe { CStr::from_ptr(mutant) };
        match mutant.to_str().ok().and_then(|mutant| mutant.parse().ok()) {
            Some(mutant) => CHOSEN.store(mutant, Ordering::Relaxed),
            None => fail(c"LENO_MUTANT is not the number of a mutant\n"),
        }
    }
    if !reached.is_null() {
        map(reached);
    }
}

fn map(path: *const c_char) {
    // SAFETY: the path is a string, the descriptor is this function's own, and the mapping is of no memory that anybody has.
    unsafe {
        let file = libc::open(path, libc::O_RDWR | libc::O_CLOEXEC);
        let mut about = std::mem::zeroed::<libc::stat>();
        if file < 0 || libc::fstat(file, &mut about) != 0 {
            fail(c"LENO_MUTANTS_REACHED cannot be opened\n");
        }
        let size = about.st_size as usize;
        let memory = libc::mmap(
            ptr::null_mut(),
            size,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED,
            file,
            0,
        );
        if memory == libc::MAP_FAILED {
            fail(c"LENO_MUTANTS_REACHED cannot be mapped\n");
        }
        libc::close(file);
        WORDS.store((size / 8) as u32, Ordering::Relaxed);
        REACHED.store(memory.cast(), Ordering::Relaxed);
    }
}

fn fail(words: &CStr) -> ! {
    // SAFETY: the words are so long.
    unsafe { libc::write(2, words.as_ptr().cast(), words.to_bytes().len()) };
    std::process::abort()
}
