//! Children whose handle was dropped before they were waited for.
//!
//! Somebody has to wait for them, or the system keeps them as zombies. Runtimes come and go, so that is a thread of its
//! own, the *reaper*: started with the first orphan, gone with the last.
//!
//! One mutex holds the orphans and the reaper's doorbell; a doorbell is there if and only if a reaper is, which will look
//! at the orphans once more after the bell has rung. It rings for `SIGCHLD`, and for each orphan that comes: the
//! child may have ended since it was last asked, and the signal before the reaper knew of it. The reaper leaves, and takes
//! the bell down, under the lock under which it has seen that nobody is left.

use crate::signal::unix::{Action, Reaction, SignalKind};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Child;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

static ORPHANS: Mutex<Orphans> = Mutex::new(Orphans {
    processes: Vec::new(),
    doorbell: None,
});

struct Orphans {
    processes: Vec<Child>,
    doorbell: Option<UnixStream>,
}

/// Sees to it that the child is waited for.
pub(super) fn adopt(mut process: Child) {
    if is_running(&mut process) {
        let mut orphans = orphans();
        orphans.processes.push(process);
        orphans.call_reaper();
    }
}

/// Tries again to start the reaper, if there are orphans and the system had no thread for it. Costs a lock.
pub(super) fn remember() {
    let mut orphans = orphans();
    if !orphans.processes.is_empty() && orphans.doorbell.is_none() {
        orphans.call_reaper();
    }
}

fn orphans() -> MutexGuard<'static, Orphans> {
    // Nothing in here panics half-way.
    ORPHANS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// False if it has ended, and is now waited for, or somebody else has done so.
fn is_running(process: &mut Child) -> bool {
    matches!(process.try_wait(), Ok(None))
}

impl Orphans {
    fn call_reaper(&mut self) {
        match &mut self.doorbell {
            // If it is full, it has rung.
            Some(doorbell) => drop(doorbell.write(&[1])),
            // Otherwise the orphans wait for the next one, or the next child.
            None => self.doorbell = start_reaper().ok(),
        }
    }
}

/// Starts the reaper, which finds the orphans that there are.
fn start_reaper() -> io::Result<UnixStream> {
    let (doorbell, listener) = UnixStream::pair()?;
    doorbell.set_nonblocking(true)?;
    // Before the reaper looks for the first time, so that it misses nobody.
    let action = Action::new(
        SignalKind::child(),
        Reaction::Wake(Arc::new(doorbell.try_clone()?)),
    )?;
    thread::Builder::new()
        .name("leno-reaper".to_owned())
        .spawn(move || reap(listener, action))?;
    Ok(doorbell)
}

fn reap(mut listener: UnixStream, _action: Action) {
    let mut bytes = [0; 64];
    loop {
        let mut orphans = orphans();
        orphans.processes.retain_mut(is_running);
        if orphans.processes.is_empty() {
            orphans.doorbell = None;
            return;
        }
        drop(orphans);
        match listener.read(&mut bytes) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => unreachable!("the doorbell is there as long as the reaper"),
        }
    }
}
