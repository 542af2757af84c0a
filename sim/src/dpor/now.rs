//! The run that is being made: its steps, who waits, and what was touched. It is thrown away with the run; what outlives it is
//! the path.

use crate::actor::Actor;
use crate::classes::Step;
use crate::footprint::{Footprint, Names};
use crate::random::Random;

/// What is known of the current run.
#[derive(Clone, Debug)]
pub(super) struct Now {
    pub(super) steps: Vec<Step>,
    /// How much of the path was used.
    pub(super) at: usize,
    pub(super) draw: usize,
    pub(super) random: Random,
    pub(super) running: Actor,
    pub(super) waiting: Vec<Actor>,
    /// Who has to come next, since another one was held up for it.
    pub(super) chosen: Option<Actor>,
    /// By actor: the step that gave birth to it, and the one that woke it.
    pub(super) born_in: Vec<Option<usize>>,
    pub(super) woken_by: Vec<Option<usize>>,
    /// By actor: a hash of the births that led to it, and how many it gave.
    pub(super) keys: Vec<u64>,
    pub(super) children: Vec<u64>,
    /// By actor: it was held up in its last poll.
    pub(super) held: Vec<bool>,
    /// By actor: the steps of its last poll if it was held up in that, and of its current one.
    pub(super) polls: Vec<(Vec<usize>, Vec<usize>)>,
    /// The poll is that of one who was held, and has come to no leaf yet.
    pub(super) coming_back: bool,
    /// What the poll has touched.
    pub(super) poll: Footprint,
    pub(super) names: Names,
    /// By step: how many names there were before it.
    pub(super) common: Vec<u32>,
}

impl Now {
    pub(super) fn new() -> Self {
        Self {
            steps: Vec::new(),
            at: 0,
            draw: 0,
            random: Random::new(0),
            running: Actor::ROOT,
            waiting: Vec::new(),
            chosen: None,
            born_in: Vec::new(),
            woken_by: Vec::new(),
            keys: Vec::new(),
            children: Vec::new(),
            held: Vec::new(),
            polls: Vec::new(),
            coming_back: false,
            poll: Footprint::default(),
            names: Names::default(),
            common: Vec::new(),
        }
    }

    pub(super) fn clear(&mut self, seed: u64) {
        self.steps.clear();
        self.at = 0;
        self.draw = 0;
        self.random = Random::new(seed);
        self.running = Actor::ROOT;
        self.waiting.clear();
        self.chosen = None;
        self.born_in.clear();
        self.woken_by.clear();
        self.keys.clear();
        self.children.clear();
        self.held.clear();
        self.polls.clear();
        self.coming_back = false;
        self.poll = Footprint::default();
        self.names.clear();
        self.common.clear();
        self.know(Actor::ROOT);
    }

    pub(super) fn know(&mut self, actor: Actor) -> usize {
        let index = actor.0 as usize;
        if index >= self.keys.len() {
            self.born_in.resize(index + 1, None);
            self.woken_by.resize(index + 1, None);
            self.keys.resize(index + 1, 1);
            self.children.resize(index + 1, 0);
            self.held.resize(index + 1, false);
            self.polls.resize(index + 1, Default::default());
        }
        index
    }

    /// Begins a step of `actor`, and with it a poll or not.
    pub(super) fn step(&mut self, actor: Actor, node: usize, polled: bool) {
        let index = self.know(actor);
        let (last, current) = &mut self.polls[index];
        if polled {
            std::mem::swap(last, current);
            current.clear();
            if !self.held[index] {
                last.clear();
            }
        }
        current.push(self.steps.len());
        let again = last.clone();
        self.common.push(self.names.len());
        self.steps.push(Step {
            actor,
            node,
            touched: Footprint::default(),
            wide: self.poll.clone(),
            born_in: self.born_in[index].take(),
            woken_by: self.woken_by[index].take(),
            again,
            enables: false,
            drawn: 0,
        });
    }

    /// The step that is being made. While one that was held up ends its poll, the step of the one that comes next stands behind
    /// it.
    pub(super) fn current(&self) -> Option<usize> {
        self.steps
            .len()
            .checked_sub(1 + usize::from(self.chosen.is_some()))
    }

    pub(super) fn enables(&mut self) {
        if let Some(current) = self.current() {
            self.steps[current].enables = true;
        }
    }

    /// The last step came to nothing so far.
    pub(super) fn is_idle(&self) -> bool {
        self.steps
            .last()
            .is_some_and(|step| step.is_quiet() && !step.enables)
    }

    /// Who can go on beside the one that runs.
    pub(super) fn wait(&mut self, ready: &[Actor], running: Actor) {
        self.waiting.clear();
        self.waiting
            .extend(ready.iter().filter(|&&actor| actor != running));
        self.running = running;
        let index = self.know(running);
        self.coming_back = std::mem::take(&mut self.held[index]);
    }
}
