//! leno.
pub mod io;
mod kernel;
mod prim;
