//! What becomes of each of leno's asynchronous operations when it is cancelled: measured, and written to `CANCEL_SAFETY.json`.
//!
//! Each operation is dropped at each of its awaits by `leno::test::cancel_at_every_await`, and what it works on is looked at
//! after that: no message, permit, byte or output may be missing, or there twice, if the operation is called again. What is seen
//! makes the verdict ([`support::Verdict`]), and these tests compare that with
//!
//! - the file, which is written anew by `CANCEL_SAFETY=overwrite cargo test -p leno --test cancel_safety` (then read the diff);
//! - the first sentence of the section *Cancel safety* in the operation's docs: [`support::Verdict::sentence`];
//! - whether the operation's future is `CancelSafe`;
//! - the operations that there are, which `scan` reads from the sources: one without a row fails.
//!
//! # How to add a row
//!
//! In the file of its module, to one of its lists of rows:
//!
//! ```text
//! row! {
//!     "sync::mpsc::Receiver::recv";                          the path that a user writes
//!     make (full_channel(), Vec::new());                     the state, in a runtime, in which the operation has to wait;
//!                                                            `later(..)` does something when it does
//!     run |(channel, _got)| channel.1.recv()                 the future, of the state by `&mut`
//!         => |value| _got.extend(value);                     what becomes of its output (or nothing)
//!     check |(channel, got), cut| kept(..)                   the state by value: is all there? `kept`, `place`, `happened`
//! }
//! ```
//!
//! If other threads or the system decide how often it waits, `.of_the_system()`. A wrapper around a future has two rows in
//! one, by `wrapper`.
#![cfg(target_os = "linux")]

mod fs;
mod groups;
mod io;
mod net;
mod numbers;
mod process;
mod ready;
mod scan;
mod sources;
mod streams;
mod support;
mod sync;
mod task;
mod time;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread;
use support::{Row, Verdict};

/// All rows, by their operations.
fn rows() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let lists = [
            fs::LISTS,
            groups::LISTS,
            io::LISTS,
            net::LISTS,
            numbers::LISTS,
            process::LISTS,
        ]
        .into_iter()
        .chain([ready::LISTS, sync::LISTS, task::LISTS, time::LISTS]);
        let threads: Vec<_> = lists.flatten().map(thread::spawn).collect();
        let lists = threads.into_iter().map(|thread| thread.join().unwrap());
        let mut rows: Vec<Row> = lists.flatten().collect();
        rows.sort_by(|one, other| one.operation.cmp(&other.operation));
        rows
    })
}

/// Safe, and not marked, and why not.
const UNMARKED: [(&str, &str); 11] = [
    (
        "Coroutine",
        "the future in it is that of an `async fn`, which nothing marks",
    ),
    (
        "io::AsyncBufReadExt::read_until",
        "who makes it anew with another buffer has lost what is in the first",
    ),
    ("io::AsyncReadExt::read_to_end", "the same"),
    ("io::copy_buf", "how much was copied is lost"),
    (
        "runtime::Handle::dump",
        "nobody takes a dump in a `select!`",
    ),
    (
        "sync::OnceCell::get_or_init",
        "the future in it is that of an `async` closure, which nothing marks",
    ),
    ("sync::OnceCell::get_or_try_init", "the same"),
    (
        "task::LocalSet::run_until",
        "an `async fn`, whose future cannot depend on what it is given",
    ),
    (
        "task::Scope::run",
        "an `async` block, whose future cannot depend on what it is given",
    ),
    ("test::cancel_at_every_await", "nobody tests in a `select!`"),
    (
        "select!",
        "what awaits it is an `async` block, which nothing marks",
    ),
];

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("CANCEL_SAFETY.json")
}

