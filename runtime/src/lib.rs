//! leno.
mod kernel;
mod prim;
pub mod runtime;
pub mod time;
