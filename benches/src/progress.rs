//! How far a run is, on the standard error: a bar in a terminal, otherwise a line for each row that is done.

use crate::plan::Item;
use crate::record::Row;
use crate::statistics;
use crate::table;
use crate::units::{human, with_workers};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

/// How far a run is.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    terminal: bool,
}

impl Progress {
    /// Of a run of so many samples.
    ///
    /// The bar is drawn between samples and at no other time: a drawing thread would disturb what is measured.
    pub(crate) fn new(samples: u64) -> Self {
        let terminal = io::stderr().is_terminal();
        let target = match terminal {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(samples), target);
        // The template is a constant, and right.
        if let Ok(style) = ProgressStyle::with_template("[{bar:24}] {percent} %  {wide_msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        Self { bar, terminal }
    }

    /// Says something that is to stay.
    pub(crate) fn note(&self, text: &str) {
        match self.terminal {
            true => self.bar.println(text),
            false => self.line(text),
        }
    }

    /// A sample is about to be taken.
    pub(crate) fn sample(&self, item: &Item, peer: &str, round: usize, rounds: u32) {
        let left = match self.left() {
            Some(left) => format!(", {left} left"),
            None => String::new(),
        };
        self.bar.set_message(format!(
            "{}, {}: {peer}, round {} of {rounds}{left}",
            item.workload.name,
            with_workers(item.workers),
            round + 1,
        ));
    }

    /// A sample is done, or not to be.
    pub(crate) fn step(&self) {
        self.bar.inc(1);
    }

    /// A workload with one number of workers is done; its first row speaks for it.
    pub(crate) fn finished(&self, row: &Row) {
        let figures: Vec<String> = row
            .results
            .iter()
            .map(|result| {
                let median = statistics::peer_median(result);
                let text = match (median, &result.trouble) {
                    (_, Some(trouble)) => table::told(trouble),
                    (Some(median), None) => human(median, row.unit),
                    (None, None) => "–".to_owned(),
                };
                format!("{} {text}", result.peer)
            })
            .collect();
        let text = format!(
            "{}, {}, {}: {}",
            row.workload,
            with_workers(row.workers),
            row.quantity,
            figures.join(", ")
        );
        match (self.terminal, self.left()) {
            (false, Some(left)) => self.note(&format!("{text} ({left} left)")),
            (_, None) | (true, _) => self.note(&text),
        }
    }

    /// The run is over.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }

    fn line(&self, text: &str) {
        // A run goes on though nobody reads how far it is.
        let _ = writeln!(io::stderr(), "{text}");
    }

    /// How long it will take from here, if it goes on as it did.
    fn left(&self) -> Option<String> {
        let (done, all) = (self.bar.position(), self.bar.length()?);
        let left = all.saturating_sub(done);
        if done == 0 || left == 0 {
            return None;
        }
        let left = self.bar.elapsed().mul_f64(left as f64 / done as f64);
        Some(about(left))
    }
}

fn about(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..90 => format!("{seconds} s"),
        seconds @ 90..5400 => format!("{} min", (seconds + 30) / 60),
        seconds => format!("{:.1} h", seconds as f64 / 3600.0),
    }
}
