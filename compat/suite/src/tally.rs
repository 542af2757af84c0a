//! Counts per module.

use crate::modules;
use crate::outcome::{FileReport, Kind};
use crate::packages;
use std::collections::BTreeMap;

/// How many tests ended how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    kinds: BTreeMap<Kind, usize>,
}

impl Tally {
    pub fn of(report: &FileReport) -> Tally {
        let mut tally = Tally::default();
        for outcome in report.tests.values() {
            tally.count(outcome.kind, 1);
        }
        if report.absent > 0 {
            tally.count(report.absent_kind(), report.absent);
        }
        tally
    }

    fn count(&mut self, kind: Kind, tests: usize) {
        *self.kinds.entry(kind).or_default() += tests;
    }

    pub fn add(&mut self, other: &Tally) {
        for (kind, tests) in &other.kinds {
            self.count(*kind, *tests);
        }
    }

    pub fn get(&self, kind: Kind) -> usize {
        self.kinds.get(&kind).copied().unwrap_or(0)
    }

    pub fn passed(&self) -> usize {
        self.get(Kind::Passed)
    }

    pub fn total(&self) -> usize {
        self.kinds.values().sum()
    }
}

/// The rows of the tables, with what they count: tokio's modules, tokio as a whole, the other packages. Rows of which
/// nothing has run are left out.
pub fn rows(reports: &[FileReport]) -> Vec<(String, Tally)> {
    let sum = |wanted: &dyn Fn(&FileReport) -> bool| {
        let mut files = 0;
        let mut sum = Tally::default();
        for report in reports.iter().filter(|report| wanted(report)) {
            files += 1;
            sum.add(&Tally::of(report));
        }
        (files > 0).then_some(sum)
    };
    let mut rows = Vec::new();
    for module in modules::NAMES {
        rows.push((
            module.to_owned(),
            sum(&|report| report.file.module == module),
        ));
    }
    for package in packages::NAMES {
        rows.push((
            package.to_owned(),
            sum(&|report| report.file.package == package),
        ));
    }
    rows.into_iter()
        .filter_map(|(name, tally)| Some((name, tally?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome;
    use crate::scratch::TestFile;

    #[test]
    fn absent_tests_count() {
        let file = TestFile {
            package: "tokio",
            module: "fs",
            name: "fs".to_owned(),
        };
        let tests = [("a".to_owned(), Outcome::new(Kind::Passed, ""))];
        let report = FileReport::new(&file, tests.into()).compared_with(3);
        let rows = rows(&[
            report,
            FileReport::not_compiled(&file, String::new()).compared_with(4),
        ]);
        assert_eq!(
            rows.iter()
                .map(|(name, _)| name.as_str())
                .collect::<Vec<_>>(),
            ["fs", "tokio"]
        );
        let fs = &rows[0].1;
        assert_eq!((fs.passed(), fs.total()), (1, 7));
        assert_eq!((fs.get(Kind::Missing), fs.get(Kind::NotCompiled)), (2, 4));
    }
}
