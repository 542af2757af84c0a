//! What all runs came to: the points where somebody may be held, and what should be true in some run.
//!
//! It is filled while runs run, so it is looked up by addresses, and only read by texts. Nothing of it goes into a run's hash.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::panic::Location;

/// What an actor may be held at: the operation, its place in the program, or both.
///
/// ```
/// use leno_sim::Site;
///
/// assert_eq!(Site::of("Mutex::lock").to_string(), "Mutex::lock");
/// assert!(Site::here().to_string().contains(":"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Site {
    /// What is done there: `Mutex::lock`. Empty if that is not known.
    pub what: &'static str,
    /// Where in the program it is, if that is known.
    pub location: Option<&'static Location<'static>>,
}

impl Site {
    /// The operation `what`, wherever it is.
    pub const fn of(what: &'static str) -> Self {
        Self {
            what,
            location: None,
        }
    }

    /// The place of the caller.
    #[track_caller]
    pub const fn here() -> Self {
        Self {
            what: "",
            location: Some(Location::caller()),
        }
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.what, self.location) {
            ("", None) => f.write_str("a leaf"),
            (what, None) => f.write_str(what),
            ("", Some(at)) => write!(f, "{}:{}", at.file(), at.line()),
            (what, Some(at)) => write!(f, "{what} at {}:{}", at.file(), at.line()),
        }
    }
}

type Birthplace = Option<&'static Location<'static>>;

#[derive(Clone, Debug)]
struct Reached {
    born: Birthplace,
    site: Site,
    reached: u64,
    held: u64,
}

#[derive(Clone, Debug)]
struct Sometimes {
    name: &'static str,
    place: &'static Location<'static>,
    /// In how many looks it was so.
    so: u64,
}

/// A hash of three addresses: they differ in their middle bits.
#[derive(Clone, Copy, Debug, Default)]
struct Addresses(u64);

impl Hasher for Addresses {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_usize(byte.into());
        }
    }

    #[inline]
    fn write_usize(&mut self, address: usize) {
        self.0 = (self.0.rotate_left(23) ^ address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 ^= self.0 >> 32;
    }
}

fn address(place: Birthplace) -> usize {
    place.map_or(0, |place| std::ptr::from_ref(place).addr())
}

/// The addresses of where an actor was born, of what it may be held at, and of where that is.
type Place = (usize, usize, usize);

#[inline]
fn key(born: Birthplace, site: Site) -> Place {
    (
        address(born),
        site.what.as_ptr().addr(),
        address(site.location),
    )
}

/// What all runs so far came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    index: HashMap<Place, u32, BuildHasherDefault<Addresses>>,
    points: Vec<Reached>,
    sometimes: Vec<Sometimes>,
}

impl Tally {
    /// An actor that was `born` there has come to `site`, and may be `held` there. `last` is where this was noted the last time, or any
    /// number.
    #[inline]
    pub(crate) fn leaf(&mut self, last: &mut u32, born: Birthplace, site: Site, held: bool) {
        let key = key(born, site);
        let point = match self.points.get_mut(*last as usize) {
            Some(point) if self::key(point.born, point.site) == key => point,
            _ => {
                *last = self.find(key, born, site);
                &mut self.points[*last as usize]
            }
        };
        point.reached += 1;
        point.held += u64::from(held);
    }

    #[inline(never)]
    fn find(&mut self, key: Place, born: Birthplace, site: Site) -> u32 {
        *self.index.entry(key).or_insert_with(|| {
            self.points.push(Reached {
                born,
                site,
                reached: 0,
                held: 0,
            });
            (self.points.len() - 1) as u32
        })
    }

    pub(crate) fn sometimes(
        &mut self,
        name: &'static str,
        place: &'static Location<'static>,
        is_so: bool,
    ) {
        let so = u64::from(is_so);
        let same = |one: &&mut Sometimes| one.place == place && one.name == name;
        match self.sometimes.iter_mut().find(same) {
            Some(one) => one.so += so,
            None => self.sometimes.push(Sometimes { name, place, so }),
        }
    }

    /// Each point by its texts: where the actor was born, what it may be held at, how often it came there and was held.
    pub(crate) fn points(&self) -> impl Iterator<Item = (String, String, u64, u64)> {
        self.points.iter().map(|point| {
            let born = point.born.map_or_else(
                || "the root".to_owned(),
                |at| format!("{}:{}", at.file(), at.line()),
            );
            (born, point.site.to_string(), point.reached, point.held)
        })
    }

    /// Each thing that should be true in some run: its name, its place, how often it was so.
    pub(crate) fn sometimes_all(&self) -> impl Iterator<Item = (&'static str, String, u64)> {
        self.sometimes.iter().map(|one| {
            let place = format!("{}:{}", one.place.file(), one.place.line());
            (one.name, place, one.so)
        })
    }
}
