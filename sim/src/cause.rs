//! What makes a run differ from the calm one, told by keys, so that it can be said to people and tried on a changed program.

use crate::actor::{Key, Place};
use crate::chooser::Point;
use crate::record::word;
use std::fmt;

/// One decision in which a run differs from the calm one.
///
/// Turns are counted from 1: each start of a poll is one, and each leaf inside of one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// An actor is held up at a turn, until nobody else can go on.
    Hold {
        /// Who.
        key: Key,
        /// At which of its turns.
        turn: u32,
    },
    /// An actor is held up at one leaf, and takes its place at the end of the queue.
    Leaf {
        /// Who.
        key: Key,
        /// At which of its turns.
        turn: u32,
    },
    /// An actor goes ahead of the one that has waited longest.
    Ahead {
        /// Who.
        key: Key,
        /// Ahead of whom.
        of: Key,
        /// Before which turn of that one.
        turn: u32,
    },
    /// A draw comes to something else than 0.
    Draw {
        /// What is drawn.
        point: Point,
        /// Who draws.
        key: Key,
        /// In which of its turns; 0 if it is before the first.
        turn: u32,
        /// The how manieth draw of this kind in that turn, from 1.
        nth: u32,
        /// What it comes to.
        value: u32,
    },
    /// A decision that a newer version has written down: this one can tell it, and not apply it.
    Other(String),
}

impl Cause {
    /// Whom it is about.
    pub fn key(&self) -> Option<&Key> {
        match self {
            Self::Hold { key, .. }
            | Self::Leaf { key, .. }
            | Self::Ahead { key, .. }
            | Self::Draw { key, .. } => Some(key),
            Self::Other(_) => None,
        }
    }
}

/// A [`Cause`], and what its actors are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// What is decided.
    pub cause: Cause,
    /// Name and place of whom it is about, as far as they are known: `"serve" kv.rs:41`.
    pub who: Named,
    /// Name and place of whom it goes ahead of, if it is about that.
    pub of: Named,
}

/// Name and place of an actor, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Where it was born, if that is known: `kv.rs:41`.
    pub place: Option<String>,
}

impl From<&Place> for Named {
    fn from(place: &Place) -> Self {
        Self {
            name: place.name.clone(),
            place: place
                .location
                .map(|at| format!("{}:{}", at.file(), at.line())),
        }
    }
}

/// A key with its name and place, as reports and traces' messages have them: ``task `serve` (kv.rs:41)``.
pub(crate) struct Called<'a>(pub(crate) &'a Key, pub(crate) &'a Named);

impl fmt::Display for Called<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(key, named) = self;
        let text = key.to_string();
        let (kind, path) = match text.split_once(':') {
            Some((kind, path)) => (kind, path),
            None if text == "root" => ("", "the root"),
            None => ("task", &text[..]),
        };
        f.write_str(kind)?;
        if !kind.is_empty() {
            f.write_str(" ")?;
        }
        match &named.name {
            Some(name) => write!(f, "`{name}`")?,
            None => f.write_str(path)?,
        }
        match &named.place {
            Some(place) => write!(f, " ({place})"),
            None => Ok(()),
        }
    }
}

/// `1st`, `2nd`, `3rd`, `4th`.
pub(crate) struct Nth(pub(crate) u32);

impl fmt::Display for Nth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ending = match (self.0 % 10, self.0 % 100) {
            (1, tens) if tens != 11 => "st",
            (2, tens) if tens != 12 => "nd",
            (3, tens) if tens != 13 => "rd",
            _ => "th",
        };
        write!(f, "{}{ending}", self.0)
    }
}

/// As it stands in a report's numbered list.
impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Hold { key, turn } => write!(
                f,
                "{} is held up before its {} turn, until nobody else can go on",
                Called(key, &self.who),
                Nth(*turn)
            ),
            Cause::Leaf { key, turn } => write!(
                f,
                "{} is held up before its {} turn, and queues again",
                Called(key, &self.who),
                Nth(*turn)
            ),
            Cause::Ahead { key, of, turn } => write!(
                f,
                "{} goes ahead of {}, before the {} turn of that one",
                Called(key, &self.who),
                Called(of, &self.of),
                Nth(*turn)
            ),
            Cause::Draw {
                point,
                key,
                turn,
                nth,
                value,
            } => {
                let what = match point {
                    Point::Start => "a `select!` begins at branch",
                    Point::Stall => "time moves on although somebody could go on, by choice",
                    Point::Closure => "a closure takes, by choice,",
                    Point::Choice => "the program's choice is",
                    point => word(*point),
                };
                write!(
                    f,
                    "{what} {value}, in the {} turn of {}",
                    Nth(*turn),
                    Called(key, &self.who)
                )?;
                if *nth > 1 {
                    write!(f, " (its {} of this kind)", Nth(*nth))?;
                }
                Ok(())
            }
            Cause::Other(text) => f.write_str(text),
        }
    }
}
