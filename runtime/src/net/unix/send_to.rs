//! Sending to a path: the receiver's queue may be full although the socket has room.
//!
//! Readiness is the socket's own, and tells nothing of a receiver that it is not connected to. So an attempt is made
//! without asking, and who finds no room waits for [a pause](Pause); if it is the socket that has none, for the event as
//! well. While the socket is connected to somebody else, the system's word on its room is about *that* receiver's queue:
//! then the pause is the one that counts.
//!
//! Programs also wait until the socket is writable and try then. Its own word would send them round at full load. So an
//! attempt that has found the receiver's queue full holds the socket back: it does not count as writable until a pause is
//! over, which grows with each such attempt in a row.

use super::pause::{FIRST, Pause, has_room, longer};
use crate::kernel::budget::poll_budgeted;
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::net::UnixDatagram;
use crate::task::coop::cooperative;
use leno_reactor::{Direction, Interest, Ready};
use std::future::{Future, pending, poll_fn};
use std::io;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

/// What a sender waits for.
#[derive(Debug)]
enum Room {
    /// The receiver's.
    Receiver,
    /// The socket's own, or that of the receiver that it is connected to.
    Socket,
}

/// What a socket knows of its sends.
#[derive(Debug, Default)]
pub(in crate::net) struct Sending {
    /// A send that waits by being polled: one at a time, like the waker that it leaves.
    polled: Option<(Room, Pause)>,
    held: Option<Held>,
    /// The pause of a poll for writability.
    pause: Option<Pause>,
}

/// Attempts have found a receiver's queue full.
#[derive(Debug, Clone, Copy)]
struct Held {
    until: Instant,
    length: Duration,
}

impl UnixDatagram {
    /// Sends a message to the socket at a path, and returns its length.
    ///
    /// If the receiver's queue is full it waits until there is room. The system does not tell when, unless the socket is
    /// [connected](Self::connect) to that receiver: so it is tried again after a tenth of a millisecond, and then ever more
    /// seldom, down to every 26 milliseconds. For much traffic to one receiver, connect to it.
    ///
    /// # Errors
    ///
    /// Those of the system, that the runtime has shut down, and that the system has no thread to wait for room by.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the message is not sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UnixDatagram;
    /// use std::io::ErrorKind;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("service.sock");
    /// let client = UnixDatagram::unbound()?;
    /// let error = client.send_to(b"hello", &path).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::NotFound); // nobody is there
    ///
    /// let service = UnixDatagram::bind(&path)?;
    /// assert_eq!(client.send_to(b"hello", &path).await?, 5);
    /// assert_eq!(service.recv(&mut [0; 16]).await?, 5);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn send_to<P>(&self, buf: &[u8], target: P) -> impl CancelSafe<Output = io::Result<usize>>
    where
        P: AsRef<Path>,
    {
        assert_cancel_safe(async move {
            cooperative(async {
                let mut pause = Pause::new();
                loop {
                    let room = match self.attempt(buf, target.as_ref()) {
                        Ok(result) => return result,
                        Err(room) => room,
                    };
                    let mut event = pin!(self.io.ready(Interest::WRITABLE));
                    poll_fn(|cx| {
                        if let Room::Socket = room {
                            if let Poll::Ready(result) = event.as_mut().poll(cx) {
                                return Poll::Ready(result.map(drop));
                            }
                        }
                        pause.poll(cx, self.io.reactor())
                    })
                    .await?;
                }
            })
            .await
        })
    }

