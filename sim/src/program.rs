//! What is run, and how a run ends.

use crate::actor::Key;
use crate::run::Run;
use std::fmt;

/// Something that can be run again and again, and asks the [`Run`] whenever it could go either way.
///
/// All that it does must follow from the answers: it keeps no state from run to run.
pub trait Program {
    /// Runs once.
    fn run(&mut self, run: &mut Run) -> Ended;

    /// Two runs that were given the same answers differed: can the runs be kept further apart, say on threads of their own?
    ///
    /// If so it does that from now on and says so, in a line for the summary; then it is looked at once more. This is asked at
    /// most 4 times.
    fn isolate(&mut self) -> Option<String> {
        None
    }
}

impl<F: FnMut(&mut Run) -> Ended> Program for F {
    fn run(&mut self, run: &mut Run) -> Ended {
        self(run)
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// As it should.
    Passed,
    /// With a failure.
    Failed(Failure),
}

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// Somebody panicked.
    Panic,
    /// Nobody can go on, and the program has not ended.
    Deadlock,
    /// Turn after turn is taken, and nothing moves.
    Livelock,
    /// The program has ended, and somebody sleeps who will never be woken.
    Asleep,
    /// What was said to hold always did not hold.
    Broken,
    /// The program did what a simulation cannot allow.
    Refused,
    /// Two runs differed that were given the same answers.
    Differs,
    /// What should be true in some run was true in none.
    Never,
}

impl FailureKind {
    /// The word for it in reports and traces.
    pub fn word(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Deadlock => "deadlock",
            Self::Livelock => "livelock",
            Self::Asleep => "asleep",
            Self::Broken => "broken",
            Self::Refused => "refused",
            Self::Differs => "differs",
            Self::Never => "never",
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A run that did not end as it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind it is.
    pub kind: FailureKind,
    /// Where: `src/kv.rs:88`, if there is such a place.
    pub place: Option<String>,
    /// Who is part of it, by keys.
    pub actors: Vec<Key>,
    /// What it says, in one line.
    pub message: String,
    /// What more can be told, in lines: who waits for whom.
    pub details: String,
}

impl Failure {
    /// Which failure it is, whatever the values were: kind, place and actors, as 16 hexadecimal digits.
    ///
    /// Two runs with one fingerprint are taken to have met the same bug.
    pub fn fingerprint(&self) -> String {
        let mut hash = crate::run::Hash::new();
        hash.text(self.kind.word());
        hash.text(self.place.as_deref().unwrap_or(""));
        for actor in &self.actors {
            hash.text(&actor.to_string());
        }
        format!("{:016x}", hash.value())
    }
}
