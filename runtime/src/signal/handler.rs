//! What runs in signal handlers, and how they are installed.
//!
//! `signal-hook-registry` has one handler for all signals, which calls whatever has been registered, and the handler that
//! was there before. It restarts system calls (`SA_RESTART`), but it runs on the stack of the thread that it interrupts,
//! which may be too small: a goroutine's is some kilobytes. So once the registry has installed its handler, the flag
//! `SA_ONSTACK` is added: a thread that has a stack for signals, as those of Go and of Rust have, runs it there. Such a
//! stack may be small as well. For that reason the other signals wait meanwhile, so that handlers do not pile up on it;
//! except for those that the processor raises, which cannot wait.
//!
//! The registry's handler is known by its address, which is learnt when the registry first replaces another. A handler
//! that the program has put in its place since is the program's own and is left alone.
//!
//! A child process that was forked has the handlers of its parent, and the sockets that they write to are shared. So an
//! action acts only in the process in which it was made.

use super::kind::SignalKind;
use super::missed;
use crate::prim::process;
use signal_hook_registry::{SigId, register, unregister};
use std::ffi::c_int;
use std::io::{self, Write};
use std::mem::MaybeUninit;
use std::os::unix::net::UnixStream as Sender;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a handler does.
#[derive(Debug)]
pub(super) enum Reaction {
    /// Writes a byte into a socket.
    Wake(Arc<Sender>),
    /// Notes that the signal has come, if nobody else does.
    Miss(&'static missed::Kind),
}

impl Reaction {
    pub(super) fn react(&self) {
        match self {
            Self::Wake(sender) => {
                // If it is full, there is something to receive already.
                let _ = (&**sender).write(&[1]);
            }
            Self::Miss(kind) => kind.came(),
        }
    }

    /// Whether it concerns all who have inherited it. What was missed is noted with the process that has missed it.
    fn is_inherited(&self) -> bool {
        matches!(self, Self::Miss(_))
    }
}

/// Reacts whenever a signal comes, until it is dropped.
#[derive(Debug)]
pub(super) struct Action(SigId);

impl Action {
    /// `kind` must be a signal that can be listened for.
    pub(super) fn new(kind: SignalKind, reaction: Reaction) -> io::Result<Self> {
        if let Reaction::Wake(sender) = &reaction {
            sender.set_nonblocking(true)?;
        }
        let origin = process::number();
        let signal = kind.as_raw_value();
        let before = installed(signal)?;
        // SAFETY: a handler may call async-signal-safe functions only, and must not panic. A reaction makes one call of
        // write(2), which is one, on a descriptor that it owns and that does not block; an error of the system is held
        // without allocation, dropped without freeing, and nothing in between panics. Or it reads a clock and some
        // atomics, and writes some. The number of the process takes some atomics as well, or getpid(2).
        // The registry, for its part, keeps `errno` and drops the reaction only outside of handlers.
        let id = unsafe {
            register(signal, move || {
                if reaction.is_inherited() || process::number() == origin {
                    reaction.react();
                }
            })
        }?;
        let action = Self(id);
        use_the_signal_stack(signal, &before)?;
        Ok(action)
    }
}

impl Drop for Action {
    fn drop(&mut self) {
        unregister(self.0);
    }
}

/// The address of the registry's handler, once it is known.
static REGISTRYS: AtomicUsize = AtomicUsize::new(0);

/// Adds to the flags of the registry's handler, if that is what is installed, and was not `before` or is known.
fn use_the_signal_stack(signal: c_int, before: &libc::sigaction) -> io::Result<()> {
    let now = installed(signal)?;
    // Ordering: Relaxed. It is a number, and the same for everybody.
    if now.sa_sigaction != before.sa_sigaction {
        REGISTRYS.store(now.sa_sigaction, Ordering::Relaxed);
    } else if now.sa_sigaction != REGISTRYS.load(Ordering::Relaxed) {
        return Ok(());
    }
    if now.sa_flags & libc::SA_ONSTACK != 0 {
        return Ok(());
    }
    let mut wanted = now;
    wanted.sa_flags |= libc::SA_ONSTACK;
    // SAFETY: the set can be written to, and the signals exist.
    unsafe {
        libc::sigfillset(&raw mut wanted.sa_mask);
        for raised in [
            libc::SIGABRT,
            libc::SIGBUS,
            libc::SIGFPE,
            libc::SIGILL,
            libc::SIGSEGV,
            libc::SIGSYS,
            libc::SIGTRAP,
        ] {
            libc::sigdelset(&raw mut wanted.sa_mask, raised);
        }
    }
    let replaced = install(signal, &wanted)?;
    if replaced.sa_sigaction != now.sa_sigaction {
        // Somebody has come in between.
        install(signal, &replaced)?;
    }
    Ok(())
}

/// Whether `SIGCHLD` is set so that children that end leave nothing to wait for.
pub(super) fn discards_children() -> bool {
    installed(libc::SIGCHLD).is_ok_and(|now| {
        now.sa_sigaction == libc::SIG_IGN || now.sa_flags & libc::SA_NOCLDWAIT != 0
    })
}

/// What the system does with a signal.
fn installed(signal: c_int) -> io::Result<libc::sigaction> {
    // SAFETY: nothing is installed.
    unsafe { exchange(signal, ptr::null()) }
}

/// Has the system do something else with a signal. Returns what it did before.
fn install(signal: c_int, action: &libc::sigaction) -> io::Result<libc::sigaction> {
    // SAFETY: it is what was installed already, but for the stack and the mask.
    unsafe { exchange(signal, action) }
}

/// # Safety
///
/// `new` must be null, or name something that may be done when the signal comes.
unsafe fn exchange(signal: c_int, new: *const libc::sigaction) -> io::Result<libc::sigaction> {
    let mut old = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: `new` can be read if it is not null, and does what the caller has promised; `old` can be written to.
    if unsafe { libc::sigaction(signal, new, old.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the system has filled it in, and its padding was zeroed.
    Ok(unsafe { old.assume_init() })
}
