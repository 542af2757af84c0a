//! What a task is besides its future: nothing, or a member of a [scope](crate::kernel::scope).
//!
//! A member lies in the task's memory, behind the header and beside the future, so a group's task is one allocation as any other,
//! and the member is there when the future is gone. Its kind decides what becomes of the task's output: of type, so it costs a
//! plain task nothing.

use super::cell::Header;
use super::error::Failure;
use crate::kernel::findings::{self, Outcome};
use crate::kernel::foreign;
use crate::kernel::list::{Linked, Links};
use crate::kernel::scope::{Failed, Inside, Node};
use crate::prim::SelfArc;
use std::any::Any;
use std::marker::PhantomData;
use std::ptr::NonNull;

/// What a task with an output of type `O` is besides.
pub(crate) trait Membership<O>: 'static {
    /// What its handle is given.
    type Kept: 'static;

    /// It begins with a [`Member`].
    const IS_MEMBER: bool;

    /// Whoever waits for the task wants to know why it was cancelled.
    const IS_TOLD: bool;

    /// As long as it is there, this thread is within what the task is a member of.
    type Inside;

    /// The task is not made after all.
    fn give_back(self);

    /// Enters that. For the poller, who drops what is returned before the task leaves it.
    fn inside(&self) -> Self::Inside;

    /// It is cancelled, and the task is to end with it.
    fn is_cancelled(&self) -> bool;

    /// The task does: says why, if the handle is to tell.
    fn note(&self, task: &Header);

    /// The task's future has ended like this: what does its handle get? For the poller, before anybody else can see it.
    fn end(&self, task: &Header, outcome: Result<O, Failure>) -> Result<Self::Kept, Failure>;
}

/// A task that is nothing besides.
impl<O: 'static> Membership<O> for () {
    type Kept = O;
    type Inside = ();
    const IS_MEMBER: bool = false;
    const IS_TOLD: bool = false;

    #[inline(always)]
    fn give_back(self) {}

    #[inline(always)]
    fn inside(&self) {}

    #[inline(always)]
    fn is_cancelled(&self) -> bool {
        false
    }

    fn note(&self, _: &Header) {}

    #[inline(always)]
    fn end(&self, _: &Header, outcome: Result<O, Failure>) -> Result<O, Failure> {
        outcome
    }
}

/// What the scope knows of a task: counted until it leaves, linked from its first sleep on.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Member {
    /// Kept by its count of those who have entered; see `scope`.
    node: NonNull<Node>,
    /// In the node's list; under its lock.
    links: Links<Member>,
}

// SAFETY: the node is `Sync`; the links are reached under its lock.
unsafe impl Send for Member {}
// SAFETY: as above.
unsafe impl Sync for Member {}

// SAFETY: the field is inside the member, and its address is computed without making a reference.
unsafe impl Linked for Member {
    unsafe fn links(node: NonNull<Self>) -> NonNull<Links<Self>> {
        // SAFETY: `node` is live (caller), so the field's address is in bounds and not null.
        unsafe { NonNull::new_unchecked(&raw mut (*node.as_ptr()).links) }
    }
}

impl Member {
    pub(crate) fn node(&self) -> NonNull<Node> {
        self.node
    }

    pub(crate) fn scope(&self) -> &Node {
        // SAFETY: the node is kept until this has left it, which is the last that the task does.
        unsafe { self.node.as_ref() }
    }

    /// This thread is within its scope until what is returned is dropped, which comes before the task leaves that.
    #[inline]
    pub(super) fn inside(&self) -> Inside {
        Inside::of(self.node)
    }

    /// Its scope has cancelled the task without having found it: says why, if the task's handle is to tell.
    #[cold]
    pub(super) fn note(&self, task: &Header) {
        if task.is_told() {
            if let Some(reason) = self.scope().reason() {
                task.origin().note(reason);
            }
        }
    }

    /// Its scope is cancelled, and it with that.
    #[inline]
    pub(crate) fn is_cancelled(&self) -> bool {
        self.scope().is_cancelled()
    }
}

/// A task of a scope, of which `K` says what its end means to the others.
#[repr(C)]
pub(crate) struct Grouped<K> {
    member: Member,
    _kind: PhantomData<fn() -> K>,
}

/// Its error, or panic, is the group's, whose other tasks end for it.
pub(crate) struct Failing<E>(PhantomData<fn() -> E>);

/// Its end is its own.
pub(crate) struct Apart;

/// What tells one kind from the other.
pub(crate) trait Kind<O>: Telling {
    type Kept: 'static;

