//! The record with what is computed from it, arranged as the page shows it: groups of workloads of lines of peers.

use super::Description;
use crate::record::{PeerResult, Record, Row};
use crate::statistics::{self, Verdict};

/// Everything that the parts of the page need.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    /// What was measured.
    pub(super) record: &'a Record,
    /// All peers, in the order they were named.
    pub(super) peers: Vec<Peer<'a>>,
    /// Which of `peers` the others are compared with; `None` in a record without results.
    pub(super) reference: Option<usize>,
    /// Which of `peers` the verdicts are about; `None` if there is none but the reference.
    pub(super) subject: Option<usize>,
    /// The rows, under their headings.
    pub(super) groups: Vec<Group<'a>>,
}

/// A peer, and how it is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Peer<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// Its colour and shape, the same on every page.
    pub(super) style: usize,
}

/// The workloads under one heading.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// The heading.
    pub(super) name: &'a str,
    /// What stands under it.
    pub(super) workloads: Vec<Workload<'a>>,
}

/// One workload.
#[derive(Debug)]
pub(super) struct Workload<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// What it can show, if that is known.
    pub(super) description: Option<&'a Description<'a>>,
    /// Its quantities, by workers.
    pub(super) lines: Vec<Line<'a>>,
}

/// A row of the record, and what is computed from it.
#[derive(Debug)]
pub(super) struct Line<'a> {
    /// What was measured.
    pub(super) row: &'a Row,
    /// One for each of [`Facts::peers`]; `None` for a peer that the row does not have.
    pub(super) entries: Vec<Option<Entry<'a>>>,
}

/// What one peer did.
#[derive(Debug, Clone)]
pub(super) struct Entry<'a> {
    /// What was measured.
    pub(super) result: &'a PeerResult,
    /// The middle of the samples.
    pub(super) median: Option<f64>,
    /// How it compares with the reference; `None` for the reference itself and without samples.
    pub(super) compared: Option<Compared>,
}

/// A comparison with the reference.
#[derive(Debug, Clone, Copy)]
pub(super) struct Compared {
    /// The peer's figure divided by the reference's.
    pub(super) ratio: f64,
    /// Where the 95 % interval begins.
    pub(super) low: f64,
    /// Where the 95 % interval ends.
    pub(super) high: f64,
    /// What that means.
    pub(super) standing: Standing,
}

/// Where a peer stands in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Better than the reference.
    Better,
    /// As good as the reference.
    Same,
    /// Worse than the reference.
    Worse,
    /// The samples do not say.
    Undecided,
    /// There is nothing to compare.
    NotCompared,
}

impl Standing {
    /// All of them, in the order of the summary.
    pub(super) const ALL: [Self; 5] = [
        Self::Better,
        Self::Same,
        Self::Worse,
        Self::Undecided,
        Self::NotCompared,
    ];

    /// What the page calls it: rows' verdicts have the same words everywhere.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Better => Verdict::Better.word(),
            Self::Same => Verdict::Same.word(),
            Self::Worse => Verdict::Worse.word(),
            Self::Undecided => Verdict::Undecided.word(),
            Self::NotCompared => "not compared",
        }
    }

    /// What the style sheet calls it.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::NotCompared => "none",
            other => other.name(),
        }
    }

    /// The same without words, for those who do not see the colours.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Better => "▲",
            Self::Same => "=",
            Self::Worse => "▼",
            Self::Undecided => "?",
            Self::NotCompared => "–",
        }
    }
}

impl Line<'_> {
    /// Where the peer of index `peer` stands.
    pub(super) fn standing(&self, peer: Option<usize>) -> Standing {
        peer.and_then(|peer| self.compared(peer))
            .map_or(Standing::NotCompared, |compared| compared.standing)
    }

    /// How the peer of index `peer` compares with the reference.
    pub(super) fn compared(&self, peer: usize) -> Option<Compared> {
        self.entries[peer].as_ref()?.compared
    }

    /// The median of the peer of index `peer`.
    pub(super) fn median(&self, peer: usize) -> Option<f64> {
        self.entries[peer].as_ref()?.median
    }
}

impl Group<'_> {
    /// All lines of all workloads.
    pub(super) fn lines(&self) -> impl Iterator<Item = &Line<'_>> {
        self.workloads.iter().flat_map(|workload| &workload.lines)
    }
}

