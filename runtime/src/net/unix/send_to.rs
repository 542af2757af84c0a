//! Sending to a path: the receiver's queue may be full although the socket has room.
//!
//! Readiness is the socket's own, and tells nothing of a receiver that it is not connected to. So an attempt is made
//! without asking, and who finds no room waits for [a pause](Pause); if it is the socket that has none, for the event as
//! well. While the socket is connected to somebody else, the system's word on its room is about *that* receiver's queue:
//! then the pause is the one that counts.

use super::pause::{Pause, has_room};
use crate::kernel::budget::poll_budgeted;
use crate::net::UnixDatagram;
use crate::task::coop::cooperative;
use leno_reactor::{Direction, Interest};
use std::future::{Future, poll_fn};
use std::io;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, ready};

/// What a sender waits for.
#[derive(Debug)]
enum Room {
    /// The receiver's.
    Receiver,
    /// The socket's own, or that of the receiver that it is connected to.
    Socket,
}

/// Sends that wait by being polled: one at a time, like the waker that they leave.
#[derive(Debug, Default)]
pub(in crate::net) struct Sending(Option<(Room, Pause)>);

impl UnixDatagram {
    /// Sends a message to the socket at a path, and returns its length.
    ///
    /// If the receiver's queue is full it waits until there is room. The system does not tell when, unless the socket is
    /// [connected](Self::connect) to that receiver: so it is tried again after a tenth of a millisecond, and then ever more
    /// seldom, down to every 26 milliseconds. For much traffic to one receiver, connect to it.
    ///
    /// # Errors
    ///
    /// Those of the system, and that the runtime has shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future while it waits means that the message is not sent.
    pub async fn send_to<P>(&self, buf: &[u8], target: P) -> io::Result<usize>
    where
        P: AsRef<Path>,
    {
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
    }

    /// Sends a message to the socket at a path; see [`send_to`](Self::send_to). Only the latest task that polled is
    /// woken.
    ///
    /// # Errors
    ///
    /// As [`send_to`](Self::send_to).
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
            let mut waiting = self.sending.lock().0.take();
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
                        self.sending.lock().0 = waiting;
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
    pub fn try_send_to<P>(&self, buf: &[u8], target: P) -> io::Result<usize>
    where
        P: AsRef<Path>,
    {
        self.io
            .try_with(Interest::WRITABLE, |socket| socket.send_to(buf, target))
    }
    /// Sends, or says what there is no room in.
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
