//! What became of a test, and of a file of tests.

use crate::scratch::TestFile;
use std::collections::BTreeMap;

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Passed,
    Failed,
    /// It did not pass at once, or not always.
    Flaky,
    TimedOut,
    Crashed,
    /// Its file does not compile.
    NotCompiled,
    /// The file compiles, and lacks tests that it has with the real tokio.
    Missing,
}

impl Kind {
    /// All that can happen to a test but passing, in the order of the tables.
    pub const BAD: [Kind; 6] = [
        Kind::Failed,
        Kind::Flaky,
        Kind::TimedOut,
        Kind::Crashed,
        Kind::NotCompiled,
        Kind::Missing,
    ];

    pub fn describe(self) -> &'static str {
        match self {
            Kind::Passed => "passed",
            Kind::Failed => "failed",
            Kind::Flaky => "flaky",
            Kind::TimedOut => "timed out",
            Kind::Crashed => "crashed",
            Kind::NotCompiled => "not compiled",
            Kind::Missing => "missing",
        }
    }
}

/// A test's end, and what there is to say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub kind: Kind,
    pub note: String,
}

impl Outcome {
    pub fn new(kind: Kind, note: impl Into<String>) -> Outcome {
        Outcome {
            kind,
            note: note.into(),
        }
    }

    /// What to say of a test that has run again.
    pub fn and(self, again: Outcome) -> Outcome {
        if self.kind == again.kind {
            return self;
        }
        let note = match self.kind {
            Kind::Passed => again.note,
            _ => self.note,
        };
        Outcome::new(Kind::Flaky, note)
    }
}

/// What became of a file's tests.
#[derive(Clone, Debug)]
pub struct FileReport {
    pub file: TestFile,
    pub tests: BTreeMap<String, Outcome>,
    /// Why it does not compile, if so.
    pub error: Option<String>,
    /// How many tests the real tokio has here, and this one has not.
    pub absent: usize,
}

impl FileReport {
    pub fn new(file: &TestFile, tests: BTreeMap<String, Outcome>) -> FileReport {
        FileReport {
            file: file.clone(),
            tests,
            error: None,
            absent: 0,
        }
    }

    pub fn not_compiled(file: &TestFile, error: String) -> FileReport {
        FileReport {
            file: file.clone(),
            tests: BTreeMap::new(),
            error: Some(error),
            absent: 0,
        }
    }

    /// Counts the tests that should be there and are not.
    pub fn compared_with(mut self, expected: usize) -> FileReport {
        self.absent = expected.saturating_sub(self.tests.len());
        self
    }

    /// Joins the result of running the same file again.
    pub fn and(mut self, again: FileReport) -> FileReport {
        for (name, outcome) in again.tests {
            let both = match self.tests.remove(&name) {
                Some(first) => first.and(outcome),
                None => outcome,
            };
            self.tests.insert(name, both);
        }
        self
    }

    /// What became of the tests that are not there.
    pub fn absent_kind(&self) -> Kind {
        if self.error.is_some() {
            Kind::NotCompiled
        } else {
            Kind::Missing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_whose_result_changes_is_flaky() {
        let passed = Outcome::new(Kind::Passed, "");
        let failed = Outcome::new(Kind::Failed, "no");
        assert_eq!(passed.clone().and(passed.clone()), passed);
        assert_eq!(failed.clone().and(failed.clone()), failed);
        assert_eq!(
            passed.clone().and(failed.clone()),
            Outcome::new(Kind::Flaky, "no")
        );
        assert_eq!(failed.and(passed), Outcome::new(Kind::Flaky, "no"));
    }
}
