//! What std does not offer of Unix sockets on a stable compiler: who is at the other end, and sending without a signal.

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;

/// The process at the other end, and whose it is, as it was when it connected or listened.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn credentials(socket: &impl AsFd) -> io::Result<libc::ucred> {
    let mut cred = libc::ucred {
        pid: 0,
        uid: 0,
        gid: 0,
    };
    let size = size_of::<libc::ucred>() as libc::socklen_t;
    let mut length = size;
    // SAFETY: the descriptor is open, as it is borrowed; `cred` has room for the `length` bytes that may be written, and is made
    // of integers, so that whatever is written is valid.
    let result = unsafe {
        libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut cred).cast(),
            &mut length,
        )
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    if length != size {
        return Err(io::Error::other(
            "the system's credentials of a peer have an unknown form",
        ));
    }
    Ok(cred)
}

/// The effective user of the process at the other end, as it was when it connected.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn peer_user(socket: &UnixStream) -> io::Result<libc::uid_t> {
    credentials(socket).map(|peer| peer.uid)
}

/// The effective user of the process at the other end, as it was when it connected.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn peer_user(socket: &UnixStream) -> io::Result<libc::uid_t> {
    let (mut user, mut group) = (0, 0);
    // SAFETY: the descriptor is open, as it is borrowed, and both numbers can be written to.
    let result =
        unsafe { libc::getpeereid(socket.as_fd().as_raw_fd(), &raw mut user, &raw mut group) };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(user)
}

/// Sends some of the bytes. That nobody is there to read them is an error, and no SIGPIPE, which would end a program that does
/// not ignore it.
pub(crate) fn send(socket: &UnixStream, bytes: &[u8]) -> io::Result<usize> {
    #[cfg(target_vendor = "apple")]
    let flags = {
        let on: libc::c_int = 1;
        // SAFETY: the descriptor is open, as it is borrowed, and the option is a `c_int`.
        let result = unsafe {
            libc::setsockopt(
                socket.as_fd().as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_NOSIGPIPE,
                (&raw const on).cast(),
                size_of::<libc::c_int>() as libc::socklen_t,
            )
        };
        if result != 0 {
            return Err(io::Error::last_os_error());
        }
        0
    };
    #[cfg(not(target_vendor = "apple"))]
    let flags = libc::MSG_NOSIGNAL;
    // SAFETY: the descriptor is open, as it is borrowed, and `bytes` can be read.
    let sent = unsafe {
        libc::send(
            socket.as_fd().as_raw_fd(),
            bytes.as_ptr().cast(),
            bytes.len(),
            flags,
        )
    };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}
