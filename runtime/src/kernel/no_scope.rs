//! There are no scopes in a build without the feature `structured`.
//!
//! A scope has no values, and no task is a [member](crate::kernel::task::Member) of one, so whatever is done with either is never
//! compiled to code.

use crate::kernel::task::{Id, Member, Reason};
use crate::prim::SelfArc;
use std::fmt;
use std::panic::Location;
use std::ptr::NonNull;
use std::time::Duration;

/// A group, or a scope: there are none.
#[derive(Debug)]
pub(crate) enum Node {}

impl Node {
    pub(crate) fn is_cancelled(&self) -> bool {
        match *self {}
    }

    pub(crate) fn reason(&self) -> Option<Reason> {
        match *self {}
    }

    #[cfg(feature = "introspection")]
    pub(crate) fn look(&self) -> Looked {
        match *self {}
    }

    pub(crate) fn link(member: NonNull<Member>) -> bool {
        nobody(member)
    }

    /// # Safety
    ///
    /// None: nobody can call it.
    pub(crate) unsafe fn unlink(member: NonNull<Member>) {
        nobody(member)
    }

    /// # Safety
    ///
    /// None: nobody can call it.
    pub(crate) unsafe fn leave(node: NonNull<Self>) {
        nobody(node)
    }

    pub(crate) fn of_member(member: &Member) -> SelfArc<Self> {
        nobody(member)
    }
}

/// What can only be called with a scope, or a member of one.
fn nobody<T, R>(_: T) -> R {
    unreachable!("there are no scopes without the feature `structured`")
}

/// That a thread is within a scope.
pub(crate) enum Inside {}

impl Inside {
    pub(crate) fn of(node: NonNull<Node>) -> Self {
        nobody(node)
    }
}

/// A node as it was at a moment.
#[cfg(feature = "introspection")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Looked {}

/// Shows `see` the scopes that this thread is within.
#[cfg(feature = "introspection")]
pub(crate) fn look_here(_end: *const Node, _see: impl FnMut(&Node)) {}

/// Looks at scopes, each once.
pub(crate) struct Looks;

impl Looks {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) fn look(&mut self, node: &SelfArc<Node>) -> ScopeInfo {
        match **node {}
    }
}

/// What was known of a group, or of another scope: there are none without the feature `structured`.
#[derive(Debug, Clone)]
pub enum ScopeInfo {}

impl ScopeInfo {
    #[cfg(feature = "introspection")]
    pub(crate) fn within(_nodes: &[Looked], _around: Option<&Self>) -> Option<Self> {
        None
    }

    /// What tells it from others.
    #[must_use]
    pub fn id(&self) -> u64 {
        match *self {}
    }

    /// What made it.
    #[must_use]
    pub fn kind(&self) -> ScopeKind {
        match *self {}
    }

    /// Where it was made.
    #[must_use]
    pub fn place(&self) -> &'static Location<'static> {
        match *self {}
    }

    /// The task that has begun it.
    #[must_use]
    pub fn begun_by(&self) -> Option<Id> {
        match *self {}
    }

    /// Whether who has begun it waits for it.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        match *self {}
    }

    /// Why it was cancelled.
    #[must_use]
    pub fn reason(&self) -> Option<&Reason> {
        match *self {}
    }

    /// For how long it has been cancelled.
    #[must_use]
    pub fn cancelled_for(&self) -> Option<Duration> {
        match *self {}
    }

    /// How many are in it.
    #[must_use]
    pub fn live(&self) -> usize {
        match *self {}
    }

    /// The scope around it.
    #[must_use]
    pub fn around(&self) -> Option<&Self> {
        match *self {}
    }

    #[cfg(feature = "introspection")]
    pub(crate) fn seconds_left(&self) -> Option<f64> {
        match *self {}
    }
}

impl fmt::Display for ScopeInfo {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

/// What a scope was made by: there are none without the feature `structured`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ScopeKind {}

impl fmt::Display for ScopeKind {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}
