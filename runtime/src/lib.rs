//! leno.

#[cfg(feature = "hyper")]
pub mod hyper;
pub mod io;
mod kernel;
#[doc(hidden)]
pub mod macros;
mod prim;
pub mod runtime;
#[cfg(unix)]
pub mod signal;
pub mod task;
pub mod time;

pub use leno_macros::{main, test};
pub use task::spawn;
