//! What the program `leno` finds in the memory of a process that nobody has prepared, or that is stopped: the section `.leno` of
//! the executable.
//!
//! It has a [`Table`]: where what is in a task's header, its vtable and its origin, and a list of the runtimes that there are.
//! The process itself uses none of it, and it costs what a runtime's beginning and end write to an [`Entry`].
//!
//! Entries are never freed: that of a runtime that has ended is the next one's. So there is no lock, which a process that is
//! forked or stopped could leave locked; and whoever reads from outside always finds entries, if not the last word.
//! `used` is set last and cleared first: [`FREE`], then [`TAKEN`] while the entry is written, then [`USED`].
//!
//! The layout of a `Location` is std's own. It is found out by looking at one.
//!
//! `cli/src/memory` reads it. Whoever changes a type here raises [`VERSION`].

use crate::kernel::task::outline::OUTLINE;
use crate::prim::process;
use crate::runtime::Id;
use std::panic::Location;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};

const VERSION: u32 = 1;

/// Not known.
const UNKNOWN: u32 = u32::MAX;

const FREE: u32 = 0;
const TAKEN: u32 = 1;
const USED: u32 = 2;

/// The contents of the section.
#[repr(C)]
struct Table {
    magic: [u8; 8],
    version: u32,
    /// Of this table, in bytes.
    size: u32,
    header_size: u32,
    state: u32,
    vtable: u32,
    next: u32,
    id: u32,
    origin: u32,
    type_name: u32,
    future_size: u32,
    extra_bit: u32,
    extra_place: u32,
    extra_name: u32,
    head: u32,
    tail: u32,
    running: u32,
    notified: u32,
    complete: u32,
    cancelled: u32,
    linked: u32,
    shard_shift: u32,
    shard_mask: u32,
    /// In a `Location`; all are [`UNKNOWN`] if it is not what it was.
    file: AtomicU32,
    length: AtomicU32,
    line: AtomicU32,
    column: AtomicU32,
    /// By how much the length that is stored is more than that of the file's name.
    excess: AtomicU32,
    pointer_size: u32,
    /// The first entry.
    entries: AtomicPtr<Entry>,
}

/// A runtime.
#[derive(Debug)]
#[repr(C)]
struct Entry {
    /// The next entry. Written before this one is in the list.
    next: AtomicPtr<Entry>,
    used: AtomicU32,
    /// The process that it was made in: one that was forked from that has a copy of this.
    process: AtomicU32,
    id: AtomicU64,
    /// 1 if it has a pool of workers.
    is_pool: AtomicUsize,
    name: AtomicUsize,
    name_length: AtomicUsize,
    /// The first list of tasks, how far it is to the next, and how many there are.
    lists: AtomicUsize,
    stride: AtomicUsize,
    count: AtomicUsize,
}

/// A number that fits: if one did not, the program would not compile.
const fn small(number: u64) -> u32 {
    assert!(number < UNKNOWN as u64);
    number as u32
}

const fn offset(number: usize) -> u32 {
    small(number as u64)
}

// SAFETY: the section has nothing but this table, wherever the linker puts it. It is data like any other.
#[unsafe(link_section = ".leno")]
#[used]
static TABLE: Table = Table {
    magic: *b"leno\0mem",
    version: VERSION,
    size: offset(size_of::<Table>()),
    header_size: offset(OUTLINE.header_size),
    state: offset(OUTLINE.state),
    vtable: offset(OUTLINE.vtable),
    next: offset(OUTLINE.next),
    id: offset(OUTLINE.id),
    origin: offset(OUTLINE.origin),
    type_name: offset(OUTLINE.type_name),
    future_size: offset(OUTLINE.future_size),
    extra_bit: offset(OUTLINE.extra_bit),
    extra_place: offset(OUTLINE.extra_place),
    extra_name: offset(OUTLINE.extra_name),
    head: offset(OUTLINE.head),
    tail: offset(OUTLINE.tail),
    running: small(OUTLINE.running),
    notified: small(OUTLINE.notified),
    complete: small(OUTLINE.complete),
    cancelled: small(OUTLINE.cancelled),
    linked: small(OUTLINE.linked),
    shard_shift: OUTLINE.shard_shift,
    shard_mask: small(OUTLINE.shard_mask),
    file: AtomicU32::new(UNKNOWN),
    length: AtomicU32::new(UNKNOWN),
    line: AtomicU32::new(UNKNOWN),
    column: AtomicU32::new(UNKNOWN),
    excess: AtomicU32::new(UNKNOWN),
    pointer_size: offset(size_of::<usize>()),
    entries: AtomicPtr::new(ptr::null_mut()),
};

