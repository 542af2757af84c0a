//! Making runs: the ones that explore, and the ones that look closer at one of them.

use crate::chooser::{Calm, Chooser};
use crate::program::{Ended, Failure, FailureKind, Program};
use crate::run::Run;
use crate::tally::Tally;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// One run from its beginning to its end. Nothing if the chooser has none left.
///
/// A panic of the program is a failure of the run: whoever runs tasks catches theirs and knows more, so this is for programs that
/// do without.
pub(crate) fn once(run: &mut Run, program: &mut dyn Program, seed: u64) -> Option<Ended> {
    if !run.begin(seed) {
        return None;
    }
    let ended = match catch_unwind(AssertUnwindSafe(|| program.run(run))) {
        Ok(Ended::Passed) => match run.broken() {
            None => Ended::Passed,
            Some(broken) => Ended::Failed(broken.clone()),
        },
        Ok(failed) => failed,
        Err(payload) => {
            let message = payload
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| payload.downcast_ref::<&str>().map(|&text| text.to_owned()));
            Ended::Failed(Failure {
                kind: FailureKind::Panic,
                place: None,
                actors: vec![run.actors().key(run.running())],
                message: message.unwrap_or_else(|| "a panic without a message".to_owned()),
                details: String::new(),
            })
        }
    };
    run.end(matches!(ended, Ended::Failed(_)));
    Some(ended)
}

/// Looks closer: makes runs with other choosers, which are not counted, and puts everything back when it is dropped.
pub(crate) struct Again<'a> {
    pub(crate) run: &'a mut Run,
    pub(crate) program: &'a mut dyn Program,
    /// How many runs it made.
    pub(crate) runs: u64,
    kept: Option<Box<dyn Chooser>>,
    tally: Box<Tally>,
}

impl<'a> Again<'a> {
    pub(crate) fn new(run: &'a mut Run, program: &'a mut dyn Program) -> Self {
        let kept = run.replace_chooser(Box::new(Calm));
        let mut tally = Box::default();
        run.swap_tally(&mut tally);
        Self {
            run,
            program,
            runs: 0,
            kept: Some(kept),
            tally,
        }
    }

    /// One run, as `chooser` says.
    pub(crate) fn with(&mut self, chooser: Box<dyn Chooser>) -> Ended {
        self.run.replace_chooser(chooser);
        self.runs += 1;
        // These choosers always have a run left, whatever the seed.
        once(self.run, self.program, 0).unwrap_or(Ended::Passed)
    }
}

impl Drop for Again<'_> {
    fn drop(&mut self) {
        if let Some(kept) = self.kept.take() {
            self.run.replace_chooser(kept);
        }
        self.run.swap_tally(&mut self.tally);
        self.run.set_told(false);
    }
}
