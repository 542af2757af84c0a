//! A toy executor: actors are lists of operations on semaphores, channels, cells and the like.
//!
//! It stands still at each question, so that its state can be cloned there: that is what the brute force does, which knows
//! nothing of choosers. It tries each answer in each state, and remembers the states that it has seen, the trace up to there
//! included; so it ends, even though an actor can be held up again and again.

#![allow(dead_code)]

pub mod corpus;
mod machine;

use leno_sim::{Access, Actor, Chooser, Kind, Place, Point, Resource, Run};
pub use machine::Machine;
use machine::Task;
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

/// One operation. Those with a star are leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// * Takes a permit; who waits is served in order.
    Acquire(usize),
    /// Gives a permit back.
    Release(usize),
    /// * Sends the actor's number.
    Send(usize),
    /// * Receives into the register.
    Recv(usize),
    /// * Receives from the first, or else from the second.
    Select(usize, usize),
    /// * Waits for the next `NotifyAll`.
    Wait(usize),
    NotifyAll(usize),
    Yield,
    /// The register becomes the cell.
    Load(usize),
    /// The cell becomes the register and one.
    Store(usize),
    Set(usize, i32),
    /// The same, but nobody is told.
    HiddenLoad(usize),
    HiddenSet(usize, i32),
    /// Adds a number to a cell if it has another number.
    HiddenBump(usize, i32),
    /// Leaves out so many operations if the register is this.
    SkipIf(i32, usize),
    /// Draws the register.
    Draw(u32),
    Spawn(usize),
    /// * Waits for the end of another.
    Join(usize),
    /// Fails if the cell is not this.
    Check(usize, i32),
    /// Fails if the cell is this.
    CheckNot(usize, i32),
}

/// A program: the first list is the root's.
#[derive(Clone, Debug, Default)]
pub struct Toy {
    pub actors: Vec<Vec<Op>>,
    pub permits: Vec<usize>,
    pub capacities: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    Passed,
    Failed,
    Deadlock,
    Livelock,
}

type Step = (usize, u32);
type Touches = BTreeSet<(u32, bool)>;

/// The class of a run: each step by actor and number, with what it touched and the steps of others that came before it and
/// conflict.
pub type Trace = BTreeMap<Step, (Touches, BTreeSet<Step>)>;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Question {
    Next,
    Leaf,
    Draw(u32),
    Over(Outcome),
}

#[derive(Clone, Copy, Debug)]
pub enum Told {
    Born(usize),
    Woke(usize),
    Yielded,
    Touch(u32, bool),
}

impl Toy {
    pub fn machine(&self) -> Machine {
        let mut tasks = vec![None; self.actors.len()];
        tasks[0] = Some(Task::default());
        Machine {
            tasks,
            ready: vec![0],
            running: None,
            permits: self.permits.clone(),
            queues: vec![VecDeque::new(); self.permits.len()],
            channels: vec![VecDeque::new(); self.capacities.len()],
            waiters: BTreeMap::new(),
            cells: vec![0; 8],
            failed: false,
            touched: Touches::new(),
            trace: Trace::new(),
            polls: 0,
        }
    }

    /// A root that spawns all others and waits for them.
    pub fn of(tasks: &[&[Op]]) -> Self {
        let count = tasks.len();
        let root = (1..=count)
            .map(Op::Spawn)
            .chain((1..=count).map(Op::Join))
            .collect();
        let mut actors = vec![root];
        actors.extend(tasks.iter().map(|ops| ops.to_vec()));
        Self {
            actors,
            permits: vec![1; 4],
            capacities: vec![1; 4],
        }
    }

    pub fn then(mut self, ops: &[Op]) -> Self {
        self.actors[0].extend_from_slice(ops);
        self
    }

    /// Runs once, as `run` says. Resources have other numbers in each run if `salt` differs.
    pub fn run(&self, run: &mut Run, salt: u32) -> (Outcome, Trace) {
        let (outcome, machine) = self.run_to_end(run, salt);
        (outcome, machine.trace)
    }

