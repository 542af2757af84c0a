//! Who can go on, by number: whoever is asked has their order, and answers with a number.
//!
//! So somebody leaves the middle of the line at the cost of a look into a table. Numbers are those of a run, dense and from 0 on. A
//! task that another thread has spawned has a number of that thread's, which may be anything, and may be there already: such a one
//! stands apart.

use crate::kernel::task::Runnable;
use std::collections::VecDeque;

/// Something to run.
pub(super) enum Ready {
    Root,
    Task(Runnable),
    Closure(Runnable),
}

/// Beyond this number nobody has a place of its own: the table would be larger than what is in it.
const FAR: u32 = 1 << 20;

/// Up to so many places are kept for the next run.
const KEPT: usize = 1 << 12;

/// Those who can go on.
#[derive(Default)]
pub(crate) struct Line {
    places: Vec<Option<Ready>>,
    /// Those whose place is not there, or taken; the first of them first.
    apart: VecDeque<(u32, Ready)>,
    len: usize,
}

impl Line {
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Lets `ready` in, as `number`.
    #[inline]
    pub(super) fn put(&mut self, number: u32, ready: Ready) {
        self.len += 1;
        match self.places.get_mut(number as usize) {
            Some(place) if place.is_none() => *place = Some(ready),
            _ => self.put_elsewhere(number, ready),
        }
    }

    #[cold]
    #[inline(never)]
    fn put_elsewhere(&mut self, number: u32, ready: Ready) {
        let index = number as usize;
        if index < self.places.len() || number > FAR {
            self.apart.push_back((number, ready));
            return;
        }
        let len = (index + 1).max(2 * self.places.len()).max(64);
        self.places.resize_with(len, || None);
        self.places[index] = Some(ready);
    }

    /// Takes the one with this `number` out.
    #[inline]
    pub(super) fn take(&mut self, number: u32) -> Option<Ready> {
        let place = self.places.get_mut(number as usize);
        let ready = match place.and_then(Option::take) {
            Some(ready) => ready,
            None => self.take_from_apart(number)?,
        };
        self.len -= 1;
        Some(ready)
    }

    #[cold]
    #[inline(never)]
    fn take_from_apart(&mut self, number: u32) -> Option<Ready> {
        let at = self.apart.iter().position(|(other, _)| *other == number)?;
        self.apart.remove(at).map(|(_, ready)| ready)
    }

    /// Keeps no more memory than another run is likely to need. Nobody stands there any more.
    pub(super) fn trim(&mut self) {
        debug_assert!(self.is_empty());
        if self.places.len() > KEPT {
            self.places.truncate(KEPT);
            self.places.shrink_to(KEPT);
        }
        if self.apart.capacity() > KEPT {
            self.apart.shrink_to(KEPT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_root(ready: Option<Ready>) -> bool {
        matches!(ready, Some(Ready::Root))
    }

    #[test]
    fn whoever_stands_in_line_is_found_by_its_number() {
        let mut line = Line::default();
        for number in [0, 7, 3, FAR, FAR + 1, u32::MAX] {
            line.put(number, Ready::Root);
        }
        assert!(line.take(4).is_none(), "nobody has this number");
        for number in [u32::MAX, 3, FAR + 1, 0, FAR, 7] {
            assert!(!line.is_empty());
            assert!(is_root(line.take(number)), "{number}");
            assert!(line.take(number).is_none(), "{number} has left");
        }
        assert!(line.is_empty());
    }

    #[test]
    fn two_of_one_number_are_both_found() {
        let mut line = Line::default();
        for _ in 0..3 {
            line.put(5, Ready::Root);
        }
        for _ in 0..3 {
            assert!(is_root(line.take(5)));
        }
        assert!(line.take(5).is_none() && line.is_empty());
    }

    #[test]
    fn little_memory_is_kept() {
        let mut line = Line::default();
        line.put(FAR, Ready::Root);
        assert!(is_root(line.take(FAR)));
        line.trim();
        assert!(line.places.capacity() <= KEPT);
        line.put(FAR, Ready::Root);
        assert!(is_root(line.take(FAR)));
    }
}
