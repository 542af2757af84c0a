//! Policies by name.

use crate::chooser::Chooser;
use crate::claim::Prefix;
use crate::delays::Delays;
use crate::dpor::Dpor;
use crate::exhaustive::Exhaustive;
use crate::pct::Pct;
use crate::portfolio::Portfolio;
use crate::pos::Pos;
use crate::walk::Walk;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// How schedules are chosen. It is written as it is made: `pct(3)`.
///
/// # Examples
///
/// ```
/// use leno_sim::Strategy;
///
/// let strategy: Strategy = "pct(3)".parse()?;
/// assert_eq!(strategy, Strategy::pct(3));
/// assert_eq!(Strategy::walk(0.25).to_string(), "walk(1/4)");
/// assert!(Strategy::delays(2).is_systematic());
/// # Ok::<(), leno_sim::NotAStrategy>(())
/// ```
#[derive(Clone)]
pub struct Strategy(Which);

type Make = Arc<dyn Fn() -> Box<dyn Chooser> + Send + Sync>;

#[derive(Clone)]
enum Which {
    Walk(Option<f64>),
    Pct(u32),
    Pos,
    Portfolio,
    Delays(u32),
    Exhaustive,
    Dpor,
    Custom(Arc<str>, Make),
}

impl Strategy {
    /// A random [`Walk`] that holds up with probability `hold`; by seed with one of 1/16, 1/4 and 1/2 if that is `None`.
    ///
    /// # Panics
    ///
    /// If `hold` is not from 0 to 1.
    pub fn walk(hold: impl Into<Option<f64>>) -> Self {
        let hold = hold.into();
        Walk::new(hold);
        Self(Which::Walk(hold))
    }

    /// [`Pct`]: random priorities, for bugs that need `depth` things to happen in one order.
    ///
    /// # Panics
    ///
    /// If `depth` is 0 or more than 64.
    pub fn pct(depth: u32) -> Self {
        Pct::new(depth);
        Self(Which::Pct(depth))
    }

    /// [`Pos`]: random priorities for steps, drawn again where they conflict.
    pub fn pos() -> Self {
        Self(Which::Pos)
    }

    /// [`Portfolio`]: all of the random ones in turn.
    pub fn portfolio() -> Self {
        Self(Which::Portfolio)
    }

    /// [`Delays`]: all schedules with at most `bound` delays, the ones with few first.
    pub fn delays(bound: u32) -> Self {
        Self(Which::Delays(bound))
    }

    /// [`Exhaustive`]: all schedules.
    pub fn exhaustive() -> Self {
        Self(Which::Exhaustive)
    }

    /// [`Dpor`]: one schedule of each class, for programs that share nothing but what is told.
    pub fn dpor() -> Self {
        Self(Which::Dpor)
    }

    /// A policy of one's own: `make` makes a chooser for each search.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_sim::{Calm, Strategy};
    ///
    /// let strategy = Strategy::custom("calm", || Box::new(Calm));
    /// assert_eq!(strategy.to_string(), "calm");
    /// ```
    pub fn custom(
        name: impl Into<String>,
        make: impl Fn() -> Box<dyn Chooser> + Send + Sync + 'static,
    ) -> Self {
        Self(Which::Custom(name.into().into(), Arc::new(make)))
    }

    /// A new chooser, which has not seen a run.
    pub fn chooser(&self) -> Box<dyn Chooser> {
        match &self.0 {
            Which::Walk(hold) => Box::new(Walk::new(*hold)),
            Which::Pct(depth) => Box::new(Pct::new(*depth)),
            Which::Pos => Box::new(Pos::new()),
            Which::Portfolio => Box::new(Portfolio::new()),
            Which::Delays(bound) => Box::new(Delays::new(*bound)),
            Which::Exhaustive => Box::new(Exhaustive::new()),
            Which::Dpor => Box::new(Dpor::new()),
            Which::Custom(_, make) => make(),
        }
    }

    /// A chooser for the `index`-th of `of` shards, which share all schedules among them; `None` if the strategy goes by seeds,
    /// which are the shards then, or cannot be shared.
    ///
    /// # Panics
    ///
    /// If `index` is not below `of`.
    pub fn shard(&self, index: u32, of: u32) -> Option<Box<dyn Chooser>> {
        match self.0 {
            Which::Delays(bound) => Some(Box::new(Delays::shard(bound, index, of))),
            Which::Exhaustive => Some(Box::new(Exhaustive::shard(index, of))),
            _ => None,
        }
    }

    /// A chooser that goes on with what another one left ([`Chooser::unexplored`]); `None` if the strategy leaves nothing behind.
    pub fn resume(&self, prefixes: impl IntoIterator<Item = Prefix>) -> Option<Box<dyn Chooser>> {
        match self.0 {
            Which::Delays(bound) => Some(Box::new(Delays::resume(bound, prefixes))),
            Which::Exhaustive => Some(Box::new(Exhaustive::resume(prefixes))),
            _ => None,
        }
    }

