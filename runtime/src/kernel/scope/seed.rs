//! What a node grows from: a scope of which only its owner knows so far.
//!
//! It lies in the owner's future. While that polls its body, `here.scope` points to the seed, and whoever asks for the node
//! there, to spawn into it, to look at its deadline, to begin a scope within it, has it made: on the owner's thread, in the
//! owner's poll. When the body is first pending it is made anyway, since others may then have to reach it. So a scope around what
//! is ready at once, without a task in it, takes neither memory nor an atomic operation.

use super::{Inside, Node, NodeKind, Owner};
use crate::kernel::here;
use crate::kernel::wheel;
use crate::prim::atomic::{AtomicPtr, Ordering};
use crate::prim::{OnceLock, SelfArc};
use std::panic::Location;
use std::ptr;

/// Set in `here.scope` if that points to a [`Seed`].
const SEED: usize = 1;

const _: () = assert!(align_of::<Seed>() > SEED && align_of::<Node>() > SEED);

/// A scope whose node is made when it is needed; see the module's header.
pub(crate) struct Seed {
    kind: NodeKind,
    place: &'static Location<'static>,
    deadline: Option<u64>,
    wheel: Option<wheel::Handle>,
    node: OnceLock<SelfArc<Node>>,
    /// It has begun, and the owner has not been taken.
    is_owner: bool,
    /// What the thread is within that polls the owner: valid for that long.
    outer: AtomicPtr<()>,
}

impl Seed {
    #[inline]
    pub(crate) fn new(kind: NodeKind, place: &'static Location<'static>) -> Self {
        Self {
            kind,
            place,
            deadline: None,
            wheel: None,
            node: OnceLock::new(),
            is_owner: true,
            outer: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// Gives it a deadline before it begins.
    #[inline]
    pub(crate) fn set_deadline(&mut self, deadline: u64, wheel: wheel::Handle) {
        self.deadline = Some(deadline);
        self.wheel = Some(wheel);
        if let Some(node) = self.node.get() {
            self.tend(node);
        }
    }

    /// The node before it begins, for a handle.
    #[inline]
    pub(crate) fn early(&self) -> &SelfArc<Node> {
        self.node.get_or_init(|| self.grow())
    }

    #[inline]
    fn grow(&self) -> SelfArc<Node> {
        let node = Node::new(self.kind, self.place);
        self.tend(&node);
        node
    }

    /// Tells the node its deadline.
    #[cold]
    #[inline]
    fn tend(&self, node: &SelfArc<Node>) {
        if let Some(wheel) = &self.wheel {
            node.set_wheel(wheel.clone());
        }
        if let Some(deadline) = self.deadline {
            node.set_deadline(deadline);
        }
    }

    /// The node, if it has been made.
    #[inline]
    pub(crate) fn node(&self) -> Option<&SelfArc<Node>> {
        self.node.get()
    }

    /// It is where this thread is. To be called before `make` and `enter`, in each poll of the owner.
    #[inline]
    pub(crate) fn settle(&self) {
        let outer = here::with(|here| here.scope.get());
        // Ordering: Relaxed, here and below: only who polls the owner reads it.
        self.outer.store(outer.cast_mut(), Ordering::Relaxed);
    }

    /// The node, which begins where the seed was last settled, if it has not.
    #[cold]
    #[inline]
    pub(crate) fn make(&self) -> &SelfArc<Node> {
        let node = self.node.get_or_init(|| self.grow());
        if !node.has_begun() {
            // SAFETY: settled by a caller further up, in whose poll this is.
            let around = unsafe { node_at(self.outer.load(Ordering::Relaxed)) };
            node.begin(around);
        }
        node
    }

    /// This thread is within it until what is returned is dropped. The seed does not move before that.
    #[inline]
    pub(crate) fn enter(&self) -> Inside {
        match self.node.get() {
            Some(node) if node.has_begun() => node.inside(),
            _ => Inside::enter(
                ptr::from_ref(self)
                    .map_addr(|address| address | SEED)
                    .cast(),
            ),
        }
    }

    /// The owner of the node, if that has been made.
    #[inline]
    pub(crate) fn take_owner(&mut self) -> Option<Owner> {
        let node = self.node.get()?;
        if !std::mem::take(&mut self.is_owner) {
            return None;
        }
        Some(Owner::of(SelfArc::clone(node)))
    }
}

impl Drop for Seed {
    #[inline]
    fn drop(&mut self) {
        drop(self.take_owner());
    }
}

/// The node that `here.scope` points to, or had pointed to.
///
/// # Safety
///
/// Whoever has written it there still keeps it.
#[inline]
pub(super) unsafe fn node_at(scope: *const ()) -> Option<SelfArc<Node>> {
    if scope.is_null() {
        return None;
    }
    if scope.addr() & SEED != 0 {
        let seed = scope.map_addr(|address| address & !SEED).cast::<Seed>();
        // SAFETY: kept by the caller's promise; `enter` has stored a seed that does not move.
        return Some(SelfArc::clone(unsafe { &*seed }.make()));
    }
    let node = scope.cast::<Node>();
    // SAFETY: kept by the caller's promise; made by `Arc::new`.
    unsafe { SelfArc::increment_strong_count(node) };
    // SAFETY: as above; the count is this one's.
    Some(unsafe { SelfArc::from_raw(node) })
}

/// Shows `see` the scopes that this thread is within, from the innermost on, up to `end`.
///
/// It begins none, so nobody is told of anything, and may be called wherever the thread is in the middle of.
pub(crate) fn look_here(end: *const Node, mut see: impl FnMut(&Node)) {
    let mut scope = here::with(|here| here.scope.get());
    while !scope.is_null() {
        let node = if scope.addr() & SEED != 0 {
            let seed = scope.map_addr(|address| address & !SEED).cast::<Seed>();
            // SAFETY: `enter` has stored it, in a call further up this stack, for the length of which it does not move.
            let seed = unsafe { &*seed };
            let node = seed.early();
            if !node.has_begun() {
                see(node);
                // Ordering: Relaxed, as in `settle`. It stays valid as long as the seed does.
                scope = seed.outer.load(Ordering::Relaxed);
                continue;
            }
            SelfArc::as_ptr(node)
        } else {
            scope.cast::<Node>()
        };
        if node == end {
            return;
        }
        // SAFETY: kept by whoever has stored it, as above, or by the node that it is around.
        let node = unsafe { &*node };
        see(node);
        scope = node
            .around()
            .map_or(ptr::null(), |around| SelfArc::as_ptr(around).cast());
    }
}

impl std::fmt::Debug for Seed {
    #[inline]
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seed")
            .field("kind", &self.kind)
            .field("place", &format_args!("{}", self.place))
            .field("node", &self.node.get())
            .finish_non_exhaustive()
    }
}
