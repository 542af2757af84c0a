//! leno.
mod kernel;
mod prim;
pub mod sync;
