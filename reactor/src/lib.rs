//! Readiness for any mio source: the reactor of the leno runtime, usable alone.
//!
//! A [`Reactor`] owns a selector (epoll, kqueue, IOCP; by way of [mio]). [`Handle::register`] makes an [`Io`] of
//! anything that is a [`mio::event::Source`]; an `Io` can be waited for by futures, or by polls, from any thread.
//! Whoever owns the reactor calls [`Reactor::turn`], which waits for events and wakes the waiters. That is all: no
//! timers (`turn` takes a timeout), no threads, no globals, no unsafe code.
//!
//! ```
//! use leno_reactor::{Interest, Reactor, block_on};
//! use mio::net::{TcpListener, TcpStream};
//! use std::io::{self, Read, Write};
//!
//! fn main() -> io::Result<()> {
//!     let mut reactor = Reactor::new()?;
//!     let handle = reactor.handle();
//!     let listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
//!     let address = listener.local_addr()?;
//!     let listener = handle.register(listener, Interest::READABLE)?;
//!
//!     let greeting = block_on(&mut reactor, async {
//!         let both = Interest::READABLE | Interest::WRITABLE;
//!         let client = handle.register(TcpStream::connect(address)?, both)?;
//!         let (server, _) = listener.async_io(Interest::READABLE, |l| l.accept()).await?;
//!         let server = handle.register_ready(server, both)?;
//!         server.async_io(Interest::WRITABLE, |mut s| s.write(b"hello")).await?;
//!
//!         let mut buffer = [0; 16];
//!         let n = client.async_io(Interest::READABLE, |mut s| s.read(&mut buffer)).await?;
//!         io::Result::Ok(buffer[..n].to_vec())
//!     })??;
//!
//!     assert_eq!(greeting, b"hello");
//!     Ok(())
//! }
//! ```
//!
//! # What it promises
//!
//! - *No event is lost.* Readiness is taken back only by an operation that would block (or a caller who knows as
//!   much), and only if no newer event has come; that a half is closed, and errors, by a newer event that does not say
//!   so any more, too. The ticks that decide this are 40 bits wide and count each
//!   direction by itself. An event and a waiter that meet are ordered by a lock.
//! - *No event is misdelivered.* When an [`Io`] is dropped, events already fetched for it wake no one, also
//!   if its slot belongs to another source by then.
//! - *Nobody hangs.* Dropping the reactor ends every wait, present and future, with an error
//!   ([`is_reactor_gone`]). An error of the source ends every wait for it. To wait for what the source was not
//!   registered for is an error at once.
//! - *No foreign code under a lock.* Wakers are woken and dropped after unlocking. One that panics does not
//!   keep others from being woken.
//!
//! - *A fork takes nothing from the parent.* In the child an inherited reactor counts as gone: what is dropped or asked for
//!   there leaves the selector, which both processes share, as it is. A child makes a reactor of its own.
//!
//! The first two, and the meeting of waiters with events and with the end, are model-checked.
//!
//! # What it costs
//!
//! A source has a slot of 128 bytes, which is recycled and never freed before the reactor and its handles and
//! sources are. A wait that finds the source ready is one load. An event is a compare-and-swap for each direction it
//! concerns, and a lock to take the wakers. Only a future that has to wait may allocate (its place in the source's
//! list, reused by the next).

#![forbid(unsafe_code)]

mod block_on;
mod handle;
mod interest;
mod io;
mod prim;
mod process;
mod reactor;
mod readiness;
mod ready;
mod slots;
mod waiters;

pub use block_on::block_on;
pub use handle::Handle;
pub use interest::Interest;
pub use io::{Io, ReadyFuture};
pub use reactor::{Reactor, Turn, is_reactor_gone};
pub use readiness::Direction;
pub use ready::{Ready, ReadyEvent};

/// The example of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
