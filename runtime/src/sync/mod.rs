//! Locks, channels and signals for tasks.
//!
//! | type | for |
//! | --- | --- |
//! | [`oneshot`] | one value, from one task to another |
//! | [`mpsc`] | many values from many tasks to one, with or without a bound |
//! | [`Mutex`] | data that one task at a time uses, also across an `.await` |
//! | [`Notify`] | "something has happened", without saying what |
//! | [`Semaphore`] | no more than so many at once |
//! | [`watch`] | the latest value, from anyone to everyone |
//!
//! All of them work on any runtime, and off one: nothing here needs a reactor or a timer. On leno's they
//! take part in cooperative scheduling: a task that finds every channel full of work still yields now and
//! then.
//!
//! Who waits is served in the order of arrival. Wakers and destructors of user values never run under an
//! internal lock, and one that panics disturbs nobody else.

pub(crate) mod batch_semaphore;
pub mod mpsc;
mod mutex;
mod notify;
pub mod oneshot;
mod semaphore;
pub mod watch;

pub use batch_semaphore::{AcquireError, TryAcquireError};
pub use mutex::{
    MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard, TryLockError,
};
pub use notify::Notify;
pub use semaphore::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

pub mod futures {
    //! The futures that have names.

    pub use super::notify::{Notified, OwnedNotified};
}
