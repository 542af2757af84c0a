//! What std does not ask of a Unix system: a few calls that have to do with descriptors, each of them one call of libc's.
//!
//! Here and not in a library of system calls, since they are few, and whoever depends on leno would wait for that library to be compiled.
//! Errors are the system's, and nothing is tried again if a signal interrupts it.

use std::io;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

/// A descriptor and the events that [`poll`] is to look for.
#[repr(transparent)]
pub(crate) struct Polled<'fd> {
    raw: libc::pollfd,
    /// It is open as long as it may be asked for.
    open: PhantomData<BorrowedFd<'fd>>,
}

impl<'fd> Polled<'fd> {
    pub(crate) fn new(fd: &'fd (impl AsFd + ?Sized), events: libc::c_short) -> Self {
        Self {
            raw: libc::pollfd {
                fd: fd.as_fd().as_raw_fd(),
                events,
                revents: 0,
            },
            open: PhantomData,
        }
    }

    /// What the last [`poll`] has found.
    pub(crate) fn found(&self) -> libc::c_short {
        self.raw.revents
    }
}

/// Waits until one of the descriptors has an event, or `timeout` is over, which is counted in milliseconds, the last one in full: who
/// asks again for what is left does not turn round and round. Returns how many have.
pub(crate) fn poll(descriptors: &mut [Polled<'_>], timeout: Option<Duration>) -> io::Result<usize> {
    let timeout = timeout.map_or(-1, |timeout| {
        libc::c_int::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(libc::c_int::MAX)
    });
    // SAFETY: `Polled` has the layout of a `pollfd`, and so many of them can be read and written to. Their descriptors are borrowed.
    let count = unsafe {
        libc::poll(
            descriptors.as_mut_ptr().cast(),
            descriptors.len() as libc::nfds_t,
            timeout,
        )
    };
    usize::try_from(count).map_err(|_| io::Error::last_os_error())
}

/// The kind of file that a descriptor is of, one of the constants `S_IF…`; others stand for what is no file.
#[cfg_attr(
    not(any(feature = "fs", feature = "net")),
    allow(dead_code, reason = "for files and pipes")
)]
pub(crate) fn kind(fd: impl AsFd) -> io::Result<libc::mode_t> {
    let mut status = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the descriptor is open, as it is borrowed, and there is room for the status.
    checked(unsafe { libc::fstat(fd.as_fd().as_raw_fd(), status.as_mut_ptr()) })?;
    // SAFETY: the call has filled it, as it did not fail.
    Ok(unsafe { status.assume_init() }.st_mode & libc::S_IFMT)
}

/// The flags `O_…` of an open file that can be asked for: its access, and those that [`set_status`] sets.
pub(crate) fn status(fd: impl AsFd) -> io::Result<libc::c_int> {
    // SAFETY: the descriptor is open, as it is borrowed; there are no pointers.
    checked(unsafe { libc::fcntl(fd.as_fd().as_raw_fd(), libc::F_GETFL) })
}

/// Sets those flags `O_…` of an open file that can be set.
pub(crate) fn set_status(fd: impl AsFd, flags: libc::c_int) -> io::Result<()> {
    // SAFETY: as in `status`.
    checked(unsafe { libc::fcntl(fd.as_fd().as_raw_fd(), libc::F_SETFL, flags) }).map(drop)
}

/// Makes a descriptor's open file non-blocking, or blocking.
pub(crate) fn set_nonblocking(fd: impl AsFd, nonblocking: bool) -> io::Result<()> {
    let fd = fd.as_fd();
    let old = status(fd)?;
    let new = match nonblocking {
        true => old | libc::O_NONBLOCK,
        false => old & !libc::O_NONBLOCK,
    };
    if new != old {
        set_status(fd, new)?;
    }
    Ok(())
}

/// Reads into memory that need not be initialised: the first bytes are, as many as this returns.
pub(crate) fn read(fd: impl AsFd, memory: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
    let start = memory.as_mut_ptr().cast();
    // SAFETY: the descriptor is open, as it is borrowed, and so many bytes can be written to.
    let count = unsafe { libc::read(fd.as_fd().as_raw_fd(), start, memory.len()) };
    usize::try_from(count).map_err(|_| io::Error::last_os_error())
}

/// Whether this is a terminal from which a read returns without input: at once, or after some time.
pub(crate) fn is_impatient_terminal(fd: impl AsFd) -> bool {
    let mut terminal = MaybeUninit::<libc::termios>::uninit();
    // SAFETY: the descriptor is open, as it is borrowed, and there is room for the terminal's settings.
    let result = unsafe { libc::tcgetattr(fd.as_fd().as_raw_fd(), terminal.as_mut_ptr()) };
    if result != 0 {
        return false;
    }
    // SAFETY: the call has filled it, as it did not fail.
    let terminal = unsafe { terminal.assume_init() };
    terminal.c_lflag & libc::ICANON == 0 && terminal.c_cc[libc::VMIN] == 0
}

/// Whether this is a socket that listens.
pub(crate) fn is_listening(fd: impl AsFd) -> bool {
    let mut listens: libc::c_int = 0;
    let mut length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the descriptor is open, as it is borrowed; the option is a `c_int`, and so many bytes can be written to.
    let result = unsafe {
        libc::getsockopt(
            fd.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ACCEPTCONN,
            (&raw mut listens).cast(),
            &mut length,
        )
    };
    result == 0 && listens != 0
}

/// The effective user of this process.
pub(crate) fn user() -> libc::uid_t {
    // SAFETY: it has no arguments, and always succeeds.
    unsafe { libc::geteuid() }
}

fn checked(result: libc::c_int) -> io::Result<libc::c_int> {
    match result {
        -1 => Err(io::Error::last_os_error()),
        result => Ok(result),
    }
}
