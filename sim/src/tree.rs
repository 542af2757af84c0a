//! Depth first through the tree of all schedules, without keeping more of it than the path to where one is.
//!
//! A run follows the path and takes choice 0 beyond its end; then the last choice that can be raised is raised. A choice costs,
//! and a limit on the sum cuts the tree: so this serves both the search that is bounded by delays and the one that is not
//! bounded.
//!
//! What is left to do is at any time a list of prefixes: the higher choices along the path. So a search can be stopped, taken up
//! by another process, and be dealt out to many.

use crate::claim::Prefix;
use std::collections::VecDeque;

/// What the choices of one point cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cost {
    /// As many as are passed over.
    Index,
    /// One, whichever it is, and nothing for 0.
    One,
}

impl Cost {
    fn of(self, taken: u32) -> u32 {
        match self {
            Self::Index => taken,
            Self::One => taken.min(1),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Branch {
    /// 0 if the branch comes from a prefix and was not seen yet.
    count: u32,
    taken: u32,
    cost: Cost,
}

/// Where in the tree the search is.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    path: Vec<Branch>,
    /// How much of the path the current run has used.
    at: usize,
    /// So much of the path is given, and never raised.
    given: usize,
    begun: bool,
    /// The limit of the current part.
    limit: Option<u32>,
    /// What comes after the current part.
    parts: VecDeque<Prefix>,
    /// From the first run on, take only every n-th of what is left.
    shard: Option<(u32, u32)>,
    /// Something was not tried for its cost.
    pub(crate) cut: bool,
    /// The program did not repeat itself, and how that was seen.
    pub(crate) strayed: Option<String>,
}

impl Tree {
    /// All below `parts`.
    pub(crate) fn new(parts: impl IntoIterator<Item = Prefix>, shard: Option<(u32, u32)>) -> Self {
        Self {
            path: Vec::new(),
            at: 0,
            given: 0,
            begun: false,
            limit: None,
            parts: parts.into_iter().collect(),
            shard,
            cut: false,
            strayed: None,
        }
    }

    /// Moves on to the next run. False if there is none.
    pub(crate) fn advance(&mut self) -> bool {
        if self.begun {
            if self.at < self.path.len() {
                self.stray(format!(
                    "a run ended after {} choices where it had made {} before",
                    self.at,
                    self.path.len()
                ));
                self.path.truncate(self.at);
            }
            if let Some((index, of)) = self.shard.take() {
                let rest = self.unexplored();
                self.path.clear();
                self.given = 0;
                self.parts = rest
                    .into_iter()
                    .enumerate()
                    .filter(|(place, _)| *place as u64 % u64::from(of) == u64::from(index))
                    .map(|(_, part)| part)
                    .collect();
            }
        }
        self.at = 0;
        (self.begun && self.raise()) || self.next_part()
    }

    fn raise(&mut self) -> bool {
        let mut spent = self.spent();
        while self.path.len() > self.given {
            let Some(mut branch) = self.path.pop() else {
                break;
            };
            spent -= branch.cost.of(branch.taken);
            let next = branch.taken + 1;
            if next < branch.count {
                if self.affords(spent, branch.cost.of(next)) {
                    branch.taken = next;
                    self.path.push(branch);
                    return true;
                }
                self.cut = true;
            }
        }
        false
    }

    fn next_part(&mut self) -> bool {
        let Some(part) = self.parts.pop_front() else {
            self.path.clear();
            self.given = 0;
            return false;
        };
        self.begun = true;
        self.limit = part.delays;
        self.path.clear();
        // What they cost is seen when they are asked for.
        self.path.extend(part.choices.iter().map(|&taken| Branch {
            count: 0,
            taken,
            cost: Cost::Index,
        }));
        self.given = self.path.len();
        true
    }

    fn spent(&self) -> u32 {
        self.path
            .iter()
            .map(|branch| branch.cost.of(branch.taken))
            .sum()
    }

    fn affords(&self, spent: u32, more: u32) -> bool {
        self.limit
            .is_none_or(|limit| spent.saturating_add(more) <= limit)
    }

    /// What the current run takes, of `count`.
    pub(crate) fn ask(&mut self, count: u32, cost: Cost) -> u32 {
        let at = self.at;
        self.at += 1;
        let Some(&known) = self.path.get(at) else {
            self.path.push(Branch {
                count,
                taken: 0,
                cost,
            });
            return 0;
        };
        if known.count == 0 && known.taken < count {
            self.path[at].count = count;
            self.path[at].cost = cost;
        } else if known.count != count || known.cost != cost {
            self.stray(format!(
                "choice {} had {} answers, and {count} when it was made again",
                at + 1,
                if known.count == 0 {
                    "more".to_owned()
                } else {
                    known.count.to_string()
                },
            ));
            self.path.truncate(at);
            self.given = self.given.min(at);
            self.path.push(Branch {
                count,
                taken: 0,
                cost,
            });
        }
        self.path[at].taken
    }

    fn stray(&mut self, how: String) {
        self.strayed.get_or_insert(how);
    }

    /// True if the run that was made last is one to count: the shards have the first run in common, and the first of them counts
    /// it.
    pub(crate) fn counts(&self) -> bool {
        self.shard.is_none_or(|(index, _)| index == 0)
    }

    /// What is left, between two runs.
    pub(crate) fn unexplored(&self) -> Vec<Prefix> {
        let mut rest = Vec::new();
        if self.begun {
            let mut spent = self.spent();
            for (index, branch) in self.path.iter().enumerate().skip(self.given).rev() {
                spent -= branch.cost.of(branch.taken);
                for taken in branch.taken + 1..branch.count {
                    if !self.affords(spent, branch.cost.of(taken)) {
                        break;
                    }
                    let mut choices: Vec<u32> = self.path[..index]
                        .iter()
                        .map(|branch| branch.taken)
                        .collect();
                    choices.push(taken);
                    rest.push(Prefix {
                        choices,
                        delays: self.limit,
                    });
                }
            }
        }
        rest.extend(self.parts.iter().cloned());
        rest
    }
}
