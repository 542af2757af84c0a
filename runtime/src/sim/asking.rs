//! How the kernel's questions come to a [`Run`]: numbers of tasks are actors, addresses are resources.

use super::line::Line;
use super::watchdog::Pulse;
use crate::prim::asked::Asked;
use leno_sim::{Access, Actor, Calm, Kind, Place, Point, Resource, Run};
use std::any::Any;
use std::collections::HashMap;
use std::mem;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

/// So many leaves that are ready go on in one turn, as in production.
const LEAVES_PER_TURN: u16 = 128;

/// So many go on at one moment. More are taken for what spins until real time has passed, and would be decisions in vain.
const LEAVES_AT_ONCE: u32 = 1_000_000;

const SPINS: &str = "the program goes on and on while no time passes: it waits for time to pass by itself, which it does not in a \
     simulation, or never ends. Let it sleep, or leave it out of the test";

/// A run that is asked by the kernel of this thread.
///
/// Used again for the next run, so that nothing is allocated for one.
pub(super) struct Asking {
    run: Run,
    /// The line of those who can go on.
    line: Line,
    /// Resources by their addresses, numbered in the order in which they are touched first.
    resources: HashMap<usize, u32>,
    /// Who polls by hand is not held up.
    spares_hand_polls: bool,
    /// How many leaves have gone on in this turn, and were ready.
    gone_on: u16,
    /// And since time has moved.
    at_once: u32,
    /// Who waits in the middle of its turn, those further out first.
    waiting: Vec<Actor>,
    /// Why the run counts as refused, if it does.
    refused: Option<&'static str>,
    /// Counts turns, for who looks whether this thread is stuck in one.
    pulse: Arc<Pulse>,
}

impl Asking {
    pub(super) fn new(pulse: &Arc<Pulse>) -> Box<Self> {
        Box::new(Self {
            run: Run::new(Box::new(Calm)),
            line: Line::default(),
            resources: HashMap::new(),
            spares_hand_polls: false,
            gone_on: 0,
            at_once: 0,
            waiting: Vec::new(),
            refused: None,
            pulse: Arc::clone(pulse),
        })
    }

    /// Takes `run` until [`give_back`].
    pub(super) fn take(
        mut self: Box<Self>,
        run: &mut Run,
        spares_hand_polls: bool,
    ) -> Box<dyn Asked> {
        self.spares_hand_polls = spares_hand_polls;
        self.line.clear();
        self.resources.clear();
        self.gone_on = 0;
        self.at_once = 0;
        self.waiting.clear();
        self.refused = None;
        mem::swap(&mut self.run, run);
        self
    }

    /// Why the run that was given back last counts as refused, if it does.
    pub(super) fn refused(&self) -> Option<&'static str> {
        self.refused
    }
}

/// The end of [`Asking::take`].
pub(super) fn give_back(asked: Box<dyn Asked>, run: &mut Run) -> Option<Box<Asking>> {
    let mut asking = asked.into_any().downcast::<Asking>().ok()?;
    mem::swap(&mut asking.run, run);
    Some(asking)
}

impl Asked for Asking {
    fn woke(&mut self, id: u32) {
        self.line.push(Actor(id));
        self.run.woke(Actor(id));
    }

    fn next(&mut self) -> Option<u32> {
        if self.line.all().is_empty() {
            return None;
        }
        self.pulse.beat();
        self.gone_on = 0;
        let chosen = self.run.next(self.line.all());
        self.line.remove(chosen);
        let actor = self.run.running();
        self.note(actor);
        Some(actor.0)
    }

    fn leave_line(&mut self) -> Vec<u32> {
        let order = self.line.all().iter().map(|actor| actor.0).collect();
        self.line.clear();
        order
    }

    fn pick(&mut self, ready: &[u32]) -> usize {
        self.pulse.beat();
        self.gone_on = 0;
        let ready: Vec<_> = ready.iter().copied().map(Actor).collect();
        let chosen = self.run.next(&ready);
        self.note(ready[chosen]);
        chosen
    }

    fn clock(&mut self, now: u64) {
        self.pulse.beat();
        self.at_once = 0;
        self.run.time_is(now);
        self.run
            .note(|| format!("time moves to {:?}", Duration::from_nanos(now)));
    }

    fn stalls(&mut self) -> bool {
        self.run.draw(Point::Stall, 2) == 1
    }

