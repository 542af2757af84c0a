//! The state of a toy program, which goes on from question to question.

use super::{Op, Outcome, Question, Told, Touches, Toy, Trace};
use std::collections::{BTreeMap, VecDeque};
use std::mem;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Task {
    pub(super) at: usize,
    pub(super) register: i32,
    /// The second leaf of a select.
    pub(super) second: bool,
    pub(super) granted: bool,
    pub(super) asleep: bool,
    pub(super) waiting: bool,
    pub(super) done: bool,
    pub(super) steps: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Machine {
    pub(super) tasks: Vec<Option<Task>>,
    /// In the order in which they became ready.
    pub ready: Vec<usize>,
    pub(super) running: Option<usize>,
    pub(super) permits: Vec<usize>,
    pub(super) queues: Vec<VecDeque<usize>>,
    pub(super) channels: Vec<VecDeque<i32>>,
    pub(super) waiters: BTreeMap<u32, Vec<usize>>,
    pub cells: Vec<i32>,
    pub(super) failed: bool,
    pub(super) touched: Touches,
    pub trace: Trace,
    pub(super) polls: u32,
}

const CHANNEL: u32 = 100;
const NOTIFY: u32 = 200;
const CELL: u32 = 300;
const TASK: u32 = 400;

impl Machine {
    /// Goes on up to the next question.
    pub fn go(&mut self, toy: &Toy, told: &mut Vec<Told>) -> Question {
        loop {
            let Some(running) = self.running else {
                if self.tasks[0].as_ref().is_some_and(|root| root.done) {
                    self.keep_the_past_of_root();
                    return Question::Over(if self.failed {
                        Outcome::Failed
                    } else {
                        Outcome::Passed
                    });
                }
                if self.ready.is_empty() {
                    return Question::Over(Outcome::Deadlock);
                }
                self.polls += 1;
                if self.polls > 5_000 {
                    return Question::Over(Outcome::Livelock);
                }
                return Question::Next;
            };
            let task = self.tasks[running].as_mut().unwrap();
            let Some(&op) = toy.actors[running].get(task.at) else {
                task.done = true;
                self.touch(TASK + running as u32, true, told);
                self.wake_all(TASK + running as u32, told);
                self.cut_step(running);
                self.running = None;
                continue;
            };
            match op {
                Op::Acquire(_)
                | Op::Send(_)
                | Op::Recv(_)
                | Op::Select(..)
                | Op::Wait(_)
                | Op::Join(_) => {
                    self.cut_step(running);
                    return Question::Leaf;
                }
                Op::Draw(count) => return Question::Draw(count),
                Op::Yield => {
                    task.at += 1;
                    told.push(Told::Yielded);
                    self.end_poll(running, true);
                    continue;
                }
                Op::Release(semaphore) => {
                    self.touch(semaphore as u32, true, told);
                    match self.queues[semaphore].pop_front() {
                        Some(next) => {
                            self.tasks[next].as_mut().unwrap().granted = true;
                            self.wake(next, told);
                        }
                        None => self.permits[semaphore] += 1,
                    }
                }
                Op::NotifyAll(notify) => {
                    self.touch(NOTIFY + notify as u32, true, told);
                    for waiter in self
                        .waiters
                        .remove(&(NOTIFY + notify as u32))
                        .unwrap_or_default()
                    {
                        self.tasks[waiter].as_mut().unwrap().granted = true;
                        self.wake(waiter, told);
                    }
                }
                Op::Load(cell) => {
                    task.register = self.cells[cell];
                    self.touch(CELL + cell as u32, false, told);
                }
                Op::Store(cell) => {
                    self.cells[cell] = task.register + 1;
                    self.touch(CELL + cell as u32, true, told);
                }
                Op::Set(cell, value) => {
                    self.cells[cell] = value;
                    self.touch(CELL + cell as u32, true, told);
                }
                Op::HiddenLoad(cell) => task.register = self.cells[cell],
                Op::HiddenSet(cell, value) => self.cells[cell] = value,
                Op::HiddenBump(cell, from) => {
                    if self.cells[cell] == from {
                        self.cells[cell] = from + 1;
                    }
                }
                Op::SkipIf(value, count) => {
                    if task.register == value {
                        task.at += count;
                    }
                }
                Op::Spawn(child) => {
                    self.tasks[child] = Some(Task::default());
                    self.ready.push(child);
                    told.push(Told::Born(child));
                }
                Op::Check(cell, value) => {
                    self.touch(CELL + cell as u32, false, told);
                    self.failed |= self.cells[cell] != value;
                }
                Op::CheckNot(cell, value) => self.failed |= self.cells[cell] == value,
            }
            self.tasks[running].as_mut().unwrap().at += 1;
        }
    }

    /// Forgets how it came to be as it is.
    pub(super) fn forget(&mut self) {
        self.trace.clear();
        self.touched.clear();
        for task in self.tasks.iter_mut().flatten() {
            task.steps = 0;
        }
    }

    pub fn choose(&mut self, taken: usize) {
        let running = self.ready.remove(taken);
        self.running = Some(running);
        let task = self.tasks[running].as_mut().unwrap();
        task.second = false;
        task.asleep = false;
    }

    pub fn answer_draw(&mut self, taken: u32) {
        let running = self.running.unwrap();
        let task = self.tasks[running].as_mut().unwrap();
        task.register = taken as i32;
        task.at += 1;
        // What was drawn is part of the class.
        self.touched.insert((1000 + taken, false));
    }

    pub fn answer_leaf(&mut self, toy: &Toy, go_on: bool, told: &mut Vec<Told>) {
        let running = self.running.unwrap();
        if !go_on {
            self.end_poll(running, true);
            return;
        }
        let task = self.tasks[running].as_mut().unwrap();
        let done = match toy.actors[running][task.at] {
            Op::Acquire(semaphore) => {
                let mut done = mem::take(&mut task.granted);
                if !done && self.permits[semaphore] > 0 {
                    self.permits[semaphore] -= 1;
                    done = true;
                }
                if !done && !self.queues[semaphore].contains(&running) {
                    self.queues[semaphore].push_back(running);
                }
                self.touch(semaphore as u32, true, told);
                done
            }
            Op::Send(channel) => {
                let name = CHANNEL + channel as u32;
                let done = self.channels[channel].len() < toy.capacities[channel];
                self.touch(name, true, told);
                if done {
                    self.channels[channel].push_back(running as i32);
                    self.wake_all(name, told);
                } else {
                    self.wait_for(name, running);
                }
                done
            }
            Op::Recv(channel) => self.receive(running, channel, told),
            Op::Select(first, second) => {
                let channel = if task.second { second } else { first };
                let is_second = task.second;
                let done = self.receive(running, channel, told);
                if !done && !is_second {
                    self.tasks[running].as_mut().unwrap().second = true;
                    return;
                }
                done
            }
            Op::Wait(notify) => {
                let name = NOTIFY + notify as u32;
                let done = mem::take(&mut task.granted);
                self.touch(name, true, told);
                if !done {
                    self.wait_for(name, running);
                }
                done
            }
            Op::Join(other) => {
                let name = TASK + other as u32;
                let done = self.tasks[other].as_ref().is_some_and(|other| other.done);
                self.touch(name, false, told);
                if !done {
                    self.wait_for(name, running);
                }
                done
            }
            op => unreachable!("{op:?} is no leaf"),
        };
        let task = self.tasks[running].as_mut().unwrap();
        if done {
            task.at += 1;
            task.second = false;
        } else {
            self.end_poll(running, false);
        }
    }

    fn receive(&mut self, running: usize, channel: usize, told: &mut Vec<Told>) -> bool {
        let name = CHANNEL + channel as u32;
        self.touch(name, true, told);
        match self.channels[channel].pop_front() {
            Some(value) => {
                self.tasks[running].as_mut().unwrap().register = value;
                self.wake_all(name, told);
                true
            }
            None => {
                self.wait_for(name, running);
                false
            }
        }
    }

    fn end_poll(&mut self, running: usize, again: bool) {
        self.cut_step(running);
        self.running = None;
        if again {
            self.ready.push(running);
        } else {
            self.tasks[running].as_mut().unwrap().asleep = true;
        }
    }

    /// A step ends: what it touched goes into the trace.
    fn cut_step(&mut self, running: usize) {
        if self.touched.is_empty() {
            return;
        }
        let touched = mem::take(&mut self.touched);
        let task = self.tasks[running].as_mut().unwrap();
        task.steps += 1;
        let conflicts = |other: &Touches| {
            other.iter().any(|&(name, write)| {
                touched
                    .iter()
                    .any(|&(mine, how)| mine == name && (write || how))
            })
        };
        let before = self
            .trace
            .iter()
            .filter(|(step, (other, _))| step.0 != running && conflicts(other))
            .map(|(step, _)| *step)
            .collect();
        self.trace.insert((running, task.steps), (touched, before));
    }

    /// The root's end cuts the others off anywhere: what did not happen before it is no part of the class.
    fn keep_the_past_of_root(&mut self) {
        let steps = self.tasks[0].as_ref().unwrap().steps;
        let mut open = vec![(0, steps)];
        let mut kept = Trace::new();
        while let Some(step) = open.pop() {
            if kept.contains_key(&step) {
                continue;
            }
            let Some(entry) = self.trace.get(&step) else {
                continue;
            };
            open.extend(entry.1.iter().copied());
            open.extend((1..step.1).map(|earlier| (step.0, earlier)));
            kept.insert(step, entry.clone());
        }
        self.trace = kept;
    }

    fn touch(&mut self, name: u32, write: bool, told: &mut Vec<Told>) {
        self.touched.insert((name, write));
        told.push(Told::Touch(name, write));
    }

    fn wait_for(&mut self, name: u32, task: usize) {
        let waiters = self.waiters.entry(name).or_default();
        if !waiters.contains(&task) {
            waiters.push(task);
        }
    }

    fn wake_all(&mut self, name: u32, told: &mut Vec<Told>) {
        for waiter in self.waiters.remove(&name).unwrap_or_default() {
            self.wake(waiter, told);
        }
    }

    fn wake(&mut self, task: usize, told: &mut Vec<Told>) {
        if mem::take(&mut self.tasks[task].as_mut().unwrap().asleep) {
            self.ready.push(task);
            told.push(Told::Woke(task));
        }
    }
}
