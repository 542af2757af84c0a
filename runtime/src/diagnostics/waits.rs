//! Looks for what waits for too long: one thread for each runtime that wants it.
//!
//! It has a look now and then, at a quarter of the threshold. Only those that have waited in line for a lock for as long as the
//! threshold are asked where they stand, and those that they wait for; so nothing is polled in a program in which nobody waits.
//!
//! - If they are [stuck](super::graph) that is a deadlock.
//! - If not, and the lock is held by the same task at two looks, and that sleeps at both, then it holds the lock across a
//!   sleep. (A lock goes to those that wait for it in turn. So whoever holds it at both looks, while another waits, has held
//!   it all the time; or has waited for it in two places at once.)
//! - A task that sleeps, and to which nobody has a waker, a handle or a handle to abort it, sleeps for ever. That is read off its
//!   word, at two looks.

use super::deliver;
use super::dump::{self, Dump};
use super::graph::{Circle, Edge};
use super::report::waits as report;
use crate::kernel::captures::{self, Standing};
use crate::kernel::lines::LongWait;
use crate::kernel::task::What;
use crate::runtime::inner::Inner;
use crate::task::{AbortHandle, Id};
use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

const SHORTEST_PERIOD: Duration = Duration::from_millis(10);
const LONGEST_PERIOD: Duration = Duration::from_secs(1);

/// At most this part of the time is spent on walks: one of a million tasks takes a tenth of a second.
const PART: u32 = 20;

/// For how long those who are asked are waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// At most so many rounds from who waits to who holds.
const ROUNDS: usize = 64;

/// What is known from earlier looks.
struct Waits {
    threshold: Duration,
    /// Turns in a queue of which has been told, and whose hold it is that lasts, if that has.
    told: HashMap<u64, Option<Hold>>,
    /// Circles of which has been told: for each task that waits in one, what for.
    circles: HashMap<Id, Edge>,
    /// Who held the lock that a turn is for, asleep.
    holds: HashMap<u64, Hold>,
    /// Since when tasks were seen that nothing can wake.
    forsaken: HashMap<Id, Instant>,
    /// Those of which has been told.
    given_up: HashSet<Id>,
    /// How long the last walk through all tasks took.
    walk: Duration,
}

/// Who holds which lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Hold {
    holder: Id,
    /// Its address.
    lock: usize,
    /// The holder cannot have given the guard away.
    is_certain: bool,
}

/// A wait for a lock that is held.
struct Held {
    ticket: u64,
    waiter: Id,
    hold: Hold,
    time: Duration,
}

/// Starts to look.
///
/// # Errors
///
/// If the system has no thread for it.
pub(crate) fn start(runtime: &Arc<Inner>, threshold: Duration) -> io::Result<()> {
    let looked_at = Arc::downgrade(runtime);
    let builder = thread::Builder::new().name("leno-waits".to_owned());
    let thread = builder.spawn(move || Waits::new(threshold).run(&looked_at))?;
    runtime.set_waits_thread(thread.thread().clone());
    Ok(())
}

impl Waits {
    fn new(threshold: Duration) -> Self {
        Self {
            threshold,
            told: HashMap::new(),
            circles: HashMap::new(),
            holds: HashMap::new(),
            forsaken: HashMap::new(),
            given_up: HashSet::new(),
            walk: Duration::ZERO,
        }
    }

    /// Looks until the runtime is gone, or has ended.
    fn run(mut self, runtime: &Weak<Inner>) {
        let period = (self.threshold / 4).clamp(SHORTEST_PERIOD, LONGEST_PERIOD);
        loop {
            // Less, if the runtime ends.
            thread::park_timeout(period.max(self.walk.saturating_mul(PART)));
            let Some(runtime) = runtime.upgrade().filter(|runtime| !runtime.is_closed()) else {
                return;
            };
            self.look(&runtime);
        }
    }

    fn look(&mut self, runtime: &Arc<Inner>) {
        let waiting = runtime.waiting_for(self.threshold);
        let tickets: HashSet<u64> = waiting.iter().map(|wait| wait.ticket).collect();
        self.told.retain(|ticket, _| tickets.contains(ticket));
        self.holds.retain(|ticket, _| tickets.contains(ticket));
        let new: Vec<LongWait> = waiting
            .into_iter()
            .filter(|wait| !self.told.contains_key(&wait.ticket))
            .collect();
        if !new.is_empty() {
            self.look_at(runtime, new);
        }
        let start = Instant::now();
        let tasks = runtime.handles();
        if !(self.circles.is_empty() && self.given_up.is_empty()) {
            let alive: HashSet<Id> = tasks.iter().map(AbortHandle::id).collect();
            self.circles.retain(|task, _| alive.contains(task));
            self.given_up.retain(|task| alive.contains(task));
        }
        self.look_for_forsaken(&tasks);
        drop(tasks);
        self.walk = start.elapsed();
    }

