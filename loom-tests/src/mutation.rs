//! The switch of the command `mutations`: one build holds all mutations, and a process runs with one of them, or none.
//!
//! The command copies the sources and writes calls of these functions into the copy: [`ordering`] around every ordering, and
//! [`applies`] between a step and what stands for it. The checkout itself has no such calls.
//!
//! `LENO_MUTATION=17` makes step 17 another, and `LENO_MUTATION=17=Relaxed` weakens ordering 17. Without it all is as it is written.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The variable that names the mutation.
const CHOICE: &str = "LENO_MUTATION";

struct Choice {
    number: usize,
    /// What an ordering becomes; none for a step.
    weaker: Option<Ordering>,
}

static CHOSEN: LazyLock<Option<Choice>> = LazyLock::new(|| {
    let value = std::env::var(CHOICE).ok()?;
    let (number, weaker) = match value.split_once('=') {
        Some((number, weaker)) => (number, Some(named(weaker))),
        None => (&*value, None),
    };
    let number = number.parse().unwrap_or_else(|_| {
        panic!("{CHOICE}={value}: what is before the `=` is not the number of a mutation")
    });
    Some(Choice { number, weaker })
});

fn named(ordering: &str) -> Ordering {
    match ordering {
        "Relaxed" => Ordering::Relaxed,
        "Acquire" => Ordering::Acquire,
        "Release" => Ordering::Release,
        "AcqRel" => Ordering::AcqRel,
        _ => panic!("{CHOICE}: `{ordering}` is no ordering that another can be weakened to"),
    }
}

/// The places that this process has come to, a bit for each.
static REACHED: [AtomicU64; 64] = [const { AtomicU64::new(0) }; 64];

fn reach(number: usize) {
    let (word, bit) = (&REACHED[number / 64], 1 << (number % 64));
    if word.load(Ordering::Relaxed) & bit == 0 {
        word.fetch_or(bit, Ordering::Relaxed);
    }
}

/// The ordering at a place: what is written there, or what this process runs with instead.
#[inline]
pub(crate) fn ordering(number: usize, written: Ordering) -> Ordering {
    reach(number);
    match &*CHOSEN {
        Some(Choice {
            number: chosen,
            weaker: Some(weaker),
        }) if *chosen == number => *weaker,
        _ => written,
    }
}

/// True if this process runs with another step at a place.
#[inline]
pub(crate) fn applies(number: usize) -> bool {
    reach(number);
    matches!(&*CHOSEN, Some(Choice { number: chosen, weaker: None }) if *chosen == number)
}

/// The numbers of the places that this process has come to.
pub(crate) fn reached() -> impl Iterator<Item = usize> {
    (0..64 * REACHED.len())
        .filter(|number| REACHED[number / 64].load(Ordering::Relaxed) & 1 << (number % 64) != 0)
}
