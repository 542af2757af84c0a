//! Panics of a run: those that leno has caught, since they end a task or what else it was that panicked.
//!
//! The panic hook of the process knows where they were, and prints nothing for each of a thousand runs. But it only knows of what is
//! *thrown*: a program may catch that itself, then nothing has failed; and one that is thrown on, or comes when the program has a hook
//! of its own in the place of this one, is known by what was caught alone.

use super::{environment, standing};
use crate::kernel::task::Id;
use crate::prim::asked;
use leno_sim::{Actor, Failure, FailureKind, Run};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, PanicHookInfo};
use std::sync::Once;
use std::thread;

/// A panic, as it was told to the hook.
#[derive(Clone, Debug)]
pub(super) struct Caught {
    message: String,
    place: Option<String>,
    /// Whose turn it was.
    actor: Actor,
    /// Which event of its run it is: panics, and what else it matters to have been before or after one.
    event: u64,
}

impl Caught {
    fn new(info: &PanicHookInfo<'_>) -> Self {
        Self {
            message: text(info.payload()).to_owned(),
            place: info.location().map(ToString::to_string),
            actor: running(),
            event: event(),
        }
    }

    /// What was thrown as `payload`: as the hook has had it last, if it was told.
    pub(super) fn thrown(payload: &(dyn Any + Send)) -> Self {
        let text = text(payload);
        let told = HOOKED.with_borrow_mut(|hooked| {
            let last = hooked.iter().rposition(|told| told.message == text)?;
            Some(hooked.remove(last))
        });
        told.unwrap_or_else(|| Self {
            message: text.to_owned(),
            place: None,
            actor: running(),
            event: event(),
        })
    }

    /// Where it comes among the events of its run.
    pub(super) fn event(&self) -> u64 {
        self.event
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

/// What is said of a payload that is none.
const NO_TEXT: &str = "(a value that is no text)";

/// What somebody has panicked with, as a text.
fn text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or(NO_TEXT)
}

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static EVENTS: Cell<u64> = const { Cell::new(0) };
    /// What the hook was told of, and nobody was seen to catch.
    static HOOKED: RefCell<Vec<Caught>> = const { RefCell::new(Vec::new()) };
    /// What leno has caught.
    static CAUGHT: RefCell<Vec<Caught>> = const { RefCell::new(Vec::new()) };
}

/// Something happens now: later than all that had a number before.
pub(super) fn event() -> u64 {
    let event = EVENTS.get();
    EVENTS.set(event + 1);
    event
}

/// True if there may be any panics: each is an event. So a run without one touches no list.
fn has_any() -> bool {
    EVENTS.get() != 0
}

/// What the standard library says when nothing can unwind any more: the process ends next, and there will be no report.
const ENDS_THE_PROCESS: [&str; 2] = [
    "panic in a destructor during cleanup",
    "panic in a function that cannot unwind",
];

/// Tells of the panics that have led to the end of the process, since nobody else will.
#[cold]
fn say_what_came_before() {
    let name = thread::current().name().unwrap_or("a thread").to_owned();
    environment::say(format_args!(
        "{name}: a simulated run panics while it unwinds, which ends the process. The last panics, the latest one at the end:"
    ));
    HOOKED.with_borrow(|hooked| {
        for told in &hooked[hooked.len().saturating_sub(3)..] {
            let place = told.place.as_deref().unwrap_or("a place that is not known");
            environment::say(format_args!("  {} ({place})", told.message));
        }
    });
}

/// So many panics that the program catches itself are remembered, for those that come after: it may do that as often as it likes.
const REMEMBERED: usize = 1000;

/// This thread's panics are kept, and not printed, until this is [ended](Self::end) or dropped.
pub(super) struct Watch {
    before: Option<asked::OnPanic>,
}

/// Begins to keep them.
pub(super) fn watch() -> Watch {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if WATCHED.get() {
                let told = Caught::new(info);
                if ENDS_THE_PROCESS.contains(&&*told.message) {
                    say_what_came_before();
                    return before(info);
                }
                HOOKED.with_borrow_mut(|hooked| {
                    if hooked.len() == REMEMBERED {
                        hooked.clear();
                    }
                    hooked.push(told);
                });
            } else {
                before(info);
            }
        }));
    });
    WATCHED.set(true);
    EVENTS.set(0);
    let before = asked::tell_panics(Some(|payload| {
        let caught = Caught::thrown(payload);
        CAUGHT.with_borrow_mut(|all| all.push(caught));
    }));
    Watch { before }
}

impl Watch {
    /// What was caught, in the order in which it was thrown.
    pub(super) fn end(self) -> Vec<Caught> {
        if !has_any() {
            return Vec::new();
        }
        let mut caught = CAUGHT.take();
        caught.sort_by_key(Caught::event);
        caught
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        WATCHED.set(false);
        asked::tell_panics(self.before);
        if has_any() {
            drop(CAUGHT.take());
            drop(HOOKED.take());
        }
    }
}

/// Whose turn it is on this thread.
fn running() -> Actor {
    match Id::current().map(Id::get) {
        None | Some(standing::ROOT) => Actor::ROOT,
        Some(id) => Actor(asked::number(id)),
    }
}