    /// Asks those who have waited for long, and those they wait for.
    fn look_at(&mut self, runtime: &Inner, waiting: Vec<LongWait>) {
        let first: Vec<AbortHandle> = waiting.iter().map(|wait| wait.task.clone()).collect();
        let standings = ask_all(runtime, first);
        let circles = dump::circles(runtime, &standings, PATIENCE);
        let in_circles: HashSet<Id> = circles
            .iter()
            .flat_map(|circle| circle.tasks.iter().map(|&(task, _)| task))
            .collect();
        // Those who wait behind one come to it at later looks.
        let is_known = |circle: &Circle| {
            let mut tasks = circle.tasks.iter();
            tasks.all(|(task, edge)| self.circles.get(task) == Some(edge))
        };
        let circles: Vec<Circle> = circles.into_iter().filter(|it| !is_known(it)).collect();
        // One still waits who did when it was told of: so it has been held all the time, and others need not be told of.
        let mut known: HashSet<Hold> = self.told.values().copied().flatten().collect();
        let mut new = Vec::new();
        for held in self.held(&waiting, &standings) {
            // Whoever waits for one that is in a circle is behind it.
            let hold = Some(held.hold).filter(|hold| !in_circles.contains(&hold.holder));
            self.told.insert(held.ticket, hold);
            if hold.is_some_and(|hold| known.insert(hold)) {
                new.push(held);
            }
        }
        if circles.is_empty() && new.is_empty() {
            return;
        }
        let dump = Dump::new(Vec::new(), standings);
        for circle in &circles {
            let edges = circle.tasks.iter().map(|(_, edge)| edge.lock);
            let tickets = edges.flatten().map(|lock| (lock.ticket, None));
            self.told.extend(tickets);
            self.circles.extend(circle.tasks.iter().copied());
            deliver::push_report(report::circle(circle, &dump));
        }
        for held in new {
            let Hold {
                holder, is_certain, ..
            } = held.hold;
            let report = report::held((held.waiter, held.time), (holder, is_certain), &dump);
            deliver::push_report(report);
        }
    }

    /// Waits for a lock that the same task has held, asleep, at the last look and at this one, the longest first.
    fn held(&mut self, waiting: &[LongWait], standings: &[Standing]) -> Vec<Held> {
        let by_id: HashMap<Id, &Standing> = standings
            .iter()
            .map(|standing| (standing.task.id(), standing))
            .collect();
        let sleeps = |task: Id| {
            let answer = by_id
                .get(&task)
                .and_then(|standing| standing.answer.as_ref());
            answer.is_some_and(|answer| !answer.is_ready)
        };
        let mut held = Vec::new();
        for wait in waiting {
            let waiter = wait.task.id();
            let hold = by_id
                .get(&waiter)
                .and_then(|standing| hold_for(standing, wait.ticket, &by_id))
                .filter(|hold| hold.holder != waiter && sleeps(hold.holder));
            let before = match hold {
                Some(hold) => self.holds.insert(wait.ticket, hold),
                None => self.holds.remove(&wait.ticket),
            };
            if let Some(hold) = hold.filter(|&hold| before == Some(hold)) {
                held.push(Held {
                    ticket: wait.ticket,
                    waiter,
                    hold,
                    time: wait.time,
                });
            }
        }
        held.sort_by_key(|held| std::cmp::Reverse(held.time));
        held
    }

    /// Looks for tasks that nothing can wake.
    fn look_for_forsaken(&mut self, tasks: &[AbortHandle]) {
        let now = Instant::now();
        let mut forsaken = HashMap::new();
        for task in tasks.iter().filter(|task| task.is_forsaken()) {
            let id = task.id();
            let since = self.forsaken.get(&id).copied().unwrap_or(now);
            if now.duration_since(since) >= self.threshold && self.given_up.insert(id) {
                deliver::push_report(report::forsaken(task.look()));
            }
            forsaken.insert(id, since);
        }
        self.forsaken = forsaken;
    }
}

/// Who holds the lock for which `standing` has this ticket.
fn hold_for(standing: &Standing, ticket: u64, by_id: &HashMap<Id, &Standing>) -> Option<Hold> {
    let handed_on = |task: Id| Some(by_id.get(&task)?.answer.as_ref()?.handed_on);
    let leaves = &standing.answer.as_ref()?.leaves;
    leaves.iter().find_map(|leaf| {
        let waits_for = leaf.waits_for?;
        match waits_for.what {
            What::Lock {
                holder: Some(holder),
                ticket: own,
            } if own == ticket => Some(Hold {
                holder: holder.task,
                lock: waits_for.address,
                is_certain: handed_on(holder.task)
                    .is_some_and(|by_now| holder.handed_on.is_all(by_now)),
            }),
            _ => None,
        }
    })
}

/// Asks tasks where they stand, then those that they wait for, and so on.
fn ask_all(runtime: &Inner, first: Vec<AbortHandle>) -> Vec<Standing> {
    let mut standings: Vec<Standing> = Vec::new();
    let mut asked: HashSet<Id> = HashSet::new();
    let mut next = first;
    for _ in 0..ROUNDS {
        // One that waits in two lines is asked once.
        next.retain(|task| asked.insert(task.id()));
        if next.is_empty() {
            break;
        }
        let answers = captures::ask(&next, PATIENCE);
        let awaited: HashSet<Id> = answers.iter().flat_map(awaited_by).collect();
        standings.extend(answers);
        next = runtime.handles();
        next.retain(|task| awaited.contains(&task.id()));
    }
    standings
}

/// The tasks that one waits for.
fn awaited_by(standing: &Standing) -> Vec<Id> {
    let leaves = standing.answer.iter().flat_map(|answer| &answer.leaves);
    let awaited = leaves.filter_map(|leaf| match leaf.waits_for?.what {
        What::Task(task) => Some(task),
        What::Lock { holder, .. } => Some(holder?.task),
        What::Permits | What::Deadline(_) | What::End | What::Cancel => None,
    });
    awaited.collect()
}
