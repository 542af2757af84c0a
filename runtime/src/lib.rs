//! leno.

pub mod io;
mod kernel;
pub mod net;
mod prim;
pub mod runtime;
pub mod task;

pub use task::spawn;