/// A runtime can be found, until this is dropped.
#[derive(Debug)]
pub(crate) struct Found(&'static Entry);

impl Found {
    /// Enters a runtime whose name and lists of tasks ([`outline`](crate::kernel::owned::Owned::outline)) stay where they are as
    /// long as it is entered.
    pub(crate) fn new(
        id: Id,
        is_pool: bool,
        name: Option<&str>,
        (lists, stride, count): (*const (), usize, usize),
    ) -> Self {
        find_out_layout();
        let entry = take_entry();
        let name = name.unwrap_or_default();
        // Ordering: Relaxed; the Release of `used` below comes after them, for whoever reads while the process runs.
        entry.process.store(system_number(), Ordering::Relaxed);
        entry.id.store(id.number(), Ordering::Relaxed);
        entry.is_pool.store(usize::from(is_pool), Ordering::Relaxed);
        entry.name.store(name.as_ptr().addr(), Ordering::Relaxed);
        entry.name_length.store(name.len(), Ordering::Relaxed);
        entry.lists.store(lists.addr(), Ordering::Relaxed);
        entry.stride.store(stride, Ordering::Relaxed);
        entry.count.store(count, Ordering::Relaxed);
        entry.used.store(USED, Ordering::Release);
        Self(entry)
    }

    /// Another runtime of the same name has come in its place.
    #[allow(dead_code, reason = "there may be no simulation")]
    pub(crate) fn set_id(&self, id: Id) {
        // Ordering: Relaxed; whoever reads while the process runs gets the one or the other.
        self.0.id.store(id.number(), Ordering::Relaxed);
    }
}

impl Drop for Found {
    fn drop(&mut self) {
        // Ordering: Release: whoever takes the entry next writes to it after this.
        self.0.used.store(FREE, Ordering::Release);
    }
}

/// The system's number of this process, which costs a system call only once.
fn system_number() -> u32 {
    /// The process' own number, and the system's, in one word.
    static KNOWN: AtomicU64 = AtomicU64::new(0);
    let own = process::number();
    // Ordering: Relaxed. The word is all there is to it, and who finds another process's asks anew.
    let known = KNOWN.load(Ordering::Relaxed);
    if known >> 32 == u64::from(own) {
        return known as u32;
    }
    let number = std::process::id();
    KNOWN.store(u64::from(own) << 32 | u64::from(number), Ordering::Relaxed);
    number
}

/// A free entry, or a new one.
fn take_entry() -> &'static Entry {
    // Ordering: Acquire, partner of the exchange below: the entry has been made. So for all that follow it.
    let mut next = TABLE.entries.load(Ordering::Acquire);
    // SAFETY: null, or an entry that was leaked below.
    while let Some(entry) = unsafe { next.as_ref() } {
        // Ordering: Acquire, partner of the store in `drop`.
        let taken = entry
            .used
            .compare_exchange(FREE, TAKEN, Ordering::Acquire, Ordering::Relaxed);
        if taken.is_ok() {
            return entry;
        }
        // Ordering: Relaxed. It was written before the entry came into the list.
        next = entry.next.load(Ordering::Relaxed);
    }
    let entry: &'static Entry = Box::leak(Box::new(Entry {
        next: AtomicPtr::new(ptr::null_mut()),
        used: AtomicU32::new(TAKEN),
        process: AtomicU32::new(0),
        id: AtomicU64::new(0),
        is_pool: AtomicUsize::new(0),
        name: AtomicUsize::new(0),
        name_length: AtomicUsize::new(0),
        lists: AtomicUsize::new(0),
        stride: AtomicUsize::new(0),
        count: AtomicUsize::new(0),
    }));
    let mut first = TABLE.entries.load(Ordering::Acquire);
    loop {
        entry.next.store(first, Ordering::Relaxed);
        let new = ptr::from_ref(entry).cast_mut();
        // Ordering: AcqRel, see above; entries are never taken out, so that the same first one is the same list.
        match TABLE
            .entries
            .compare_exchange(first, new, Ordering::AcqRel, Ordering::Acquire)
        {
            Ok(_) => return entry,
            Err(now) => first = now,
        }
    }
}

