//! Which steps of a run came before which by need, and the class of a run.
//!
//! A step *happens before* another (Lamport 1978) if both are of one actor, if the one made the other possible (it woke its
//! actor, or it is its birth), if they touch one thing of which one changes it, and through any chain of these. Runs that differ
//! only in the order of steps of which none happens before the other are of one class (Mazurkiewicz 1977): nobody can tell them
//! apart.
//!
//! A class has one Foata normal form (Cartier and Foata 1969): in the first layer all steps before which nothing happens, in the
//! next one those that need these. What is hashed here is the same in another shape: each step's hash is made from its name and
//! from the hashes of those it directly depends on, and the class is their sum. The layer of a step is the longest chain below
//! it, so equal hashes mean equal layers, and two classes with equal layers and other dependences still differ.

use crate::actor::Actor;
use crate::footprint::Footprint;
use crate::random::mix;

/// One step of a run.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) actor: Actor,
    /// The place in the search's path at which it was chosen, if the search has chosen it.
    pub(crate) node: usize,
    pub(crate) touched: Footprint,
    /// What it depends by; more than `touched` if the search has to be careful.
    pub(crate) wide: Footprint,
    /// The step in which its actor was born, if it is its first.
    pub(crate) born_in: Option<usize>,
    /// The step that woke its actor.
    pub(crate) woken_by: Option<usize>,
    /// If its actor was held up in its last poll: the steps of that poll, of which this one may be a repetition.
    pub(crate) again: Vec<usize>,
    /// It has woken somebody, or given birth.
    pub(crate) enables: bool,
    /// The hash of what was drawn in it.
    pub(crate) drawn: u64,
}

impl Step {
    /// Nobody can tell from what it touched whether it was made.
    pub(crate) fn is_quiet(&self) -> bool {
        self.touched.is_empty() && self.drawn == 0
    }
}

/// Two steps that could have been made in the other order: indexes of steps, the earlier first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Race {
    pub(crate) first: usize,
    pub(crate) second: usize,
}

/// What happens before what in one run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    width: usize,
    /// By step and actor: how many steps of the actor happen before the step or are it.
    clocks: Vec<u32>,
    /// By step: which one of its actor it is, from 1.
    places: Vec<u32>,
    pub(crate) races: Vec<Race>,
}

impl Order {
    /// Takes up a run of `actors` actors. `wakes` says that who was woken could not have been woken by anybody else.
    pub(crate) fn compute(&mut self, steps: &[Step], actors: usize, wakes: bool) {
        self.width = actors;
        self.clocks.clear();
        self.places.clear();
        self.races.clear();
        let mut last: Vec<Option<usize>> = vec![None; actors];
        let mut clock = vec![0; actors];
        for (index, step) in steps.iter().enumerate() {
            let own = step.actor.0 as usize;
            clock.fill(0);
            if let Some(before) = last[own] {
                self.join(&mut clock, before);
            }
            let woken_by = step.woken_by.filter(|_| wakes);
            for before in step.born_in.into_iter().chain(woken_by) {
                self.join(&mut clock, before);
            }
            let place = clock[own] + 1;
            // From the latest to the earliest: what has come in between is in the clock already, and such a pair is no race.
            for before in (0..index).rev() {
                let other = steps[before].actor.0 as usize;
                if other == own || !steps[before].wide.meets(&step.wide) {
                    continue;
                }
                if clock[other] < self.places[before] {
                    self.races.push(Race {
                        first: before,
                        second: index,
                    });
                    self.join(&mut clock, before);
                }
            }
            clock[own] = place;
            self.places.push(place);
            self.clocks.extend_from_slice(&clock);
            last[own] = Some(index);
        }
    }

    fn join(&self, clock: &mut [u32], step: usize) {
        let other = &self.clocks[step * self.width..][..self.width];
        for (mine, theirs) in clock.iter_mut().zip(other) {
            *mine = (*mine).max(*theirs);
        }
    }

    /// True if `first` happens before `second`, which is later in the run.
    pub(crate) fn is_before(&self, steps: &[Step], first: usize, second: usize) -> bool {
        let actor = steps[first].actor.0 as usize;
        self.clocks[second * self.width + actor] >= self.places[first]
    }

    /// The actors that could begin, right before the first step of `race`, what the second one needs without the first.
    pub(crate) fn initials(&self, steps: &[Step], race: Race, initials: &mut Vec<Actor>) {
        initials.clear();
        let mut rest: Vec<usize> = (race.first + 1..race.second)
            .filter(|&step| !self.is_before(steps, race.first, step))
            .collect();
        rest.push(race.second);
        for (index, &step) in rest.iter().enumerate() {
            let needs = rest[..index]
                .iter()
                .any(|&earlier| self.is_before(steps, earlier, step));
            if !needs {
                initials.push(steps[step].actor);
            }
        }
    }
}

