//! Waiting until a descriptor is readable, where no reactor can do it: the runtime may have none, and the descriptor may
//! be shared with other processes, or registered already.
//!
//! One thread, which belongs to no runtime, waits for all such descriptors by `poll(2)`. It only looks: who waits and goes
//! away has taken nothing, and neither a runtime's end nor the process's has to wait for it. It is started with the first
//! one that waits, and ends when for some seconds there has been nobody.
//!
//! A mutex holds the waits, and whether the thread is there. The thread looks at them, waits without the lock, and looks
//! again; a doorbell tells it of newcomers. `poll(2)` tells what *is*, not what has changed, so no event can come too
//! early. Who is woken is not waited for any more, and has to come again.
//!
//! A child that was forked has waits of its own: those that it has inherited are its parent's, as the thread is.

use crate::kernel::foreign;
use crate::prim::process::PerProcess;
use crate::prim::system::{Polled, is_impatient_terminal, is_listening, poll, status};
use std::fmt;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread;
use std::time::Duration;

/// Something with a descriptor that stays open while it is waited for.
pub(crate) type Source = Arc<dyn AsFd + Send + Sync>;

/// A place among those that wait; given back when it is dropped.
pub(crate) struct Place(u64);

static WAITS: PerProcess<Mutex<Waits>> = PerProcess::new();

#[derive(Default)]
struct Waits {
    waits: Vec<Wait>,
    has_thread: bool,
    /// Without one, since the system refused it descriptors, the thread looks again every few milliseconds.
    doorbell: Option<UnixStream>,
}

struct Wait {
    place: u64,
    source: Source,
    waker: Waker,
}

/// How long the thread stays if nobody waits.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// How often it looks if it cannot be told.
const WITHOUT_DOORBELL: Duration = Duration::from_millis(5);

/// Whether a read would return at once, or soon: with bytes, the end or an error.
pub(crate) fn is_readable(source: impl AsFd) -> bool {
    let mut descriptors = [Polled::new(&source, libc::POLLIN)];
    // If it cannot be asked, reading tells why.
    !matches!(poll(&mut descriptors, Some(Duration::ZERO)), Ok(0))
        || is_impatient_terminal(&source)
        || is_closed_to_reading(&source)
}

/// Whether a read fails at once, whatever comes: of what is open for writing only, or of a socket that listens.
fn is_closed_to_reading(source: impl AsFd) -> bool {
    let source = source.as_fd();
    let is_write_only = status(source).is_ok_and(|flags| flags & libc::O_ACCMODE == libc::O_WRONLY);
    is_write_only || is_listening(source)
}

impl Place {
    #[inline]
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // A number for each; it orders nothing.
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// The number of this place, which no other has.
    #[inline]
    pub(crate) fn number(&self) -> u64 {
        self.0
    }

    /// Has `waker` woken once when the source, always the same one, is readable, in place of the one before.
    #[inline]
    pub(crate) fn wait(&self, source: Source, waker: &Waker) -> io::Result<()> {
        let wait = Wait {
            place: self.0,
            source,
            waker: waker.clone(),
        };
        let mut waits = waits();
        if waits.has_thread && waits.waits.iter().any(|there| there.is_as(&wait)) {
            drop(waits);
            return Ok(());
        }
        let before = waits.remove(self.0);
        waits.waits.push(wait);
        let result = waits.call_thread();
        let refused = result.is_err().then(|| waits.remove(self.0));
        drop(waits);
        // Foreign code, hence outside of the lock.
        drop((before, refused));
        result
    }
}

impl Drop for Place {
    #[inline]
    fn drop(&mut self) {
        let mut waits = waits();
        let wait = waits.remove(self.0);
        if wait.is_some() {
            waits.ring();
        }
        drop(waits);
        drop(wait);
    }
}

impl Wait {
    #[inline]
    fn is_as(&self, other: &Wait) -> bool {
        self.place == other.place && self.waker.will_wake(&other.waker)
    }
}

