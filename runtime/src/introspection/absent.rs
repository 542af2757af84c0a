//! Nobody looks.

use crate::kernel::findings::Finding;
use crate::kernel::wanted::Wanted;
use crate::runtime::Id;
use crate::runtime::inner::Inner;
use std::io;
use std::sync::Arc;

/// What can be said about it: nothing.
#[derive(Debug)]
pub(crate) struct Settings;

impl Settings {
    pub(crate) fn wanted(&self) -> &Wanted {
        &Wanted::NOTHING
    }

    pub(crate) fn forever(&self) -> &'static Wanted {
        &Wanted::NOTHING
    }
}

/// That the runtime is there is written nowhere.
#[derive(Debug)]
pub(crate) struct Found;

impl Found {
    pub(crate) fn new(_: Id, _: bool, _: Option<&str>, _: (*const (), usize, usize)) -> Self {
        Self
    }
}

/// Nothing can be wrong with what cannot be said. (A function that fails, as the other one does.)
pub(crate) fn prepare(_: Option<&Settings>) -> io::Result<Settings> {
    Ok(Settings)
}

pub(crate) fn show(_: &Arc<Inner>, _: &Settings) {}

pub(crate) fn hide_at_end(_: &Inner) {}

pub(crate) fn begin(_: &Arc<Inner>, _: bool) {}

pub(crate) fn tell_here(_: impl Fn(&Wanted) -> bool, _: Finding) {}

pub(crate) fn flush_at_end() {}
