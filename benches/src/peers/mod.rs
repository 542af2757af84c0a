//! The runtimes that are compared.

mod same_names;
mod smol_peer;

pub use same_names::{Leno, Tokio};
pub use smol_peer::Smol;
