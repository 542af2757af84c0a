//! By the `SO_PEERCRED` option.

use super::UCred;
use std::io;
use std::os::fd::{AsFd, AsRawFd};

pub(in crate::net::unix) fn peer_cred(socket: &impl AsFd) -> io::Result<UCred> {
    let mut cred = libc::ucred {
        pid: 0,
        uid: 0,
        gid: 0,
    };
    let size = size_of::<libc::ucred>() as libc::socklen_t;
    let mut length = size;
    // SAFETY: the descriptor is open, as it is borrowed; `cred` has room for the `length` bytes that may be written,
    // and is made of integers, so that whatever is written is valid.
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
    Ok(UCred {
        pid: Some(cred.pid),
        uid: cred.uid,
        gid: cred.gid,
    })
}
