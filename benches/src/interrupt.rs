//! Ctrl-C, which ends the run and keeps what was measured.

use crate::sample::Event;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Whether somebody wants the run to stop, and who is to be told at once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    happened: bool,
    listener: Option<Sender<Event>>,
}

impl Interrupt {
    /// One that Ctrl-C, and a request to terminate, raise. Once a process.
    pub(crate) fn on_signals() -> Result<Self, ctrlc::Error> {
        let interrupt = Self::default();
        let raised = interrupt.clone();
        ctrlc::set_handler(move || raised.raise())?;
        Ok(interrupt)
    }

    /// Stops the run.
    pub(crate) fn raise(&self) {
        let mut state = self.lock();
        state.happened = true;
        if let Some(listener) = &state.listener {
            // Nobody listens between two samples: the next one asks `happened`.
            let _ = listener.send(Event::Interrupted);
        }
    }

    /// Whether the run is to stop.
    pub(crate) fn happened(&self) -> bool {
        self.lock().happened
    }

    /// A channel for one sample, which is told if the run is to stop, or was before.
    pub(crate) fn listen(&self) -> (Sender<Event>, Receiver<Event>) {
        let (sender, receiver) = mpsc::channel();
        let mut state = self.lock();
        if state.happened {
            // The receiver is right here.
            let _ = sender.send(Event::Interrupted);
        }
        state.listener = Some(sender.clone());
        (sender, receiver)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
