//! What is known of mutants: a line each, written as it comes, so that a run that was ended goes on where it was.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;

/// What has come of a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Verdict {
    /// A test fails.
    Caught,
    /// A test does not end.
    Hung,
    /// All tests that come to its place pass.
    Survived,
    /// No test comes to its place.
    NotReached,
}

impl Verdict {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Caught => "caught",
            Self::Hung => "caught, by a hang",
            Self::Survived => "survived",
            Self::NotReached => "nobody comes there",
        }
    }

    pub(crate) fn is_caught(self) -> bool {
        matches!(self, Self::Caught | Self::Hung)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) mutant: String,
    pub(crate) verdict: Verdict,
    /// The test that has caught it, or how many were tried.
    pub(crate) words: String,
    /// What differs when the mutant's file does.
    file: u64,
    /// What differs when the sources or the tests do.
    all: u64,
}

/// The file of what is known.
#[derive(Debug)]
pub(crate) struct Results {
    known: BTreeMap<String, Found>,
    file: File,
}

impl Results {
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let told = |error: std::io::Error| format!("{}: {error}", path.display());
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(told(error)),
        };
        let known = read(&text);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(told)?;
        }
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .map_err(told)?;
        if !text.is_empty() && !text.ends_with('\n') {
            // The last line was not written to its end.
            file.write_all(b"\n").map_err(told)?;
        }
        Ok(Self { known, file })
    }

    /// What is known of a mutant and still holds. What was caught is, as long as its file is the same; what was not may be by now,
    /// if anything has changed.
    pub(crate) fn of(&self, mutant: &str, file: u64, all: u64) -> Option<&Found> {
        let found = self.known.get(mutant)?;
        let holds = match found.verdict.is_caught() {
            true => found.file == file,
            false => found.file == file && found.all == all,
        };
        holds.then_some(found)
    }

    /// What was last found of a mutant, of the same file, whatever has changed elsewhere.
    pub(crate) fn last(&self, mutant: &str, file: u64) -> Option<Verdict> {
        let found = self.known.get(mutant)?;
        (found.file == file).then_some(found.verdict)
    }

    /// What was last found of a mutant, whatever has changed.
    pub(crate) fn ever(&self, mutant: &str) -> Option<&Found> {
        self.known.get(mutant)
    }

    pub(crate) fn add(
        &mut self,
        mutant: String,
        (verdict, words): (Verdict, String),
        file: u64,
        all: u64,
    ) -> Result<(), String> {
        let found = Found {
            mutant,
            verdict,
            words,
            file,
            all,
        };
        let line = serde_json::to_string(&found).map_err(|error| error.to_string())? + "\n";
        self.file
            .write_all(line.as_bytes())
            .map_err(|error| format!("what was found cannot be written: {error}"))?;
        self.known.insert(found.mutant.clone(), found);
        Ok(())
    }
}

/// The last line of a mutant counts; one that was cut off does not.
fn read(text: &str) -> BTreeMap<String, Found> {
    let found = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Found>(line).ok());
    found.map(|found| (found.mutant.clone(), found)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_holds_as_long_as_it_may() {
        let path =
            std::env::temp_dir().join(format!("leno-mutants-results-{}", std::process::id()));
        let mut results = Results::open(&path).unwrap();
        results
            .add("a".into(), (Verdict::Survived, "3 tests".into()), 1, 1)
            .unwrap();
        results
            .add("b".into(), (Verdict::Caught, "t::x".into()), 1, 1)
            .unwrap();
        fs::write(
            &path,
            fs::read_to_string(&path).unwrap() + "{\"mutant\": \"c",
        )
        .unwrap();
        let mut results = Results::open(&path).unwrap();
        let is = |results: &Results, name, file, all| {
            results.of(name, file, all).map(|found| found.verdict)
        };
        assert_eq!(is(&results, "a", 1, 1), Some(Verdict::Survived));
        assert_eq!(is(&results, "a", 1, 2), None);
        assert_eq!(is(&results, "b", 1, 2), Some(Verdict::Caught));
        assert_eq!(is(&results, "b", 2, 2), None);
        results
            .add("a".into(), (Verdict::Hung, "t::y".into()), 1, 2)
            .unwrap();
        let results = Results::open(&path).unwrap();
        assert_eq!(is(&results, "a", 1, 3), Some(Verdict::Hung));
        fs::remove_file(&path).unwrap();
    }
}