    /// The same, and gives what is in the cells in the end.
    pub fn run_to_end(&self, run: &mut Run, salt: u32) -> (Outcome, Machine) {
        let mut machine = self.machine();
        let mut told = Vec::new();
        // Actors are numbered by birth.
        let mut numbers = vec![u32::MAX; self.actors.len()];
        numbers[0] = 0;
        let mut born = 1;
        loop {
            let question = machine.go(self, &mut told);
            for event in told.drain(..) {
                match event {
                    Told::Born(task) => {
                        numbers[task] = born;
                        born += 1;
                        run.born(Actor(numbers[task]), Kind::Task, Place::default());
                    }
                    Told::Woke(task) => run.woke(Actor(numbers[task])),
                    Told::Yielded => run.yielded(),
                    Told::Touch(resource, write) => {
                        let access = if write { Access::Write } else { Access::Read };
                        run.touch(Resource(resource * 31 + salt % 29), access);
                    }
                }
            }
            match question {
                Question::Next => {
                    let ready: Vec<_> = machine
                        .ready
                        .iter()
                        .map(|&task| Actor(numbers[task]))
                        .collect();
                    let taken = run.next(&ready);
                    machine.choose(taken);
                }
                Question::Leaf => {
                    let go_on = run.leaf();
                    machine.answer_leaf(self, go_on, &mut told);
                }
                Question::Draw(count) => {
                    let taken = run.draw(Point::Choice, count);
                    machine.answer_draw(taken);
                }
                Question::Over(outcome) => return (outcome, machine),
            }
        }
    }

    /// All classes and outcomes.
    pub fn brute_force(&self) -> BTreeSet<(Outcome, Trace)> {
        let mut ends = BTreeSet::new();
        self.visit(true, |outcome, machine| {
            ends.insert((outcome, machine.trace));
        });
        ends
    }

    /// All outcomes and contents of the cells. It ends even if a poll can be made again and again, which adds a step each time.
    pub fn brute_outcomes(&self) -> BTreeSet<(Outcome, Vec<i32>)> {
        let mut ends = BTreeSet::new();
        self.visit(false, |outcome, machine| {
            ends.insert((outcome, machine.cells));
        });
        ends
    }

    fn visit(&self, traced: bool, mut end: impl FnMut(Outcome, Machine)) {
        let mut seen = HashSet::new();
        let mut open = vec![self.machine()];
        let mut told = Vec::new();
        while let Some(mut machine) = open.pop() {
            let question = machine.go(self, &mut told);
            machine.polls = 0;
            if !traced {
                machine.forget();
            }
            let mut state = machine.clone();
            // Any of them can be chosen, so their order means nothing here.
            state.ready.sort_unstable();
            if !seen.insert((state, question.clone())) {
                continue;
            }
            match question {
                Question::Next => {
                    for taken in 0..machine.ready.len() {
                        let mut next = machine.clone();
                        next.choose(taken);
                        open.push(next);
                    }
                }
                Question::Leaf => {
                    for go_on in [true, false] {
                        let mut next = machine.clone();
                        next.answer_leaf(self, go_on, &mut told);
                        open.push(next);
                    }
                }
                Question::Draw(count) => {
                    for taken in 0..count {
                        let mut next = machine.clone();
                        next.answer_draw(taken);
                        open.push(next);
                    }
                }
                Question::Over(outcome) => end(outcome, machine),
            }
            told.clear();
        }
    }
}

/// Runs `toy` until `chooser` has nothing left, or `most` runs; hands each run to `look`, which ends it all by `false`.
pub fn drive(
    toy: &Toy,
    chooser: Box<dyn Chooser>,
    seeds: std::ops::Range<u64>,
    mut look: impl FnMut(u64, &Outcome, &Trace) -> bool,
) -> Run {
    let mut run = Run::new(chooser);
    for seed in seeds {
        if !run.begin(seed) {
            break;
        }
        let (outcome, trace) = toy.run(&mut run, seed as u32);
        run.end(outcome != Outcome::Passed);
        if !look(seed, &outcome, &trace) {
            break;
        }
    }
    run
}

/// A random program of locks and channels: two or three tasks of up to `most` operations.
pub fn random_program(random: &mut leno_sim::Random, most: u32) -> Toy {
    let tasks = 2 + random.below(2) as usize;
    let most = if tasks == 3 { most - 1 } else { most };
    let mut lists = Vec::new();
    for _ in 0..tasks {
        let mut ops = Vec::new();
        let mut held: Vec<usize> = Vec::new();
        for _ in 0..1 + random.below(most) {
            match random.below(8) {
                0..=2 => {
                    let lock = random.below(2) as usize;
                    if !held.contains(&lock) {
                        held.push(lock);
                        ops.push(Op::Acquire(lock));
                    }
                }
                3 => {
                    if let Some(lock) = held.pop() {
                        ops.push(Op::Release(lock));
                    }
                }
                4 => ops.push(Op::Send(random.below(2) as usize)),
                5 => ops.push(Op::Recv(random.below(2) as usize)),
                6 => ops.extend([Op::Load(0), Op::Store(0)]),
                _ => ops.push(Op::Yield),
            }
        }
        ops.extend(held.into_iter().rev().map(Op::Release));
        lists.push(ops);
    }
    let lists: Vec<_> = lists.iter().map(Vec::as_slice).collect();
    Toy::of(&lists)
}
