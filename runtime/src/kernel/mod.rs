//! The kernel: tasks, queues, parking, timers. Everything with an ordering or a raw pointer.

pub(crate) mod atomic_waker;
pub(crate) mod budget;
pub(crate) mod here;
pub(crate) mod list;
pub(crate) mod rng;
pub(crate) mod root;
pub(crate) mod wake_list;
