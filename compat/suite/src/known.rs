//! The tests that are known not to pass, with a reason for each: `known-failures.toml`.

use crate::outcome::{FileReport, Kind};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// The list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownFailures {
    #[serde(default)]
    failure: Vec<Failure>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    package: String,
    /// `file::test`, or `file::*` for a file that does not compile.
    test: String,
    reason: String,
    /// It passes alone, and beside others on a machine that is not busy: anything else is not known of it.
    #[serde(default)]
    flaky: bool,
}

/// A test, or several of a file that are not there, that did not pass.
#[derive(Debug)]
pub struct NotPassed {
    pub package: &'static str,
    /// `file::test`, or `file::*`.
    pub test: String,
    pub tests: usize,
    pub kind: Kind,
    pub note: String,
    /// Why, if that is known.
    pub reason: Option<String>,
}

/// What is to be said of a run.
#[derive(Debug, Default)]
pub struct Verdict {
    pub not_passed: Vec<NotPassed>,
    /// Those of the list that do pass.
    pub passing: Vec<String>,
}

impl Verdict {
    /// Whether everything passed that is not known to fail.
    pub fn is_success(&self) -> bool {
        self.not_passed.iter().all(|test| test.reason.is_some())
    }
}

impl KnownFailures {
    pub fn read() -> Result<KnownFailures> {
        KnownFailures::parse(include_str!("../known-failures.toml"))
            .context("known-failures.toml cannot be read")
    }

    fn parse(text: &str) -> Result<KnownFailures> {
        let known = toml::from_str::<KnownFailures>(text)?;
        for failure in &known.failure {
            ensure!(
                !failure.reason.trim().is_empty(),
                "{} has no reason",
                failure.test
            );
        }
        Ok(known)
    }

    /// Compares a run with the list.
    pub fn judge(&self, reports: &[FileReport]) -> Verdict {
        let mut verdict = Verdict::default();
        for report in reports {
            let package = report.file.package;
            let mut not_passed = |name: &str, tests, kind, note: &str| {
                let test = format!("{}::{name}", report.file.name);
                let reason = self.reason(package, &test, kind).map(str::to_owned);
                verdict.not_passed.push(NotPassed {
                    package,
                    test,
                    tests,
                    kind,
                    note: note.to_owned(),
                    reason,
                });
            };
            for (name, outcome) in report
                .tests
                .iter()
                .filter(|(_, outcome)| outcome.kind != Kind::Passed)
            {
                not_passed(name, 1, outcome.kind, &outcome.note);
            }
            if report.absent > 0 {
                not_passed(
                    "*",
                    report.absent,
                    report.absent_kind(),
                    first_line(report.error.as_deref()),
                );
            } else if let Some(error) = &report.error {
                not_passed("*", 0, Kind::NotCompiled, first_line(Some(error)));
            }
        }
        verdict.passing = self
            .failure
            .iter()
            .filter(|failure| !failure.flaky && passes(failure, reports))
            .map(name_of)
            .collect();
        verdict
    }

    fn reason(&self, package: &str, test: &str, kind: Kind) -> Option<&str> {
        let failure = self.failure.iter().find(|failure| {
            let same = failure.package == package && failure.test == test;
            same && (kind == Kind::Flaky || !failure.flaky)
        })?;
        Some(&failure.reason)
    }
}

fn name_of(failure: &Failure) -> String {
    format!("{}: {}", failure.package, failure.test)
}

/// Whether a test of the list has run, and passed.
fn passes(failure: &Failure, reports: &[FileReport]) -> bool {
    let Some((file, test)) = failure.test.split_once("::") else {
        return false;
    };
    let mut reports = reports.iter();
    let report =
        reports.find(|report| report.file.package == failure.package && report.file.name == file);
    report.is_some_and(|report| match test {
        "*" => report.error.is_none() && report.absent == 0,
        _ => report
            .tests
            .get(test)
            .is_some_and(|outcome| outcome.kind == Kind::Passed),
    })
}

fn first_line(text: Option<&str>) -> &str {
    text.and_then(|text| text.lines().next())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome;
    use crate::scratch::TestFile;

    fn report(name: &str, tests: &[(&str, Kind)]) -> FileReport {
        let file = TestFile {
            package: "tokio",
            module: "fs",
            name: name.to_owned(),
        };
        let tests = tests
            .iter()
            .map(|(test, kind)| ((*test).to_owned(), Outcome::new(*kind, "")));
        FileReport::new(&file, tests.collect())
    }

    fn list() -> KnownFailures {
        let entry = |test: &str| {
            format!("[[failure]]\npackage = \"tokio\"\ntest = \"{test}\"\nreason = \"it is so\"\n")
        };
        KnownFailures::parse(&(entry("fs::a") + &entry("fs_copy::*"))).unwrap()
    }

    #[test]
    fn a_known_failure_is_no_failure() {
        let known = list();
        assert!(
            known
                .judge(&[report("fs", &[("a", Kind::Failed), ("b", Kind::Passed)])])
                .is_success()
        );
        assert!(
            !known
                .judge(&[report("fs", &[("a", Kind::Passed), ("b", Kind::Flaky)])])
                .is_success()
        );
    }

    #[test]
    fn a_test_that_is_known_to_be_flaky_has_to_pass_alone() {
        let entry =
            "[[failure]]\npackage = \"tokio\"\ntest = \"fs::a\"\nreason = \"so\"\nflaky = true\n";
        let known = KnownFailures::parse(entry).unwrap();
        let run = |kind| known.judge(&[report("fs", &[("a", kind)])]);
        assert!(run(Kind::Flaky).is_success());
        for kind in [Kind::Failed, Kind::TimedOut, Kind::Crashed, Kind::Missing] {
            assert!(!run(kind).is_success(), "{kind:?}");
        }
        assert!(run(Kind::Passed).passing.is_empty());
    }

    #[test]
    fn a_file_that_does_not_compile_is_a_failure_unless_it_is_known() {
        let known = list();
        let broken = |name| {
            let mut report = report(name, &[]).compared_with(3);
            report.error = Some("error: no such item\nmore".to_owned());
            known.judge(&[report])
        };
        assert!(broken("fs_copy").is_success());
        let other = broken("fs_link");
        assert!(!other.is_success());
        assert_eq!(
            (other.not_passed[0].tests, other.not_passed[0].kind),
            (3, Kind::NotCompiled)
        );
        assert_eq!(other.not_passed[0].note, "error: no such item");
    }

    #[test]
    fn what_passes_should_leave_the_list() {
        let verdict = list().judge(&[
            report("fs", &[("a", Kind::Passed)]),
            report("fs_copy", &[("c", Kind::Passed)]),
        ]);
        assert_eq!(verdict.passing, ["tokio: fs::a", "tokio: fs_copy::*"]);
        assert!(list().judge(&[]).passing.is_empty());
    }

    #[test]
    fn each_entry_has_a_reason() {
        assert!(KnownFailures::read().is_ok());
        assert!(
            KnownFailures::parse(
                "[[failure]]\npackage = \"tokio\"\ntest = \"a::b\"\nreason = \"\""
            )
            .is_err()
        );
    }
}
