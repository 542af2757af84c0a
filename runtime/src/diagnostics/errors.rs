//! Whether a task's output is an error.
//!
//! Its type is known where the output is dropped, but not whether that type is a `Result` of what. So there is a table of
//! types, of which each entry knows its own. Common ones are in it from the start, others by [`errors_of`].

use crate::kernel::findings::Outcome;
use crate::kernel::foreign;
use crate::locks::{AcquireError, broadcast, mpsc, oneshot, watch};
use crate::task::JoinError;
use crate::timers::error::Elapsed;
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::error::Error;
use std::fmt::{self, Debug, Write};
use std::sync::{LazyLock, PoisonError, RwLock};

/// Of a text of `Debug` this much is kept: who writes a gigabyte holds up a worker.
const MOST: usize = 4096;

/// Reads an output of its own type: the error, if it is one.
type Read = fn(&dyn Any) -> Option<&dyn Debug>;

static TABLE: LazyLock<RwLock<HashMap<TypeId, Read>>> = LazyLock::new(|| RwLock::new(usual()));

/// Lets leno read the outputs of tasks that are of the type `Result<T, E>`.
///
/// If such an output is an error, and is dropped unseen with its task's handle, the report tells the error, as its `Debug` writes it.
/// Of types that leno does not know, the report can only say that nobody has looked, and it comes for successes too (once for
/// each place of a spawn). leno knows `()`, `bool`, `u64`, `usize`, `String` and `Vec<u8>` with the errors of `std::io` and
/// `std::fmt`, [`JoinError`], its own of channels and time, `String`, `&'static str`, and boxes of any error.
///
/// ```
/// #[derive(Debug)]
/// enum OutOfStock { Temporarily, ForEver }
///
/// leno::diagnostics::errors_of::<(), OutOfStock>();
/// ```
pub fn errors_of<T: 'static, E: Debug + 'static>() {
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    add::<T, E>(&mut table);
}

/// What there is to be read in the output of a task, which is a `Result`.
pub(super) fn read(output: &dyn Any) -> Outcome {
    let read = {
        let table = TABLE.read().unwrap_or_else(PoisonError::into_inner);
        table.get(&output.type_id()).copied()
    };
    match read {
        None => Outcome::Unknown,
        Some(read) => match read(output) {
            None => Outcome::Fine,
            Some(error) => Outcome::Error(text_of(error)),
        },
    }
}

fn add<T: 'static, E: Debug + 'static>(table: &mut HashMap<TypeId, Read>) {
    table.insert(TypeId::of::<Result<T, E>>(), |output| {
        let error = output.downcast_ref::<Result<T, E>>()?.as_ref().err()?;
        Some(error as &dyn Debug)
    });
}

fn add_usual<E: Debug + 'static>(table: &mut HashMap<TypeId, Read>) {
    add::<(), E>(table);
    add::<bool, E>(table);
    add::<u64, E>(table);
    add::<usize, E>(table);
    add::<String, E>(table);
    add::<Vec<u8>, E>(table);
}

fn usual() -> HashMap<TypeId, Read> {
    let mut table = HashMap::new();
    let all = &mut table;
    add_usual::<std::io::Error>(all);
    add_usual::<fmt::Error>(all);
    add_usual::<Box<dyn Error>>(all);
    add_usual::<Box<dyn Error + Send>>(all);
    add_usual::<Box<dyn Error + Send + Sync>>(all);
    add_usual::<String>(all);
    add_usual::<&'static str>(all);
    add_usual::<JoinError>(all);
    add_usual::<Elapsed>(all);
    add_usual::<AcquireError>(all);
    add_usual::<oneshot::error::RecvError>(all);
    add_usual::<broadcast::error::RecvError>(all);
    add_usual::<watch::error::RecvError>(all);
    add_usual::<mpsc::error::SendError<()>>(all);
    table
}

/// What `Debug` writes, which is the program's code.
fn text_of(error: &dyn Debug) -> String {
    let mut text = Limited::default();
    let mut panicked = true;
    foreign::call(|| {
        // If it fails, what has been written is what there is.
        let _ = write!(text, "{error:?}");
        panicked = false;
    });
    if panicked {
        text.text.push_str("(its `Debug` panics)");
    }
    text.text
}

#[derive(Default)]
struct Limited {
    text: String,
    is_full: bool,
}

impl Write for Limited {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // There are those who go on after a failure.
        if self.is_full {
            return Err(fmt::Error);
        }
        let room = MOST - self.text.len();
        if text.len() <= room {
            self.text.push_str(text);
            return Ok(());
        }
        let mut end = room;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.text.push_str(&text[..end]);
        self.text.push('…');
        self.is_full = true;
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_end_is_cut() {
        struct Endless;
        impl Debug for Endless {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                loop {
                    f.write_str("aé")?;
                }
            }
        }
        let text = text_of(&Endless);
        assert!(text.len() <= MOST + '…'.len_utf8(), "{}", text.len());
        assert!(text.starts_with("aéaé") && text.ends_with('…'));
    }

    #[test]
    fn who_goes_on_writing_writes_no_more() {
        struct Stubborn;
        impl Debug for Stubborn {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                for _ in 0..3 {
                    let _ = f.write_str(&"a".repeat(MOST));
                }
                Ok(())
            }
        }
        assert_eq!(text_of(&Stubborn), "a".repeat(MOST) + "…");
    }

    #[test]
    fn a_debug_that_panics_is_said_to() {
        struct Panics;
        impl Debug for Panics {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("half ")?;
                std::panic::resume_unwind(Box::new(()))
            }
        }
        assert_eq!(text_of(&Panics), "half (its `Debug` panics)");
    }
}
