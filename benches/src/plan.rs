//! What a run is to measure: which peers, which workloads, with how many workers.
//!
//! Errors are lines for people.

use crate::workload::{Runtime, Workload};

/// What to measure, in the order of the tables.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    /// The peers that take turns.
    pub(crate) peers: Vec<&'a Runtime>,
    /// What they take turns at.
    pub(crate) items: Vec<Item>,
}

/// One workload with one number of workers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item {
    /// Which workload.
    pub(crate) workload: &'static Workload,
    /// Worker threads; 0 is the current-thread runtime.
    pub(crate) workers: usize,
}

impl Item {
    /// How many rounds of so many are taken.
    pub(crate) fn rounds(&self, rounds: u32) -> u32 {
        self.workload
            .most_rounds
            .map_or(rounds, |most| rounds.min(most))
    }
}

/// What the caller wants of all that there is; empty lists want everything.
#[derive(Debug, Default)]
pub(crate) struct Wishes<'a> {
    /// Parts of workloads' or groups' names.
    pub(crate) only: &'a [String],
    /// Peers' names.
    pub(crate) peers: &'a [String],
    /// Numbers of workers.
    pub(crate) workers: &'a [usize],
}

impl<'a> Plan<'a> {
    /// Chooses from `runtimes`.
    pub(crate) fn new(runtimes: &'a [Runtime], wishes: &Wishes<'_>) -> Result<Self, String> {
        let peers = peers(runtimes, wishes.peers)?;
        let all = workloads(peers.iter().copied());
        for only in wishes.only {
            if !all.iter().any(|workload| matches(workload, only)) {
                return Err(no_match(only, &all));
            }
        }
        let wanted = all.into_iter().filter(|workload| {
            let mut only = wishes.only.iter();
            wishes.only.is_empty() || only.any(|only| matches(workload, only))
        });
        let items: Vec<Item> = wanted
            .flat_map(|workload| {
                let numbers = workers(workload, wishes.workers).into_iter();
                numbers.map(move |workers| Item { workload, workers })
            })
            .collect();
        match (items.is_empty(), wishes.workers.is_empty()) {
            (true, true) => Err("these peers have no workloads".to_owned()),
            (true, false) => Err("no such workload runs with such a number of workers".to_owned()),
            (false, _) => Ok(Self { peers, items }),
        }
    }
}

impl Plan<'_> {
    /// How many samples so many rounds take.
    pub(crate) fn samples(&self, rounds: u32) -> u64 {
        let of = |item: &Item| {
            let peers = self.peers.iter();
            let peers = peers.filter(|peer| offers(peer, item.workload)).count();
            peers as u64 * u64::from(item.rounds(rounds))
        };
        self.items.iter().map(of).sum()
    }
}

/// All workloads that any of the peers can run, in their order.
pub(crate) fn workloads<'a>(peers: impl Iterator<Item = &'a Runtime>) -> Vec<&'static Workload> {
    let mut all: Vec<&'static Workload> = Vec::new();
    for case in peers.flat_map(|runtime| &runtime.cases) {
        if !all.iter().any(|known| known.name == case.workload.name) {
            all.push(case.workload);
        }
    }
    // Groups stay together even if a later peer adds to an earlier group.
    let mut groups: Vec<&str> = all.iter().map(|workload| workload.group).collect();
    let mut seen = Vec::new();
    groups.retain(|group| {
        let new = !seen.contains(group);
        seen.push(*group);
        new
    });
    all.sort_by_key(|workload| groups.iter().position(|group| *group == workload.group));
    all
}

/// Whether the peer can run the workload.
pub(crate) fn offers(peer: &Runtime, workload: &Workload) -> bool {
    let mut cases = peer.cases.iter();
    cases.any(|case| case.workload.name == workload.name)
}

fn peers<'a>(runtimes: &'a [Runtime], names: &[String]) -> Result<Vec<&'a Runtime>, String> {
    if names.is_empty() {
        return Ok(runtimes.iter().collect());
    }
    let mut peers: Vec<&Runtime> = Vec::new();
    for name in names {
        let Some(peer) = runtimes.iter().find(|runtime| runtime.name == name) else {
            let known: Vec<&str> = runtimes.iter().map(|runtime| runtime.name).collect();
            return Err(format!(
                "there is no peer {name:?}; there are: {}",
                known.join(", ")
            ));
        };
        if !peers.iter().any(|chosen| chosen.name == peer.name) {
            peers.push(peer);
        }
    }
    Ok(peers)
}

fn matches(workload: &Workload, only: &str) -> bool {
    let only = only.to_lowercase();
    let mut names = [workload.name, workload.group].into_iter();
    names.any(|name| name.to_lowercase().contains(&only))
}

/// Says so, with the names that look most like it.
fn no_match(only: &str, all: &[&Workload]) -> String {
    let asked = only.to_lowercase();
    let mut near: Vec<(f64, &str)> = all
        .iter()
        .map(|workload| {
            // A name is as near as the nearest of its words: "self-wkae" is meant for "self-wake, 100 tasks".
            let name = workload.name.to_lowercase();
            let words = name.split([' ', ',']).chain([name.as_str()]);
            let likeness = words.map(|word| strsim::normalized_damerau_levenshtein(&asked, word));
            (likeness.fold(0.0, f64::max), workload.name)
        })
        .collect();
    near.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let near: Vec<&str> = near.iter().take(3).map(|(_, name)| *name).collect();
    match near.as_slice() {
        [] => format!("no workload's name contains {only:?}: these peers have none"),
        near => format!(
            "no workload's name contains {only:?}; near it are: {}",
            near.join("; ")
        ),
    }
}

/// Any number of worker threads will do where one does; the current-thread runtime is another thing.
fn workers(workload: &Workload, wished: &[usize]) -> Vec<usize> {
    if wished.is_empty() {
        return workload.workers.to_vec();
    }
    let mut numbers: Vec<usize> = Vec::new();
    for number in wished {
        let possible = workload
            .workers
            .iter()
            .any(|own| (*own == 0) == (*number == 0));
        if possible && !numbers.contains(number) {
            numbers.push(*number);
        }
    }
    numbers
}
