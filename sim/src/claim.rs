//! What a search that goes through all schedules may say of itself, and where another can go on with it.

use std::fmt;
use std::str::FromStr;

/// Which schedules were all of them tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Extent {
    /// None that has a name.
    Some,
    /// All in which at most so many delays are.
    Delays(u32),
    /// At least one of each class: two schedules are of one class if they differ only in the order of steps that do not conflict.
    Classes,
    /// All.
    All,
}

/// What a chooser has covered so far. It says never more than is so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Which schedules were all tried.
    pub extent: Extent,
    /// How many schedules that extent has; or classes, for [`Extent::Classes`].
    pub covered: u64,
    /// How many runs were made in all.
    pub runs: u64,
    /// The search had a part of the tree only: of how many prefixes.
    pub part: Option<u64>,
    /// Why the claim is less than was asked for.
    pub not_all: Option<String>,
}

impl Claim {
    /// True if no other schedule of the program, or no other class of them, is left.
    pub fn is_complete(&self) -> bool {
        matches!(self.extent, Extent::All | Extent::Classes)
            && self.part.is_none()
            && self.not_all.is_none()
    }
}

/// `all 153 schedules with ≤ 2 delays`.
impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(reason) = &self.not_all {
            write!(f, "not all: {reason}; ")?;
        }
        let covered = Count(self.covered);
        let s = if self.covered == 1 { "" } else { "s" };
        let es = if self.covered == 1 { "" } else { "es" };
        match self.extent {
            Extent::Some => {
                let s = if self.runs == 1 { "" } else { "s" };
                write!(f, "{} schedule{s}, of more", Count(self.runs))?;
            }
            Extent::Delays(1) => write!(f, "all {covered} schedule{s} with ≤ 1 delay")?,
            Extent::Delays(bound) => {
                write!(f, "all {covered} schedule{s} with ≤ {bound} delays")?;
            }
            Extent::Classes => write!(f, "all {covered} class{es} of schedules")?,
            Extent::All => write!(f, "all {covered} schedule{s}")?,
        }
        match self.part {
            Some(1) => write!(f, " below its prefix"),
            Some(part) => write!(f, " below its {} prefixes", Count(part)),
            None => Ok(()),
        }
    }
}

/// A number with commas.
struct Count(u64);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index) % 3 == 0 {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

/// A part of the tree of all schedules: those that begin with these choices.
///
/// It is written `0.0.1`, with the bound behind it if there is one: `0.0.1<=2`. The whole tree is `-`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Prefix {
    /// The first choices.
    pub choices: Vec<u32>,
    /// How many delays there may be in all, those of the first choices included.
    pub delays: Option<u32>,
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.choices.split_first() {
            None => f.write_str("-")?,
            Some((first, rest)) => {
                write!(f, "{first}")?;
                rest.iter().try_for_each(|choice| write!(f, ".{choice}"))?;
            }
        }
        match self.delays {
            None => Ok(()),
            Some(bound) => write!(f, "<={bound}"),
        }
    }
}

/// A text that is no [`Prefix`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAPrefix(String);

impl fmt::Display for NotAPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no prefix of schedules: write its choices like `0.0.1`, with a bound of delays like `0.0.1<=2`, or `-` for all",
            self.0
        )
    }
}

impl std::error::Error for NotAPrefix {}

impl FromStr for Prefix {
    type Err = NotAPrefix;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NotAPrefix(text.to_owned());
        let (choices, delays) = match text.split_once("<=") {
            None => (text, None),
            Some((choices, bound)) => (choices, Some(bound.parse().map_err(|_| wrong())?)),
        };
        let choices = if choices == "-" {
            Vec::new()
        } else {
            choices
                .split('.')
                .map(|choice| choice.parse().map_err(|_| wrong()))
                .collect::<Result<_, _>>()?
        };
        Ok(Self { choices, delays })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_read_as_it_is_written() {
        for text in ["-", "0", "0.0.1", "-<=2", "0.3<=1"] {
            assert_eq!(text.parse::<Prefix>().unwrap().to_string(), text);
        }
        for text in ["", "0.", "a", "0<=", "<=1", "0.-1"] {
            assert!(text.parse::<Prefix>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_claim_says_what_is_so() {
        let mut claim = Claim {
            extent: Extent::Delays(2),
            covered: 1153,
            runs: 1200,
            part: None,
            not_all: None,
        };
        assert_eq!(claim.to_string(), "all 1,153 schedules with ≤ 2 delays");
        assert!(!claim.is_complete());
        claim.extent = Extent::All;
        assert!(claim.is_complete());
        claim.part = Some(2);
        assert!(!claim.is_complete());
        assert_eq!(
            claim.to_string(),
            "all 1,153 schedules below its 2 prefixes"
        );
        claim.not_all = Some("it rained".into());
        claim.extent = Extent::Some;
        claim.part = None;
        assert_eq!(
            claim.to_string(),
            "not all: it rained; 1,200 schedules, of more"
        );
    }
}
