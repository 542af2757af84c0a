//! From a run that failed to what is said of it: is it the same if it is done again, what is the least of it, and how it went.

use crate::actor::{Actors, Key};
use crate::again::Again;
use crate::cause::{Cause, Named, Why};
use crate::check::{Apart, Difference, failure_of, twice};
use crate::program::{Ended, Failure, FailureKind};
use crate::record::Record;
use crate::replay::Exact;
use crate::report::{Told, grouped, indented};
use crate::settings::Settings;
use crate::shrink::shrink;
use crate::trace::{self, Trace};
use std::path::PathBuf;

/// A failure that was found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Found {
    /// The seed that found it. Nothing if it is a matter of all runs, or of a trace.
    pub seed: Option<u64>,
    /// What it is, as the run had it that is told.
    pub failure: Failure,
    /// Which it is: [`Failure::fingerprint`].
    pub fingerprint: String,
    /// False if it came only once, and all that is known of it may be chance.
    pub repeats: bool,
    /// In what its run differs from the calm one, as far as that was made small.
    pub why: Vec<Why>,
    /// How many decisions its run had.
    pub decisions: u64,
    /// How many runs it took to make it small.
    pub shrunk_in: u64,
    /// Where its trace was written.
    pub trace: Option<PathBuf>,
    /// It, for people.
    pub report: String,
}

impl Found {
    /// Something that is wrong with `failure`, and no run shows it.
    pub(crate) fn without_run(settings: &Settings, failure: Failure) -> Self {
        let mut report = format!("{}: {}\n", settings.test, failure.kind);
        let place = failure.place.as_ref();
        let place = place.map_or_else(String::new, |place| format!(" ({place})"));
        indented(&mut report, "", &format!("{}{place}", failure.message));
        indented(&mut report, "", &failure.details);
        Self {
            seed: None,
            fingerprint: failure.fingerprint(),
            failure,
            repeats: true,
            why: Vec::new(),
            decisions: 0,
            shrunk_in: 0,
            trace: None,
            report,
        }
    }

    /// `seed` does not fail, but is not the same if it is done again.
    pub(crate) fn not_deterministic(
        settings: &Settings,
        seed: u64,
        difference: Difference,
    ) -> Self {
        let failure = Failure {
            kind: FailureKind::Differs,
            place: None,
            actors: Vec::new(),
            message: format!("seed {} is not deterministic", grouped(seed)),
            details: difference.to_string(),
        };
        let mut this = Self::without_run(settings, failure);
        this.report = format!(
            "{}: seed {} is not deterministic: {difference}\n",
            settings.test,
            grouped(seed)
        );
        this.seed = Some(seed);
        this.repeats = false;
        this
    }

    /// The program did at `seed` what a simulation cannot allow.
    pub(crate) fn refused(settings: &Settings, seed: u64, failure: &Failure) -> Self {
        let mut this = Self::without_run(settings, failure.clone());
        this.seed = Some(seed);
        this
    }

    /// `failure` came once, and then did not.
    fn not_again(
        settings: &Settings,
        seed: u64,
        failure: &Failure,
        difference: &Difference,
    ) -> Self {
        let Failure {
            kind,
            message,
            place,
            ..
        } = failure;
        let place = place.as_ref();
        let place = place.map_or_else(String::new, |place| format!(" ({place})"));
        let mut this = Self::without_run(settings, failure.clone());
        this.report = format!(
            "{}: {kind} at seed {}, which does not repeat\n",
            settings.test,
            grouped(seed)
        );
        let report = &mut this.report;
        indented(report, "", &format!("{message}{place}"));
        indented(
            report,
            "",
            &format!(
                "done again with the same answers it goes another way, so it is not made small and no trace is kept: {difference}"
            ),
        );
        this.seed = Some(seed);
        this.repeats = false;
        this
    }
}

/// The causes, with what their actors are called in the run of `actors`.
pub(crate) fn named(causes: impl IntoIterator<Item = Cause>, actors: &Actors) -> Vec<Why> {
    let name = |key: &Key| {
        let place = actors.find(key).and_then(|actor| actors.place(actor));
        place.map(Named::from).unwrap_or_default()
    };
    causes
        .into_iter()
        .map(|cause| {
            let of = match &cause {
                Cause::Ahead { of, .. } => name(of),
                _ => Named::default(),
            };
            Why {
                who: cause.key().map(name).unwrap_or_default(),
                of,
                cause,
            }
        })
        .collect()
}

/// What found a failure.
pub(crate) struct Origin {
    pub(crate) seed: u64,
    /// What the chooser calls the run.
    pub(crate) by: String,
    /// All of it, as the report has it: `seed 17 of 1,000 (walk 1/16)`.
    pub(crate) said: String,
}

/// All that can be said of the run that has just `ended` with a failure.
pub(crate) fn examine(
    again: &mut Again<'_>,
    settings: &Settings,
    origin: &Origin,
    ended: &Ended,
    notes: &mut Vec<String>,
) -> Found {
    let Origin { seed, by, said } = origin;
    let seed = *seed;
    let failure = failure_of(ended).cloned();
    let failure = failure.expect("it is called for runs that failed");
    let record = Record::of(again.run);
    match twice(again, ended, notes) {
        Ok(()) => {}
        Err(Apart::Refused(failure)) => return Found::refused(settings, seed, &failure),
        Err(Apart::Differs(difference)) => {
            return Found::not_again(settings, seed, &failure, &difference);
        }
    }
    let shrunk = settings
        .shrink
        .map(|budget| shrink(again, &record, &failure, budget));
    let print = failure.fingerprint();
    again.run.set_told(true);
    let mut told = None;
    if let Some(shrunk) = &shrunk {
        let (ended, causes) = shrunk.again(again);
        told = same(&ended, &print).map(|failure| (failure, named(causes, again.run.actors())));
    }
    let smaller = told.is_some();
    let (failure, why) = told.unwrap_or_else(|| {
        let (telling, told_causes) = Exact::telling(&record.choices);
        let ended = again.with(Box::new(telling));
        let failure = same(&ended, &print).unwrap_or(failure);
        (
            failure,
            named(told_causes.take().causes, again.run.actors()),
        )
    });
    again.run.set_told(false);
    let kept = Record::of(again.run);
    let decisions = kept.decisions;
    let trace = Trace::new(&settings.test, seed, by, &failure, kept, why.clone());
    let directory = settings.traces.clone();
    let written = trace.write(directory.unwrap_or_else(trace::default_directory));
    let shrunk = shrunk.filter(|_| smaller);
    let report = Told {
        settings,
        found_by: said.clone(),
        failure: &failure,
        from: record.choices.len() as u64,
        why: &why,
        shrunk_in: shrunk.as_ref().map(|shrunk| shrunk.runs),
        calm: shrunk.as_ref().map(|shrunk| &shrunk.calm),
        trace: written.as_deref().map_err(ToString::to_string),
        notes: &[],
    }
    .text(again.run);
    Found {
        seed: Some(seed),
        fingerprint: print,
        failure,
        repeats: true,
        why,
        decisions,
        shrunk_in: shrunk.map_or(0, |shrunk| shrunk.runs),
        trace: written.ok(),
        report,
    }
}

/// The failure that a run `ended` with, if it is the one that `print` is of.
fn same(ended: &Ended, print: &str) -> Option<Failure> {
    failure_of(ended)
        .filter(|failure| failure.fingerprint() == print)
        .cloned()
}
