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
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let mut asked = [PollFd::new(fd, PollFlags::RDHUP)];
    let at_once = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    if poll(&mut asked, Some(&at_once)).is_err() {
        return Ready::EMPTY;
    }
    let said = asked[0].revents();
    let mut over = Ready::EMPTY;
    if !said.intersects(PollFlags::HUP | PollFlags::RDHUP) {
        over |= Ready::READ_CLOSED;
    }
    // Of a pipe that nobody reads from it says that there is an error. A socket may have errors and be written to: it may
    // keep a queue of them.
    if !said.intersects(PollFlags::HUP | PollFlags::ERR)
        || (!said.contains(PollFlags::HUP) && is_socket(fd))
    {
        over |= Ready::WRITE_CLOSED;
    }
    if !said.contains(PollFlags::ERR) {
        over |= Ready::ERROR;
    }
    over
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_socket(fd: &impl AsFd) -> bool {
    use rustix::fs::{FileType, fstat};

    fstat(fd).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Socket)
}

/// Elsewhere there is no question whose answer tells the halves apart.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn over(_: &impl AsFd) -> Ready {
    Ready::EMPTY
}
