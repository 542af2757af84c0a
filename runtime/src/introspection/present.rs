//! Somebody looks.

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use crate::diagnostics::Found;
pub(crate) use crate::diagnostics::{Diagnostics as Settings, flush_at_end, prepare, tell_here};
pub(crate) use crate::trace::begin;

use crate::runtime::inner::Inner;
use std::sync::Arc;

/// A runtime has been built: shows it to those that its settings name.
pub(crate) fn show(inner: &Arc<Inner>, settings: &Settings) {
    #[cfg(unix)]
    if settings.wants_socket() {
        crate::diagnostics::show(inner);
    }
    if let Some(directory) = settings.directory() {
        crate::trace::record_to(inner, directory);
    }
    if let Some(threshold) = settings.wanted().waits {
        // A runtime without it is better than none.
        let _ = crate::diagnostics::watch_waits(inner, threshold);
    }
}

/// A runtime ends: whoever asks what it is doing is told so until what this returns is dropped.
#[cfg(unix)]
pub(crate) fn hide_at_end(inner: &Inner) -> impl Sized + use<> {
    inner
        .is_shown()
        .then(|| crate::diagnostics::HideAtEnd(inner.id()))
}

/// A runtime ends: there is nobody to ask on this system.
#[cfg(not(unix))]
pub(crate) fn hide_at_end(_: &Inner) {}
