//! Probabilistic concurrency testing: Burckhardt, Kothari, Musuvathi and Nagarakatte, "A randomized scheduler with probabilistic
//! guarantees of finding bugs" (ASPLOS 2010). Clocks, and later the wires of a network, are actors of their own, as the chains in
//! Ozkan et al., "Randomized testing of distributed systems with probabilistic guarantees" (PCTCP, OOPSLA 2018).
//!
//! Each actor has a random priority, and the highest that is ready goes on. At d − 1 steps that are drawn before the run the one
//! that would go on is put below all others. A bug that needs d things to happen in one order is met with probability ≥
//! 1/(n·k^(d−1)) in each run, where n is the number of actors and k that of steps. A step is a choice of who goes next, or a leaf
//! while somebody waits: to put down one that is alone shows no effect before the next step at which it is not. As in the paper,
//! change point i gives priority i, and the points come in any order in time: who was put down later may end above who was put
//! down earlier, since bugs are there for both.
//!
//! **Who gives way.** The paper leaves open what a yield is. If it is nothing, two that wait for each other by yielding never
//! alternate: the higher one yields to itself. If it always puts one below the others, a bug in which one runs *through* its
//! yields while another has not begun is out of reach, and the bound is gone. So each run throws a coin for all its yields: in
//! half of the runs they are nothing, in the other half who yields goes below all that no change point has put down, which is a
//! turn for everybody. A bug keeps the bound of the paper if the program does not yield, and half of it if it does.
//!
//! **Waiting by yielding.** `while !flag { yield_now().await }` would starve whoever sets the flag, in the runs where a yield is
//! nothing, and in the others if a change point has put that one down. So after [`PATIENCE`] polls in a row that all ended in a
//! yield, who yields goes below everybody, change points or not, until a poll ends otherwise.

use crate::actor::{Actor, Actors};
use crate::chooser::{Chooser, Point};
use crate::random::{Odds, Random};

/// After so many polls in a row that ended in a yield, nobody's priority counts any more.
pub(crate) const PATIENCE: u32 = 32;

/// The bands of priorities, from the top: as drawn; who has yielded; who was put down; who has yielded and was out of patience.
const DRAWN: u64 = 1 << 62;
const YIELDED: u64 = 1 << 61;
const CHANGED: u64 = 1 << 60;
const LAST: u64 = 1 << 59;

/// Random priorities, with a given number of changes in a run.
///
/// The first run is calm: it tells how many steps there are to draw from. What is learned of that later counts from the next seed
/// on, so that a seed that is run twice in a row gives the same run twice. A seed alone does not give a run again in another
/// process, since it would have learned other lengths; a trace does.
///
/// A decision costs about a nanosecond for each actor that is ready.
#[derive(Clone, Debug)]
pub struct Pct {
    depth: u32,
    random: Random,
    /// The longest run so far, in steps.
    longest: u32,
    /// The last seed, and how long runs were thought to be when it was first run.
    seed: Option<(u64, u32)>,
    calm: bool,
    step: u32,
    /// The change points that are still to come, the next one last: at which step, and the priority.
    points: Vec<(u32, u64)>,
    /// The step of the last of them.
    change_at: u32,
    /// By actor; 0 is one that was not seen yet.
    priorities: Vec<u64>,
    yielded: u64,
    last: u64,
    /// Somebody waits while the running actor runs.
    others: bool,
    /// In this run, who yields goes below the others.
    gives_way: bool,
    /// This poll has yielded.
    in_yield: bool,
    /// How many polls in a row have.
    yields: u32,
}

impl Pct {
    /// Looks for bugs that need `depth` things to happen in one order.
    ///
    /// # Panics
    ///
    /// If `depth` is 0 or more than 64: no bug is that shallow, and none that deep is found by chance.
    pub fn new(depth: u32) -> Self {
        assert!(
            (1..=64).contains(&depth),
            "PCT takes a depth from 1 to 64, and {depth} is none"
        );
        Self {
            depth,
            random: Random::new(0),
            longest: 0,
            seed: None,
            calm: true,
            step: 0,
            points: Vec::new(),
            change_at: u32::MAX,
            priorities: Vec::new(),
            yielded: YIELDED,
            last: LAST,
            others: false,
            gives_way: false,
            in_yield: false,
            yields: 0,
        }
    }

    /// A run of `steps` steps was seen by somebody else.
    pub(crate) fn learn(&mut self, steps: u32) {
        self.longest = self.longest.max(steps);
    }

    #[inline]
    fn priority(&mut self, actor: Actor) -> u64 {
        match self.priorities.get(actor.0 as usize) {
            Some(&priority) if priority != 0 => priority,
            _ => self.first_seen(actor),
        }
    }

