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
use crate::kernel::captures::Standing;
use crate::kernel::lines::LongWait;
use crate::kernel::task::{LockHolder, What};
use crate::runtime::inner::Inner;
use crate::task::{AbortHandle, Id};
use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

const SHORTEST_PERIOD: Duration = Duration::from_millis(10);
const LONGEST_PERIOD: Duration = Duration::from_secs(1);

/// For how long those who are asked are waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// At most so many rounds from who waits to who holds.
const ROUNDS: usize = 64;

/// What is known from earlier looks.
struct Waits {
    threshold: Duration,
    /// Turns in a queue of which has been told.
    told: HashSet<u64>,
    /// Circles of which has been told: for each task that waits in one, what for.
    circles: HashMap<Id, Edge>,
    /// Who held the lock that a turn is for, asleep.
    holders: HashMap<u64, Id>,
    /// Since when tasks were seen that nothing can wake.
    forsaken: HashMap<Id, Instant>,
    /// Those of which has been told.
    given_up: HashSet<Id>,
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
            told: HashSet::new(),
            circles: HashMap::new(),
            holders: HashMap::new(),
            forsaken: HashMap::new(),
            given_up: HashSet::new(),
        }
    }

    /// Looks until the runtime is gone, or has ended.
    fn run(mut self, runtime: &Weak<Inner>) {
        let period = (self.threshold / 4).clamp(SHORTEST_PERIOD, LONGEST_PERIOD);
        loop {
            // Less, if the runtime ends.
            thread::park_timeout(period);
            let Some(runtime) = runtime.upgrade().filter(|runtime| !runtime.is_closed()) else {
                return;
            };
            self.look(&runtime);
        }
    }

    fn look(&mut self, runtime: &Arc<Inner>) {
        let waiting = runtime.waiting_for(self.threshold);
        let tickets: HashSet<u64> = waiting.iter().map(|wait| wait.ticket).collect();
        self.told.retain(|ticket| tickets.contains(ticket));
        self.holders.retain(|ticket, _| tickets.contains(ticket));
        let new: Vec<LongWait> = waiting
            .into_iter()
            .filter(|wait| !self.told.contains(&wait.ticket))
            .collect();
        if !new.is_empty() {
            self.look_at(runtime, new);
        }
        let tasks = runtime.handles();
        let alive: HashSet<Id> = tasks.iter().map(AbortHandle::id).collect();
        self.circles.retain(|task, _| alive.contains(task));
        self.given_up.retain(|task| alive.contains(task));
        self.look_for_forsaken(&tasks);
    }

    /// Asks those who have waited for long, and those they wait for.
    fn look_at(&mut self, runtime: &Inner, waiting: Vec<LongWait>) {
        let first: Vec<AbortHandle> = waiting.iter().map(|wait| wait.task.clone()).collect();
        let standings = ask_all(runtime, first);
        let circles = dump::circles(runtime, &standings, PATIENCE);
        let held = self.held(&waiting, &standings);
        // Whoever waits for one that is in a circle is behind it: that is told of with the circle, or came later.
        let in_circle = |task: Id| {
            let mut tasks = circles.iter().flat_map(|circle| &circle.tasks);
            tasks.any(|&(other, _)| other == task)
        };
        for wait in &waiting {
            let mut standings = standings.iter();
            let standing = standings.find(|standing| standing.task.id() == wait.task.id());
            let holder = standing.and_then(|standing| holder_for(standing, wait.ticket));
            if holder.is_some_and(in_circle) {
                self.told.insert(wait.ticket);
            }
        }
        // Those who wait behind one come to it at later looks.
        let is_known = |circle: &Circle| {
            let mut tasks = circle.tasks.iter();
            tasks.all(|(task, edge)| self.circles.get(task) == Some(edge))
        };
        let circles: Vec<Circle> = circles.into_iter().filter(|it| !is_known(it)).collect();
        if circles.is_empty() && held.is_empty() {
            return;
        }
        let dump = Dump::new(Vec::new(), standings);
        for circle in &circles {
            let edges = circle.tasks.iter().map(|(_, edge)| edge.lock);
            self.told.extend(edges.flatten().map(|lock| lock.ticket));
            self.circles.extend(circle.tasks.iter().copied());
            deliver::push_report(report::circle(circle, &dump));
        }
        for (ticket, waiter, holder, time) in held {
            // It may be of a circle, or behind one.
            if self.told.insert(ticket) {
                deliver::push_report(report::held(waiter, holder, time, &dump));
            }
        }
    }

    /// Waits for a lock that the same task has held, asleep, at the last look and at this one: the ticket, who waits, who
    /// holds, and for how long that has been waited for.
    fn held(
        &mut self,
        waiting: &[LongWait],
        standings: &[Standing],
    ) -> Vec<(u64, Id, Id, Duration)> {
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
            let holder = by_id
                .get(&waiter)
                .and_then(|standing| holder_for(standing, wait.ticket))
                .filter(|&holder| holder != waiter && sleeps(holder));
            let before = match holder {
                Some(holder) => self.holders.insert(wait.ticket, holder),
                None => self.holders.remove(&wait.ticket),
            };
            if let Some(holder) = holder.filter(|_| before == holder) {
                held.push((wait.ticket, waiter, holder, wait.time));
            }
        }
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

/// The task that holds the lock for which `standing` has this ticket.
fn holder_for(standing: &Standing, ticket: u64) -> Option<Id> {
    let leaves = &standing.answer.as_ref()?.leaves;
    leaves.iter().find_map(|leaf| match leaf.waits_for?.what {
        What::Lock {
            holder: Some(LockHolder { task, .. }),
            ticket: own,
        } if own == ticket => Some(task),
        _ => None,
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
        let answers = runtime.ask(&next, PATIENCE);
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
        What::Permits | What::Deadline(_) => None,
    });
    awaited.collect()
}
