//! Who waits for whom.
//!
//! A task waits for the holder of a lock, or for the end of a task. If it has several leaves it goes on as soon as *any* of them
//! can, so this is the OR model (Chandy, Misra, Haas, "Distributed deadlock detection", 1983): a set of tasks is stuck if every
//! leaf of every one waits for one in the set. [`stuck`] finds the largest such set, by taking out whoever waits for somebody
//! outside, again and again. A leaf that leno knows nothing of (a timer, a socket, a channel, somebody else's future), and a lock
//! of which it is not known who holds it, can go on: so there may be deadlocks that are not found.
//!
//! # That it is true
//!
//! Each task tells where it stands in its own time, so what two of them have told need never have been true at once. Hence
//! those that seem stuck are asked again, and [`same`] wants the same answer: the same turn in the queue of the same lock, by
//! its ticket, and the same tasks to wait for. Who gives it has not moved from its first answer to its second; all first
//! answers come before all second ones; so in between all of it was true.
//!
//! That a task has taken a lock does not say that it has it still: it may have given the guard away, which nothing tells of. So
//! [`certain`] is only who is stuck even if everybody who has spawned or sent anything since it took a lock has parted with it.
//! The second answer says how much that is by then.

use crate::kernel::captures::{Answer, Standing};
use crate::kernel::task::{HandedOn, What};
use crate::task::Id;
use std::collections::{HashMap, HashSet};

/// A task all of whose leaves wait for other tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) task: Id,
    pub(crate) edges: Vec<Edge>,
}

/// What a leaf waits for, and whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) to: Id,
    /// If it is a lock, which; otherwise it is the end of that task.
    pub(crate) lock: Option<Lock>,
}

/// A lock that is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lock {
    pub(crate) address: usize,
    pub(crate) ticket: u64,
    /// It was handed to its holder, and the future that had waited for it has not been polled since.
    pub(crate) was_handed: bool,
    /// How much its holder had handed on when it took it.
    pub(crate) handed_on: HandedOn,
}

/// What the answer says, if all its leaves wait for tasks.
pub(crate) fn node(standing: &Standing) -> Option<Node> {
    node_of(standing.task.id(), standing.answer.as_ref()?)
}

/// The same for whoever is called `task`.
pub(crate) fn node_of(task: Id, answer: &Answer) -> Option<Node> {
    if answer.is_ready || answer.has_more {
        return None;
    }
    let edge = |what: What, address| match what {
        What::Task(to) => Some(Edge { to, lock: None }),
        What::Lock { holder, ticket } => holder.map(|holder| Edge {
            to: holder.task,
            lock: Some(Lock {
                address,
                ticket,
                was_handed: holder.was_handed,
                handed_on: holder.handed_on,
            }),
        }),
        What::Permits | What::Deadline(_) | What::End | What::Cancel => None,
    };
    let edges = answer.leaves.iter().map(|leaf| {
        leaf.waits_for
            .and_then(|waits_for| edge(waits_for.what, waits_for.address))
    });
    let mut edges: Vec<Edge> = edges.collect::<Option<_>>()?;
    // A `select!` polls in another order each time.
    edges.sort_unstable_by_key(|edge| (edge.to, edge.lock.map(|lock| lock.ticket)));
    // Without a leaf it is not known what wakes it.
    (!edges.is_empty()).then_some(Node { task, edges })
}

/// The largest set of tasks each of which waits for others of the set alone.
pub(crate) fn stuck(nodes: impl IntoIterator<Item = Node>) -> HashMap<Id, Node> {
    let mut stuck: HashMap<Id, Node> = nodes.into_iter().map(|node| (node.task, node)).collect();
    let mut waiting: HashMap<Id, Vec<Id>> = HashMap::new();
    for node in stuck.values() {
        for edge in &node.edges {
            waiting.entry(edge.to).or_default().push(node.task);
        }
    }
    // Whoever waits for somebody who is not in the set leaves it, and with it those that wait for it.
    let outside = waiting.keys().filter(|task| !stuck.contains_key(task));
    let mut leaving: Vec<Id> = outside.copied().collect();
    while let Some(task) = leaving.pop() {
        for waiter in waiting.remove(&task).unwrap_or_default() {
            if stuck.remove(&waiter).is_some() {
                leaving.push(waiter);
            }
        }
    }
    stuck
}

