//! What std has in the buffer of its standard input, found out without reading.
//!
//! Somebody who has read a line by way of std may have left more lines there, and nothing shows that from outside: to ask
//! std is to read, if the buffer is empty. So the one who asks is a thread that has no standard input to read: it gives up
//! all of its descriptors, which a thread can do for itself alone, and std takes that for the end of the input. It must
//! do nothing else: not even a waker works without descriptors.
//!
//! It costs a thread, and a flush of files that flush when a duplicate of their descriptor is closed.

use std::io::BufRead;
use std::{io, thread};

/// Whether std has something in its buffer, as far as can be said. Waits for std's lock.
#[inline]
pub(super) fn std_has_more() -> bool {
    let peek = || {
        if !give_up_descriptors() {
            return false;
        }
        let mut std = io::stdin().lock();
        std.fill_buf().is_ok_and(|bytes| !bytes.is_empty())
    };
    let thread = thread::Builder::new().name("leno-peek".to_owned());
    // Without a thread what is there comes with the next input.
    thread
        .spawn(peek)
        .is_ok_and(|thread| thread.join().unwrap_or(false))
}

/// Gives this thread a table of descriptors of its own, with none in it; false if the system does not know how.
#[inline]
fn give_up_descriptors() -> bool {
    const FIRST: libc::c_uint = 0;
    const LAST: libc::c_uint = libc::c_uint::MAX;
    // SAFETY: closes no descriptor of anybody else: this thread's table is its own from then on. The thread that has
    // started this one shares it until then, and is there until this one has ended.
    let result = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            FIRST,
            LAST,
            libc::CLOSE_RANGE_UNSHARE,
        )
    };
    result == 0
}
