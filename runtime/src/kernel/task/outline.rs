//! Where what is in memory, for who reads a process' memory from outside (`diagnostics::memory`): nothing here is used by the
//! process itself.

use super::cell::{Header, Vtable};
use super::origin::Origin;
use super::state::State;
use crate::kernel::list::{Links, List};
use std::mem::offset_of;

/// Offsets in bytes from the beginning of a header, a vtable or an extra; and bits of the state word.
pub(crate) struct Outline {
    pub(crate) header_size: usize,
    pub(crate) state: usize,
    pub(crate) vtable: usize,
    pub(crate) next: usize,
    pub(crate) id: usize,
    pub(crate) origin: usize,
    /// A function that returns a constant text.
    pub(crate) type_name: usize,
    pub(crate) future_size: usize,
    /// In the origin word: it points to an extra, and not to a place.
    pub(crate) extra_bit: usize,
    pub(crate) extra_place: usize,
    pub(crate) extra_name: usize,
    /// In a list.
    pub(crate) head: usize,
    pub(crate) tail: usize,
    pub(crate) running: u64,
    pub(crate) notified: u64,
    pub(crate) complete: u64,
    pub(crate) cancelled: u64,
    pub(crate) linked: u64,
    pub(crate) shard_shift: u32,
    pub(crate) shard_mask: u64,
}

pub(crate) const OUTLINE: Outline = Outline {
    header_size: size_of::<Header>(),
    state: offset_of!(Header, state),
    vtable: offset_of!(Header, vtable),
    next: Header::LINKS + Links::<Header>::NEXT,
    id: offset_of!(Header, mark),
    origin: offset_of!(Header, origin),
    type_name: offset_of!(Vtable, type_name),
    future_size: offset_of!(Vtable, future_size),
    extra_bit: Origin::EXTRA,
    extra_place: Origin::EXTRA_PLACE,
    extra_name: Origin::EXTRA_NAME,
    head: List::<Header>::HEAD,
    tail: List::<Header>::TAIL,
    running: State::BITS.running,
    notified: State::BITS.notified,
    complete: State::BITS.complete,
    cancelled: State::BITS.cancelled,
    linked: State::BITS.linked,
    shard_shift: State::BITS.shard_shift,
    shard_mask: State::BITS.shard_mask,
};