/// Those that have not moved between two answers.
pub(crate) fn same(first: HashMap<Id, Node>, second: &[Standing]) -> HashMap<Id, Node> {
    let second: HashMap<Id, Node> = second
        .iter()
        .filter_map(node)
        .map(|node| (node.task, node))
        .collect();
    let unmoved = first
        .into_values()
        .filter(|before| second.get(&before.task) == Some(before));
    stuck(unmoved)
}

/// Those of a stuck set that are stuck whatever has become of the guards that may have been given away by the second answers.
pub(crate) fn certain(stuck_tasks: &HashMap<Id, Node>, second: &[Standing]) -> HashSet<Id> {
    let by_now: HashMap<Id, HandedOn> = second
        .iter()
        .filter_map(|standing| Some((standing.task.id(), standing.answer.as_ref()?.handed_on)))
        .collect();
    let keeps = |edge: &Edge| {
        let then = edge.lock.map(|lock| lock.handed_on);
        let now = by_now.get(&edge.to);
        then.is_none_or(|then| now.is_some_and(|&now| then.is_all(now)))
    };
    let nodes = stuck_tasks.values();
    let certain = nodes.filter(|node| node.edges.iter().all(keeps)).cloned();
    stuck(certain).into_keys().collect()
}

/// A circle of tasks each of which waits for the next, and the last for the first.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Circle {
    /// Each with what it waits for.
    pub(crate) tasks: Vec<(Id, Edge)>,
    /// Tasks that wait for one of them, or for one that does.
    pub(crate) behind: usize,
    /// None of them can have given away what the one before waits for.
    pub(crate) is_certain: bool,
}

/// The circles in a stuck set. Whoever a certain one waits for is certain, so a circle is so as a whole or not at all.
pub(crate) fn circles(mut stuck: HashMap<Id, Node>, certain: &HashSet<Id>) -> Vec<Circle> {
    let mut circles = Vec::new();
    // The oldest first, so that it is always told in the same way.
    while let Some(&first) = stuck.keys().min() {
        // All that it waits for is in the set, so whoever follows the edges comes to a task again.
        let mut path: Vec<(Id, Edge)> = Vec::new();
        let mut task = first;
        let start = loop {
            if let Some(start) = path.iter().position(|&(on_path, _)| on_path == task) {
                break start;
            }
            let edge = stuck[&task].edges[0];
            path.push((task, edge));
            task = edge.to;
        };
        let mut tasks = path.split_off(start);
        let oldest = (0..tasks.len()).min_by_key(|&number| tasks[number].0);
        tasks.rotate_left(oldest.unwrap_or(0));
        let behind = take_waiting(&mut stuck, &tasks);
        circles.push(Circle {
            is_certain: certain.contains(&tasks[0].0),
            tasks,
            behind,
        });
    }
    circles
}