/// Writes to the table what a `Location` looks like.
fn find_out_layout() {
    // Ordering: Relaxed, here and below. Two threads may do it, with the same result.
    if TABLE.file.load(Ordering::Relaxed) != UNKNOWN {
        return;
    }
    let place = Location::caller();
    // Two pointer-sized words and two numbers, and nothing in between.
    const SIZE: usize = 2 * size_of::<usize>() + 2 * size_of::<u32>();
    if size_of::<Location<'static>>() != SIZE {
        return;
    }
    // SAFETY: it is as large as its fields are together, so each of its bytes belongs to one, and is initialised.
    let bytes = unsafe { ptr::from_ref(place).cast::<[u8; SIZE]>().read() };
    let word = |at: usize| {
        let word = bytes.get(at..at + size_of::<usize>())?;
        Some(usize::from_ne_bytes(word.try_into().ok()?))
    };
    let number = |at: usize| {
        let number = bytes.get(at..at + size_of::<u32>())?;
        Some(u32::from_ne_bytes(number.try_into().ok()?))
    };
    let only = |is_it: &dyn Fn(usize) -> bool, step: usize| {
        let mut found = (0..SIZE).step_by(step).filter(|&at| is_it(at));
        found.next().filter(|_| found.next().is_none())
    };
    let words = size_of::<usize>();
    let numbers = size_of::<u32>();
    let file = only(&|at| word(at) == Some(place.file().as_ptr().addr()), words);
    // With a byte that ends it, in some versions of std.
    let of_length =
        |excess: usize| only(&|at| word(at) == Some(place.file().len() + excess), words);
    let length = match (of_length(0), of_length(1)) {
        (Some(at), None) => Some((at, 0)),
        (None, Some(at)) => Some((at, 1)),
        _ => None,
    };
    let line = only(&|at| number(at) == Some(place.line()), numbers);
    let column = only(&|at| number(at) == Some(place.column()), numbers);
    let (Some(file), Some((length, excess)), Some(line), Some(column)) =
        (file, length, line, column)
    else {
        return;
    };
    for (field, value) in [
        (&TABLE.length, length),
        (&TABLE.line, line),
        (&TABLE.column, column),
        (&TABLE.excess, excess),
        (&TABLE.file, file),
    ] {
        field.store(offset(value), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_of_a_place_is_found_out() {
        find_out_layout();
        let place = Location::caller();
        let base = ptr::from_ref(place).cast::<u8>();
        let at = |field: &AtomicU32| {
            let offset = field.load(Ordering::Relaxed);
            assert_ne!(offset, UNKNOWN);
            base.wrapping_add(offset as usize)
        };
        // SAFETY: the fields of a place that is there, if the layout is right, and otherwise bytes of it.
        let (file, length, line, column) = unsafe {
            (
                at(&TABLE.file).cast::<*const u8>().read(),
                at(&TABLE.length).cast::<usize>().read(),
                at(&TABLE.line).cast::<u32>().read(),
                at(&TABLE.column).cast::<u32>().read(),
            )
        };
        let excess = TABLE.excess.load(Ordering::Relaxed) as usize;
        assert_eq!(file, place.file().as_ptr());
        assert_eq!(length - excess, place.file().len());
        assert_eq!((line, column), (place.line(), place.column()));
    }

    #[test]
    fn an_entry_is_used_again() {
        let new = || Found::new(Id::next(), true, Some("name"), (ptr::null(), 8, 2));
        let (first, second) = (new(), new());
        assert!(!ptr::eq(first.0, second.0));
        let entries = || {
            let mut count = 0;
            let mut next = TABLE.entries.load(Ordering::Acquire);
            // SAFETY: null, or an entry, which is never freed.
            while let Some(entry) = unsafe { next.as_ref() } {
                count += 1;
                next = entry.next.load(Ordering::Relaxed);
            }
            count
        };
        drop((first, second));
        let before = entries();
        for _ in 0..1000 {
            drop(new());
        }
        // Other tests may have some at the same time.
        assert!(entries() < before + 1000);
    }
}
