//! The runtimes that are compared.

mod leno_peer;
mod smol_peer;
mod tokio_peer;

pub use leno_peer::Leno;
pub use smol_peer::Smol;
pub use tokio_peer::Tokio;
