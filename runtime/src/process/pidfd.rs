//! A descriptor that becomes readable when a child ends.

use crate::prim::descriptor::Descriptor;
use leno_reactor::{Direction, Interest, Io};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::io;
use std::os::fd::OwnedFd;
use std::process::Child;
use std::sync::Arc;
use std::task::{Context, Poll};

/// The descriptor, which is there as long as this, and its registration, which may fail and end.
#[derive(Debug)]
pub(super) struct Pidfd {
    descriptor: Arc<OwnedFd>,
    registered: Option<Io<Descriptor<Arc<OwnedFd>>>>,
}

impl Pidfd {
    /// Opens it; not registered yet.
    pub(super) fn open(process: &Child) -> io::Result<Self> {
        // Nobody else can have the number: the child is there until it has been waited for.
        let descriptor = pidfd_open(Pid::from_child(process), PidfdFlags::empty())?;
        Ok(Self {
            descriptor: Arc::new(descriptor),
            registered: None,
        })
    }

    /// Kills the child, or finds that it is no more; false if the system does not let us do it this way.
    pub(super) fn kill(&self) -> bool {
        let sent = pidfd_send_signal(&self.descriptor, Signal::KILL);
        matches!(sent, Ok(()) | Err(Errno::SRCH))
    }

    pub(super) fn unregister(&mut self) {
        self.registered = None;
    }

    pub(super) fn register(&mut self, reactor: &leno_reactor::Handle) -> io::Result<()> {
        let source = Descriptor(Arc::clone(&self.descriptor));
        self.registered = Some(reactor.register(source, Interest::READABLE)?);
        Ok(())
    }

    /// Ready when the child has ended. `None` if it is not registered, or its reactor is gone.
    pub(super) fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        let Some(registered) = &self.registered else {
            return Poll::Ready(None);
        };
        registered
            .poll_ready(cx, Direction::Read)
            .map(|event| match event {
                Ok(_) => Some(()),
                Err(_) => {
                    self.registered = None;
                    None
                }
            })
    }
}