/// Takes out the tasks of a circle and all that wait for them; returns how many those are.
fn take_waiting(stuck: &mut HashMap<Id, Node>, circle: &[(Id, Edge)]) -> usize {
    let mut taken: HashSet<Id> = circle.iter().map(|&(task, _)| task).collect();
    loop {
        let waits = |node: &&Node| {
            !taken.contains(&node.task) && node.edges.iter().any(|edge| taken.contains(&edge.to))
        };
        let more: Vec<Id> = stuck.values().filter(waits).map(|node| node.task).collect();
        if more.is_empty() {
            break;
        }
        taken.extend(more);
    }
    stuck.retain(|task, _| !taken.contains(task));
    taken.len() - circle.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> Id {
        Id::from_raw(number).unwrap()
    }

    fn nodes(edges: &[(u64, &[u64])]) -> Vec<Node> {
        let edge = |&to: &u64| Edge {
            to: id(to),
            lock: None,
        };
        edges
            .iter()
            .map(|&(task, to)| Node {
                task: id(task),
                edges: to.iter().map(edge).collect(),
            })
            .collect()
    }

    fn stuck_ids(edges: &[(u64, &[u64])]) -> Vec<u64> {
        let stuck = stuck(nodes(edges));
        let mut ids: Vec<u64> = stuck.keys().map(|id| id.get()).collect();
        ids.sort_unstable();
        ids
    }

    #[test]
    fn who_waits_for_somebody_outside_is_not_stuck() {
        assert_eq!(stuck_ids(&[(1, &[2]), (2, &[1])]), [1, 2]);
        assert_eq!(stuck_ids(&[(1, &[1])]), [1]);
        // 4 is none of those that wait for tasks alone.
        assert_eq!(stuck_ids(&[(1, &[2]), (2, &[3]), (3, &[4])]), [0; 0]);
        assert_eq!(stuck_ids(&[(1, &[2, 4]), (2, &[1])]), [0; 0]);
        assert_eq!(stuck_ids(&[(1, &[2]), (2, &[1]), (3, &[1, 2])]), [1, 2, 3]);
    }

    #[test]
    fn circles_are_told_with_those_behind_them() {
        let edges: &[(u64, &[u64])] = &[
            (1, &[2]),
            (2, &[3]),
            (3, &[2]),
            (4, &[1]),
            (7, &[7]),
            (8, &[7, 2]),
        ];
        let circles = circles(stuck(nodes(edges)), &HashSet::new());
        let told: Vec<(Vec<u64>, usize)> = circles
            .iter()
            .map(|circle| {
                let tasks = circle.tasks.iter().map(|(task, _)| task.get());
                (tasks.collect(), circle.behind)
            })
            .collect();
        // 8 waits for either.
        assert_eq!(told, [(vec![2, 3], 3), (vec![7], 0)]);
    }

    /// All graphs of three tasks, each of which waits for some of four (of which the fourth goes on, or ends): against what
    /// happens if whoever can go on does.
    #[test]
    fn what_is_stuck_is_what_no_order_of_events_gets_on() {
        const SETS: u64 = 1 << 4;
        for sets in 0..SETS.pow(3) {
            let waits = [sets % SETS, sets / SETS % SETS, sets / SETS / SETS];
            let mut done = [false, false, false, true];
            loop {
                let goes_on = |task: &usize| {
                    let mut awaited = (0..4).filter(|bit| waits[*task] & (1 << bit) != 0);
                    !done[*task] && awaited.any(|awaited| done[awaited])
                };
                let Some(next) = (0..3).find(goes_on) else {
                    break;
                };
                done[next] = true;
            }
            let lists: Vec<(u64, Vec<u64>)> = (0..3u64)
                .filter(|&task| waits[task as usize] != 0)
                .map(|task| {
                    let set = waits[task as usize];
                    let awaited = (0..4).filter(|bit| set & (1 << bit) != 0);
                    (task + 1, awaited.map(|bit| bit + 1).collect())
                })
                .collect();
            let edges: Vec<(u64, &[u64])> = lists
                .iter()
                .map(|(task, awaited)| (*task, awaited.as_slice()))
                .collect();
            // Who waits for nothing that is known can go on, and does: so nobody waits for it here.
            if waits.contains(&0) {
                continue;
            }
            let expected: Vec<u64> = (0..3u64)
                .filter(|&task| !done[task as usize])
                .map(|task| task + 1)
                .collect();
            assert_eq!(stuck_ids(&edges), expected, "{edges:?}");
        }
    }
}
