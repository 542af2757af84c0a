//! Receiving into memory that need not be initialised.
//!
//! This is the unsafe code of `net` that everything passes through, and what it relies on is one thing: that the operating system has written the
//! first `n` bytes of the memory when it says that it has received `n`. The memory is handed to it as
//! `MaybeUninit`s, so nobody can read it before.

use crate::net::socket::Socket;
#[cfg(unix)]
use crate::prim::system;
use bytes::BufMut;
use socket2::SockAddr;
use std::io;
use std::mem::MaybeUninit;
#[cfg(unix)]
use std::os::fd::AsFd;

/// Receives what comes next.
#[inline]
pub(super) fn recv(socket: &impl Socket, buf: &mut impl BufMut) -> io::Result<usize> {
    fill(buf, |memory| {
        let length = socket.attempt(|| socket.raw().recv(memory))?;
        Ok((length, ()))
    })
    .map(|(length, ())| length)
}

/// Receives what comes next, and leaves it there.
pub(super) fn peek(socket: &impl Socket, buf: &mut impl BufMut) -> io::Result<usize> {
    fill(buf, |memory| {
        let length = socket.attempt(|| socket.raw().peek(memory))?;
        Ok((length, ()))
    })
    .map(|(length, ())| length)
}

/// Receives the next message, and who has sent it.
pub(super) fn recv_from(
    socket: &impl Socket,
    buf: &mut impl BufMut,
) -> io::Result<(usize, SockAddr)> {
    fill(buf, |memory| {
        socket.attempt(|| socket.raw().recv_from(memory))
    })
}

/// Receives the next message, and who has sent it, and leaves it there.
pub(super) fn peek_from(
    socket: &impl Socket,
    buf: &mut impl BufMut,
) -> io::Result<(usize, SockAddr)> {
    fill(buf, |memory| {
        socket.attempt(|| socket.raw().peek_from(memory))
    })
}

/// Reads what comes next from something that is not a socket.
#[cfg(unix)]
pub(super) fn read(fd: &impl AsFd, buf: &mut impl BufMut) -> io::Result<usize> {
    fill(buf, |memory| Ok((system::read(fd, memory)?, ()))).map(|(length, ())| length)
}

/// Appends to `buf` what `receive` has put into the first chunk of its free memory.
///
/// `receive` must be an operation of socket2 or of `prim::system`, which is why this function is not seen outside of this module.
#[inline]
fn fill<T>(
    buf: &mut impl BufMut,
    receive: impl FnOnce(&mut [MaybeUninit<u8>]) -> io::Result<(usize, T)>,
) -> io::Result<(usize, T)> {
    let chunk = buf.chunk_mut();
    // SAFETY: `receive` must not write uninitialised bytes there. It does not: socket2 says of the memory it receives
    // into that it may be cast from initialised memory, as the operating system writes but bytes to it, and
    // `system::read` hands it to the system as it is.
    let memory = unsafe { chunk.as_uninit_slice_mut() };
    let (length, rest) = receive(memory)?;
    // SAFETY: the first `length` bytes of the chunk are those that the operating system has received, see above.
    unsafe { buf.advance_mut(length) };
    Ok((length, rest))
}