    /// # Safety
    ///
    /// The task is in the node.
    unsafe fn end(
        node: NonNull<Node>,
        task: &Header,
        outcome: Result<O, Failure>,
    ) -> Result<Self::Kept, Failure>;
}

/// What the handle of a task gets that fails with its group.
pub(crate) enum Given<T> {
    Output(T),
    /// It has none. The group, for whoever asks why.
    Nothing(SelfArc<Node>),
}

/// Whether the handle of such a task tells why it was cancelled.
pub(crate) trait Telling: 'static {
    const TOLD: bool;
}

impl<E: 'static> Telling for Failing<E> {
    const TOLD: bool = false;
}

impl Telling for Apart {
    const TOLD: bool = true;
}

impl<K: Telling> Grouped<K> {
    /// A task of the scope, to be made next; `None` if that has ended, or is cancelled.
    pub(crate) fn enter(node: &SelfArc<Node>) -> Option<Self> {
        node.enter().then(|| Self {
            member: Member {
                node: Node::pointer(node),
                links: Links::new(),
            },
            _kind: PhantomData,
        })
    }
}

impl<O: 'static, K: Kind<O>> Membership<O> for Grouped<K> {
    type Kept = K::Kept;
    type Inside = Inside;
    const IS_MEMBER: bool = true;
    const IS_TOLD: bool = K::TOLD;

    fn give_back(self) {
        // SAFETY: `enter` has entered it, and nobody leaves it for this.
        unsafe { Node::leave(self.member.node) };
    }

    #[inline(always)]
    fn inside(&self) -> Inside {
        self.member.inside()
    }

    #[inline(always)]
    fn is_cancelled(&self) -> bool {
        self.member.is_cancelled()
    }

    fn note(&self, task: &Header) {
        self.member.note(task);
    }

    #[inline(always)]
    fn end(&self, task: &Header, outcome: Result<O, Failure>) -> Result<K::Kept, Failure> {
        // SAFETY: the task leaves the node after this.
        unsafe { K::end(self.member.node, task, outcome) }
    }
}

impl<T: 'static, E: Send + 'static> Kind<Result<T, E>> for Failing<E> {
    type Kept = Given<T>;

    #[inline(always)]
    unsafe fn end(
        node: NonNull<Node>,
        task: &Header,
        outcome: Result<Result<T, E>, Failure>,
    ) -> Result<Given<T>, Failure> {
        let node = match outcome {
            Ok(Ok(output)) => return Ok(Given::Output(output)),
            // SAFETY: the caller's.
            Ok(Err(error)) => unsafe { fail_with(node, task, error) },
            // SAFETY: the caller's.
            Err(failure) => unsafe { fail(node, task, failure) },
        };
        Ok(Given::Nothing(node))
    }
}

/// The group has failed with the task's error.
///
/// # Safety
///
/// The task is in the node.
#[cold]
#[inline(never)]
unsafe fn fail_with<E: Send + 'static>(
    node: NonNull<Node>,
    task: &Header,
    error: E,
) -> SelfArc<Node> {
    // SAFETY: the caller's.
    let node = unsafe { Node::counted(node) };
    let (error, text) = describe::<E>(error);
    node.fail(Some(task), Failed::Error(error), text);
    node
}

/// It has with the task's panic, or the task was cancelled.
///
/// # Safety
///
/// The task is in the node.
#[cold]
#[inline]
unsafe fn fail(node: NonNull<Node>, task: &Header, failure: Failure) -> SelfArc<Node> {
    // SAFETY: the caller's.
    let node = unsafe { Node::counted(node) };
    match failure {
        Some(payload) => {
            let text = foreign::message(&*payload);
            node.fail(Some(task), Failed::Panic(payload), text);
        }
        // With the group; or by its handle, which has said so; or by the end of its runtime.
        None => {
            if task.origin().reason().is_none() && !node.is_cancelled() {
                node.fail(Some(task), Failed::Lost, None);
            }
        }
    }
    node
}

/// An error in a box, and what is known of it.
fn describe<E: Send + 'static>(error: E) -> (Box<dyn Any + Send>, Option<String>) {
    let outcome: Result<(), E> = Err(error);
    let text = match findings::read(&outcome) {
        Outcome::Error(text) => Some(text),
        Outcome::Fine | Outcome::Unknown => None,
    };
    let Err(error) = outcome else {
        unreachable!("it was just made an error")
    };
    (Box::new(error), text)
}

impl<O: 'static> Kind<O> for Apart {
    type Kept = O;

    #[inline(always)]
    unsafe fn end(_: NonNull<Node>, _: &Header, outcome: Result<O, Failure>) -> Result<O, Failure> {
        outcome
    }
}
