//! leno.

mod kernel;
mod prim;
pub mod runtime;
#[cfg(unix)]
pub mod signal;
pub mod task;

pub use task::spawn;
