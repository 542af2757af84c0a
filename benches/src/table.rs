//! Markdown: a record as tables, one a group of workloads.

use crate::record::{PeerResult, Record, Row, Trouble};
use crate::sim;
use crate::statistics::{self, Estimate};
use crate::units::{human, ratio, with_workers, workers};
use std::fmt::Write;

/// The record's tables, with the ratio of `peer` to the reference: [`statistics::roles`] says who that is.
pub fn markdown(record: &Record, peer: Option<&str>) -> String {
    let mut text = String::new();
    let mut groups: Vec<&str> = Vec::new();
    for row in &record.rows {
        if !groups.contains(&row.group.as_str()) {
            groups.push(&row.group);
        }
    }
    for group in groups {
        let rows = record.rows.iter().filter(|row| row.group == group);
        let _ = write!(text, "## {group}\n\n");
        text += &group_table(&rows.collect::<Vec<_>>(), peer);
        text.push('\n');
    }
    if let Some(comparison) = &record.sim {
        text += &sim::markdown(comparison);
        text.push('\n');
    }
    text += &legend(record);
    text
}

fn group_table(rows: &[&Row], peer: Option<&str>) -> String {
    let mut peers: Vec<&str> = Vec::new();
    for result in rows.iter().flat_map(|row| &row.results) {
        if !peers.contains(&result.peer.as_str()) {
            peers.push(&result.peer);
        }
    }
    let roles = rows.iter().find_map(|row| statistics::roles(row, peer));
    // One's own peer stands first.
    if let Some((of, _)) = roles {
        peers.sort_by_key(|peer| *peer != of.peer);
    }
    let mut head = vec!["workload", "workers", "quantity", "floor"];
    head.extend(&peers);
    let of_to = roles.map(|(of, to)| format!("{}/{}", of.peer, to.peer));
    if let Some(of_to) = &of_to {
        head.extend([of_to, "verdict"]);
    }
    let mut notes = Vec::new();
    let mut body = Vec::new();
    for row in rows {
        let mut cells = vec![
            row.workload.clone(),
            workers(row.workers),
            row.quantity.clone(),
            row.floor
                .map_or("–".to_owned(), |floor| human(floor, row.unit)),
        ];
        for peer in &peers {
            cells.push(match statistics::find(row, peer) {
                Some(result) => peer_cell(row, result, &mut notes),
                None => "–".to_owned(),
            });
        }
        if of_to.is_some() {
            let estimate = roles_ratio(row, peer);
            cells.push(estimate.map_or("–".to_owned(), |estimate| interval(&estimate)));
            let verdict = estimate.map_or("–", |estimate| estimate.verdict(row.unit).word());
            cells.push(verdict.to_owned());
        }
        body.push(cells);
    }
    let mut text = layout(&head, &body);
    if !notes.is_empty() {
        text.push('\n');
    }
    for (number, note) in notes.iter().enumerate() {
        let _ = writeln!(text, "- [{}] {note}", number + 1);
    }
    text
}

fn roles_ratio(row: &Row, peer: Option<&str>) -> Option<Estimate> {
    let (of, to) = statistics::roles(row, peer)?;
    statistics::ratio(of, to)
}

/// The median, or why there is none; what needs more than a word goes to the notes.
fn peer_cell(row: &Row, result: &PeerResult, notes: &mut Vec<String>) -> String {
    let median = statistics::peer_median(result).map(|median| human(median, row.unit));
    let Some(trouble) = &result.trouble else {
        return median.unwrap_or("–".to_owned());
    };
    let word = match trouble {
        Trouble::NotOffered => "not offered".to_owned(),
        Trouble::NotInstalled(tool) => format!("no {tool} here"),
        Trouble::Deadline(_) | Trouble::Failed(_) => {
            let with = with_workers(row.workers);
            let told = told(trouble);
            let note = format!("{}, {}, {with}: {told}", result.peer, row.workload);
            let known = notes.iter().position(|known| *known == note);
            let number = known.unwrap_or_else(|| {
                notes.push(note);
                notes.len() - 1
            });
            format!("failed [{}]", number + 1)
        }
    };
    match median {
        Some(median) => format!("{median}, then {word}"),
        None => word,
    }
}

/// A trouble in words.
pub fn told(trouble: &Trouble) -> String {
    match trouble {
        Trouble::NotOffered => "not offered".to_owned(),
        Trouble::NotInstalled(tool) => format!("{tool} is not installed"),
        Trouble::Deadline(seconds) => format!("a sample took longer than {seconds} s"),
        Trouble::Failed(line) => format!("a sample failed: {line}"),
    }
}

/// An estimate with its interval: "0.32 [0.30–0.34]".
pub fn interval(estimate: &Estimate) -> String {
    format!(
        "{} [{}–{}]",
        ratio(estimate.median),
        ratio(estimate.low),
        ratio(estimate.high)
    )
}

fn legend(record: &Record) -> String {
    let rounds = match record.rounds {
        1 => "1 round".to_owned(),
        rounds => format!("{rounds} rounds"),
    };
    let quick = if record.quick { " (quick)" } else { "" };
    let stopped = if record.interrupted {
        " The run was interrupted: what it had measured by then is here."
    } else {
        ""
    };
    format!(
        "Medians of {rounds}{quick}, each sample in a process of its own. Ratios are medians of the rounds' ratios, with \
         {:.0} % bootstrap intervals: \"the same\" lies within {}–{}, \"better\" and \"worse\" wholly on one side of 1; \
         fewer than {} rounds decide nothing.{stopped}\n",
        statistics::CONFIDENCE * 100.0,
        statistics::SAME.0,
        statistics::SAME.1,
        statistics::FEWEST_ROUNDS,
    )
}

/// A table whose columns line up in a terminal too.
pub(crate) fn layout(head: &[&str], body: &[Vec<String>]) -> String {
    let escaped = |cell: &str| cell.replace('|', "\\|");
    let head: Vec<String> = head.iter().map(|cell| escaped(cell)).collect();
    let body: Vec<Vec<String>> = body
        .iter()
        .map(|cells| cells.iter().map(|cell| escaped(cell)).collect())
        .collect();
    let width = |column: usize| {
        let cells = body.iter().filter_map(|cells| cells.get(column));
        let widths = cells
            .chain(head.get(column))
            .map(|cell| cell.chars().count());
        widths.max().unwrap_or(0).max(3)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut text = String::new();
    let mut line = |cells: &[String]| {
        for (cell, width) in cells.iter().zip(&widths) {
            let _ = write!(text, "| {cell:width$} ");
        }
        text.push_str("|\n");
    };
    line(&head);
    line(
        &widths
            .iter()
            .map(|width| "-".repeat(*width))
            .collect::<Vec<_>>(),
    );
    body.iter().for_each(|cells| line(cells));
    text
}
