//! By the `SO_PEERCRED` option.

use super::UCred;
use crate::prim::peer;
use std::io;
use std::os::fd::AsFd;

pub(in crate::net::unix) fn peer_cred(socket: &impl AsFd) -> io::Result<UCred> {
    let peer = peer::credentials(socket)?;
    Ok(UCred {
        pid: Some(peer.pid),
        uid: peer.uid,
        gid: peer.gid,
    })
}
