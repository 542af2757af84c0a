//! What went wrong, in words.

use super::chain::chain;
use super::cut::Cut;
use crate::diagnostics::Leaf;
use std::any::Any;
use std::fmt;
use std::panic::Location;

/// What became of a part of a run.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It panicked with this text; before that it was pending here.
    Panicked(String, Vec<Leaf>),
    /// It waits for what does not come.
    Hangs(Vec<Leaf>),
    /// It has been pending so often, and nobody will wait for more.
    Endless(usize, Vec<Leaf>),
}

/// Which part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Make,
    Run,
    Drop,
    Check,
}

/// What to do about a part that hangs.
pub(super) const NOTHING: &str = "nothing wakes it: what it waits for has to come from `make`, from `run` \
     or from tasks that they spawn";

/// Why the test fails.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) part: Part,
    pub(super) trouble: Trouble,
    /// Where the run was dropped, if it has come to that.
    pub(super) cut: Option<Cut>,
    /// The type of the closure.
    pub(super) run: &'static str,
    /// Where the test was called.
    pub(super) place: &'static Location<'static>,
}

impl Trouble {
    pub(super) fn panicked(payload: Box<dyn Any + Send>, leaves: Vec<Leaf>) -> Self {
        let text = match payload.downcast::<String>() {
            Ok(text) => *text,
            Err(payload) => match payload.downcast_ref::<&'static str>() {
                Some(text) => (*text).to_owned(),
                None => "a panic whose payload is no text".to_owned(),
            },
        };
        Self::Panicked(text, leaves)
    }

    fn leaves(&self) -> &[Leaf] {
        match self {
            Self::Panicked(_, leaves) | Self::Hangs(leaves) | Self::Endless(_, leaves) => leaves,
        }
    }
}

impl Failure {
    /// What is tested: as its outermost function is called, if that is known.
    fn name(&self) -> String {
        let cut = self.cut.as_ref().map_or(&[][..], |cut| &cut.leaves);
        let own: &[Leaf] = match self.part {
            Part::Run => self.trouble.leaves(),
            _ => &[],
        };
        let mut leaves = cut.iter().chain(own);
        let name = leaves.find_map(|leaf| chain(leaf, self.run).name);
        name.unwrap_or_else(|| format!("what is tested at {}", self.place))
    }

    fn write_chains(
        &self,
        f: &mut fmt::Formatter<'_>,
        label: &str,
        leaves: &[Leaf],
    ) -> fmt::Result {
        let texts = leaves.iter().map(|leaf| chain(leaf, self.run).text);
        let mut told: Vec<String> = Vec::new();
        for text in texts.filter(|text| !text.is_empty()) {
            // Two that wait for one lock in a `join!`, and what registers twice, have one text.
            if !told.contains(&text) {
                let label = if told.is_empty() { label } else { "and at" };
                write!(f, "\n  {label:7} {text}")?;
                told.push(text);
            }
        }
        if told.is_empty() && !leaves.is_empty() {
            write!(
                f,
                "\n  {label:7} a place whose name the feature `diagnostics` tells"
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name();
        let was_dropped = self.cut.as_ref().filter(|cut| !cut.is_completed());
        match (self.part, was_dropped) {
            (Part::Make, _) => write!(f, "the state for the test at {} was not made", self.place)?,
            (Part::Run, _) if matches!(self.trouble, Trouble::Panicked(..)) => {
                write!(f, "{name} panicked before it was dropped")?;
            }
            (Part::Run, _) => write!(f, "{name} does not end, though it was not dropped")?,
            (Part::Drop, Some(cut)) => {
                write!(f, "{name} is not cancel safe: {cut}, it panicked")?;
            }
            (Part::Check, Some(cut)) => {
                write!(f, "{name} is not cancel safe: {cut}, the check ")?;
                f.write_str(match self.trouble {
                    Trouble::Panicked(..) => "failed",
                    _ => "does not end",
                })?;
            }
            (Part::Drop | Part::Check, None) => {
                write!(
                    f,
                    "the check of {name} fails though that was not dropped: it holds of no run"
                )?;
            }
        }
        if let Some(cut) = was_dropped {
            self.write_chains(f, "cut at", &cut.leaves)?;
        }
        match &self.trouble {
            Trouble::Panicked(text, _) => {
                for line in text.lines() {
                    write!(f, "\n  {line}")?;
                }
                Ok(())
            }
            Trouble::Hangs(leaves) => {
                self.write_chains(f, "waits at", leaves)?;
                f.write_str("\n  ")?;
                f.write_str(NOTHING)
            }
            Trouble::Endless(times, leaves) => {
                self.write_chains(f, "it is at", leaves)?;
                write!(
                    f,
                    "\n  it has been pending {times} times: give it less to do, and an end"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::Moment;

    fn failure(part: Part, trouble: Trouble, cut: Option<Cut>) -> String {
        let place = Location::caller();
        let failure = Failure {
            part,
            trouble,
            cut,
            run: "shop::tests::a_test::{{closure}}",
            place,
        };
        failure.to_string().replace(&place.to_string(), "HERE")
    }

    fn cut() -> Cut {
        Cut {
            number: 2,
            awaits: Some(3),
            moment: Moment::Woken,
            leaves: Vec::new(),
        }
    }

    #[test]
    fn what_has_no_name_has_a_place() {
        let text = "left: 1\nright: 2".to_owned();
        assert_eq!(
            failure(
                Part::Check,
                Trouble::Panicked(text, Vec::new()),
                Some(cut())
            ),
            "what is tested at HERE is not cancel safe: dropped at its 2nd of 3 awaits, after it was woken, the check failed\n  \
             left: 1\n  right: 2"
        );
        assert_eq!(
            failure(Part::Run, Trouble::Endless(1000, Vec::new()), None),
            "what is tested at HERE does not end, though it was not dropped\n  \
             it has been pending 1000 times: give it less to do, and an end"
        );
    }
}
