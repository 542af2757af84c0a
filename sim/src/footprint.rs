//! What a step has touched, so that two steps can be compared.
//!
//! A resource's number holds for one run only, so it is renamed: the first one that is touched in a run is 0, the next one 1. Two
//! runs that begin alike name alike what is touched in that beginning, and nothing else: so a step that is compared with one of
//! another run takes all that is younger than their common beginning for one resource.

use crate::chooser::{Access, Resource};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};

/// The names of resources in one run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    names: HashMap<Resource, u32, BuildHasherDefault<Mixed>>,
}

/// Numbers are spread by a multiplication: nobody attacks this table.
#[derive(Clone, Copy, Debug, Default)]
struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u32(byte.into());
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = crate::random::mix(self.0 ^ u64::from(number) ^ 0x9e37_79b9_7f4a_7c15);
    }
}

impl Names {
    pub(crate) fn clear(&mut self) {
        self.names.clear();
    }

    /// How many resources have a name.
    pub(crate) fn len(&self) -> u32 {
        self.names.len() as u32
    }

    pub(crate) fn of(&mut self, resource: Resource) -> u32 {
        let next = self.names.len() as u32;
        match self.names.entry(resource) {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => *entry.insert(next),
        }
    }
}

/// What was touched, and how: the stronger way if it was in both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Footprint {
    touches: Vec<(u32, Access)>,
}

fn conflict(one: Access, other: Access) -> bool {
    one == Access::Write || other == Access::Write
}

impl Footprint {
    pub(crate) fn is_empty(&self) -> bool {
        self.touches.is_empty()
    }

    pub(crate) fn add(&mut self, name: u32, access: Access) {
        match self.touches.iter_mut().find(|touch| touch.0 == name) {
            Some(touch) => touch.1 = touch.1.max(access),
            None => self.touches.push((name, access)),
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for &(name, access) in &other.touches {
            self.add(name, access);
        }
    }

    /// True if the two meet in a write, in one run.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.touches.iter().any(|&(name, access)| {
            other
                .touches
                .iter()
                .any(|&(theirs, how)| name == theirs && conflict(access, how))
        })
    }

    /// True if the two may meet in a write, in two runs of which the names below `common` are the same.
    pub(crate) fn may_meet(&self, other: &Self, common: u32) -> bool {
        self.touches.iter().any(|&(name, access)| {
            other.touches.iter().any(|&(theirs, how)| {
                (name == theirs || name >= common && theirs >= common) && conflict(access, how)
            })
        })
    }

    /// True if all of its names are below `common`.
    pub(crate) fn is_older_than(&self, common: u32) -> bool {
        self.touches.iter().all(|touch| touch.0 < common)
    }

    /// How many resources were read, and how many written: what of it is the same in all runs.
    pub(crate) fn shape(&self) -> u64 {
        self.touches
            .iter()
            .map(|touch| match touch.1 {
                Access::Read => 1,
                Access::Write => 1 << 32,
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn footprint(touches: &[(u32, Access)]) -> Footprint {
        let mut footprint = Footprint::default();
        for &(name, access) in touches {
            footprint.add(name, access);
        }
        footprint
    }

    #[test]
    fn two_that_only_look_do_not_conflict() {
        let (read, write) = (
            footprint(&[(1, Access::Read)]),
            footprint(&[(1, Access::Write)]),
        );
        assert!(!read.meets(&read));
        assert!(read.meets(&write));
        assert!(write.meets(&read));
        assert!(!write.meets(&footprint(&[(2, Access::Write)])));
    }

    #[test]
    fn what_is_younger_than_the_common_beginning_may_be_the_same() {
        let (five, six) = (
            footprint(&[(5, Access::Write)]),
            footprint(&[(6, Access::Write)]),
        );
        assert!(!five.may_meet(&six, 7));
        assert!(!five.may_meet(&six, 6));
        assert!(five.may_meet(&six, 5));
        assert!(five.may_meet(&five, 7));
    }

    #[test]
    fn the_stronger_access_is_kept() {
        let both = footprint(&[(1, Access::Write), (1, Access::Read)]);
        assert_eq!(both, footprint(&[(1, Access::Write)]));
    }
}
