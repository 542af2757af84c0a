//! Panics of a run: caught by the panic hook of the process, so that it is known where they were, and that nothing is printed for
//! each of a thousand runs.

use super::standing;
use crate::kernel::task::Id;
use crate::prim::asked;
use leno_sim::{Actor, Failure, FailureKind, Run};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, PanicHookInfo};
use std::sync::Once;

/// A panic, as it was told to the hook.
#[derive(Clone, Debug)]
pub(super) struct Caught {
    message: String,
    place: Option<String>,
    /// Whose turn it was.
    actor: Actor,
}

/// What was thrown, in words.
fn text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("(a value that is no text)").to_owned()
}

impl Caught {
    fn new(info: &PanicHookInfo<'_>) -> Self {
        Self {
            message: text(info.payload()),
            place: info.location().map(ToString::to_string),
            actor: running(),
        }
    }

    /// A panic of which only the payload is known.
    pub(super) fn thrown(payload: &(dyn Any + Send)) -> Self {
        Self {
            message: text(payload),
            place: None,
            actor: Actor::ROOT,
        }
    }

    pub(super) fn into_failure(self, run: &Run) -> Failure {
        Failure {
            kind: FailureKind::Panic,
            place: self.place,
            actors: run.keys([self.actor]),
            message: self.message,
            details: String::new(),
        }
    }
}

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static CAUGHT: RefCell<Vec<Caught>> = const { RefCell::new(Vec::new()) };
}

/// This thread's panics are kept, and not printed, until this is [ended](Self::end) or dropped.
pub(super) struct Watch(());

/// Begins to keep them.
pub(super) fn watch() -> Watch {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if WATCHED.get() {
                CAUGHT.with_borrow_mut(|caught| caught.push(Caught::new(info)));
            } else {
                before(info);
            }
        }));
    });
    WATCHED.set(true);
    Watch(())
}

impl Watch {
    pub(super) fn end(self) -> Vec<Caught> {
        CAUGHT.take()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        WATCHED.set(false);
    }
}

/// Whose turn it is on this thread.
fn running() -> Actor {
    match Id::current().map(Id::get) {
        None | Some(standing::ROOT) => Actor::ROOT,
        Some(id) => Actor(asked::number(id)),
    }
}
