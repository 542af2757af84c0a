//! The mutants, as `cargo mutants --list` names them.

use crate::options::Options;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};

/// The folders whose mutants are looked at, and how many of a hundred must be caught there.
pub(crate) const FOLDERS: [(&str, usize); 5] = [
    ("runtime/src/kernel", 90),
    ("runtime/src/sync", 90),
    ("runtime/src/time", 80),
    ("runtime/src/io", 80),
    ("runtime/src/net", 80),
];

/// A mutant, as `cargo mutants` tells of it.
#[derive(Debug, Deserialize)]
struct Listed {
    name: String,
    file: String,
    function: Option<Function>,
    span: Span,
    replacement: String,
    genre: Genre,
}

#[derive(Debug, Deserialize)]
struct Function {
    function_name: String,
}

/// What is replaced: from, to; lines and characters are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Span {
    pub(crate) start: Place,
    pub(crate) end: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// The kinds of mutants that `cargo mutants` knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) enum Genre {
    FnValue,
    BinaryOperator,
    UnaryOperator,
    MatchArm,
    MatchArmGuard,
    StructField,
}

/// A change of the sources that a test is to notice.
#[derive(Debug)]
pub(crate) struct Mutant {
    /// Its file in the repository.
    pub(crate) file: String,
    /// The function that it is in.
    pub(crate) function: Option<String>,
    /// What is done and where, as `replace == with != in Semaphore::close`.
    pub(crate) change: String,
    /// Which one it is of those that are told of in the same words, from 1.
    pub(crate) nth: usize,
    pub(crate) span: Span,
    pub(crate) replacement: String,
    pub(crate) genre: Genre,
}

impl Mutant {
    /// What names it from one day to the next, whatever lines move.
    pub(crate) fn name(&self) -> String {
        let Self {
            file, change, nth, ..
        } = self;
        match nth {
            1 => format!("{file}: {change}"),
            _ => format!("{file}: {change} #{nth}"),
        }
    }

    /// Where it stands, for somebody who looks for it.
    pub(crate) fn place(&self) -> String {
        let Place { line, column } = self.span.start;
        format!("{}:{line}:{column}", self.file)
    }
}

/// Asks `cargo mutants` for the mutants of the folders.
pub(crate) fn read(root: &Path) -> Result<Vec<Mutant>, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args([
        "mutants",
        "--list",
        "--json",
        "--no-config",
        "--colors=never",
    ]);
    command.args(["--package", "leno", "--dir"]).arg(root);
    for (folder, _) in FOLDERS {
        command.args(["--file", &format!("{folder}/**")]);
        command.args(["--file", &format!("{folder}.rs")]);
    }
    let output = command
        .stderr(Stdio::piped())
        .output()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        if complaint.contains("no such command") {
            return Err(
                "`cargo mutants`, which lists the mutants, is not installed: `cargo install cargo-mutants --locked` gets it".into(),
            );
        }
        return Err(format!("`cargo mutants --list`: {}", complaint.trim()));
    }
    parse(&output.stdout)
}

/// Reads what `cargo mutants --list --json` prints.
fn parse(json: &[u8]) -> Result<Vec<Mutant>, String> {
    let mut listed: Vec<Listed> = serde_json::from_slice(json).map_err(|error| {
        format!("what `cargo mutants --list --json` prints is not understood, so its version is not: {error}")
    })?;
    listed.sort_by(|a, b| {
        let key = |one: &Listed| {
            (
                one.file.clone(),
                one.span,
                one.genre,
                one.replacement.clone(),
            )
        };
        key(a).cmp(&key(b))
    });
    // A file that two modules are made of is listed twice.
    listed.dedup_by(|a, b| a.name == b.name);
    let mut told = BTreeMap::new();
    let mut mutants = Vec::new();
    for one in listed {
        let place = format!(
            "{}:{}:{}: ",
            one.file, one.span.start.line, one.span.start.column
        );
        let change = one
            .name
            .strip_prefix(&place)
            .ok_or_else(|| {
                format!(
                    "`cargo mutants` names a mutant `{}`, without its place",
                    one.name
                )
            })?
            .to_owned();
        let nth = told.entry((one.file.clone(), change.clone())).or_insert(0);
        *nth += 1;
        mutants.push(Mutant {
            file: one.file,
            function: one.function.map(|function| function.function_name),
            change,
            nth: *nth,
            span: one.span,
            replacement: one.replacement,
            genre: one.genre,
        });
    }
    Ok(mutants)
}

