//! The socket through which the program `leno` asks this process.
//!
//! The first runtime that wants it starts a thread of std's, `leno-diagnostics-socket`, which listens, and a thread for each
//! client, a few at a time. None of them runs the program's code, and all that they take are the locks of shards and queues,
//! which are held for moments: so they answer when every worker is stuck. With the end of the last such runtime, the thread
//! ends and the socket is removed.
//!
//! Who may ask: the user that the process runs as, and root. The directory lets nobody else in, and the peer's user is looked at
//! besides. What cannot be trusted is not used: a line on the standard error says why, and the program goes on without.
//!
//! A forked process has a server of its own, or none.
//!
//! # The protocol
//!
//! Lines of JSON, one for a request and one for its answer. `"leno":1` is the version. An answer has `error` (for programs:
//! `request`, `version`, `verb`, `busy`, `off`) and `text` (for people), or what was asked for.
//!
//! ```text
//!   {"leno":1,"verb":"ps"}                    which tasks there are
//!   {"leno":1,"verb":"dump","patience":2}     where they stand; for so many seconds each runtime's are waited for
//!   {"leno":1,"verb":"metrics"}               what is counted, as Prometheus reads it
//!   {"leno":1,"verb":"trace","seconds":5}     what was recorded; or, with a time, what is from now on
//! ```

mod base64;
mod client;
mod place;
mod recorded;
mod request;
mod verbs;

use crate::kernel::foreign;
use crate::prim::peer;
use crate::prim::process::PerProcess;
use crate::prim::system::{self, Polled, poll};
use crate::runtime::inner::Inner;
use crate::runtime::{Handle, Id};
use place::Place;
use request::Refusal;
use std::io::{self, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// So many clients are served at a time.
const MOST_CLIENTS: usize = 8;
/// What a client that is not served is told takes no longer.
const TO_REFUSE: Duration = Duration::from_millis(1);
/// How long to wait for descriptors when there are none left.
const UNTIL_DESCRIPTORS: Duration = Duration::from_millis(100);

static SERVER: PerProcess<Server> = PerProcess::new();

#[derive(Default)]
struct Server {
    state: Mutex<State>,
    clients: AtomicUsize,
}

#[derive(Default)]
struct State {
    runtimes: Vec<(Id, Weak<Inner>)>,
    listening: Option<Listening>,
    /// That there is no socket has been said.
    warned: bool,
}

struct Listening {
    place: Place,
    /// Closed when the thread is to end.
    stop: UnixStream,
    thread: JoinHandle<()>,
}

/// Shows a runtime to who asks this process from now on.
pub(crate) fn show(runtime: &Arc<Inner>) {
    let server = SERVER.get();
    let mut state = server.lock();
    state.runtimes.push((runtime.id(), Arc::downgrade(runtime)));
    if state.listening.is_some() {
        return;
    }
    match Listening::start(server) {
        Ok(listening) => state.listening = Some(listening),
        Err(error) if !state.warned => {
            state.warned = true;
            // Nobody is left to tell if this fails.
            let _ = writeln!(
                io::stderr(),
                "leno: there is no socket for the program `leno`: {error}"
            );
        }
        Err(_) => {}
    }
}

/// Whoever asks what a runtime is doing is told so until it has ended, which may be what it does not do.
#[derive(Debug)]
pub(crate) struct HideAtEnd(pub(crate) Id);

impl Drop for HideAtEnd {
    fn drop(&mut self) {
        hide(self.0);
    }
}

/// The runtime has come to its end. With the last one the socket goes.
fn hide(runtime: Id) {
    let mut state = SERVER.get().lock();
    state.runtimes.retain(|(id, _)| *id != runtime);
    if !state.runtimes.is_empty() {
        return;
    }
    let Some(listening) = state.listening.take() else {
        return;
    };
    // Under the lock, so that it is not the socket of a runtime that comes next.
    listening.place.remove();
    drop(state);
    drop(listening.stop);
    // It lets no panic out, and waits for nobody.
    let _ = listening.thread.join();
}

/// The runtimes that are shown.
fn runtimes() -> Vec<Handle> {
    let state = SERVER.get().lock();
    let alive = state.runtimes.iter().filter_map(|(_, weak)| weak.upgrade());
    alive.map(Handle::from_inner).collect()
}

impl Server {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves a client on a thread of its own, or says that there are too many.
    fn welcome(&'static self, stream: UnixStream) {
        if !may_ask(&stream) {
            return;
        }
        let Some(seat) = Seat::take(&self.clients) else {
            let refusal = Refusal::new(
                "busy",
                format!("this process answers {MOST_CLIENTS} clients at a time"),
            );
            // It fits into the socket's buffer, and who does not take it does without.
            let _ = client::refuse(&stream, refusal, TO_REFUSE);
            return;
        };
        let builder = thread::Builder::new().name("leno-diagnostics-client".to_owned());
        // If the system has no thread left the client sees that nobody answers.
        let _ = builder.spawn(move || {
            let _seat = seat;
            // What is dropped last of a runtime may be the program's.
            foreign::call(|| {
                // A client that fails has nobody else to tell.
                let _ = client::serve(&stream);
            });
        });
    }
}

/// True for the user that this process runs as, and for root.
fn may_ask(stream: &UnixStream) -> bool {
    let us = system::user();
    peer::peer_user(stream).is_ok_and(|user| user == us || user == 0)
}

/// The place of a client that is being served.
struct Seat(&'static AtomicUsize);

impl Seat {
    fn take(clients: &'static AtomicUsize) -> Option<Self> {
        // Ordering: Relaxed, here and below: it is a number, and says nothing of other memory.
        let taken = clients.fetch_add(1, Ordering::Relaxed);
        let seat = Self(clients);
        (taken < MOST_CLIENTS).then_some(seat)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Listening {
    fn start(server: &'static Server) -> io::Result<Self> {
        let (listener, place) = Place::listen()?;
        let start = || {
            listener.set_nonblocking(true)?;
            let (stop, stopped) = UnixStream::pair()?;
            let builder = thread::Builder::new().name("leno-diagnostics-socket".to_owned());
            let thread = builder.spawn(move || listen(server, &listener, &stopped))?;
            Ok((stop, thread))
        };
        match start() {
            Ok((stop, thread)) => Ok(Self {
                place,
                stop,
                thread,
            }),
            Err(error) => {
                place.remove();
                Err(error)
            }
        }
    }
}

/// Takes clients until the other end of `stopped` is closed.
fn listen(server: &'static Server, listener: &UnixListener, stopped: &UnixStream) {
    loop {
        let mut both = [
            Polled::new(stopped, libc::POLLIN),
            Polled::new(listener, libc::POLLIN),
        ];
        match poll(&mut both, None) {
            Ok(_) => {}
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock
                ) =>
            {
                continue;
            }
            // Nothing that it was given can be wrong: the system has no memory.
            Err(_) => return,
        }
        if both[0].found() != 0 {
            return;
        }
        match listener.accept() {
            Ok((stream, _)) => server.welcome(stream),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock
                        | io::ErrorKind::Interrupted
                        | io::ErrorKind::ConnectionAborted
                ) => {}
            Err(_) => {
                // There are no descriptors left. If it is interrupted it tries again the sooner.
                let _ = poll(
                    &mut [Polled::new(stopped, libc::POLLIN)],
                    Some(UNTIL_DESCRIPTORS),
                );
            }
        }
    }
}
