//! Locks, channels and signals for tasks.
//!
//! | type | for |
//! | --- | --- |
//! | [`oneshot`] | one value, from one task to another |
//! | [`mpsc`] | many values from many tasks to one, with or without a bound |
//! | [`Mutex`] | data that one task at a time uses, also across an `.await` |
//! | [`RwLock`] | data that many tasks read or one changes |
//! | [`Notify`] | "something has happened", without saying what |
//! | [`Semaphore`] | no more than so many at once |
//! | [`broadcast`] | every value, from anyone to everyone |
//! | [`watch`] | the latest value, from anyone to everyone |
//! | [`Barrier`] | tasks that wait for each other |
//! | [`OnceCell`] | a value that whoever needs it first makes |
//! | [`SetOnce`] | a value that one task provides, once, and others wait for |
//!
//! All of them work on any runtime, and off one: nothing here needs a reactor or a timer. On leno's they
//! take part in cooperative scheduling: a task that finds every channel full of work still yields now and
//! then.
//!
//! Who waits is served in the order of arrival. Wakers and destructors of user values never run under an
//! internal lock, and one that panics disturbs nobody else.

mod barrier;
pub(crate) mod batch_semaphore;
pub mod broadcast;
pub mod mpsc;
mod mutex;
mod notify;
mod once_cell;
pub mod oneshot;
mod rwlock;
mod semaphore;
mod set_once;
pub mod watch;

pub use barrier::{Barrier, BarrierWaitResult};
pub use batch_semaphore::{AcquireError, TryAcquireError};
pub use mutex::{
    MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard, TryLockError,
};
pub use notify::Notify;
pub use once_cell::{OnceCell, SetError};
pub use rwlock::{
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock,
    RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard,
};
pub use semaphore::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
pub use set_once::{SetOnce, SetOnceError};

pub mod futures {
    //! The futures that have names.

    pub use super::notify::{Notified, OwnedNotified};
}