impl Waits {
    #[inline]
    fn remove(&mut self, place: u64) -> Option<Wait> {
        let index = self.waits.iter().position(|wait| wait.place == place)?;
        Some(self.waits.swap_remove(index))
    }

    #[inline]
    fn ring(&self) {
        if let Some(mut doorbell) = self.doorbell.as_ref() {
            // If it is full, it has rung.
            let _ = doorbell.write(&[1]);
        }
    }

    /// Tells the thread to look, and starts it if it is not there.
    #[inline]
    fn call_thread(&mut self) -> io::Result<()> {
        if self.has_thread {
            self.ring();
            return Ok(());
        }
        let doorbell = doorbell().ok();
        let (bell, listener) = doorbell.unzip();
        thread::Builder::new()
            .name("leno-poll".to_owned())
            .spawn(move || watch(listener.as_ref()))?;
        self.doorbell = bell;
        self.has_thread = true;
        Ok(())
    }
}

#[inline]
fn waits() -> MutexGuard<'static, Waits> {
    // Nothing in here panics half-way.
    WAITS.get().lock().unwrap_or_else(PoisonError::into_inner)
}

/// Two ends that do not block.
#[inline]
fn doorbell() -> io::Result<(UnixStream, UnixStream)> {
    let (bell, listener) = UnixStream::pair()?;
    bell.set_nonblocking(true)?;
    listener.set_nonblocking(true)?;
    Ok((bell, listener))
}

/// What the thread does.
#[inline]
fn watch(listener: Option<&UnixStream>) {
    loop {
        let sources: Vec<_> = waits()
            .waits
            .iter()
            .map(|wait| (wait.place, Arc::clone(&wait.source)))
            .collect();
        let timeout = match listener {
            None => Some(WITHOUT_DOORBELL),
            Some(_) if sources.is_empty() => Some(KEEP_ALIVE),
            Some(_) => None,
        };
        let (ready, is_timeout) = ready_of(&sources, listener, timeout);
        // A source may be closed by this, and need not have been waited for any more.
        drop(sources);
        if let Some(mut listener) = listener {
            while listener.read(&mut [0; 64]).is_ok_and(|length| length > 0) {}
        }
        let mut waits = waits();
        let woken: Vec<_> = ready
            .iter()
            .filter_map(|&place| waits.remove(place))
            .collect();
        if is_timeout && waits.waits.is_empty() {
            waits.has_thread = false;
            waits.doorbell = None;
            return;
        }
        drop(waits);
        for wait in woken {
            foreign::call(|| wait.waker.wake());
        }
    }
}

/// Waits, and returns the places whose sources are ready, and whether the time was over before anything has happened.
#[inline]
fn ready_of(
    sources: &[(u64, Source)],
    listener: Option<&UnixStream>,
    timeout: Option<Duration>,
) -> (Vec<u64>, bool) {
    let mut descriptors: Vec<_> = sources
        .iter()
        .map(|(_, source)| Polled::new(source, libc::POLLIN))
        .chain(listener.map(|listener| Polled::new(listener, libc::POLLIN)))
        .collect();
    match poll(&mut descriptors, timeout) {
        Ok(count) => {
            let ready = sources
                .iter()
                .zip(&descriptors)
                .filter(|(_, descriptor)| descriptor.found() != 0)
                .map(|(&(place, _), _)| place);
            (ready.collect(), count == 0)
        }
        Err(error) if error.kind() == io::ErrorKind::Interrupted => (Vec::new(), false),
        Err(_) => {
            // More than the system takes: each has to look for itself, again and again.
            thread::sleep(WITHOUT_DOORBELL);
            (sources.iter().map(|&(place, _)| place).collect(), false)
        }
    }
}

impl fmt::Debug for Place {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Place").field(&self.0).finish()
    }
}
