//! The runtimes that are compared.

mod bare;
mod same_names;
mod smol_peer;

pub use same_names::{Leno, Tokio};
pub use smol_peer::Smol;

use crate::peer::{Blocking, Channels, Http, Timers};
use crate::workload::Runtime;

/// All of them, leno first, and last the bare one, which is none.
pub fn all() -> Vec<Runtime> {
    vec![
        with_everything::<Leno>(),
        with_everything::<Tokio>(),
        with_everything::<Smol>(),
        bare::runtime(),
    ]
}

/// A runtime that offers everything.
fn with_everything<P: Timers + Blocking + Channels + Http>() -> Runtime {
    Runtime::new::<P>()
        .timers::<P>()
        .blocking::<P>()
        .channels::<P>()
        .network::<P>()
        .http::<P>()
}
