//! loom models of leno's cross-thread protocols.
//!
//! This crate compiles the runtime's own kernel files behind another door: `prim` here is made of loom's
//! types. What is modelled is therefore what ships.
#![allow(
    dead_code,
    unused_imports,
    missing_docs,
    missing_debug_implementations,
    reason = "the files are the runtime's, which uses and documents all of them; a model uses what it models"
)]

mod deque;
mod handle {
    pub(crate) use crate::reactor::Handle;
}
mod mutation;
mod prim;
mod reactor;

#[path = "../../runtime/src/kernel/mod.rs"]
mod kernel;

#[path = "../../reactor/src/block_on.rs"]
mod block_on;

#[path = "../../reactor/src/readiness.rs"]
mod readiness;

#[path = "../../runtime/src/sync/mod.rs"]
mod sync;
#[path = "../../reactor/src/waiters.rs"]
mod waiters;

#[cfg(test)]
mod models;
