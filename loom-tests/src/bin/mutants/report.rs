//! What the command says in the end.

use crate::copy::Unbuilt;
use crate::list::{FOLDERS, Mutant};
use crate::results::Verdict;

/// What is known of a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    Run(Verdict),
    /// No test catches it, and it is written down why none needs to.
    Argued(Verdict),
    /// It is written down why no test catches it, and one does.
    ArguedInVain(Verdict),
    Unbuilt(Unbuilt),
    /// The time was over.
    NotRun,
}

/// The numbers of a folder.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sum {
    all: usize,
    caught: usize,
    hung: usize,
    survived: usize,
    not_reached: usize,
    argued: usize,
    refused: usize,
    constant: usize,
    elsewhere: usize,
    not_run: usize,
}

impl Sum {
    fn of(known: impl Iterator<Item = Known>) -> Self {
        let mut sum = Self::default();
        for known in known {
            sum.all += 1;
            let count = match known {
                Known::Argued(_) => &mut sum.argued,
                Known::Run(verdict) | Known::ArguedInVain(verdict) => match verdict {
                    Verdict::Caught => &mut sum.caught,
                    Verdict::Hung => &mut sum.hung,
                    Verdict::Survived => &mut sum.survived,
                    Verdict::NotReached => &mut sum.not_reached,
                },
                Known::Unbuilt(Unbuilt::Refused) => &mut sum.refused,
                Known::Unbuilt(Unbuilt::Constant) => &mut sum.constant,
                Known::Unbuilt(Unbuilt::Elsewhere) => &mut sum.elsewhere,
                Known::NotRun => &mut sum.not_run,
            };
            *count += 1;
        }
        sum
    }

    /// How many were run.
    fn run(&self) -> usize {
        self.caught + self.hung + self.survived + self.not_reached + self.argued
    }

    fn is_enough(&self, bar: usize) -> bool {
        100 * (self.caught + self.hung) >= bar * self.run()
    }

    fn words(&self) -> String {
        let caught = self.caught + self.hung;
        let rate = 100.0 * caught as f64 / self.run().max(1) as f64;
        let mut words = format!(
            "{} mutants, {} run: {caught} caught ({rate:.1} %; {} by a hang), {} survived",
            self.all,
            self.run(),
            self.hung,
            self.survived + self.not_reached + self.argued,
        );
        for (count, what) in [
            (self.argued, "of them argued"),
            (self.not_reached, "where nobody comes"),
            (self.refused, "do not build"),
            (self.constant, "in constants"),
            (self.elsewhere, "not compiled here"),
            (self.not_run, "not run: the time was over"),
        ] {
            if count > 0 {
                words += &format!(", {count} {what}");
            }
        }
        words
    }
}

/// Sums up, with all that has survived without a reason. True if all is as it is to be: in each folder enough is caught, if that is
/// asked for, and what survives has a reason.
pub(crate) fn table(mutants: &[(&Mutant, Known)], asks_for_bars: bool) -> bool {
    println!();
    let mut is_good = true;
    for (mutant, known) in mutants {
        let words = match known {
            Known::Run(verdict) if !verdict.is_caught() => verdict.words().to_owned(),
            Known::ArguedInVain(verdict) => {
                format!("argued, and {}: take it out of the list", verdict.words())
            }
            _ => continue,
        };
        is_good = false;
        println!("{words}: {}: {}", mutant.place(), mutant.change);
    }
    println!();
    for (folder, bar) in FOLDERS {
        let its = mutants
            .iter()
            .filter(|(mutant, _)| is_in(folder, &mutant.file));
        let sum = Sum::of(its.map(|(_, known)| *known));
        if sum.all == 0 {
            continue;
        }
        println!("{folder}: {}", sum.words());
        if asks_for_bars && !sum.is_enough(bar) {
            println!("{folder}: {bar} % must be caught");
            is_good = false;
        }
    }
    is_good
}

/// True if a file is in a folder, or is the one beside it.
fn is_in(folder: &str, file: &str) -> bool {
    let rest = file.strip_prefix(folder);
    rest.is_some_and(|rest| rest.starts_with('/') || rest == ".rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_argued_survives_all_the_same() {
        let mut known = vec![Known::Run(Verdict::Caught); 8];
        known.push(Known::Run(Verdict::Hung));
        known.push(Known::Argued(Verdict::Survived));
        known.push(Known::Unbuilt(Unbuilt::Refused));
        let sum = Sum::of(known.iter().copied());
        assert!(sum.is_enough(90));
        assert!(sum.words().contains("11 mutants, 10 run: 9 caught (90.0 %; 1 by a hang), 1 survived, 1 of them argued, 1 do not build"));
        known.push(Known::Run(Verdict::NotReached));
        assert!(!Sum::of(known.into_iter()).is_enough(90));
    }

    #[test]
    fn a_folder_has_the_file_beside_it() {
        assert!(is_in("runtime/src/sync", "runtime/src/sync/mod.rs"));
        assert!(is_in("runtime/src/sync", "runtime/src/sync.rs"));
        assert!(!is_in("runtime/src/sync", "runtime/src/synchronised.rs"));
    }
}
