//! A file descriptor as a source that mio can register, and what the system says of one now.

use leno_reactor::Ready;
use mio::event::Source;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// Whatever has a descriptor, which stays the same.
#[derive(Debug)]
pub(crate) struct Descriptor<T>(pub(crate) T);

impl<T: AsRawFd> Source for Descriptor<T> {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).register(registry, token, interests)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).deregister(registry)
    }
}

/// Of what passes or may pass, closed halves and errors, that which is not so at the moment: asks the system.
///
/// To be taken off a readiness that was looked at *before* this asks: whatever comes after it has asked brings an event,
/// whose readiness is a newer one.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[cold]
pub(crate) fn over(fd: &impl AsFd) -> Ready {
    use crate::prim::system::{Polled, kind, poll};
    use std::time::Duration;

    let mut asked = [Polled::new(fd, libc::POLLRDHUP)];
    if poll(&mut asked, Some(Duration::ZERO)).is_err() {
        return Ready::EMPTY;
    }
    let found = asked[0].found();
    let says = |events| found & events != 0;
    let mut over = Ready::EMPTY;
    if !says(libc::POLLHUP | libc::POLLRDHUP) {
        over |= Ready::READ_CLOSED;
    }
    // Of a pipe that nobody reads from it says that there is an error. A socket may have errors and be written to: it may
    // keep a queue of them.
    if !says(libc::POLLHUP | libc::POLLERR)
        || (!says(libc::POLLHUP) && kind(fd).is_ok_and(|kind| kind == libc::S_IFSOCK))
    {
        over |= Ready::WRITE_CLOSED;
    }
    if !says(libc::POLLERR) {
        over |= Ready::ERROR;
    }
    over
}

/// Elsewhere there is no question whose answer tells the halves apart.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn over(_: &impl AsFd) -> Ready {
    Ready::EMPTY
}
