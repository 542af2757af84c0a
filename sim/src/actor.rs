//! Who takes turns: actors as numbers, and the keys by which they are known from run to run.
//!
//! A number is given by whoever runs the program, in the order of birth, and is cheap to index by; it says nothing in a run in
//! which something else was born before. A [`Key`] is the path of births that led to an actor, so it survives changes elsewhere.

use std::fmt;
use std::panic::Location;
use std::str::FromStr;

/// One that takes turns: a number that holds for one run.
///
/// 0 is the root, which is there from the start. Numbers should be dense, since tables are indexed by them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Actor(pub u32);

impl Actor {
    /// The program's own future, which is there from the start.
    pub const ROOT: Self = Self(0);

    /// The timers that are due, which take turns of their own. What they wake was woken by no task.
    pub const CLOCK: Self = Self(u32::MAX);
}

/// What an actor is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The program's own future.
    #[default]
    Root,
    /// A task.
    Task,
    /// A closure that may block, which runs from its start to its end in one turn.
    Closure,
    /// The timers that are due.
    Clock,
}

impl Kind {
    /// What stands before the path in a [`Key`]; nothing for a task, of which there are most.
    fn prefix(self) -> &'static str {
        match self {
            Self::Root | Self::Task => "",
            Self::Closure => "closure:",
            Self::Clock => "clock:",
        }
    }
}

/// Where an actor was born, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// The actor's name, if it has one.
    pub name: Option<String>,
    /// Where in the program it was born.
    pub location: Option<&'static Location<'static>>,
}

/// An actor's name that holds in all runs: what it is, and the path of births that led to it.
///
/// It is written `0.3.1`: the second child of the fourth child of the first child of the root. The root is `root`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    prefix: &'static str,
    path: Vec<u32>,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.prefix)?;
        let mut steps = self.path.iter();
        match steps.next() {
            None => f.write_str("root"),
            Some(first) => {
                write!(f, "{first}")?;
                steps.try_for_each(|step| write!(f, ".{step}"))
            }
        }
    }
}

/// A text that is no [`Key`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAKey(String);

impl fmt::Display for NotAKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` names no actor: write `root`, or a path of births like `0.3.1`",
            self.0
        )
    }
}

impl std::error::Error for NotAKey {}

impl FromStr for Key {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (prefix, path) = [Kind::Closure, Kind::Clock]
            .iter()
            .find_map(|kind| Some((kind.prefix(), text.strip_prefix(kind.prefix())?)))
            .unwrap_or(("", text));
        let path = if path == "root" {
            Vec::new()
        } else {
            path.split('.')
                .map(|step| step.parse().map_err(|_| NotAKey(text.to_owned())))
                .collect::<Result<_, _>>()?
        };
        Ok(Self { prefix, path })
    }
}

/// What is known of one actor.
#[derive(Clone, Debug, Default)]
struct Entry {
    known: bool,
    kind: Kind,
    by: u32,
    /// Which child of `by` this is.
    ordinal: u32,
    children: u32,
    turns: u32,
    /// Where the last leaf was counted at which it may have been held.
    point: u32,
    place: Place,
}

/// The actors of one run.
#[derive(Clone, Debug, Default)]
pub struct Actors {
    entries: Vec<Entry>,
}

impl Actors {
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.entries.push(Entry {
            known: true,
            ..Entry::default()
        });
    }

    pub(crate) fn born(&mut self, actor: Actor, by: Actor, kind: Kind, place: Place) {
        // What a timer's waker makes is nobody's child.
        let by = if by == Actor::CLOCK { Actor::ROOT } else { by };
        let ordinal = {
            let by = self.entry(by);
            by.children += 1;
            by.children - 1
        };
        let entry = Entry {
            known: true,
            kind,
            by: by.0,
            ordinal,
            children: 0,
            turns: 0,
            point: 0,
            place,
        };
        // Most are born in the order of their numbers.
        if actor.0 as usize == self.entries.len() {
            self.entries.push(entry);
        } else {
            *self.entry(actor) = entry;
        }
    }

    pub(crate) fn set_kind(&mut self, actor: Actor, kind: Kind) {
        self.entry(actor).kind = kind;
    }

    /// Counts one more boundary that `actor` has come to.
    #[inline]
    pub(crate) fn count_turn(&mut self, actor: Actor) {
        self.entry(actor).turns += 1;
    }

    #[inline]
    fn entry(&mut self, actor: Actor) -> &mut Entry {
        let index = actor.0 as usize;
        if index >= self.entries.len() {
            self.grow(index);
        }
        &mut self.entries[index]
    }

    #[cold]
    fn grow(&mut self, index: usize) {
        self.entries.resize_with(index + 1, Entry::default);
    }

    /// How many numbers are in use: all actors are below it.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True if there is no actor, which is so between runs only.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many boundaries `actor` has come to in this run: each start of a poll, and each leaf inside of one.
    pub fn turns(&self, actor: Actor) -> u32 {
        self.entries
            .get(actor.0 as usize)
            .map_or(0, |entry| entry.turns)
    }

    /// What `actor` is.
    pub fn kind(&self, actor: Actor) -> Kind {
        if actor == Actor::CLOCK {
            return Kind::Clock;
        }
        self.entries
            .get(actor.0 as usize)
            .map_or(Kind::Task, |entry| entry.kind)
    }

    /// Where `actor` was born, and its name.
    pub fn place(&self, actor: Actor) -> Option<&Place> {
        self.entries
            .get(actor.0 as usize)
            .filter(|entry| entry.known)
            .map(|entry| &entry.place)
    }

    /// Counts a leaf that `actor` has come to. `count` is told where it was born, if that is known, and has a number for what it counts
    /// by.
    #[inline]
    pub(crate) fn count_leaf(
        &mut self,
        actor: Actor,
        count: impl FnOnce(&mut u32, Option<&'static Location<'static>>),
    ) {
        let entry = self.entry(actor);
        entry.turns += 1;
        count(&mut entry.point, entry.place.location);
    }

    /// True if `actor` has been born, and `key` is its name in all runs. It compares, and allocates nothing.
    pub fn is_called(&self, actor: Actor, key: &Key) -> bool {
        let Some(mut entry) = self
            .entries
            .get(actor.0 as usize)
            .filter(|entry| entry.known && entry.kind.prefix() == key.prefix)
        else {
            return false;
        };
        let mut at = actor.0;
        for &step in key.path.iter().rev() {
            if at == 0 || entry.ordinal != step {
                return false;
            }
            let by = entry.by;
            let Some(parent) = self.entries.get(by as usize) else {
                return false;
            };
            at = by;
            entry = parent;
        }
        at == 0
    }

    /// The name of `actor` that holds in all runs. It walks up the births, so it is for reports and not for each decision.
    pub fn key(&self, actor: Actor) -> Key {
        let mut path = Vec::new();
        let mut at = actor.0;
        while at != 0 {
            let Some(entry) = self.entries.get(at as usize) else {
                break;
            };
            path.push(entry.ordinal);
            if entry.by == at {
                break;
            }
            at = entry.by;
        }
        path.reverse();
        Key {
            prefix: self.kind(actor).prefix(),
            path,
        }
    }

    /// The actor that is called `key` in this run, if it has been born.
    pub fn find(&self, key: &Key) -> Option<Actor> {
        (0..self.entries.len() as u32)
            .map(Actor)
            .find(|&actor| self.is_called(actor, key))
    }
}
