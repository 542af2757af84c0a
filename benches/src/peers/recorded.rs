//! leno, while its flight recorder is on: what recording costs is the difference to leno.

use super::same_names::Leno;
use crate::peer::Peer;
use crate::workload::Runtime;
use std::future::Future;

/// Both, with what every peer can do.
pub(super) fn all() -> Vec<Runtime> {
    vec![Runtime::new::<Recorded>(), Runtime::new::<Traced>()]
}

/// leno with the recorder on, as it may be always.
#[derive(Debug)]
pub(super) struct Recorded(Leno);

/// leno while it is traced: each event with its time.
#[derive(Debug)]
pub(super) struct Traced(Leno);

macro_rules! peer {
    ($Peer:ident, $name:literal, $observe:expr) => {
        impl Peer for $Peer {
            const NAME: &'static str = $name;

            type Join<T: Send + 'static> = <Leno as Peer>::Join<T>;

            fn start(workers: usize) -> Self {
                let leno = Leno::start(workers);
                let observe: fn(&leno::runtime::Handle) = $observe;
                observe(&leno.block_on(async { leno::runtime::Handle::current() }));
                Self(leno)
            }

            fn block_on<F: Future>(&self, future: F) -> F::Output {
                self.0.block_on(future)
            }

            fn spawn<F>(future: F) -> Self::Join<F::Output>
            where
                F: Future + Send + 'static,
                F::Output: Send + 'static,
            {
                Leno::spawn(future)
            }

            fn spawn_from_outside<F>(&self, future: F) -> Self::Join<F::Output>
            where
                F: Future + Send + 'static,
                F::Output: Send + 'static,
            {
                self.0.spawn_from_outside(future)
            }

            fn yield_now() -> impl Future<Output = ()> + Send {
                Leno::yield_now()
            }
        }
    };
}

peer!(Recorded, "leno-recorded", |handle| leno::trace::record(
    handle, true
));
// Until the runtime ends, with which the guard has nothing to do any more.
peer!(Traced, "leno-traced", |handle| {
    let _traced = std::mem::ManuallyDrop::new(leno::trace::start_of(handle));
});