/// The class of a run that ended in failure or not.
///
/// Who woke whom is left out: where several could have, it is chance who does it first, and what they touch tells the rest.
/// `names` has a hash for each actor that is the same in all runs.
///
/// If the run was ended `by_root`, only what happened before its last step counts: the rest is cut off anywhere.
pub(crate) fn class(steps: &[Step], names: &[u64], failed: bool, by_root: bool) -> u64 {
    let counts = if by_root {
        past(steps)
    } else {
        vec![true; steps.len()]
    };
    let mut class = u64::from(failed);
    let mut hashes: Vec<u64> = Vec::with_capacity(steps.len());
    // By actor: its last step that was not quiet, and how many there were.
    let mut last: Vec<(Option<usize>, u64)> = vec![(None, 0); names.len()];
    for (index, step) in steps.iter().enumerate() {
        if step.is_quiet() || !counts[index] || repeats(steps, index) {
            hashes.push(0);
            continue;
        }
        let own = step.actor.0 as usize;
        let (before, count) = &mut last[own];
        *count += 1;
        let mut hash = mix(names[own] ^ mix(*count)) ^ mix(step.touched.shape()) ^ step.drawn;
        let conflicts = (0..index).filter(|&earlier| {
            steps[earlier].actor != step.actor && steps[earlier].touched.meets(&step.touched)
        });
        for need in before.iter().copied().chain(conflicts) {
            hash = hash.wrapping_add(mix(hashes[need] ^ 0x51));
        }
        let hash = mix(hash);
        *before = Some(index);
        hashes.push(hash);
        class = class.wrapping_add(hash);
    }
    class
}

/// True if the step only does again what its actor did before it was held up, and nobody has done anything to that meanwhile:
/// `select!` looks at its first branch a second time.
fn repeats(steps: &[Step], index: usize) -> bool {
    let step = &steps[index];
    step.again.iter().any(|&before| {
        let between = &steps[before + 1..index];
        steps[before].touched == step.touched
            && !between
                .iter()
                .any(|other| other.actor != step.actor && other.touched.meets(&step.touched))
    })
}

/// By step: whether it is the last one of the root, or happens before it.
fn past(steps: &[Step]) -> Vec<bool> {
    let mut counts = vec![false; steps.len()];
    let last = steps
        .iter()
        .rposition(|step| step.actor == Actor::ROOT && !step.is_quiet());
    let Some(last) = last else {
        return counts;
    };
    counts[last] = true;
    for index in (0..=last).rev() {
        if !counts[index] {
            continue;
        }
        let step = &steps[index];
        for earlier in 0..index {
            counts[earlier] |=
                steps[earlier].actor == step.actor || steps[earlier].touched.meets(&step.touched);
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chooser::Access;

    /// Steps as (actor, what it writes).
    fn steps(list: &[(u32, u32)]) -> Vec<Step> {
        list.iter()
            .map(|&(actor, name)| {
                let mut touched = Footprint::default();
                touched.add(name, Access::Write);
                Step {
                    actor: Actor(actor),
                    node: 0,
                    wide: touched.clone(),
                    touched,
                    born_in: None,
                    woken_by: None,
                    again: Vec::new(),
                    enables: false,
                    drawn: 0,
                }
            })
            .collect()
    }

    const NAMES: [u64; 3] = [11, 22, 33];

    #[test]
    fn steps_that_do_not_meet_may_change_places() {
        let one = class(&steps(&[(0, 7), (1, 8)]), &NAMES, false, false);
        assert_eq!(one, class(&steps(&[(1, 8), (0, 7)]), &NAMES, false, false));
        assert_ne!(one, class(&steps(&[(1, 8), (0, 7)]), &NAMES, true, false));
        let other = class(&steps(&[(0, 7), (1, 7)]), &NAMES, false, false);
        assert_ne!(
            other,
            class(&steps(&[(1, 7), (0, 7)]), &NAMES, false, false)
        );
    }

    #[test]
    fn classes_with_equal_layers_are_told_apart() {
        // In both, actors 0 and 1 are in the first layer and 2 is in the second; but it depends on another one.
        let on_0 = class(&steps(&[(0, 7), (1, 8), (2, 7)]), &NAMES, false, false);
        let on_1 = class(&steps(&[(0, 7), (1, 8), (2, 8)]), &NAMES, false, false);
        assert_ne!(on_0, on_1);
    }

    #[test]
    fn only_neighbours_race() {
        let steps = steps(&[(0, 7), (1, 7), (2, 7)]);
        let mut order = Order::default();
        order.compute(&steps, 3, true);
        let races = [(0, 1), (1, 2)].map(|(first, second)| Race { first, second });
        assert_eq!(order.races, races);
        assert!(order.is_before(&steps, 0, 2));
    }

    #[test]
    fn who_was_woken_does_not_race_with_who_woke_it() {
        let mut steps = steps(&[(0, 7), (1, 7)]);
        steps[1].woken_by = Some(0);
        let mut order = Order::default();
        order.compute(&steps, 2, true);
        assert!(order.races.is_empty());
        order.compute(&steps, 2, false);
        assert_eq!(order.races.len(), 1);
    }

    #[test]
    fn initials_are_those_that_need_nothing_of_what_is_left() {
        // 0 writes 7; 1 writes 8, then 2 writes 8, then 2 writes 7.
        let steps = steps(&[(0, 7), (1, 8), (2, 8), (2, 7)]);
        let mut order = Order::default();
        order.compute(&steps, 3, true);
        let race = Race {
            first: 0,
            second: 3,
        };
        assert!(order.races.contains(&race));
        let mut initials = Vec::new();
        order.initials(&steps, race, &mut initials);
        assert_eq!(initials, [Actor(1)]);
    }
}
