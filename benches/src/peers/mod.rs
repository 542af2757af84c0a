//! The runtimes that are compared.

mod bare;
mod grouped;
#[cfg(feature = "more-peers")]
mod more;
#[cfg(feature = "more-peers")]
mod recorded;
mod same_names;
mod smol_peer;

pub(crate) use same_names::fix_event_interval;
pub use same_names::{Leno, Tokio};
pub use smol_peer::Smol;

use crate::peer::{Blocking, Channels, Http, Timers};
use crate::workload::Runtime;

/// What [`all`] may give, with the feature `more-peers` and without: a peer of another name is somebody's own.
pub const NAMES: [&str; 8] = [
    "leno",
    "tokio",
    "smol",
    "bare",
    "leno-recorded",
    "leno-traced",
    "monoio",
    "compio",
];

/// Those of [`NAMES`] that are no runtime to take: threads without one, and leno while it is observed.
pub const NOT_TO_BE_TAKEN: [&str; 3] = ["bare", "leno-recorded", "leno-traced"];

/// All of them, leno first, then the bare one, which is none, and with the feature `more-peers` leno while it is recorded, and
/// some that only serve.
pub fn all() -> Vec<Runtime> {
    let runtimes = vec![
        with_everything::<Leno>().groups::<Leno>(),
        with_everything::<Tokio>().groups::<Tokio>(),
        with_everything::<Smol>(),
        bare::runtime(),
    ];
    #[cfg(feature = "more-peers")]
    let runtimes = [runtimes, recorded::all(), more::all()].concat();
    runtimes
}

/// A runtime that offers everything but groups.
fn with_everything<P: Timers + Blocking + Channels + Http>() -> Runtime {
    Runtime::new::<P>()
        .timers::<P>()
        .blocking::<P>()
        .channels::<P>()
        .network::<P>()
        .timers_and_network::<P>()
        .http::<P>()
}
