//! The path from the first choice to the one that is to be tried next, and what races add to it.

use super::Dpor;
use crate::actor::Actor;
use crate::footprint::Footprint;

/// A place where it was chosen who makes the next step.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) enabled: Vec<Actor>,
    pub(super) taken: Actor,
    pub(super) backtrack: Vec<Actor>,
    pub(super) done: Vec<Tried>,
    pub(super) sleep: Vec<Tried>,
    /// What was drawn in the step: how many answers there were, and the one given.
    pub(super) draws: Vec<(u32, u32)>,
}

/// A step that was tried.
#[derive(Clone, Debug)]
pub(super) struct Tried {
    pub(super) actor: Actor,
    pub(super) touches: Footprint,
    /// The names that were given when it was: all of them are the same below there.
    pub(super) common: u32,
}

impl Node {
    pub(super) fn sleeps(&self, actor: Actor) -> bool {
        self.sleep.iter().any(|tried| tried.actor == actor)
    }

    pub(super) fn try_all(&mut self) {
        for index in 0..self.enabled.len() {
            if !self.backtrack.contains(&self.enabled[index]) {
                self.backtrack.push(self.enabled[index]);
            }
        }
    }
}

impl Tried {
    /// True if `touches` is the same for sure.
    pub(super) fn is_same(&self, touches: &Footprint) -> bool {
        self.touches == *touches && touches.is_older_than(self.common)
    }
}

impl Dpor {
    /// Adds to each place what races say should be tried there.
    pub(super) fn look_for_races(&mut self) {
        let steps = &self.now.steps;
        self.order
            .compute(steps, self.now.keys.len(), !self.careful);
        let mut initials = Vec::new();
        for index in 0..self.order.races.len() {
            let race = self.order.races[index];
            let Some(node) = self.path.get_mut(steps[race.first].node) else {
                continue;
            };
            self.order.initials(steps, race, &mut initials);
            // Who could not go on there was brought to it by the first step: that pair cannot be turned round.
            initials.retain(|actor| node.enabled.contains(actor));
            let second = &steps[race.second];
            initials.retain(|&actor| !node.sleeps(actor));
            if !initials.is_empty() && !initials.iter().any(|actor| node.backtrack.contains(actor))
            {
                let add = initials.iter().find(|&&actor| actor == second.actor);
                node.backtrack.push(*add.unwrap_or(&initials[0]));
            }
            // It sleeps there, and did something else there than here: what races with that was seen further up only.
            let changed = node
                .sleep
                .iter()
                .any(|tried| tried.actor == second.actor && !tried.is_same(&second.wide));
            let is_next = steps[race.first + 1..race.second]
                .iter()
                .all(|step| step.actor != second.actor);
            if changed && is_next {
                node.try_all();
            }
        }
    }

    /// The root has ended, and with it the run, although others could have gone on: what would they have done?
    pub(super) fn look_beyond_the_end(&mut self) {
        let last = self.now.steps.last().map_or(usize::MAX, |step| step.node);
        if !self.now.waiting.is_empty() {
            if let Some(node) = self.path.get_mut(last) {
                node.try_all();
            }
        }
    }

    /// Notes what was touched in each step of the path.
    pub(super) fn note_steps(&mut self) {
        for (index, step) in self.now.steps.iter().enumerate() {
            let Some(node) = self.path.get_mut(step.node) else {
                continue;
            };
            match node.done.iter_mut().find(|tried| tried.actor == step.actor) {
                Some(tried) => tried.touches.merge(&step.wide),
                None => node.done.push(Tried {
                    actor: step.actor,
                    touches: step.wide.clone(),
                    common: self.now.common[index],
                }),
            }
        }
    }
}
