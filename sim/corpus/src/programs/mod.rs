//! The programs: a file each, with the bug as it occurs in practice, why an order of tasks alone does not show it, and how it is mended.

pub mod channel_cycle;
pub mod check_then_act;
pub mod dining_3;
pub mod futurelock;
pub mod lease_look_then_take;
pub mod lock_inversion;
pub mod lost_notify;
pub mod lost_notify_await;
pub mod rmw_across_await;
pub mod select_loses_half;
pub mod semaphore_upgrade;
pub mod shutdown_drops_work;
pub mod six_switches;
