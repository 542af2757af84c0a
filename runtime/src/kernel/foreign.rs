//! Calling code that is not ours where a panic must end: wakers and callbacks on a thread that drives tasks.
//!
//! The panic hook has reported the panic by then, and nobody is left who could be told.

use crate::prim::asked;
use std::any::Any;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Calls `f`, and lets no panic out.
pub(crate) fn call(f: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(f)) {
        asked::panicked(&*payload);
        discard(payload);
    }
}

/// Drops what somebody panicked with, whose destructor may panic in turn.
#[cold]
pub(crate) fn discard(payload: Box<dyn Any + Send>) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // This could go on for ever.
        let _leaked = ManuallyDrop::new(payload);
    }
}
