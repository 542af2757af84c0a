//! The order of those who can go on.

use leno_sim::Actor;

/// So many stand one place further on at once. It is more than most lines have.
const BLOCK: usize = 16;

/// Those who can go on, the one first that has waited longest.
///
/// Whoever is chosen leaves from anywhere, and all behind it move up. That is done by blocks of one length, whoever leaves: what a copy of
/// just those behind would cost is the branches on how many they are, which nobody can predict, since it is drawn who leaves.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Those who stand there, and at least a block more.
    places: Vec<Actor>,
    len: usize,
}

impl Line {
    #[inline]
    pub(super) fn all(&self) -> &[Actor] {
        &self.places[..self.len]
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    #[inline]
    pub(super) fn push(&mut self, actor: Actor) {
        // There is room for a block behind it as well.
        match self.places.get_mut(self.len + BLOCK) {
            Some(_) => self.places[self.len] = actor,
            None => self.grow(actor),
        }
        self.len += 1;
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, actor: Actor) {
        let len = 2 * self.places.len() + 4 * BLOCK;
        self.places.resize(len, Actor::ROOT);
        self.places[self.len] = actor;
    }

    /// Lets the one at `index` go; all behind it move up.
    ///
    /// # Panics
    ///
    /// If nobody stands there.
    #[inline]
    pub(super) fn remove(&mut self, index: usize) {
        assert!(index < self.len, "nobody stands there");
        self.len -= 1;
        let mut at = index;
        loop {
            let moving = &mut self.places[at..at + BLOCK + 1];
            let mut next = [Actor::ROOT; BLOCK];
            next.copy_from_slice(&moving[1..]);
            moving[..BLOCK].copy_from_slice(&next);
            at += BLOCK;
            if at >= self.len {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leno_sim::Random;

    #[test]
    fn it_does_what_a_vector_does() {
        let mut random = Random::new(1);
        for most in [1, 2, BLOCK, BLOCK + 1, 5 * BLOCK] {
            let (mut line, mut vector) = (Line::default(), Vec::new());
            for number in 0..10_000 {
                let is_full = vector.len() == most;
                if !vector.is_empty() && (is_full || random.below(2) == 0) {
                    let index = random.below(vector.len() as u32) as usize;
                    line.remove(index);
                    vector.remove(index);
                } else {
                    line.push(Actor(number));
                    vector.push(Actor(number));
                }
                assert_eq!(line.all(), vector);
            }
            line.clear();
            assert!(line.all().is_empty());
        }
    }

    #[test]
    #[should_panic(expected = "nobody stands there")]
    fn nobody_leaves_who_is_not_there() {
        let mut line = Line::default();
        line.push(Actor(1));
        line.remove(1);
    }
}
