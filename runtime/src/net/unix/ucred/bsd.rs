//! By `getpeereid`, which does not tell the process.

use super::UCred;
use std::io;
use std::os::fd::{AsFd, AsRawFd};

pub(in crate::net::unix) fn peer_cred(socket: &impl AsFd) -> io::Result<UCred> {
    let (mut uid, mut gid) = (0, 0);
    // SAFETY: the descriptor is open, as it is borrowed, and the pointers are to integers of ours.
    let result = unsafe { libc::getpeereid(socket.as_fd().as_raw_fd(), &mut uid, &mut gid) };
    match result {
        0 => Ok(UCred {
            pid: None,
            uid,
            gid,
        }),
        _ => Err(io::Error::last_os_error()),
    }
}
