//! Structured concurrency: nothing that is begun here outlives the block that began it. The guide of [`crate::task`] tells when
//! it is wanted, and what it does when it is misused.
//!
//! The scopes themselves, and the tasks in them, are the kernel's (`kernel/scope.rs`); here are the forms in which a program has
//! them. All of it is the feature `structured`: a program that asks for tokio's features alone does not pay for compiling it.

mod body;
mod group;
mod guard;
mod local_group;
mod race;
mod scope;
mod shield;
mod supervise;

pub use group::{
    AllErrors, Answer, Child, Errors, FirstError, Policy, TaskGroup, group, group_with,
};
pub use guard::{Guard, OnCancel, guard, on_cancel};
pub use local_group::{
    LocalChild, LocalGroup, Sendable, TryLocalGroup, Unsendable, local_group, local_group_send,
    try_local_group, try_local_group_send,
};
pub use race::{IntoRace, Race, Race2, Race3, Race4, Race5, Race6, Race7, Race8, race};
pub use scope::{Cancelled, Scope, ScopeHandle, deadline, is_cancelled, reason};
pub use shield::{Shield, shield};
pub use supervise::{Supervisor, supervise};
