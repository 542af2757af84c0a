//! What the section says, and what runtimes there are: the types of `runtime/src/diagnostics/memory.rs`.

use super::image::{Image, word};
use crate::fault::Fault;

/// The version of the table that this program knows.
const VERSION: u32 = 1;
const MAGIC: &[u8; 8] = b"leno\0mem";
const SIZE: usize = 128;
/// No header is larger.
const MOST_HEADER: usize = 4096;

#[derive(Debug)]
pub(super) struct Table {
    pub(super) header_size: usize,
    /// Offsets in a header.
    pub(super) state: usize,
    pub(super) vtable: usize,
    pub(super) next: usize,
    pub(super) id: usize,
    pub(super) origin: usize,
    /// In a vtable.
    pub(super) type_name: u64,
    pub(super) future_size: u64,
    /// In an origin, and in what it points to.
    pub(super) extra_bit: u64,
    pub(super) extra_place: u64,
    pub(super) extra_name: u64,
    /// In a list.
    pub(super) head: u64,
    pub(super) tail: u64,
    /// Bits of the state.
    pub(super) running: u64,
    pub(super) notified: u64,
    pub(super) complete: u64,
    pub(super) cancelled: u64,
    /// The number of the list is in the state.
    pub(super) linked: u64,
    pub(super) shard_shift: u32,
    pub(super) shard_mask: u64,
    /// In a `Location`, if that is known.
    pub(super) place: Option<Place>,
    /// The first entry.
    pub(super) entries: u64,
}

#[derive(Debug)]
pub(super) struct Place {
    pub(super) file: usize,
    pub(super) length: usize,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) excess: u64,
}

/// A runtime.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) next: u64,
    used: u32,
    pub(super) process: u32,
    pub(super) id: u64,
    pub(super) is_pool: bool,
    pub(super) name: u64,
    pub(super) name_length: u64,
    pub(super) lists: u64,
    pub(super) stride: u64,
    pub(super) count: u64,
}

impl Table {
    pub(super) fn read(image: &Image, address: u64) -> Result<Self, Fault> {
        let mut bytes = [0; SIZE];
        let is_read = image.read(address, &mut bytes).is_some();
        if !is_read || &bytes[..8] != MAGIC {
            return Err(Fault::NoLeno(image.pid));
        }
        let number = |index: usize| {
            let at = 8 + 4 * index;
            let bytes = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
            u32::from_ne_bytes(bytes)
        };
        if (number(0), number(1)) != (VERSION, SIZE as u32) {
            return Err(Fault::MemoryVersion(image.pid));
        }
        let at = |index| number(index) as usize;
        let long = |index| u64::from(number(index));
        let place = [at(22), at(23), at(24), at(25)];
        let is_known = place.iter().all(|offset| *offset < 24);
        let table = Self {
            header_size: at(2),
            state: at(3),
            vtable: at(4),
            next: at(5),
            id: at(6),
            origin: at(7),
            type_name: long(8),
            future_size: long(9),
            extra_bit: long(10),
            extra_place: long(11),
            extra_name: long(12),
            head: long(13),
            tail: long(14),
            running: long(15),
            notified: long(16),
            complete: long(17),
            cancelled: long(18),
            linked: long(19),
            shard_shift: number(20).min(63),
            shard_mask: long(21),
            place: is_known.then_some(Place {
                file: place[0],
                length: place[1],
                line: place[2],
                column: place[3],
                excess: long(26),
            }),
            entries: word(&bytes, SIZE - 8).unwrap_or(0),
        };
        if at(27) != 8 || table.header_size > MOST_HEADER {
            return Err(Fault::MemoryVersion(image.pid));
        }
        Ok(table)
    }
}

impl Entry {
    pub(super) fn read(image: &Image, address: u64) -> Option<Self> {
        let mut bytes = [0; 80];
        image.read(address, &mut bytes)?;
        let word = |index: usize| word(&bytes, 8 * index);
        let (used, process) = if cfg!(target_endian = "little") {
            (word(1)? as u32, (word(1)? >> 32) as u32)
        } else {
            ((word(1)? >> 32) as u32, word(1)? as u32)
        };
        Some(Self {
            next: word(0)?,
            used,
            process,
            id: word(2)?,
            is_pool: word(3)? == 1,
            name: word(4)?,
            name_length: word(5)?,
            lists: word(6)?,
            stride: word(7)?,
            count: word(8)?,
        })
    }

    /// It is that of a runtime.
    pub(super) fn is_used(&self) -> bool {
        self.used == 2
    }
}