    /// True if it goes through schedules and comes to an end, and seeds mean nothing to it. Of a policy of one's own that is not
    /// known.
    pub fn is_systematic(&self) -> bool {
        matches!(self.0, Which::Delays(_) | Which::Exhaustive | Which::Dpor)
    }
}

/// The portfolio.
impl Default for Strategy {
    fn default() -> Self {
        Self::portfolio()
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Which::Walk(None) => f.write_str("walk"),
            Which::Walk(Some(hold)) => {
                let parts = hold.recip();
                if *hold > 0.0 && *hold < 1.0 && parts.fract() == 0.0 {
                    write!(f, "walk(1/{parts})")
                } else {
                    write!(f, "walk({hold})")
                }
            }
            Which::Pct(depth) => write!(f, "pct({depth})"),
            Which::Pos => f.write_str("pos"),
            Which::Portfolio => f.write_str("portfolio"),
            Which::Delays(bound) => write!(f, "delays({bound})"),
            Which::Exhaustive => f.write_str("exhaustive"),
            Which::Dpor => f.write_str("dpor"),
            Which::Custom(name, _) => f.write_str(name),
        }
    }
}

impl fmt::Debug for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Strategy({self})")
    }
}

/// Two are equal if they are written alike.
impl PartialEq for Strategy {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for Strategy {}

/// A text that is no [`Strategy`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAStrategy {
    text: String,
    why: &'static str,
}

impl fmt::Display for NotAStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no strategy: {}", self.text, self.why)
    }
}

impl std::error::Error for NotAStrategy {}

impl FromStr for Strategy {
    type Err = NotAStrategy;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |why| NotAStrategy {
            text: text.to_owned(),
            why,
        };
        let text = text.trim();
        let (name, value) = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
            Some((name, value)) => (
                name.trim(),
                Some(value.trim()).filter(|value| !value.is_empty()),
            ),
            None => (text, None),
        };
        match (name, value) {
            ("walk", None) => Ok(Self::walk(None)),
            ("walk", Some(value)) => probability(value).map(Self::walk).ok_or_else(|| {
                wrong("a walk takes a probability of holds from 0 to 1, like `walk(1/4)`")
            }),
            ("pct", value) => value
                .and_then(|value| value.parse().ok())
                .filter(|depth| (1..=64).contains(depth))
                .map(Self::pct)
                .ok_or_else(|| wrong("PCT takes a depth from 1 to 64, like `pct(3)`")),
            ("delays", value) => value
                .and_then(|value| value.parse().ok())
                .map(Self::delays)
                .ok_or_else(|| wrong("delays take a bound, like `delays(2)`")),
            ("pos", None) => Ok(Self::pos()),
            ("portfolio", None) => Ok(Self::portfolio()),
            ("exhaustive", None) => Ok(Self::exhaustive()),
            ("dpor", None) => Ok(Self::dpor()),
            ("pos" | "portfolio" | "exhaustive" | "dpor", Some(_)) => {
                Err(wrong("this one takes nothing in parentheses"))
            }
            _ => Err(wrong(
                "there are `portfolio`, `walk`, `walk(1/4)`, `pct(3)`, `pos`, `delays(2)`, `exhaustive` and `dpor`",
            )),
        }
    }
}

/// `0.25` or `1/4`.
fn probability(text: &str) -> Option<f64> {
    let value = match text.split_once('/') {
        Some((part, whole)) => {
            part.trim().parse::<f64>().ok()? / whole.trim().parse::<f64>().ok()?
        }
        None => text.parse().ok()?,
    };
    (0.0..=1.0).contains(&value).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strategy_is_read_as_it_is_written() {
        for text in [
            "walk",
            "walk(1/4)",
            "walk(0)",
            "walk(1)",
            "walk(0.3)",
            "pct(1)",
            "pct(64)",
            "pos",
            "portfolio",
            "delays(0)",
            "exhaustive",
            "dpor",
        ] {
            assert_eq!(text.parse::<Strategy>().unwrap().to_string(), text);
        }
        assert_eq!(" pct( 3 ) ".parse::<Strategy>().unwrap(), Strategy::pct(3));
        assert_eq!("pos()".parse::<Strategy>().unwrap(), Strategy::pos());
    }

    #[test]
    fn what_is_no_strategy_is_told_what_would_be_one() {
        for (text, why) in [
            ("", "there are"),
            ("random", "there are"),
            ("pct", "a depth"),
            ("pct(0)", "a depth"),
            ("pct(65)", "a depth"),
            ("pct(3", "there are"),
            ("walk(2)", "a probability"),
            ("walk(1/0)", "a probability"),
            ("walk(NaN)", "a probability"),
            ("delays", "a bound"),
            ("delays(-1)", "a bound"),
            ("dpor(1)", "nothing in parentheses"),
        ] {
            let error = text.parse::<Strategy>().unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
