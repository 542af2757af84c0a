//! The user's callbacks.

use crate::kernel::foreign;
use std::fmt;

/// A function of the user's, called when something happens to a thread.
pub(crate) struct Callback(Box<dyn Fn() + Send + Sync>);

impl Callback {
    pub(crate) fn new(callback: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Box::new(callback))
    }

    /// Calls it. A panic is the user's, and reported by the panic hook; the thread goes on, since tasks of others
    /// depend on it.
    pub(crate) fn call(callback: Option<&Self>) {
        if let Some(callback) = callback {
            foreign::call(|| (callback.0)());
        }
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callback(..)")
    }
}

/// What the user wants to be told about the threads that drive tasks.
#[derive(Debug, Default)]
pub(crate) struct ParkHooks {
    /// A thread has nothing to do and is about to sleep.
    pub(crate) on_park: Option<Callback>,
    /// It is awake again.
    pub(crate) on_unpark: Option<Callback>,
}
