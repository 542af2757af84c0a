//! There is no pool in a build without the feature `rt-multi-thread`.
//!
//! The types have no values, so whatever is done with one is never compiled to code.

use crate::kernel::clock::Clock;
use crate::kernel::driver::Driver;
use crate::kernel::observe::{Change, Source};
use crate::kernel::register::Register;
use crate::kernel::task::{Home, TaskInfo};
use crate::kernel::wheel;
use crate::kernel::worker::Handed;
use crate::prim::Arc;

/// There is none.
#[derive(Debug)]
pub(crate) enum Pool {}

/// What tasks of one have.
#[derive(Debug)]
pub(crate) enum Homes {}

macro_rules! never {
    ($(fn $name:ident($($argument:ident: $type:ty),*) $(-> $output:ty)?;)+) => {
        $(pub(crate) fn $name(&self, $($argument: $type),*) $(-> $output)? {
            $(let _ = $argument;)*
            match *self {}
        })+
    };
}

impl Pool {
    pub(crate) fn homes(pool: &Arc<Self>) -> Homes {
        match **pool {}
    }

    pub(crate) fn watch(pool: &Arc<Self>, _start: impl Fn(Handed) -> bool) {
        match **pool {}
    }

    pub(crate) fn observe(&self, _change: Change, _source: impl FnOnce() -> Source) {
        match *self {}
    }

    pub(crate) fn wheels(&self) -> std::slice::Iter<'_, wheel::Handle> {
        match *self {}
    }

    never! {
        fn busy(worker: usize) -> u64;
        fn clock() -> &Arc<Clock>;
        fn close();
        fn count_spawned(homes: &Homes) -> Home;
        fn driver() -> &Driver;
        fn injected() -> usize;
        fn is_closed() -> bool;
        fn is_watched() -> bool;
        fn live_tasks() -> u64;
        fn polled() -> Vec<(usize, TaskInfo)>;
        fn register() -> &Register;
        fn sleeps(worker: usize) -> u64;
        fn spares() -> (usize, u64);
        fn steals(worker: usize) -> (u64, u64);
        fn stuck_time(worker: usize) -> u64;
        fn wait_for_tasks();
        fn wheel() -> &wheel::Handle;
        fn workers() -> usize;
    }
}
