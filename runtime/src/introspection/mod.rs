//! The door to those who look into a runtime: all that `runtime`, `task` and `coroutine` know of `diagnostics` and `trace`.
//!
//! With the feature `introspection` it leads there; without it nobody is behind it, nothing is looked for, and what makes text of
//! findings, dumps and recordings is not compiled.

#[cfg(not(feature = "introspection"))]
mod absent;
#[cfg(feature = "introspection")]
mod present;

#[cfg(not(feature = "introspection"))]
pub(crate) use absent::*;
#[cfg(feature = "introspection")]
pub(crate) use present::*;
