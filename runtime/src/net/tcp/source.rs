//! mio's stream, closed so that nobody waits, and with what has to be remembered of it.
//!
//! **Closing.** A socket that lingers (`SO_LINGER` with a time) makes `close` wait until the peer has everything, or the time
//! is up, in non-blocking mode too; on a worker all its tasks would wait. So a thread of the current runtime's pool
//! closes it, one that does not count against the pool's limit: neither does the close wait for closures (of which one may be
//! waiting for it), nor they for the close. The runtime ends after the time, as the program asked for by the option. Where no
//! thread is to be had (outside of a runtime, at its end, when the system refuses one, or when as many others wait as
//! [the pool allows](crate::kernel::blocking::MOST_WAITS)) the time is taken off the socket and it is closed here: what has
//! been written is sent in the background, as without the option, and nobody waits.
//!
//! The option is asked for when the stream is dropped, and not remembered when it is set: it may be set through the
//! descriptor, come with std's stream, or from the listener. This costs a system call where `close` costs several times that.
//!
//! **Urgent data.** A read ends at the mark that urgent data has left in the stream, also after it has been taken. As long
//! as it is there, `PRIORITY` tells; but only operations with that interest take it back, so these leave a note. The fence
//! orders the note before the clear: who sees that `PRIORITY` is gone (an acquiring load, in the reactor), sees the note.

use super::urgent;
use crate::io::blocking;
use crate::net::socket::Socket;
use crate::prim::process;
use leno_reactor::{Interest, Io};
use mio::event::Source;
use mio::net::TcpStream;
use mio::{Registry, Token};
use socket2::SockRef;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering, fence};

/// A TCP stream that is registered, or about to be.
pub(in crate::net) struct Stream {
    /// Taken out when it is dropped or given away.
    stream: Option<TcpStream>,
    /// Somebody may have taken urgent data.
    had_urgent: AtomicBool,
    /// The [number](process::number) of the process that has registered it. In one that was forked from that, closing does not
    /// wait, and the socket is as much the parent's.
    process: u32,
}

impl Stream {
    #[inline]
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream: Some(stream),
            had_urgent: AtomicBool::new(false),
            process: process::number(),
        }
    }

    /// Gives mio's stream away.
    #[inline]
    pub(super) fn into_inner(mut self) -> TcpStream {
        self.stream.take().expect("taken here or at the end")
    }
}

impl Deref for Stream {
    type Target = TcpStream;

    #[inline]
    fn deref(&self) -> &TcpStream {
        self.stream.as_ref().expect("taken at the end")
    }
}

impl Drop for Stream {
    #[inline]
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take() {
            if self.process == process::number() && lingers(&stream) {
                close_elsewhere(stream);
            }
        }
    }
}

#[inline]
fn lingers(stream: &TcpStream) -> bool {
    let linger = SockRef::from(stream).linger();
    linger.is_ok_and(|time| time.is_some_and(|time| !time.is_zero()))
}

/// Closes a stream that lingers, on a thread that may wait.
#[cold]
fn close_elsewhere(stream: TcpStream) {
    /// Dropped by whom nobody has called, it does not linger.
    struct Closing(Option<TcpStream>);

    impl Closing {
        #[inline]
        fn wait(mut self) {
            if let Some(stream) = self.0.take() {
                let stream = std::net::TcpStream::from(stream);
                // Where closing would refuse to wait otherwise.
                if cfg!(windows) {
                    let _ = stream.set_nonblocking(false);
                }
                drop(stream);
            }
        }
    }

    impl Drop for Closing {
        #[inline]
        fn drop(&mut self) {
            if let Some(stream) = &self.0 {
                let _ = SockRef::from(stream).set_linger(None);
            }
        }
    }

    let closing = Closing(Some(stream));
    blocking::wait_elsewhere(move || closing.wait());
}

macro_rules! forward {
    ($($method:ident($($argument:ident: $Type:ty),*) -> $Output:ty;)*) => {$(
        #[inline]
        fn $method(&mut self, $($argument: $Type),*) -> $Output {
            match &mut self.stream {
                Some(stream) => stream.$method($($argument),*),
                None => unreachable!("taken at the end"),
            }
        }
    )*};
}

impl Source for Stream {
    forward! {
        register(registry: &Registry, token: Token, interests: mio::Interest) -> io::Result<()>;
        reregister(registry: &Registry, token: Token, interests: mio::Interest) -> io::Result<()>;
        deregister(registry: &Registry) -> io::Result<()>;
    }
}

impl Socket for Stream {
    #[inline]
    fn raw(&self) -> SockRef<'_> {
        SockRef::from(&**self)
    }

    #[inline]
    fn attempt<R>(&self, operation: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.try_io(operation)
    }

    /// The order matters: see at the top.
    #[inline]
    fn short_read_is_last(io: &Io<Self>) -> bool {
        // Ordering: Relaxed, see `will_be_tried`.
        urgent::short_read_is_last(io) && !io.get_ref().had_urgent.load(Ordering::Relaxed)
    }

    #[inline]
    fn will_be_tried(&self, interest: Interest) {
        if urgent::is_about(interest) {
            // Ordering: Relaxed, and the fence: partner of the acquiring load of the readiness that the clear of this
            // attempt changes.
            self.had_urgent.store(true, Ordering::Relaxed);
            fence(Ordering::Release);
        }
    }
}

impl Read for &Stream {
    #[inline]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        (&***self).read(buf)
    }

    #[inline]
    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&***self).read_vectored(bufs)
    }
}

impl Write for &Stream {
    #[inline]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        (&***self).write(buf)
    }

    #[inline]
    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        (&***self).write_vectored(bufs)
    }

    #[inline]
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(unix)]
impl std::os::fd::AsFd for Stream {
    #[inline]
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        (**self).as_fd()
    }
}

#[cfg(windows)]
impl std::os::windows::io::AsSocket for Stream {
    #[inline]
    fn as_socket(&self) -> std::os::windows::io::BorrowedSocket<'_> {
        (**self).as_socket()
    }
}

impl fmt::Debug for Stream {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