impl<'a> Facts<'a> {
    /// Arranges `record`; `peer` comes first, or the subject if it is not said.
    pub(super) fn of(
        record: &'a Record,
        descriptions: &'a [Description<'a>],
        peer: Option<&str>,
    ) -> Self {
        let mut peers = peers(record);
        // The same two for the whole page: those of the row that knows most peers.
        let fullest = record.rows.iter().rev().max_by_key(|row| row.results.len());
        let roles = fullest.and_then(|row| statistics::roles(row, peer));
        let alone = fullest.and_then(statistics::reference);
        if let Some((of, _)) = roles {
            // One's own peer stands first.
            peers.sort_by_key(|peer| peer.name != of.peer);
        }
        let place = |result: &PeerResult| peers.iter().position(|peer| peer.name == result.peer);
        let reference = roles.map(|(_, to)| to).or(alone).and_then(place);
        let subject = roles.and_then(|(of, _)| place(of));
        let mut facts = Self {
            record,
            peers,
            reference,
            subject,
            groups: Vec::new(),
        };
        for row in &record.rows {
            facts.add(row, descriptions);
        }
        facts
    }

    fn add(&mut self, row: &'a Row, descriptions: &'a [Description<'a>]) {
        let line = self.line(row);
        let group = find_or_add(
            &mut self.groups,
            |group| group.name == row.group,
            || Group {
                name: &row.group,
                workloads: Vec::new(),
            },
        );
        let workload = find_or_add(
            &mut group.workloads,
            |workload| workload.name == row.workload,
            || Workload {
                name: &row.workload,
                description: descriptions
                    .iter()
                    .find(|description| description.workload == row.workload),
                lines: Vec::new(),
            },
        );
        workload.lines.push(line);
    }

    fn line(&self, row: &'a Row) -> Line<'a> {
        let reference = self
            .reference
            .and_then(|reference| statistics::find(row, self.peers[reference].name));
        let entries = self
            .peers
            .iter()
            .map(|peer| statistics::find(row, peer.name))
            .map(|found| found.map(|found| entry(row, found, reference)))
            .collect();
        Line { row, entries }
    }

    /// All lines of the page.
    pub(super) fn lines(&self) -> impl Iterator<Item = &Line<'_>> {
        self.groups.iter().flat_map(Group::lines)
    }

    /// The reference's name.
    pub(super) fn reference_name(&self) -> &'a str {
        self.reference.map_or("", |peer| self.peers[peer].name)
    }

    /// The name of the peer that the verdicts are about.
    pub(super) fn subject_name(&self) -> &'a str {
        self.subject.map_or("", |peer| self.peers[peer].name)
    }

    /// The peers that are compared with the reference, as indices: the subject first.
    pub(super) fn contenders(&self) -> Vec<usize> {
        let others = (0..self.peers.len())
            .filter(|peer| Some(*peer) != self.reference && Some(*peer) != self.subject);
        self.subject.into_iter().chain(others).collect()
    }
}

/// The peers that have a style of their own; any other takes one of those that are left.
const KNOWN: [&str; 3] = ["leno", "tokio", "smol"];

/// How many styles there are.
pub(super) const STYLES: usize = 8;

fn peers(record: &Record) -> Vec<Peer<'_>> {
    let mut peers: Vec<Peer<'_>> = Vec::new();
    let mut strangers = 0;
    for result in record.rows.iter().flat_map(|row| &row.results) {
        if peers.iter().any(|peer| peer.name == result.peer) {
            continue;
        }
        let known = KNOWN.iter().position(|name| *name == result.peer);
        let style = known.unwrap_or_else(|| {
            strangers += 1;
            KNOWN.len() + (strangers - 1) % (STYLES - KNOWN.len())
        });
        peers.push(Peer {
            name: &result.peer,
            style,
        });
    }
    peers
}

fn entry<'a>(row: &Row, found: &'a PeerResult, reference: Option<&PeerResult>) -> Entry<'a> {
    let other = reference.filter(|reference| reference.peer != found.peer);
    Entry {
        result: found,
        median: statistics::peer_median(found),
        compared: other.and_then(|other| compared(row, found, other)),
    }
}

fn compared(row: &Row, found: &PeerResult, reference: &PeerResult) -> Option<Compared> {
    let ratio = statistics::ratio(found, reference)?;
    let standing = match ratio.verdict(row.unit) {
        Verdict::Better => Standing::Better,
        Verdict::Same => Standing::Same,
        Verdict::Worse => Standing::Worse,
        Verdict::Undecided => Standing::Undecided,
    };
    Some(Compared {
        ratio: ratio.median,
        low: ratio.low,
        high: ratio.high,
        standing,
    })
}

fn find_or_add<T>(
    list: &mut Vec<T>,
    is_it: impl Fn(&T) -> bool,
    make: impl FnOnce() -> T,
) -> &mut T {
    let place = list.iter().position(is_it).unwrap_or_else(|| {
        list.push(make());
        list.len() - 1
    });
    &mut list[place]
}
