//! leno.

mod kernel;
mod prim;
pub mod runtime;
pub mod task;

pub use task::spawn;
