//! One run: it asks the chooser, and writes down what was chosen.
//!
//! A run is used again for the next one, so that nothing is allocated per run. Each decision goes into a hash, of which a
//! checkpoint is kept every 256 decisions: two runs that should be one are compared by their hashes, and the place where they
//! part is found between two checkpoints.

use crate::actor::{Actor, Actors, Key, Kind, Place};
use crate::chooser::{Access, Calm, Chooser, Point, Resource};
use crate::program::{Failure, FailureKind};
use crate::tally::{Site, Tally};
use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::panic::Location;

/// A question and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What was asked.
    pub point: Point,
    /// Who was chosen, if it was asked who goes next; else who was running.
    pub actor: Actor,
    /// How many answers there were.
    pub count: u32,
    /// Which one was given; 0 is the calm one.
    pub taken: u32,
}

/// The hash of a run up to one of its decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// How many decisions had been made.
    pub decisions: u64,
    /// The hash of all of them, of all actors and moments up to there.
    pub hash: u64,
}

/// How many decisions lie between two checkpoints.
const STRIDE: u64 = 256;

/// How many notes are kept: the last ones, since a report tells how it ended.
const NOTES: usize = 20;

/// FNV-1a, with a word in the place of a byte: no secret is kept by it, and equal runs have to have equal hashes on every
/// machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hash(u64);

impl Hash {
    pub(crate) const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    #[inline]
    pub(crate) fn word(&mut self, word: u64) {
        // The shift brings the high bits back down, which a multiplication alone never does.
        self.0 = (self.0 ^ word).wrapping_mul(0x0000_0100_0000_01b3);
        self.0 ^= self.0 >> 29;
    }

    pub(crate) fn text(&mut self, text: &str) {
        for byte in text.bytes() {
            self.word(byte.into());
        }
        self.word(0x100);
    }

    pub(crate) const fn value(self) -> u64 {
        self.0
    }
}

/// One run of a program: who runs it asks here.
///
/// It can be lent to another thread, for a program that wants its thread-locals fresh.
pub struct Run {
    chooser: Box<dyn Chooser>,
    actors: Actors,
    decisions: Vec<Decision>,
    checkpoints: Vec<Checkpoint>,
    hash: Hash,
    running: Actor,
    /// The running actor has been held up at a leaf: so it is at all further ones of this poll.
    held: bool,
    /// The chooser is asked, and the calm choice is taken of who goes next and who is held up.
    fair: bool,
    touches: bool,
    told: bool,
    now: u64,
    notes: VecDeque<String>,
    /// Boxed, since a run is moved about, and few have one.
    broken: Option<Box<Failure>>,
    /// Outlives the run: it is what all runs came to. Boxed, since it is put aside and back.
    tally: Box<Tally>,
}

impl Run {
    /// A run that asks `chooser`. It has not begun.
    pub fn new(chooser: Box<dyn Chooser>) -> Self {
        Self {
            chooser,
            actors: Actors::default(),
            decisions: Vec::new(),
            checkpoints: Vec::new(),
            hash: Hash::new(),
            running: Actor::ROOT,
            held: false,
            fair: false,
            touches: false,
            told: false,
            now: 0,
            notes: VecDeque::new(),
            broken: None,
            tally: Box::default(),
        }
    }

    /// Forgets the last run and begins one. False if the chooser has nothing left to try.
    pub fn begin(&mut self, seed: u64) -> bool {
        self.actors.clear();
        self.decisions.clear();
        self.checkpoints.clear();
        self.hash = Hash::new();
        self.running = Actor::ROOT;
        self.held = false;
        self.fair = false;
        self.now = 0;
        self.notes.clear();
        self.broken = None;
        if !self.chooser.begin(seed) {
            return false;
        }
        self.touches = self.chooser.wants_touches();
        true
    }

    /// The run is over: the chooser learns of it.
    pub fn end(&mut self, failed: bool) {
        // The chooser looks at the run, so it stands beside it for the moment.
        let mut chooser = mem::replace(&mut self.chooser, Box::new(Calm));
        chooser.end(self, failed);
        self.chooser = chooser;
    }

    /// Takes another chooser from the next run on, and gives back the one before.
    pub fn replace_chooser(&mut self, chooser: Box<dyn Chooser>) -> Box<dyn Chooser> {
        mem::replace(&mut self.chooser, chooser)
    }

    /// Who decides: it knows what it has covered.
    pub fn chooser(&self) -> &dyn Chooser {
        &*self.chooser
    }

    // ----- what the program's scheduler says and asks --------------------------------------------------

