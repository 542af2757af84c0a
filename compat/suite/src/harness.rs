//! What a program of tests writes.

use std::collections::BTreeMap;

/// The tests of a `--list --format terse`.
pub fn names(list: &str) -> Vec<String> {
    list.lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .map(str::to_owned)
        .collect()
}

/// Whether each test that ended has passed. Ignored tests are left out.
pub fn verdicts(output: &str) -> BTreeMap<String, bool> {
    let mut verdicts = BTreeMap::new();
    for line in output.lines() {
        let Some((name, verdict)) = line
            .strip_prefix("test ")
            .and_then(|line| line.split_once(" ... "))
        else {
            continue;
        };
        let name = name.strip_suffix(" - should panic").unwrap_or(name);
        match verdict {
            "ok" => verdicts.insert(name.to_owned(), true),
            "FAILED" => verdicts.insert(name.to_owned(), false),
            _ => None,
        };
    }
    verdicts
}

/// What each failed test has written.
pub fn notes(output: &str) -> BTreeMap<String, String> {
    let mut notes = BTreeMap::<String, String>::new();
    let mut current = None;
    for line in output.lines() {
        let header = line
            .strip_prefix("---- ")
            .and_then(|line| line.strip_suffix(" stdout ----"));
        if let Some(name) = header {
            current = Some(notes.entry(name.to_owned()).or_default());
        } else if line == "failures:" || line.starts_with("test result: ") {
            current = None;
        } else if let Some(note) = &mut current {
            note.push_str(line);
            note.push('\n');
        }
    }
    for note in notes.values_mut() {
        *note = note.trim().to_owned();
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "
running 5 tests
a line of the program's own
test support::quick ... ok
test refuses - should panic ... ok
test real_time ... ignored, slow
test slow has been running for over 60 seconds
test mixed ... a child's line
test wrong ... FAILED

failures:

---- wrong stdout ----

thread 'wrong' (7) panicked at tests/a.rs:5:9:
assertion failed: false


failures:
    wrong

test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

    #[test]
    fn a_list_has_names() {
        let list =
            "quick: test\nsupport::slow: test\nbench_it: benchmark\n\n2 tests, 1 benchmark\n";
        assert_eq!(names(list), ["quick", "support::slow"]);
    }

    #[test]
    fn lines_with_a_verdict_are_read_and_no_others() {
        let expected = [
            ("support::quick", true),
            ("refuses", true),
            ("wrong", false),
        ];
        assert_eq!(
            verdicts(OUTPUT),
            expected
                .map(|(name, passed)| (name.to_owned(), passed))
                .into()
        );
    }

    #[test]
    fn a_failed_test_has_a_note() {
        let note = "thread 'wrong' (7) panicked at tests/a.rs:5:9:\nassertion failed: false";
        assert_eq!(
            notes(OUTPUT),
            BTreeMap::from([("wrong".to_owned(), note.to_owned())])
        );
    }
}