/// A line for each row, so that a diff is one of rows.
fn json(rows: &[Row]) -> String {
    let lines = rows.iter().map(|row| {
        let (operation, verdict, cuts) = (&row.operation, row.verdict.text(), row.cuts);
        let more = if row.at_least {
            r#", "or_more": true"#
        } else {
            ""
        };
        format!(r#"  {{"operation": "{operation}", "verdict": "{verdict}", "cuts": {cuts}{more}}}"#)
    });
    format!("[\n{}\n]\n", lines.collect::<Vec<_>>().join(",\n"))
}

/// Fails with all that is wrong, not with the first.
#[track_caller]
fn all_fine(wrong: &[String], what_to_do: &str) {
    let mut text = String::new();
    for line in wrong {
        writeln!(text, "  {line}").unwrap();
    }
    assert!(wrong.is_empty(), "\n{text}{what_to_do}");
}

#[test]
fn the_file_is_up_to_date() {
    let now = json(rows());
    if std::env::var_os("CANCEL_SAFETY").is_some_and(|value| value == "overwrite") {
        std::fs::write(file(), &now).unwrap();
    }
    let before = std::fs::read_to_string(file()).unwrap_or_default();
    let lines = |text: &str| -> Vec<String> {
        text.lines()
            .map(|line| line.trim_end_matches(',').to_owned())
            .collect()
    };
    let (before, now) = (lines(&before), lines(&now));
    let gone = before.iter().filter(|line| !now.contains(line));
    let new = now.iter().filter(|line| !before.contains(line));
    let wrong: Vec<String> = gone
        .map(|line| format!("-{line}"))
        .chain(new.map(|line| format!("+{line}")))
        .collect();
    all_fine(
        &wrong,
        "CANCEL_SAFETY.json is out of date: run this with CANCEL_SAFETY=overwrite in the environment, and read the diff",
    );
    let whole = std::fs::read_to_string(file()).unwrap();
    let parsed: serde_json::Value = serde_json::from_str(&whole).unwrap();
    assert_eq!(parsed.as_array().map(Vec::len), Some(rows().len()));
}

#[test]
fn each_operation_has_one_row() {
    let operations = scan::operations();
    let mut wrong = Vec::new();
    for operation in operations.values() {
        let count = rows()
            .iter()
            .filter(|row| row.operation == operation.path)
            .count();
        if count != 1 {
            wrong.push(format!(
                "{} has {count} rows ({})",
                operation.path, operation.place
            ));
        }
    }
    for row in rows() {
        let path = row.operation.split(" on ").next().unwrap();
        if !operations.contains_key(path) {
            wrong.push(format!("{path} has a row, and is no public operation"));
        }
    }
    all_fine(
        &wrong,
        "how to add a row stands at the top of tests/cancel_safety/main.rs",
    );
}

#[test]
fn docs_say_what_was_measured() {
    let operations = scan::operations();
    let mut wrong = Vec::new();
    for row in rows() {
        let Some(operation) = operations.get(&row.operation) else {
            continue;
        };
        let sentence = row.verdict.sentence();
        let said = operation.section.as_deref().unwrap_or("nothing at all");
        let rest = said
            .strip_prefix(sentence)
            .filter(|rest| !rest.starts_with(" but"));
        if rest.is_none() {
            wrong.push(format!(
                "{} ({}) should say {sentence:?}, and says {said:?}",
                row.operation, operation.place
            ));
        }
    }
    all_fine(
        &wrong,
        "the section `# Cancel safety` of an operation's docs begins with the sentence of its verdict, and goes on as it likes",
    );
}

#[test]
fn futures_are_marked_as_was_measured() {
    let mut wrong = Vec::new();
    for row in rows() {
        let path = row.operation.split(" on ").next().unwrap();
        let is_excepted = UNMARKED.iter().any(|(operation, _)| *operation == path);
        match (row.verdict.is_marked(), row.is_marked) {
            (true, true) if is_excepted => {
                wrong.push(format!("{path} is `CancelSafe`: it is no exception"))
            }
            (true, false) if !is_excepted => wrong.push(format!(
                "{path} is {}, and not `CancelSafe`",
                row.verdict.text()
            )),
            (false, true) => wrong.push(format!(
                "{path} {}, and is `CancelSafe`",
                row.verdict.text()
            )),
            _ => {}
        }
    }
    all_fine(
        &wrong,
        "what is safe, or loses its place, is `CancelSafe`; what loses data, or cannot be cancelled, is not",
    );
}

#[test]
fn all_verdicts_come_about() {
    for verdict in [
        Verdict::Safe,
        Verdict::LosesPlace,
        Verdict::LosesData,
        Verdict::CannotBeCancelled,
        Verdict::AsItsFuture,
    ] {
        assert!(
            rows().iter().any(|row| row.verdict == verdict),
            "{verdict:?}"
        );
    }
}
