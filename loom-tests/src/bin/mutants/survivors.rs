//! `loom-tests/mutations/survivors.toml`: the mutants that no test catches, and why none needs to.

use crate::list::Mutant;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The file, in the repository.
const FILE: &str = "loom-tests/mutations/survivors.toml";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    survivor: Vec<Survivor>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Survivor {
    file: String,
    /// In the words of the command. A `*` at its end stands for whatever follows.
    change: String,
    /// Which one it is of those that are told of in the same words, from 1; all, if it is not said.
    nth: Option<usize>,
    reason: String,
}

impl Survivor {
    fn is_about(&self, mutant: &Mutant) -> bool {
        let is_so = match self.change.strip_suffix('*') {
            Some(beginning) => mutant.change.starts_with(beginning),
            None => mutant.change == self.change,
        };
        self.file == mutant.file && is_so && self.nth.is_none_or(|nth| nth == mutant.nth)
    }
}

/// The reasons of the mutants that have one, by their numbers. An entry that is about no mutant is an error.
pub(crate) fn read(root: &Path, mutants: &[Mutant]) -> Result<BTreeMap<usize, String>, String> {
    let text = fs::read_to_string(root.join(FILE)).map_err(|error| format!("{FILE}: {error}"))?;
    parse(&text, mutants)
}

fn parse(text: &str, mutants: &[Mutant]) -> Result<BTreeMap<usize, String>, String> {
    let file: File = toml::from_str(text).map_err(|error| format!("{FILE}: {error}"))?;
    let mut reasons = BTreeMap::new();
    for survivor in file.survivor {
        let Survivor { file, change, .. } = &survivor;
        if survivor.reason.trim().is_empty() {
            return Err(format!("{FILE}: {file}: `{change}` has no reason"));
        }
        let its = (0..mutants.len()).filter(|&number| survivor.is_about(&mutants[number]));
        let its: Vec<_> = its.collect();
        if its.is_empty() {
            return Err(format!(
                "{FILE}: {file}: there is no mutant `{change}` any more: take it out, or write what it is called now"
            ));
        }
        for number in its {
            if reasons.insert(number, survivor.reason.clone()).is_some() {
                return Err(format!(
                    "{FILE}: {file}: `{}` is there twice",
                    mutants[number].change
                ));
            }
        }
    }
    Ok(reasons)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::{Genre, Place, Span};

    fn mutant(change: &str, nth: usize) -> Mutant {
        let place = Place { line: 1, column: 1 };
        Mutant {
            file: "a.rs".into(),
            function: None,
            change: change.into(),
            nth,
            span: Span {
                start: place,
                end: place,
            },
            replacement: String::new(),
            genre: Genre::FnValue,
        }
    }

    #[test]
    fn reasons_find_their_mutants() {
        let mutants = [
            mutant("replace f with 0", 1),
            mutant("replace f with 1", 1),
            mutant("g", 1),
            mutant("g", 2),
        ];
        let entry = |change: &str, more: &str| {
            format!(
                "[[survivor]]\nfile = \"a.rs\"\nchange = \"{change}\"\nreason = \"because\"\n{more}\n"
            )
        };
        let reasons = parse(
            &(entry("replace f with *", "") + &entry("g", "nth = 2")),
            &mutants,
        )
        .unwrap();
        assert_eq!(reasons.into_keys().collect::<Vec<_>>(), [0, 1, 3]);
        let error = parse(&entry("h", ""), &mutants).unwrap_err();
        assert!(error.contains("no mutant `h` any more"), "{error}");
        let error = parse(&(entry("g", "") + &entry("g", "nth = 1")), &mutants).unwrap_err();
        assert!(error.contains("twice"), "{error}");
        let error = parse(
            "[[survivor]]\nfile = \"a.rs\"\nchange = \"g\"\nreason = \" \"",
            &mutants,
        )
        .unwrap_err();
        assert!(error.contains("no reason"), "{error}");
    }
}
