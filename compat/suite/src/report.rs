//! What is printed in the end.

use crate::known::{NotPassed, Verdict};
use crate::outcome::{FileReport, Kind};
use crate::tally;
use std::fmt::Write;

/// The tables, what does not pass and how, and what to do about the list of known failures.
pub fn text(reports: &[FileReport], verdict: &Verdict, error_lines: usize) -> String {
    let mut text = table(reports);
    for (title, is_known) in [
        ("\nDoes not pass:\n", false),
        ("\nDoes not pass, as is known:\n", true),
    ] {
        let tests = verdict
            .not_passed
            .iter()
            .filter(|test| test.reason.is_some() == is_known)
            .collect::<Vec<_>>();
        if !tests.is_empty() {
            text += title;
            text.extend(tests.into_iter().map(line));
        }
    }
    for report in reports.iter().filter(|_| error_lines > 0) {
        if let Some(error) = &report.error {
            let _ = writeln!(text, "\n{}: {}", report.file.package, report.file.name);
            for line in error.lines().take(error_lines) {
                let _ = writeln!(text, "  | {line}");
            }
        }
    }
    if !verdict.passing.is_empty() {
        text += "\nPasses, and should leave known-failures.toml:\n";
        for test in &verdict.passing {
            let _ = writeln!(text, "  {test}");
        }
    }
    text
}

fn table(reports: &[FileReport]) -> String {
    let mut text = format!("{:14}{:>8}{:>8}", "", "passed", "total");
    for kind in Kind::BAD {
        let _ = write!(text, "{:>14}", kind.describe());
    }
    text.push('\n');
    for (name, tally) in tally::rows(reports) {
        let _ = write!(text, "{name:14}{:>8}{:>8}", tally.passed(), tally.total());
        for kind in Kind::BAD {
            match tally.get(kind) {
                0 => text += &" ".repeat(14),
                tests => {
                    let _ = write!(text, "{tests:>14}");
                }
            }
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

fn line(test: &NotPassed) -> String {
    let mut line = format!(
        "  {:12}  {}: {}",
        test.kind.describe(),
        test.package,
        test.test
    );
    if test.test.ends_with("::*") {
        let _ = write!(line, " ({} tests)", test.tests);
    }
    line.push('\n');
    let about = match &test.reason {
        Some(reason) => reason.as_str(),
        None => test.note.as_str(),
    };
    // The place and the message of a panic are two lines.
    for about in about.lines().take(2) {
        let _ = writeln!(line, "                {about}");
    }
    line
}

/// The table of the README.
pub fn markdown(reports: &[FileReport]) -> String {
    let mut text = "| tests of | passed | of |\n| --- | ---: | ---: |\n".to_owned();
    for (name, tally) in tally::rows(reports) {
        let name = match name.as_str() {
            "other" => "tokio, the rest".to_owned(),
            "tokio" => "**tokio, all**".to_owned(),
            name if name.starts_with("tokio") => format!("**{name}**"),
            name => format!("`tokio::{name}`"),
        };
        let _ = writeln!(text, "| {name} | {} | {} |", tally.passed(), tally.total());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome;
    use crate::scratch::TestFile;

    fn reports() -> Vec<FileReport> {
        let file = TestFile {
            package: "tokio",
            module: "sync",
            name: "sync_mpsc".to_owned(),
        };
        let tests = [
            ("a", Kind::Passed, ""),
            ("b", Kind::Failed, "at tests/sync_mpsc.rs\nno\nmore"),
        ];
        let tests = tests.map(|(name, kind, note)| (name.to_owned(), Outcome::new(kind, note)));
        vec![FileReport::new(&file, tests.into())]
    }

    #[test]
    fn what_does_not_pass_is_told() {
        let not_passed = NotPassed {
            package: "tokio",
            test: "sync_mpsc::b".to_owned(),
            tests: 1,
            kind: Kind::Failed,
            note: "at tests/sync_mpsc.rs\nno\nmore".to_owned(),
            reason: None,
        };
        let verdict = Verdict {
            not_passed: vec![not_passed],
            passing: vec!["tokio: fs::a".to_owned()],
        };
        let text = text(&reports(), &verdict, 0);
        assert!(
            text.contains("\nsync                 1       2             1\n"),
            "{text}"
        );
        assert!(
            text.contains(
                "failed        tokio: sync_mpsc::b\n                at tests/sync_mpsc.rs\n"
            ),
            "{text}"
        );
        assert!(
            text.contains("should leave known-failures.toml:\n  tokio: fs::a\n"),
            "{text}"
        );
    }

    #[test]
    fn the_readme_has_a_row_per_module() {
        let expected = "| tests of | passed | of |\n| --- | ---: | ---: |\n\
                        | `tokio::sync` | 1 | 2 |\n| **tokio, all** | 1 | 2 |\n";
        assert_eq!(markdown(&reports()), expected);
    }
}