    /// Sends a message to the socket at a path; see [`send_to`](Self::send_to). Only the latest task that polled is
    /// woken.
    ///
    /// # Errors
    ///
    /// As [`send_to`](Self::send_to).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UnixDatagram;
    /// use std::future::poll_fn;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("service.sock");
    /// let service = UnixDatagram::bind(&path)?;
    /// let client = UnixDatagram::unbound()?;
    /// assert_eq!(poll_fn(|cx| client.poll_send_to(cx, b"hello", &path)).await?, 5);
    /// assert_eq!(service.recv(&mut [0; 16]).await?, 5);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn poll_send_to<P>(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        target: P,
    ) -> Poll<io::Result<usize>>
    where
        P: AsRef<Path>,
    {
        poll_budgeted(cx, |cx| {
            // Taken out while it is polled: wakers are foreign code.
            let mut waiting = self.sending.lock().polled.take();
            loop {
                if let Some((room, pause)) = &mut waiting {
                    let mut waited = match room {
                        Room::Socket => self.io.poll_event(cx, Direction::Write),
                        Room::Receiver => Poll::Pending,
                    };
                    if waited.is_pending() {
                        waited = pause.poll(cx, self.io.reactor());
                    }
                    if waited.is_pending() {
                        self.sending.lock().polled = waiting;
                        return Poll::Pending;
                    }
                    ready!(waited)?;
                }
                match self.attempt(buf, target.as_ref()) {
                    Ok(result) => return Poll::Ready(result),
                    Err(room) => {
                        let pause = waiting.map_or_else(Pause::new, |(_, pause)| pause);
                        waiting = Some((room, pause));
                    }
                }
            }
        })
    }

    /// Sends a message to the socket at a path without waiting; see [`send_to`](Self::send_to).
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if there is no room, and those of the system.
    ///
    /// # Examples
    ///
    /// A receiver that is too slow is not waited for:
    ///
    /// ```
    /// use leno::net::UnixDatagram;
    /// use std::io::ErrorKind;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("log.sock");
    /// let log = UnixDatagram::bind(&path)?;
    /// let client = UnixDatagram::unbound()?;
    /// let (mut sent, mut lost) = (0, 0);
    /// while lost == 0 {
    ///     client.writable().await?;
    ///     match client.try_send_to(b"event", &path) {
    ///         Ok(_) => sent += 1,
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => lost += 1,
    ///         Err(error) => return Err(error),
    ///     }
    /// }
    /// for _ in 0..sent {
    ///     assert_eq!(log.recv(&mut [0; 16]).await?, 5);
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn try_send_to<P>(&self, buf: &[u8], target: P) -> io::Result<usize>
    where
        P: AsRef<Path>,
    {
        self.io.try_with(Interest::WRITABLE, |socket| {
            let result = self.io.sent(socket.send_to(buf, target));
            match &result {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if has_room(socket) {
                        self.hold();
                    }
                }
                _ => self.sending.lock().held = None,
            }
            result
        })
    }

    #[cold]
    fn hold(&self) {
        let now = Instant::now();
        let held = &mut self.sending.lock().held;
        let length = held.map_or(FIRST, |held| longer(held.length));
        let until = now + length;
        *held = Some(Held { until, length });
    }

    /// For how long the socket is held back.
    #[inline]
    fn held(&self) -> Option<Duration> {
        let held = self.sending.lock().held?;
        let left = held.until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// Waits until the socket is ready for anything in `interest`, and returns what it is ready for.
    ///
    /// It may be ready for less by the time you try (a `try_` method then fails with
    /// [`WouldBlock`](io::ErrorKind::WouldBlock)): call this in a loop. Any number of tasks may wait at once. As to writing,
    /// see [`writable`](Self::writable).
    ///
    /// # Errors
    ///
    /// If the runtime has shut down, or nothing in `interest` is something that the system tells of such a socket.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::Interest;
    /// use leno::net::UnixDatagram;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = UnixDatagram::pair()?;
    /// let ready = near.ready(Interest::READABLE | Interest::WRITABLE).await?;
    /// assert!(ready.is_writable() && !ready.is_readable());
    ///
    /// far.send(b"hello").await?;
    /// assert!(near.ready(Interest::READABLE).await?.is_readable());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn ready(&self, interest: Interest) -> impl CancelSafe<Output = io::Result<Ready>> {
        assert_cancel_safe(async move {
            let held = self.held().filter(|_| interest.is_writable());
            if let Some(left) = held {
                let mut pause = Pause::lasting(left);
                let mut rest = pin!(async {
                    match interest.remove(Interest::WRITABLE) {
                        Some(rest) => self.io.ready(rest).await,
                        None => pending().await,
                    }
                });
                let ready = poll_fn(|cx| match rest.as_mut().poll(cx) {
                    Poll::Ready(ready) => Poll::Ready(ready.map(Some)),
                    Poll::Pending => pause.poll(cx, self.io.reactor()).map_ok(|()| None),
                });
                if let Some(ready) = ready.await? {
                    return Ok(ready);
                }
            }
            self.io.ready(interest).await
        })
    }

    /// Waits until there is room to write, or an error that writing would return.
    ///
    /// Any number of tasks may wait at once. Try to write afterwards, and do both in a loop: it may fail with
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) all the same. After [`try_send_to`](Self::try_send_to) has found a
    /// receiver's queue full, this waits for a time, as [`send_to`](Self::send_to) does.
    ///
    /// # Errors
    ///
    /// If the runtime has shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// A connected socket is writable when its peer's queue has room:
    ///
    /// ```
    /// use leno::net::UnixDatagram;
    /// use std::io::ErrorKind;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = UnixDatagram::pair()?;
    /// let mut sent = 0;
    /// while near.try_send(b"event").is_ok() {
    ///     sent += 1;
    /// }
    /// let drain = async {
    ///     for _ in 0..sent {
    ///         far.recv(&mut [0; 16]).await?;
    ///     }
    ///     std::io::Result::Ok(())
    /// };
    /// leno::try_join!(near.writable(), drain)?;
    /// assert_eq!(near.try_send(b"event")?, 5);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn writable(&self) -> impl CancelSafe<Output = io::Result<()>> {
        assert_cancel_safe(async move { self.ready(Interest::WRITABLE).await.map(drop) })
    }

    #[inline]
    pub(super) fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let begun = self.sending.lock().pause.take();
        let waiting = begun.or_else(|| self.held().map(Pause::lasting));
        if let Some(mut pause) = waiting {
            let waited = pause.poll(cx, self.io.reactor());
            if waited.is_pending() {
                self.sending.lock().pause = Some(pause);
            }
            ready!(waited)?;
        }
        self.io.poll_ready(cx, Direction::Write)
    }
    /// Sends, or says what there is no room in.
    #[inline]
    fn attempt(&self, buf: &[u8], target: &Path) -> Result<io::Result<usize>, Room> {
        let seen = self.io.event(Interest::WRITABLE);
        if seen.is_shutdown() {
            // To wait for it is an error.
            return Err(Room::Socket);
        }
        let socket = self.io.get_ref();
        match self.io.sent(socket.send_to(buf, target)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if has_room(socket) {
                    return Err(Room::Receiver);
                }
                self.io.clear_blocked(seen, Interest::WRITABLE);
                Err(Room::Socket)
            }
            result => {
                self.io.told(&result);
                Ok(result)
            }
        }
    }
}
