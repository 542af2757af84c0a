//! leno.

pub mod io;
mod kernel;
#[doc(hidden)]
pub mod macros;
mod prim;
pub mod runtime;
pub mod sync;
pub mod task;
pub mod time;

pub use leno_macros::{main, test};
pub use task::spawn;
