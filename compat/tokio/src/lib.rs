//! leno under tokio's name.
//!
//! ```toml
//! [patch.crates-io]
//! tokio = { path = "…/leno/compat/tokio" }
//! ```
//!
//! With these two lines in the manifest of a workspace, all crates in it that are written against tokio run on leno,
//! unmodified. Everything here is a re-export; what it does is documented in `leno`.

#![forbid(unsafe_code)]

pub use leno::*;
// These name `tokio` in what they expand to: whoever uses them may not have leno among the dependencies.
#[cfg(feature = "macros")]
pub use leno_macros::{tokio_main as main, tokio_test as test};