    fn go_on(&mut self, is_runtimes: bool) -> bool {
        // Unless the rest of this turn is held: what is held at one leaf is held at all that follow.
        let is_spared = self.spares_hand_polls && !is_runtimes && !self.run.is_held();

        // Production's budget would be over as well: without this, who loops over what is ready would do so for ever.
        if self.gone_on >= LEAVES_PER_TURN {
            if self.gone_on == LEAVES_PER_TURN {
                self.run.note(|| "  its budget is over".to_owned());
                // It gives way, as there: a loop over what is ready is a wait by yielding to a chooser with priorities.
                self.run.yielded();
                self.gone_on += 1;
            }
            return false;
        }
        if self.at_once == LEAVES_AT_ONCE {
            // Nobody goes on from here, so the run is over soon.
            self.refuse(SPINS);
            return false;
        }
        let goes_on = is_spared || self.run.leaf();
        if goes_on {
            self.gone_on += 1;
            self.at_once += 1;
        } else {
            self.run.note(|| "  it is held up".to_owned());
        }
        goes_on
    }

    fn gives_back(&mut self) {
        self.gone_on = self.gone_on.saturating_sub(1);
    }

    fn may_go_on(&mut self) -> bool {
        self.gone_on < LEAVES_PER_TURN && !self.run.is_held()
    }

    fn be_fair(&mut self, is_fair: bool) {
        self.run.be_fair(is_fair);
    }

    fn draw(&mut self, count: u32) -> u32 {
        self.run.draw(Point::Start, count)
    }

    fn choose(&mut self, count: u32) -> u32 {
        self.run.draw(Point::Choice, count)
    }

    fn born(&mut self, id: u32, place: &'static Location<'static>, name: Option<String>) {
        let location = Some(place);
        self.run
            .born(Actor(id), Kind::Task, Place { name, location });
    }

    fn is_closure(&mut self, id: u32) {
        self.run.is_closure(Actor(id));
    }

    fn yielded(&mut self) {
        self.run.yielded();
    }

    fn wants_touches(&self) -> bool {
        self.run.wants_touches()
    }

    fn spares_hand_polls(&self) -> bool {
        self.spares_hand_polls
    }

    fn touch(&mut self, address: usize, changes: bool) {
        let next = self.resources.len() as u32;
        let number = *self.resources.entry(address).or_insert(next);
        let access = if changes { Access::Write } else { Access::Read };
        self.run.touch(Resource(number), access);
    }

    fn sometimes(&mut self, name: &'static str, place: &'static Location<'static>, is_so: bool) {
        self.run.sometimes(name, place, is_so);
    }

    fn always(&mut self, name: &'static str, place: &'static Location<'static>, is_so: bool) {
        self.run.always(name, place, is_so);
    }

    fn waits(&mut self) {
        self.waiting.push(self.run.running());
    }

    fn resumes(&mut self) {
        let Some(actor) = self.waiting.pop() else {
            return;
        };
        self.pulse.beat();
        self.gone_on = 0;
        // What it does from here on is its own, and no more held up than by a new poll.
        self.run.next(&[actor]);
        self.note(actor);
    }

    fn refuse(&mut self, why: &'static str) {
        self.refused.get_or_insert(why);
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl Asking {
    /// For the report: whose turn it is.
    #[inline]
    fn note(&mut self, actor: Actor) {
        if self.run.is_told() {
            self.tell(actor);
        }
    }

    #[cold]
    fn tell(&mut self, actor: Actor) {
        let called = called(&self.run, actor);
        let turn = self.run.actors().turns(actor);
        self.run.note(|| format!("turn {turn} of {called}"));
    }
}

/// What somebody is called in a report.
pub(super) fn called(run: &Run, actor: Actor) -> String {
    if actor == Actor::ROOT {
        return "the test's future".to_owned();
    }
    let Some(place) = run.actors().place(actor) else {
        return format!("task {}", actor.0);
    };
    let name = place.name.as_ref();
    let name = name.map_or_else(String::new, |name| format!(" `{name}`"));
    let at = place.location;
    let at = at.map_or_else(String::new, |at| format!(" ({}:{})", at.file(), at.line()));
    let key = run.actors().key(actor);
    match run.actors().kind(actor) {
        Kind::Closure => format!("{key}{name}{at}"),
        _ => format!("task {key}{name}{at}"),
    }
}
