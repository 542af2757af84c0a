//! By `getpeereid`, and the `LOCAL_PEEREPID` option for the process.

use super::UCred;
use std::io;
use std::os::fd::{AsFd, AsRawFd};

pub(in crate::net::unix) fn peer_cred(socket: &impl AsFd) -> io::Result<UCred> {
    let descriptor = socket.as_fd().as_raw_fd();
    let (mut uid, mut gid) = (0, 0);
    // SAFETY: the descriptor is open, as it is borrowed, and the pointers are to integers of ours.
    if unsafe { libc::getpeereid(descriptor, &mut uid, &mut gid) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let mut pid: libc::pid_t = 0;
    let mut length = size_of::<libc::pid_t>() as libc::socklen_t;
    // SAFETY: the descriptor is open, as it is borrowed; `pid` has room for the `length` bytes that may be written, and
    // is an integer, so that whatever is written is valid.
    let result = unsafe {
        libc::getsockopt(
            descriptor,
            libc::SOL_LOCAL,
            libc::LOCAL_PEEREPID,
            (&raw mut pid).cast(),
            &mut length,
        )
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(UCred {
        pid: Some(pid),
        uid,
        gid,
    })
}
