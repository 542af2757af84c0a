//! What is asked, and who answers.

use crate::actor::{Actor, Actors};
use crate::claim::{Claim, Prefix};
use crate::run::Run;

/// What kind of question was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Point {
    /// Which of the actors that can go on goes next. 0 is the one that has waited longest.
    Next,
    /// Whether the running actor is held up at this leaf: 0 it goes on, 1 it is held.
    Leaf,
    /// At which branch a `select!` begins.
    Start,
    /// Whether time moves on although somebody could go on.
    Stall,
    /// How long a closure that may block has taken.
    Closure,
    /// The program's own choice.
    Choice,
}

/// Something that several actors may touch: a lock, a channel's end, a task. A number that holds for one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resource(pub u32);

/// How a [`Resource`] is touched. Two touches conflict unless both only look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// It only looks.
    Read,
    /// It changes what others see.
    Write,
}

/// Who decides.
///
/// Choice 0 is always the calm one: first come, first served; nobody is held up. A chooser that returns a number beyond what
/// there is gets the calm choice. It must be deterministic in what it is told and in its seed, or no failure of it can be
/// repeated. It goes with its [`Run`] to another thread, if a program has each of its runs on a thread of its own.
///
/// `examples/own_chooser.rs` has one of one's own, with a policy from a paper. [`Strategy::custom`](crate::Strategy::custom)
/// takes it to wherever a policy is asked for, and [`Random`](crate::Random) is there to draw from.
pub trait Chooser: Send {
    /// Begins a run. False if there is nothing left that this chooser would try: then the run is not made.
    fn begin(&mut self, seed: u64) -> bool;

    /// Which of `ready` goes next, as an index. It is asked only if there are two at least; they are in the order in which they
    /// became ready.
    fn next(&mut self, actors: &Actors, ready: &[Actor]) -> usize;

    /// Whether `actor`, in the middle of its poll, is held up at this leaf. Who has been held is not asked again in the same
    /// poll.
    fn hold(&mut self, actors: &Actors, actor: Actor) -> bool;

    /// A number below `count`, for `point`.
    fn draw(&mut self, actors: &Actors, point: Point, actor: Actor, count: u32) -> u32;

    /// `actor` is the only one that can go on, so nobody was asked.
    fn only(&mut self, _actors: &Actors, _actor: Actor) {}

    /// `actor` was born, by `by`.
    fn born(&mut self, _actors: &Actors, _actor: Actor, _by: Actor) {}

    /// `actor` can go on, because of what `by` did.
    fn woke(&mut self, _actors: &Actors, _actor: Actor, _by: Actor) {}

    /// `actor` gives way of its own will, to whoever can go on.
    fn yielded(&mut self, _actors: &Actors, _actor: Actor) {}

    /// True if [`touch`](Self::touch) is of use to this chooser: else nobody takes the trouble.
    fn wants_touches(&self) -> bool {
        false
    }

    /// The running `actor` touches something, between the last boundary and the next.
    fn touch(&mut self, _actors: &Actors, _actor: Actor, _resource: Resource, _access: Access) {}

    /// What this chooser did in the run that has begun, in a word or two for the report: `walk 1/16`. Nothing if the name that it
    /// was given says enough.
    fn describe(&self) -> Option<String> {
        None
    }

    /// The run is over. What was chosen stands in `run`.
    fn end(&mut self, _run: &Run, _failed: bool) {}

    /// What it has covered so far, if it goes through schedules and does not only draw them.
    fn claim(&self) -> Option<Claim> {
        None
    }

    /// What it has not tried yet, as prefixes that another one can go on with. To be asked between two runs.
    fn unexplored(&self) -> Vec<Prefix> {
        Vec::new()
    }
}

/// Always takes the calm choice.
#[derive(Clone, Copy, Debug, Default)]
pub struct Calm;

impl Chooser for Calm {
    fn begin(&mut self, _seed: u64) -> bool {
        true
    }

    fn next(&mut self, _actors: &Actors, _ready: &[Actor]) -> usize {
        0
    }

    fn hold(&mut self, _actors: &Actors, _actor: Actor) -> bool {
        false
    }

    fn draw(&mut self, _actors: &Actors, _point: Point, _actor: Actor, _count: u32) -> u32 {
        0
    }
}
