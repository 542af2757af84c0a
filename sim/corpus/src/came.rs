//! What a program came to, and whether that is right.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// What a program came to.
///
/// Two runs came to the same if they are equal; which schedule led there does not show.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[must_use = "it may be wrong"]
pub struct Came {
    what: String,
    wrong: Option<&'static str>,
}

impl Came {
    /// The program came to `what`, which is right.
    pub fn to(what: impl fmt::Display) -> Self {
        Self {
            what: what.to_string(),
            wrong: None,
        }
    }

    /// It is wrong unless `is_right`, and `wrong` says how.
    pub fn must(mut self, is_right: bool, wrong: &'static str) -> Self {
        if !is_right {
            self.wrong = Some(wrong);
        }
        self
    }

    /// What is wrong with it, if anything is.
    pub fn wrong(&self) -> Option<&'static str> {
        self.wrong
    }

    /// Panics if it is wrong.
    ///
    /// # Panics
    ///
    /// If it is wrong, with what is wrong.
    pub fn check(&self) {
        if let Some(wrong) = self.wrong {
            panic!("{wrong}: {}", self.what);
        }
    }
}

impl fmt::Display for Came {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match self.wrong {
            Some(wrong) => write!(f, " ({wrong})"),
            None => Ok(()),
        }
    }
}

/// What happened, in the order in which it did: each task of a program writes down its steps.
///
/// It is shared by std's means, so that it is no point of a schedule: writing to it changes nothing.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<String>>);

impl Log {
    /// `step` has happened.
    pub fn push(&self, step: impl fmt::Display) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !log.is_empty() {
            log.push(' ');
        }
        log.push_str(&step.to_string());
    }

    /// All steps.
    pub fn text(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
