//! A chooser of one's own, with a policy from a paper: `cargo run -p leno-sim --example own_chooser`.
//!
//! The policy is *preemption bounding* (Musuvathi and Qadeer, "Iterative context bounding for systematic testing of multithreaded
//! programs", PLDI 2007), in its random form: the one that runs is taken away from at most `bound` times in a run, at leaves that
//! are drawn before; where it stops of itself, any other one goes on. The paper's finding is that few preemptions are enough for
//! most bugs.
//!
//! What a chooser has to do: answer from what it is told and from its seed alone; take nothing from run to run that the same seed
//! would not give again; and give back 0 wherever it has no opinion, which is the calm choice.

use leno_sim::{Actor, Actors, Chooser, Kind, Place, Point, Random, Run, Strategy};

/// Preempts at most `bound` times in a run.
struct Preempting {
    bound: u32,
    random: Random,
    /// How many leaves a run is taken to have.
    leaves: u32,
    /// At which leaves the running actor is held up.
    preempted_at: Vec<u32>,
    leaf: u32,
    /// Who was held up last, and should not go on at once.
    held: Option<Actor>,
}

impl Preempting {
    fn new(bound: u32, leaves: u32) -> Self {
        Self {
            bound,
            random: Random::new(0),
            leaves,
            preempted_at: Vec::new(),
            leaf: 0,
            held: None,
        }
    }
}

impl Chooser for Preempting {
    fn begin(&mut self, seed: u64) -> bool {
        self.random = Random::new(seed);
        self.leaf = 0;
        self.held = None;
        self.preempted_at.clear();
        for _ in 0..self.bound {
            self.preempted_at.push(self.random.below(self.leaves));
        }
        // There is always another seed to try.
        true
    }

    fn next(&mut self, _actors: &Actors, ready: &[Actor]) -> usize {
        let held = self.held.take();
        let taken = self.random.below(ready.len() as u32) as usize;
        if Some(ready[taken]) == held {
            (taken + 1) % ready.len()
        } else {
            taken
        }
    }

    fn hold(&mut self, _actors: &Actors, actor: Actor) -> bool {
        let leaf = self.leaf;
        self.leaf += 1;
        let hold = self.preempted_at.contains(&leaf);
        if hold {
            self.held = Some(actor);
        }
        hold
    }

    fn draw(&mut self, _actors: &Actors, _point: Point, _actor: Actor, count: u32) -> u32 {
        self.random.below(count)
    }
}

/// Two tasks that lock, read, unlock, and lock, write, unlock. True if no update is lost.
fn counter(run: &mut Run) -> bool {
    let (mut counter, mut read, mut step) = (0, [0; 3], [0; 3]);
    let mut ready = vec![Actor(1), Actor(2)];
    for &actor in &ready {
        run.born(actor, Kind::Task, Place::default());
    }
    while !ready.is_empty() {
        let taken = run.next(&ready);
        let actor = ready.remove(taken);
        let me = actor.0 as usize;
        // A poll goes on from leaf to leaf until it is held up.
        while step[me] < 2 && run.leaf() {
            if step[me] == 0 {
                read[me] = counter;
            } else {
                counter = read[me] + 1;
            }
            step[me] += 1;
        }
        if step[me] < 2 {
            ready.push(actor);
            run.woke(actor);
        }
    }
    counter == 2
}

/// Looks for the lost update with no, one and two preemptions.
pub fn main() {
    for bound in 0..=2 {
        let strategy = Strategy::custom(format!("preempting({bound})"), move || {
            Box::new(Preempting::new(bound, 4))
        });
        let mut run = Run::new(strategy.chooser());
        let mut lost = 0;
        for seed in 0..1_000 {
            run.begin(seed);
            let passed = counter(&mut run);
            run.end(!passed);
            lost += u32::from(!passed);
        }
        println!("{strategy}: an update is lost in {lost} of 1000 runs");
        // Without a preemption both are atomic; one is enough.
        assert_eq!(lost > 0, bound > 0);
    }
}
