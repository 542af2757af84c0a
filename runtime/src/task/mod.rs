//! Asynchronous tasks.

mod task_local;

#[doc(hidden)]
pub use task_local::LocalSlot;
pub use task_local::{AccessError, LocalKey, TaskLocalFuture};
