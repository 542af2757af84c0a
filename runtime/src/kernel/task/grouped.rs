//! A task of a group, or of another scope: its kind says what its end means to the others.

use super::cell::Header;
use super::error::Failure;
use super::member::{Member, Membership};
use crate::kernel::findings::{self, Outcome};
use crate::kernel::foreign;
use crate::kernel::list::Links;
use crate::kernel::scope::{Failed, Inside, Node};
use crate::prim::SelfArc;
use std::any::Any;
use std::marker::PhantomData;
use std::ptr::NonNull;

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
