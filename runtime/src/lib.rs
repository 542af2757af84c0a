//! Skeleton.
//! leno.
mod kernel;
#[doc(hidden)]
pub mod macros;
mod prim;
pub mod task;

pub use leno_macros::{main, test};
