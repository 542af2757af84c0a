//! A descriptor that becomes readable when a child ends.

use crate::prim::descriptor::Descriptor;
use leno_reactor::{Direction, Interest, Io};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::process::Child;
use std::ptr;
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
        let descriptor = open(process)?;
        Ok(Self {
            descriptor: Arc::new(descriptor),
            registered: None,
        })
    }

    /// Kills the child, or finds that it is no more; false if the system does not let us do it this way.
    pub(super) fn kill(&self) -> bool {
        match send_kill(&self.descriptor) {
            Ok(()) => true,
            Err(error) => error.raw_os_error() == Some(libc::ESRCH),
        }
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

fn open(process: &Child) -> io::Result<OwnedFd> {
    // A process has a positive number, which fits.
    let id = process.id() as libc::pid_t;
    // SAFETY: plain numbers. (Old libraries have no function for it.) The descriptor is closed by an `exec`.
    let result = unsafe { libc::syscall(libc::SYS_pidfd_open, id, 0 as libc::c_uint) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: just made, and nobody else knows it. Descriptors are `c_int`s.
    Ok(unsafe { OwnedFd::from_raw_fd(result as RawFd) })
}

fn send_kill(pidfd: &OwnedFd) -> io::Result<()> {
    let about = ptr::null::<libc::siginfo_t>();
    // SAFETY: the descriptor is open, as it is borrowed; without more about the signal there is nothing to be read.
    let result = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            pidfd.as_raw_fd(),
            libc::SIGKILL,
            about,
            0 as libc::c_uint,
        )
    };
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
