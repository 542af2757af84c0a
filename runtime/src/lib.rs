//! leno.
mod kernel;
mod prim;