    /// `actor` is born, by the one that runs.
    pub fn born(&mut self, actor: Actor, kind: Kind, place: Place) {
        self.actors.born(actor, self.running, kind, place);
        self.hash.word(0x20 | u64::from(actor.0) << 8);
        self.chooser.born(&self.actors, actor, self.running);
    }

    /// What was born as `actor` is a closure that may block.
    pub fn is_closure(&mut self, actor: Actor) {
        self.actors.set_kind(actor, Kind::Closure);
    }

    /// `actor` can go on, because of what the running one did.
    #[inline]
    pub fn woke(&mut self, actor: Actor) {
        self.chooser.woke(&self.actors, actor, self.running);
    }

    /// Which of `ready` goes next, as an index. They are in the order in which they became ready.
    ///
    /// # Panics
    ///
    /// If nobody is ready: then there is nothing to decide.
    pub fn next(&mut self, ready: &[Actor]) -> usize {
        assert!(
            !ready.is_empty(),
            "nobody is ready: nothing is to be decided"
        );
        if let [only] = *ready {
            self.chooser.only(&self.actors, only);
            self.next_is(only);
            self.hash.word(0x10 | u64::from(only.0) << 8);
            return 0;
        }
        let taken = self.chooser.next(&self.actors, ready);
        let taken = if taken < ready.len() && !self.fair {
            taken
        } else {
            0
        };
        self.next_is(ready[taken]);
        self.decided(Point::Next, ready.len() as u32, taken as u32);
        taken
    }

    #[inline]
    fn next_is(&mut self, actor: Actor) {
        self.running = actor;
        self.held = false;
        self.actors.count_turn(actor);
    }

    /// From now on the one that has waited longest goes next, and nobody is held up, whatever the chooser says; or no longer so.
    ///
    /// For a scheduler before it says that a program does not end: a chooser may starve somebody for ever, which no real one does.
    pub fn be_fair(&mut self, fair: bool) {
        self.fair = fair;
    }

    /// The running actor has come to a leaf: may it go on? If not, it is held up, here and at all further leaves of this poll.
    ///
    /// All of them, since that is what a budget that is used up does: a `select!` that is held in one branch and served in the
    /// next would be a schedule that no runtime has.
    pub fn leaf(&mut self) -> bool {
        self.leaf_at(Site::default())
    }

    /// As [`leaf`](Self::leaf), and says what it is that the actor may be held at, for the summary's points.
    ///
    /// It costs a look into a table of addresses, some nanoseconds.
    pub fn leaf_at(&mut self, site: Site) -> bool {
        if self.held {
            return false;
        }
        // Asked in any case, so that a replay is asked as often.
        let held = self.chooser.hold(&self.actors, self.running);
        self.held = held && !self.fair;
        let (tally, held) = (&mut self.tally, self.held);
        self.actors.count_leaf(self.running, |point, born| {
            tally.leaf(point, born, site, held);
        });
        self.decided(Point::Leaf, 2, self.held.into());
        !self.held
    }

    /// True if the running actor has been held up in this poll.
    #[inline]
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// A number below `count`, for `point`.
    pub fn draw(&mut self, point: Point, count: u32) -> u32 {
        if count < 2 {
            return 0;
        }
        let taken = self.chooser.draw(&self.actors, point, self.running, count);
        let taken = if taken < count { taken } else { 0 };
        self.decided(point, count, taken);
        taken
    }

    /// The running actor gives way of its own will.
    #[inline]
    pub fn yielded(&mut self) {
        self.chooser.yielded(&self.actors, self.running);
    }

    /// True if the chooser wants to know who touches what.
    #[inline]
    pub fn wants_touches(&self) -> bool {
        self.touches
    }

    /// The running actor touches `resource`.
    pub fn touch(&mut self, resource: Resource, access: Access) {
        if self.touches {
            self.chooser
                .touch(&self.actors, self.running, resource, access);
        }
    }

    /// It is `nanoseconds` after the start now, and it is the turn of the timers that are due.
    pub fn time_is(&mut self, nanoseconds: u64) {
        self.now = nanoseconds;
        self.running = Actor::CLOCK;
        self.held = false;
        self.hash.word(0x30 | nanoseconds << 8);
    }

    /// Something that should be true in some run: if it never is, the exploration has not been where it was meant to go.
    ///
    /// It is known by its name and place.
    ///
    /// ```
    /// use leno_sim::{Ended, Explorer, Run, Settings};
    /// use std::panic::Location;
    ///
    /// let mut program = |run: &mut Run| {
    ///     run.sometimes("the queue is full", Location::caller(), false);
    ///     Ended::Passed
    /// };
    /// let failed = Explorer::new(Settings::new("queue")).explore(&mut program).unwrap_err();
    /// assert!(failed.to_string().contains("`the queue is full` should be true in some run"));
    /// ```
    pub fn sometimes(
        &mut self,
        name: &'static str,
        place: &'static Location<'static>,
        is_so: bool,
    ) {
        self.tally.sometimes(name, place, is_so);
    }