    #[cold]
    fn first_seen(&mut self, actor: Actor) -> u64 {
        let priority = DRAWN | (self.random.word() >> 8);
        self.set(actor, priority);
        priority
    }

    fn set(&mut self, actor: Actor, priority: u64) {
        let index = actor.0 as usize;
        if index >= self.priorities.len() {
            self.priorities.resize(index + 1, 0);
        }
        self.priorities[index] = priority;
    }

    fn highest(&mut self, ready: &[Actor]) -> usize {
        let (mut best, mut top) = (0, 0);
        for (index, &actor) in ready.iter().enumerate() {
            let priority = self.priority(actor);
            if priority > top {
                (best, top) = (index, priority);
            }
        }
        best
    }

    /// True if this step is a change point. Then the next one stands ready.
    #[inline]
    fn is_change(&mut self) -> bool {
        self.step += 1;
        self.step == self.change_at
    }

    /// The priority of this change point.
    fn change(&mut self) -> u64 {
        let priority = self.points.pop().map_or(CHANGED, |point| point.1);
        self.change_at = self.points.last().map_or(u32::MAX, |point| point.0);
        priority
    }

    fn draw_points(&mut self, steps: u32) {
        self.points.clear();
        for index in 1..self.depth {
            if index > steps {
                break;
            }
            // Two changes at one step are one change: there are fewer points than steps, so it is drawn again.
            let step = loop {
                let step = 1 + self.random.below(steps);
                if self.points.iter().all(|point| point.0 != step) {
                    break step;
                }
            };
            self.points.push((step, CHANGED + u64::from(index)));
        }
        self.points.sort_unstable_by(|a, b| b.cmp(a));
        self.change_at = self.points.last().map_or(u32::MAX, |point| point.0);
    }

    /// A poll is over, and another begins.
    #[inline]
    fn poll_begins(&mut self) {
        if !self.in_yield {
            self.yields = 0;
        }
        self.in_yield = false;
    }
}

impl Chooser for Pct {
    fn begin(&mut self, seed: u64) -> bool {
        self.longest = self.longest.max(self.step);
        let steps = match self.seed {
            Some((last, steps)) if last == seed => steps,
            // Once is enough: a program in which nobody waits for anybody has no steps, and draws all the same.
            before => {
                self.calm = before.is_none() && self.longest == 0;
                self.longest
            }
        };
        self.seed = Some((seed, steps));
        self.random = Random::new(seed);
        self.step = 0;
        self.priorities.clear();
        self.yielded = YIELDED;
        self.last = LAST;
        self.in_yield = false;
        self.yields = 0;
        self.others = false;
        self.gives_way = self.random.below(2) == 1;
        self.draw_points(steps);
        true
    }

    fn next(&mut self, _actors: &Actors, ready: &[Actor]) -> usize {
        self.poll_begins();
        self.others = true;
        if self.calm {
            self.step += 1;
            return 0;
        }
        let best = self.highest(ready);
        if self.is_change() {
            let priority = self.change();
            self.set(ready[best], priority);
            return self.highest(ready);
        }
        best
    }

    fn hold(&mut self, _actors: &Actors, actor: Actor) -> bool {
        if !self.others {
            return false;
        }
        let change = self.is_change();
        if change {
            let priority = self.change();
            self.set(actor, priority);
        }
        change
    }

    fn draw(&mut self, _actors: &Actors, point: Point, _actor: Actor, count: u32) -> u32 {
        match point {
            _ if self.calm => 0,
            // What should not be so is one of the things that a bug needs, and costs one of the changes.
            Point::Stall | Point::Closure => {
                if self.is_change() {
                    self.change();
                    self.random.answer(point, count, Odds::new(1.0))
                } else {
                    0
                }
            }
            _ => self.random.below(count),
        }
    }

    fn only(&mut self, _actors: &Actors, _actor: Actor) {
        self.poll_begins();
        self.others = false;
    }

    fn born(&mut self, _actors: &Actors, _actor: Actor, _by: Actor) {
        self.others = true;
    }

    fn woke(&mut self, _actors: &Actors, actor: Actor, by: Actor) {
        self.others |= actor != by;
    }

    fn yielded(&mut self, _actors: &Actors, actor: Actor) {
        self.in_yield = true;
        self.yields += 1;
        let changed = self.priority(actor) <= CHANGED + 64;
        if self.yields > PATIENCE || self.gives_way && changed {
            self.last -= 1;
            self.set(actor, self.last);
        } else if self.gives_way {
            self.yielded -= 1;
            self.set(actor, self.yielded);
        }
    }
}
