//! The measuring: row by row, and in a row round by round, the peers taking turns.
//!
//! The machine's speed drifts, with what its neighbours do and how warm it is. So the samples that are compared are taken
//! close together, and each round begins with another peer, so that none is always the first after a pause.

use crate::interrupt::Interrupt;
use crate::plan::{self, Item, Plan};
use crate::progress::Progress;
use crate::record::{Limit, PeerResult, Record, Row, Trouble};
use crate::sample::{self, LATENCIES, Missing, Taken};
use crate::workload::{Setting, TIME_PER_OPERATION, Unit, Workload};
use std::collections::BTreeMap;

/// A quick run has a quarter of the operations.
const QUICK: u64 = 4;

/// Fills the record's rows as the plan says; `finished` sees it after each row.
///
/// If it is interrupted, the rows so far stay, the one that was begun with the rounds so far.
pub(crate) fn measure(
    plan: &Plan<'_>,
    record: &mut Record,
    interrupt: &Interrupt,
    progress: &Progress,
    mut finished: impl FnMut(&Record),
) {
    for item in &plan.items {
        let mut table = Table::new(plan, *item);
        for round in 0..item.rounds(record.rounds) as usize {
            if !table.take_round(round, record, interrupt, progress) {
                record.interrupted = true;
                break;
            }
        }
        let rows = table.rows(&record.limits);
        if let (Some(row), false) = (rows.first(), record.interrupted) {
            progress.finished(row);
        }
        record.rows.extend(rows);
        if record.interrupted {
            return;
        }
        finished(record);
    }
}

/// The samples of one workload with one number of workers.
struct Table<'a> {
    plan: &'a Plan<'a>,
    item: Item,
    /// One a peer.
    columns: Vec<Column>,
}

/// One peer's samples.
#[derive(Default)]
struct Column {
    rounds: Vec<Option<Taken>>,
    trouble: Option<Trouble>,
}

impl<'a> Table<'a> {
    fn new(plan: &'a Plan<'a>, item: Item) -> Self {
        let column = |offered: bool| Column {
            rounds: Vec::new(),
            trouble: (!offered).then_some(Trouble::NotOffered),
        };
        let peers = plan.peers.iter();
        let columns = peers.map(|peer| column(plan::offers(peer, item.workload)));
        Self {
            plan,
            item,
            columns: columns.collect(),
        }
    }

    /// Takes a sample of each peer. `false` if it was interrupted.
    fn take_round(
        &mut self,
        round: usize,
        record: &Record,
        interrupt: &Interrupt,
        progress: &Progress,
    ) -> bool {
        let Item { workload, workers } = self.item;
        let operations = match record.quick {
            true => (workload.operations / QUICK).max(1),
            false => workload.operations,
        };
        let setting = Setting {
            workers,
            operations,
        };
        let peers = self.columns.len();
        for turn in 0..peers {
            if interrupt.happened() {
                return false;
            }
            let turn = (round + turn) % peers;
            let (peer, column) = (self.plan.peers[turn].name, &mut self.columns[turn]);
            if column.trouble == Some(Trouble::NotOffered) {
                continue;
            }
            // Once in trouble it stays there: a peer that hangs would take its deadline each round.
            if column.trouble.is_none() {
                progress.sample(&self.item, peer, round, self.item.rounds(record.rounds));
                match sample::take(peer, workload, setting, interrupt) {
                    Ok(taken) => {
                        column.rounds.resize_with(round, || None);
                        column.rounds.push(Some(taken));
                    }
                    Err(Missing::Trouble(trouble)) => column.trouble = Some(trouble),
                    Err(Missing::Interrupted) => return false,
                }
            }
            progress.step();
        }
        true
    }

    /// One row a quantity. None if there is neither a sample nor a trouble that measuring found.
    fn rows(&self, limits: &[Limit]) -> Vec<Row> {
        let quantities = self.quantities();
        let rounds = self.columns.iter().map(|column| column.rounds.len()).max();
        let row = |(quantity, unit): &(String, Unit)| Row {
            group: self.item.workload.group.to_owned(),
            workload: self.item.workload.name.to_owned(),
            workers: self.item.workers,
            quantity: quantity.clone(),
            unit: *unit,
            floor: floor(self.item.workload, quantity, *unit, limits),
            results: (self.plan.peers.iter().zip(&self.columns))
                .map(|(peer, column)| column.result(peer.name, quantity, rounds.unwrap_or(0)))
                .collect(),
        };
        quantities.iter().map(row).collect()
    }

    /// The samples' quantities, in their order.
    fn quantities(&self) -> Vec<(String, Unit)> {
        let mut quantities: Vec<(String, Unit)> = Vec::new();
        let columns = self.columns.iter();
        let samples = columns.flat_map(|column| column.rounds.iter().flatten());
        for figure in samples.flat_map(|taken| &taken.figures) {
            if !quantities
                .iter()
                .any(|(known, _)| *known == figure.quantity)
            {
                quantities.push((figure.quantity.clone(), figure.unit));
            }
        }
        let found = |column: &Column| {
            let trouble = column.trouble.as_ref();
            trouble.is_some_and(|trouble| *trouble != Trouble::NotOffered)
        };
        if quantities.is_empty() && self.columns.iter().any(found) {
            // Nobody has a figure: what the figures would have been is not known, that there are none is.
            let floor = self.item.workload.floor;
            let quantity = floor.map_or(TIME_PER_OPERATION, |floor| floor.quantity);
            quantities.push((quantity.to_owned(), Unit::Nanoseconds));
        }
        quantities
    }
}

impl Column {
    fn result(&self, peer: &str, quantity: &str, rounds: usize) -> PeerResult {
        let mut samples: Vec<Option<f64>> = self
            .rounds
            .iter()
            .map(|taken| {
                let mut figures = taken.as_ref()?.figures.iter();
                let figure = figures.find(|figure| figure.quantity == quantity)?;
                Some(figure.value)
            })
            .collect();
        samples.resize(rounds, None);
        let mut histogram = BTreeMap::new();
        if quantity == LATENCIES[0].0 {
            for (latency, count) in self
                .rounds
                .iter()
                .flatten()
                .flat_map(|taken| &taken.latency)
            {
                *histogram.entry(*latency).or_insert(0) += count;
            }
        }
        PeerResult {
            peer: peer.to_owned(),
            samples,
            histogram: histogram.into_iter().collect(),
            trouble: self.trouble.clone(),
        }
    }
}

/// The sum of the floor's parts, if all of them were measured, in the row's unit.
fn floor(workload: &Workload, quantity: &str, unit: Unit, limits: &[Limit]) -> Option<f64> {
    let floor = workload.floor.filter(|floor| floor.quantity == quantity)?;
    let mut nanoseconds = 0.0;
    for (name, times) in floor.parts {
        let limit = limits.iter().find(|limit| limit.name == *name)?;
        nanoseconds += limit.nanoseconds * times;
    }
    match unit {
        Unit::Nanoseconds => Some(nanoseconds),
        Unit::PerSecond if nanoseconds > 0.0 => Some(1e9 / nanoseconds),
        Unit::PerSecond | Unit::Bytes | Unit::Count | Unit::Percent => None,
    }
}