    /// Something that must be true whenever it is looked at: if it is not, the run has failed, even if it ends as it should.
    ///
    /// Only the first that does not hold is kept; its name is in the failure's message.
    ///
    /// ```
    /// use leno_sim::{Calm, Run};
    /// use std::panic::Location;
    ///
    /// let mut run = Run::new(Box::new(Calm));
    /// run.begin(0);
    /// run.always("there is one leader at most", Location::caller(), false);
    /// assert_eq!(run.broken().unwrap().message, "`there is one leader at most` does not hold");
    /// ```
    pub fn always(&mut self, name: &'static str, place: &'static Location<'static>, is_so: bool) {
        if is_so || self.broken.is_some() {
            return;
        }
        self.broken = Some(Box::new(Failure {
            kind: FailureKind::Broken,
            place: Some(format!("{}:{}", place.file(), place.line())),
            actors: vec![self.actors.key(self.running)],
            message: format!("`{name}` does not hold"),
            details: String::new(),
        }));
    }

    /// Notes a step for the report. It is made only if the run is told, and only the last ones are kept.
    ///
    /// ```
    /// use leno_sim::{Calm, Run};
    ///
    /// let mut run = Run::new(Box::new(Calm));
    /// run.begin(0);
    /// run.note(|| unreachable!("nobody is told of this run"));
    /// run.set_told(true);
    /// run.note(|| "poll 1 of the root".to_owned());
    /// assert_eq!(run.notes().collect::<Vec<_>>(), ["poll 1 of the root"]);
    /// ```
    #[inline]
    pub fn note(&mut self, note: impl FnOnce() -> String) {
        if self.told {
            if self.notes.len() == NOTES {
                self.notes.pop_front();
            }
            self.notes.push_back(note());
        }
    }

    fn decided(&mut self, point: Point, count: u32, taken: u32) {
        let decision = Decision {
            point,
            actor: self.running,
            count,
            taken,
        };
        self.hash
            .word(u64::from(decision.actor.0) << 8 | point as u64);
        self.hash.word(u64::from(count) << 32 | u64::from(taken));
        self.decisions.push(decision);
        let decisions = self.decisions.len() as u64;
        if decisions % STRIDE == 0 {
            self.check(decisions);
        }
    }

    #[cold]
    fn check(&mut self, decisions: u64) {
        self.checkpoints.push(Checkpoint {
            decisions,
            hash: self.hash.value(),
        });
    }

    // ----- what it was ---------------------------------------------------------------------------------

    /// Who takes part.
    pub fn actors(&self) -> &Actors {
        &self.actors
    }

    /// The key of who runs now, or ran last.
    #[inline]
    pub fn running(&self) -> Actor {
        self.running
    }

    /// What was decided so far.
    pub fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    /// The hash so far: equal for equal runs, on every machine.
    pub fn hash(&self) -> u64 {
        self.hash.value()
    }

    /// The hashes on the way.
    pub fn checkpoints(&self) -> &[Checkpoint] {
        &self.checkpoints
    }

    /// Nanoseconds since the start.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// True if the run should be told: whoever runs the program takes the trouble to collect what a report needs.
    #[inline]
    pub fn is_told(&self) -> bool {
        self.told
    }

    /// Asks for what a report needs, from the next run on, or no more.
    pub fn set_told(&mut self, told: bool) {
        self.told = told;
    }

    /// The last steps that were noted, the oldest first; nothing if the run was not told.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        self.notes.iter().map(String::as_str)
    }

    /// What was said to hold [always](Self::always), and did not.
    pub fn broken(&self) -> Option<&Failure> {
        self.broken.as_deref()
    }

    /// What all runs so far came to.
    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Puts another tally in the place of this one, so that runs which only look closer are not counted.
    pub(crate) fn swap_tally(&mut self, tally: &mut Box<Tally>) {
        mem::swap(&mut self.tally, tally);
    }

    /// What the chooser calls the run that has begun.
    pub(crate) fn chooser_name(&self) -> Option<String> {
        self.chooser.describe()
    }

    /// The keys of `actors`.
    pub fn keys(&self, actors: impl IntoIterator<Item = Actor>) -> Vec<Key> {
        actors
            .into_iter()
            .map(|actor| self.actors.key(actor))
            .collect()
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("running", &self.running)
            .field("decisions", &self.decisions.len())
            .field("hash", &format_args!("{:016x}", self.hash.value()))
            .finish_non_exhaustive()
    }
}
