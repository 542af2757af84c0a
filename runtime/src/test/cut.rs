//! Where a run was dropped.

use crate::diagnostics::Leaf;
use std::fmt;

/// Where a run of [`cancel_at_every_await`](super::cancel_at_every_await) was dropped, or that it was not.
///
/// Its text is as `dropped at its 3rd of 7 awaits, as it waited`.
#[derive(Debug, Clone)]
pub struct Cut {
    pub(super) number: usize,
    pub(super) awaits: Option<usize>,
    pub(super) moment: Moment,
    pub(super) leaves: Vec<Leaf>,
}

/// What the future had done at the await at which it was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Moment {
    /// It was not polled at all.
    Unpolled,
    /// It was about to do what it awaits there, and had no budget for it.
    Untried,
    /// It has begun to wait.
    Waiting,
    /// What it waited for has woken it. It has not been polled since, or had no budget to look at what there is.
    Woken,
    /// It was not dropped: it has run to its end.
    Completed,
}

impl Cut {
    /// At which await the run was dropped, from 1; 0 if it was not polled at all. If the run has completed: how many there were.
    pub fn number(&self) -> usize {
        self.number
    }

    /// How many awaits the run has that is not dropped, if that is known: the check of that one does not know yet.
    pub fn awaits(&self) -> Option<usize> {
        self.awaits
    }

    /// What it had done there.
    pub fn moment(&self) -> Moment {
        self.moment
    }

    /// True if the run was not dropped, but has come to its end.
    pub fn is_completed(&self) -> bool {
        self.moment == Moment::Completed
    }

    /// The futures at which it was pending, with the functions that await them, as in a [dump](crate::runtime::Handle::dump).
    /// Several if it was in a `join!`.
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.moment {
            Moment::Unpolled => return f.write_str("dropped before its first poll"),
            Moment::Completed => return f.write_str("not dropped"),
            _ => {}
        }
        write!(f, "dropped at its {}", Ordinal(self.number))?;
        match self.awaits {
            Some(awaits) if awaits >= self.number => write!(f, " of {awaits} awaits")?,
            _ => f.write_str(" await")?,
        }
        f.write_str(match self.moment {
            Moment::Untried => ", before that was tried",
            Moment::Waiting => ", as it waited",
            _ => ", after it was woken",
        })
    }
}

/// `1st`, `2nd`, `3rd`, `4th`.
struct Ordinal(usize);

impl fmt::Display for Ordinal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ending = match (self.0 % 100, self.0 % 10) {
            (11..=13, _) => "th",
            (_, 1) => "st",
            (_, 2) => "nd",
            (_, 3) => "rd",
            _ => "th",
        };
        write!(f, "{}{ending}", self.0)
    }
}

/// What [`cancel_at_every_await`](super::cancel_at_every_await) has tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cuts {
    pub(super) awaits: usize,
    pub(super) tried: usize,
}

impl Cuts {
    /// How many awaits the run that was left alone has come to.
    pub fn awaits(&self) -> usize {
        self.awaits
    }

    /// How many runs were dropped. One more than there are awaits if none had to wait, since there is one that was never
    /// polled; up to three more for each that had to.
    pub fn tried(&self) -> usize {
        self.tried
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(number: usize, awaits: Option<usize>, moment: Moment) -> String {
        let leaves = Vec::new();
        let cut = Cut {
            number,
            awaits,
            moment,
            leaves,
        };
        cut.to_string()
    }

    #[test]
    fn a_cut_says_where_it_was() {
        assert_eq!(
            cut(3, Some(7), Moment::Untried),
            "dropped at its 3rd of 7 awaits, before that was tried"
        );
        assert_eq!(
            cut(12, None, Moment::Waiting),
            "dropped at its 12th await, as it waited"
        );
        // A run may come to more awaits than the first one did.
        assert_eq!(
            cut(2, Some(1), Moment::Woken),
            "dropped at its 2nd await, after it was woken"
        );
        assert_eq!(
            cut(0, Some(7), Moment::Unpolled),
            "dropped before its first poll"
        );
        assert_eq!(cut(7, Some(7), Moment::Completed), "not dropped");
    }

    #[test]
    fn ordinals_are_english() {
        let ordinals = [1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111].map(|n| Ordinal(n).to_string());
        assert_eq!(
            ordinals.join(" "),
            "1st 2nd 3rd 4th 11th 12th 13th 21st 22nd 101st 111th"
        );
    }
}
