//! Calling code that is not ours where a panic must end: wakers and callbacks on a thread that drives tasks.
//!
//! The panic hook has reported the panic by then, and nobody is left who could be told.

use crate::prim::asked;
use std::any::Any;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Calls `f`, and lets no panic out.
pub(crate) fn call(f: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(f)) {
        asked::panicked(&*payload);
        discard(payload);
    }
}

/// Drops what somebody panicked with, whose destructor may panic in turn.
#[cold]
pub(crate) fn discard(payload: Box<dyn Any + Send>) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // This could go on for ever.
        let _leaked = ManuallyDrop::new(payload);
    }
}

/// Of the text of a panic this much is kept, since many of them may wait to be read.
const MOST: usize = 4096;

/// The text that somebody panicked with, or its beginning.
pub(crate) fn message(payload: &(dyn Any + Send)) -> Option<String> {
    let text = match payload.downcast_ref::<&'static str>() {
        Some(text) => text,
        None => payload.downcast_ref::<String>()?.as_str(),
    };
    if text.len() <= MOST {
        return Some(text.to_owned());
    }
    let mut end = MOST;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Some(format!("{}…", &text[..end]))
}

#[cfg(test)]
mod tests {
    use super::{MOST, message};

    #[test]
    fn a_long_text_is_cut_between_two_characters() {
        let text = "é".repeat(MOST);
        let kept = message(&text).unwrap();
        assert_eq!(kept.strip_suffix('…').unwrap(), &text[..MOST]);
        // Here the cut would be within one.
        let text = format!("e{text}");
        let kept = message(&text).unwrap();
        assert_eq!(kept.strip_suffix('…').unwrap(), &text[..MOST - 1]);
        let text = "e".repeat(MOST);
        assert_eq!(message(&text), Some(text));
    }
}
