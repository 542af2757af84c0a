//! A file that this process writes by writing to memory: what is there when the process is killed stays.
//!
//! The file grows at its end. Its room is asked for by writing zeros, so that a disk that is full is an error here, and not a
//! signal at the first touch. What is mapped stays mapped, for ever.
//!
//! # Forks
//!
//! A child must not write to its parent's file. A handler that libc calls in the child puts memory of the child's own in the
//! place of each part, zeros at first; the child's threads notice nothing. Who forks by the bare system call is not seen.

use super::process;
use super::words::Words;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::ptr::{self, NonNull};
use std::sync::Mutex;
use std::sync::Once;
use std::sync::atomic::{AtomicPtr, Ordering};

/// Parts begin where pages do, of whatever size those are on the machines there are.
const PAGE: u64 = 65536;

/// A file, mapped as it grows.
#[derive(Debug)]
pub(crate) struct SharedFile {
    file: Mutex<Growing>,
    /// The process whose it is.
    process: u32,
}

#[derive(Debug)]
struct Growing {
    file: File,
    length: u64,
}

/// What is mapped. Nodes stay for ever, so a child that was forked at any moment can go through them.
struct Mapped {
    start: *mut libc::c_void,
    length: usize,
    next: *mut Mapped,
}

static MAPPED: AtomicPtr<Mapped> = AtomicPtr::new(ptr::null_mut());

impl SharedFile {
    /// A new file, for this user's eyes only.
    ///
    /// # Errors
    ///
    /// If there is one already, and as the system has them.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::OpenOptionsExt;
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        leave_in_child()?;
        Ok(Self {
            file: Mutex::new(Growing { file, length: 0 }),
            process: process::number(),
        })
    }

    /// So many more words at the file's end, zeros, and where in the file they are.
    ///
    /// # Errors
    ///
    /// If there is no room, and in a child of the process that has created the file.
    pub(crate) fn append(&self, words: usize) -> io::Result<(u64, Words)> {
        if self.process != process::number() {
            return Err(io::Error::other("the file is the parent process'"));
        }
        let bytes = words.checked_mul(8).filter(|&bytes| bytes > 0);
        let bytes = bytes.ok_or(io::ErrorKind::InvalidInput)?;
        let mut growing = self
            .file
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let place = growing.length;
        let room = (bytes as u64).next_multiple_of(PAGE);
        let zeros = [0; 4096];
        for _ in 0..room / zeros.len() as u64 {
            if let Err(error) = growing.file.write_all(&zeros) {
                // Else the next attempt would write behind what has come of this one.
                io::Seek::seek(&mut growing.file, io::SeekFrom::Start(place))?;
                return Err(error);
            }
        }
        let offset = libc::off_t::try_from(place).map_err(io::Error::other)?;
        // SAFETY: a new mapping, at a place that the kernel chooses, of a part of the file that is there.
        let start = unsafe {
            libc::mmap(
                ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                growing.file.as_raw_fd(),
                offset,
            )
        };
        if start == libc::MAP_FAILED {
            let error = io::Error::last_os_error();
            io::Seek::seek(&mut growing.file, io::SeekFrom::Start(place))?;
            return Err(error);
        }
        growing.length += room;
        remember(start, bytes);
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        // SAFETY: just mapped, never unmapped (a child replaces it by other memory), aligned as pages are, and the words are given
        // out once.
        Ok((place, unsafe { Words::of_mapping(start, words) }))
    }
}

fn remember(start: *mut libc::c_void, length: usize) {
    let node = Box::into_raw(Box::new(Mapped {
        start,
        length,
        next: ptr::null_mut(),
    }));
    // Ordering: Release, partner of the load in `replace`; a push that loses loads again.
    let mut next = MAPPED.load(Ordering::Relaxed);
    loop {
        // SAFETY: nobody has seen the node yet.
        unsafe { (*node).next = next };
        match MAPPED.compare_exchange(next, node, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => return,
            Err(now) => next = now,
        }
    }
}

/// Sees to it that children leave all such files alone.
fn leave_in_child() -> io::Result<()> {
    static INSTALLED: Once = Once::new();
    let mut result = 0;
    INSTALLED.call_once(|| {
        // SAFETY: the handler does nothing but what is allowed between a fork and the execution of a program.
        result = unsafe { libc::pthread_atfork(None, None, Some(replace)) };
    });
    match result {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// In a child: memory of its own takes the place of what is mapped.
extern "C" fn replace() {
    // Ordering: Acquire, partner of the push in `remember`.
    let mut next = MAPPED.load(Ordering::Acquire);
    // SAFETY: nodes are never freed.
    while let Some(mapped) = unsafe { next.as_ref() } {
        // SAFETY: the place is this mapping's, and stays valid for its words, which are atomics: zeros in the place of what they
        // were. (If it fails, which takes a system without memory, the old mapping may be gone: then the child dies of its first
        // touch, rather than spoil its parent's file.)
        unsafe {
            libc::mmap(
                mapped.start,
                mapped.length,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_FIXED,
                -1,
                0,
            )
        };
        next = mapped.next;
    }
}