/// The numbers of those that the options choose.
pub(crate) fn chosen(
    mutants: &[Mutant],
    options: &Options,
    changed: Option<&BTreeSet<String>>,
) -> Vec<usize> {
    let wanted = |number: &usize| {
        let mutant = &mutants[*number];
        let file = options.file.as_ref();
        let only = options.only.as_ref();
        file.is_none_or(|files| files.split(',').any(|file| matches(file, &mutant.file)))
            && only.is_none_or(|only| only.split(',').any(|only| mutant.change.contains(only)))
            && changed.is_none_or(|files| files.contains(&mutant.file))
    };
    let mut chosen: Vec<_> = (0..mutants.len()).filter(wanted).collect();
    if let Some(sample) = options.sample {
        chosen.sort_by_key(|&number| hash(&mutants[number].name()));
        chosen.truncate(sample);
        chosen.sort_unstable();
    }
    chosen
}

/// True if a pattern, in which `*` stands for anything, is in the name of a file, from the beginning of a folder to the end.
fn matches(pattern: &str, file: &str) -> bool {
    let mut starts = vec![0];
    starts.extend(file.match_indices('/').map(|(at, _)| at + 1));
    let mut parts = pattern
        .split('*')
        .filter(|part| !part.is_empty())
        .peekable();
    let first = if pattern.starts_with('*') {
        ""
    } else {
        parts.next().unwrap_or("")
    };
    let parts: Vec<_> = parts.collect();
    starts.into_iter().any(|start| {
        let Some(mut rest) = file[start..].strip_prefix(first) else {
            return false;
        };
        for part in &parts {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.is_empty() || pattern.ends_with('*')
    })
}

/// The same number for the same text, today and with the next compiler (FNV-1a, mixed once more so that its order is no text's).
pub(crate) fn hash(text: &str) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_names_files_by_the_ends_of_their_paths() {
        let file = "runtime/src/sync/mpsc/bounded.rs";
        for pattern in [
            "sync/*",
            "sync/**",
            "bounded.rs",
            "mpsc/*.rs",
            "runtime/src/*",
            "*/bounded.rs",
        ] {
            assert!(matches(pattern, file), "{pattern}");
        }
        for pattern in ["sync", "ounded.rs", "time/*", "sync/*.toml"] {
            assert!(!matches(pattern, file), "{pattern}");
        }
    }

    #[test]
    fn the_list_is_read_and_equal_words_are_told_apart() {
        let json = r#"[
            {"name": "a.rs:7:9: replace == with != in f", "package": "leno", "file": "a.rs", "function": null,
             "span": {"start": {"line": 7, "column": 9}, "end": {"line": 7, "column": 11}},
             "replacement": "!=", "genre": "BinaryOperator", "diff": ""},
            {"name": "a.rs:5:9: replace == with != in f", "package": "leno", "file": "a.rs", "function": null,
             "span": {"start": {"line": 5, "column": 9}, "end": {"line": 5, "column": 11}},
             "replacement": "!=", "genre": "BinaryOperator", "diff": ""}]"#;
        let mutants = parse(json.as_bytes()).unwrap();
        let names: Vec<_> = mutants.iter().map(Mutant::name).collect();
        assert_eq!(
            names,
            [
                "a.rs: replace == with != in f",
                "a.rs: replace == with != in f #2"
            ]
        );
        assert_eq!(mutants[1].place(), "a.rs:7:9");
        let error = parse(b"[{}]").unwrap_err();
        assert!(error.contains("not understood"), "{error}");
    }
}
