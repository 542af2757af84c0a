//! Lists in inputs.

use arbitrary::{Arbitrary, Result, Unstructured};
use std::fmt;
use std::ops::Deref;

/// A list that is as long as one byte says, or that takes the rest of the input.
///
/// `Vec` asks for a bit before each element, so that most inputs would have one or two: too few for a program.
#[derive(Clone)]
pub struct Many<T>(pub Vec<T>);

/// The most that a list within an input has.
const MOST: usize = 40;

impl<'a, T: Arbitrary<'a>> Arbitrary<'a> for Many<T> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let length = u.int_in_range(0..=MOST)?;
        let mut elements = Vec::new();
        while elements.len() < length && !u.is_empty() {
            elements.push(u.arbitrary()?);
        }
        Ok(Self(elements))
    }

    fn arbitrary_take_rest(mut u: Unstructured<'a>) -> Result<Self> {
        let mut elements = Vec::new();
        while !u.is_empty() {
            elements.push(u.arbitrary()?);
        }
        Ok(Self(elements))
    }
}

impl<T> Deref for Many<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> IntoIterator for Many<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<T: fmt::Debug> fmt::Debug for Many<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
