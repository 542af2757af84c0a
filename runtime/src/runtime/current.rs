//! The runtime of the current thread. (A stand-in: the runtime brings the real one.)

use crate::kernel::clock::Clock;
use crate::kernel::wheel::Wheel;
use std::cell::RefCell;
use std::sync::Arc;

#[derive(Clone)]
pub(super) struct Current {
    pub(super) wheel: Option<Arc<Wheel>>,
    pub(super) clock: Arc<Clock>,
    pub(super) is_current_thread: bool,
}

thread_local! {
    pub(super) static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

#[track_caller]
pub(crate) fn wheel() -> Arc<Wheel> {
    try_wheel().expect("there is no runtime here, or its timers are not enabled: `enable_time()`")
}

pub(crate) fn try_wheel() -> Option<Arc<Wheel>> {
    CURRENT.with_borrow(|current| current.as_ref()?.wheel.clone())
}

pub(crate) fn clock() -> Option<Arc<Clock>> {
    CURRENT.with_borrow(|current| Some(current.as_ref()?.clock.clone()))
}

pub(crate) fn is_current_thread() -> bool {
    CURRENT.with_borrow(|current| current.as_ref().is_some_and(|c| c.is_current_thread))
}
