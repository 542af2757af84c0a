//! Doing a trace again: exactly if the program is the same, else as far as its reasons go.

use crate::again::Again;
use crate::cause::Why;
use crate::check::failure_of;
use crate::chooser::Calm;
use crate::examine::{Found, named};
use crate::explore::Failed;
use crate::program::{Ended, Failure, Program};
use crate::replay::{Exact, Guided};
use crate::report::{Told, counted, grouped};
use crate::run::Run;
use crate::settings::Settings;
use crate::shard::Shard;
use crate::summary::Summary;
use crate::trace::{Trace, meant, shown};
use std::path::Path;

/// Does the trace in `file` again.
///
/// That the failure does not come any more is success: that is how a test keeps a trace. The summary's notes say how the trace
/// fits the program, and what of it was left out.
pub(crate) fn replay(
    settings: &Settings,
    file: &Path,
    program: &mut dyn Program,
) -> Result<Summary, Box<Failed>> {
    let file = &meant(file);
    let trace = Trace::read(file).map_err(|error| {
        Failed::refused(
            &settings.test,
            &format!("the trace cannot be replayed: {error}"),
        )
    })?;
    let mut run = Run::new(Box::new(Calm));
    let seeds = trace.seed..trace.seed.saturating_add(1);
    let mut summary = Summary::new(&settings.test, "replay", seeds, Shard::WHOLE);
    if trace.test != settings.test {
        let note = format!("the trace is of the test `{}`, not of this one", trace.test);
        summary.notes.push(note);
    }
    let mut again = Again::new(&mut run, program);
    again.run.set_told(true);
    let (failed, why) = attempts(&mut again, &trace, &mut summary.notes);
    summary.runs = again.runs;
    summary.decisions = again.run.decisions().len() as u64;
    let Some(failure) = failed else {
        let fingerprint = &trace.fingerprint;
        let file = shown(file).display();
        summary.notes.push(format!(
            "the trace {file} ({} {fingerprint}) does not fail any more",
            trace.kind
        ));
        return Ok(summary);
    };
    let print = failure.fingerprint();
    if print != trace.fingerprint {
        summary.notes.push(format!(
            "this is another failure than the trace's, which was: {} {}",
            trace.kind, trace.message
        ));
    }
    let report = Told {
        settings,
        found_by: format!("replayed from {}", shown(file).display()),
        failure: &failure,
        from: 0,
        why: &why,
        shrunk_in: None,
        calm: None,
        trace: Ok(file),
        notes: &summary.notes,
    }
    .text(again.run);
    summary.failures = 1;
    let found = Found {
        seed: Some(trace.seed),
        fingerprint: print,
        failure,
        repeats: true,
        why,
        decisions: summary.decisions,
        shrunk_in: 0,
        trace: Some(file.to_owned()),
        report: report.clone(),
    };
    Err(Box::new(Failed {
        found: vec![found],
        summary: Some(summary),
        report,
    }))
}

/// Tries the exact form, and if the run leaves it the other one: the failure, if there is one, and why.
///
/// The run that is there at the end is the one that is told.
fn attempts(
    again: &mut Again<'_>,
    trace: &Trace,
    notes: &mut Vec<String>,
) -> (Option<Failure>, Vec<Why>) {
    let is_it = |ended: &Ended| {
        failure_of(ended).is_some_and(|failure| failure.fingerprint() == trace.fingerprint)
    };
    let exact = || Box::new(Exact::new(&trace.record.choices));
    let ended = again.with(exact());
    let Some(alike) = trace.record.departed(again.run) else {
        notes.push(format!(
            "the run is the trace's, to the last of {}",
            counted(trace.record.decisions, "decision")
        ));
        return (failure_of(&ended).cloned(), trace.why.clone());
    };
    let build = if trace.is_of_another_build() {
        "this is another build than the trace's"
    } else {
        "this is the trace's own build, so something decides here that is not drawn: a static, real time, an address"
    };
    notes.push(format!(
        "{build}: the run is the trace's for {} of {} at least, then departs",
        grouped(alike),
        counted(trace.record.decisions, "decision")
    ));
    if trace.why.is_empty() {
        return (failure_of(&ended).cloned(), Vec::new());
    }
    let causes = || trace.why.iter().map(|why| why.cause.clone());
    let (guided, fates) = Guided::telling(causes());
    let guided_ended = again.with(Box::new(guided));
    let fates = fates.take();
    let gone = fates.iter().filter_map(|fate| fate.left_out.as_deref());
    let gone: Vec<&str> = gone.collect();
    let applied = trace.why.len() - gone.len();
    let mut note = format!(
        "{applied} of {} applied",
        counted(trace.why.len() as u64, "decision")
    );
    for text in &gone {
        note += "; ";
        note += text;
    }
    notes.push(note);
    let kept = causes()
        .zip(&fates)
        .filter(|(_, fate)| fate.left_out.is_none());
    let why = named(kept.map(|(cause, _)| cause), again.run.actors());
    let exact_fails = failure_of(&ended).is_some();
    let guided_fails = failure_of(&guided_ended).is_some();
    if is_it(&guided_ended) || (guided_fails && !is_it(&ended)) || !exact_fails {
        return (failure_of(&guided_ended).cloned(), why);
    }
    // It fails by the answers alone, which mean something else by now: so it is told without reasons.
    let ended = again.with(exact());
    (failure_of(&ended).cloned(), Vec::new())
}
