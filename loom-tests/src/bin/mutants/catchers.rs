//! Which tests have caught a file's mutants so far: those catch the next ones too, mostly, and are asked first.

use crate::binaries::{Test, lock};
use crate::list::Mutant;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// How many tests are asked by themselves before the binaries are. Each takes some milliseconds.
const ALONE: usize = 4;

/// What has caught mutants.
#[derive(Debug, Default)]
pub(crate) struct Catchers(Mutex<Caught>);

#[derive(Debug, Default)]
struct Caught {
    /// By file and function, then by test binary and test: how many mutants it has caught there.
    tests: BTreeMap<String, BTreeMap<Function, BTreeMap<Name, usize>>>,
    /// By file, then by test binary: of how many mutants it was asked, and how many it has caught.
    binaries: BTreeMap<String, BTreeMap<String, Count>>,
}

type Function = Option<String>;

/// A test binary and one of its tests.
type Name = (String, String);

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    asked: usize,
    caught: usize,
}

impl Catchers {
    /// A test of a binary has caught a mutant.
    pub(crate) fn add(&self, mutant: &Mutant, binary: &str, test: &str) {
        // Otherwise it is no test's name, but how the process ended.
        if test.is_empty() || test.contains(' ') {
            return;
        }
        let mut caught = lock(&self.0);
        let of_file = caught.tests.entry(mutant.file.clone()).or_default();
        let of_function = of_file.entry(mutant.function.clone()).or_default();
        *of_function
            .entry((binary.to_owned(), test.to_owned()))
            .or_default() += 1;
    }

    /// The same, in the words that results have for it.
    pub(crate) fn add_words(&self, mutant: &Mutant, words: &str) {
        if let Some((binary, test)) = words.split_once(": ") {
            self.add(mutant, binary, test);
        }
    }

    /// A test binary was asked.
    pub(crate) fn count(&self, file: &str, binary: &str, has_caught: bool) {
        let mut caught = lock(&self.0);
        let of_file = caught.binaries.entry(file.to_owned()).or_default();
        let count = of_file.entry(binary.to_owned()).or_default();
        count.asked += 1;
        count.caught += usize::from(has_caught);
    }

    /// The tests to ask by themselves, by their binaries and names: those that have caught most of the mutant's function, then of
    /// its file.
    pub(crate) fn tests(&self, mutant: &Mutant) -> Vec<Name> {
        let caught = lock(&self.0);
        let Some(of_file) = caught.tests.get(&mutant.file) else {
            return Vec::new();
        };
        let mut counts: BTreeMap<&Name, (usize, usize)> = BTreeMap::new();
        for (function, tests) in of_file {
            for (name, count) in tests {
                let (of_function, of_file) = counts.entry(name).or_default();
                *of_file += count;
                if *function == mutant.function {
                    *of_function += count;
                }
            }
        }
        let mut names: Vec<_> = counts.into_iter().collect();
        names.sort_by_key(|&(_, counts)| std::cmp::Reverse(counts));
        let names = names.into_iter().map(|(name, _)| name.clone());
        names.take(ALONE).collect()
    }

    /// Puts those first that are likely to notice in little time.
    pub(crate) fn sort(&self, number: usize, mutant: &Mutant, tests: &mut [&Test]) {
        let caught = lock(&self.0);
        let counts = caught.binaries.get(&mutant.file);
        tests.sort_by_key(|test| {
            let count = counts.and_then(|counts| counts.get(&test.name));
            let Count { asked, caught } = count.copied().unwrap_or_default();
            test.rank(number, &mutant.file, asked, caught)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::{Genre, Place, Span};

    fn mutant(function: &str) -> Mutant {
        let place = Place { line: 1, column: 1 };
        Mutant {
            file: "a.rs".into(),
            function: Some(function.into()),
            change: "a change".into(),
            nth: 1,
            span: Span {
                start: place,
                end: place,
            },
            replacement: String::new(),
            genre: Genre::FnValue,
        }
    }

    #[test]
    fn the_functions_own_catchers_come_before_the_files() {
        let catchers = Catchers::default();
        assert!(catchers.tests(&mutant("f")).is_empty());
        for _ in 0..2 {
            catchers.add_words(&mutant("f"), "sync_mutex: a::of_f");
        }
        catchers.add_words(&mutant("g"), "sync_notify: of_g");
        catchers.add_words(&mutant("g"), "sync_notify: its process ended: signal: 6");
        let names = |function| {
            let tests = catchers.tests(&mutant(function));
            tests.into_iter().map(|(_, test)| test).collect::<Vec<_>>()
        };
        assert_eq!(names("f"), ["a::of_f", "of_g"]);
        assert_eq!(names("g"), ["of_g", "a::of_f"]);
        assert_eq!(names("h"), ["a::of_f", "of_g"]);
        let other = Mutant {
            file: "b.rs".into(),
            ..mutant("f")
        };
        assert!(catchers.tests(&other).is_empty());
    }
}
