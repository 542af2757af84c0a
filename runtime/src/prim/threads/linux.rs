//! Threads as Linux tells of them in `/proc`, and the signal that interrupts one.
//!
//! A thread is only interrupted if its stack can be walked in the handler: with glibc from 2.35, whose unwinder looks tables
//! up without a lock. With others (musl's takes the lock of the dynamic linker, which the thread may hold already) nobody is
//! interrupted.

use super::Doing;
use std::fs;
use std::sync::OnceLock;
use std::time::Duration;

pub(super) fn id() -> u32 {
    // SAFETY: it has no arguments, and always succeeds. (Old libraries have no function for it.)
    let thread = unsafe { libc::syscall(libc::SYS_gettid) };
    u32::try_from(thread).unwrap_or(0)
}

pub(super) fn doing(thread: u32) -> Option<Doing> {
    let read = |file| fs::read_to_string(format!("/proc/self/task/{thread}/{file}")).ok();
    // Nanoseconds on a processor, nanoseconds of waiting for one, and how often.
    let schedstat = read("schedstat")?;
    let processor = schedstat.split_whitespace().next()?.parse().ok()?;
    // The name of the thread is in parentheses, and may have some itself; after the last comes the state.
    let stat = read("stat")?;
    let state = stat.rsplit_once(')')?.1.trim_start().chars().next()?;
    let waits = matches!(state, 'S' | 'D');
    // "0" if it does not wait, or if the system does not want to tell.
    let wait = if waits { read("wchan") } else { None };
    Some(Doing {
        processor: Duration::from_nanos(processor),
        waits,
        wait: wait.and_then(|function| named(function.trim_end())),
    })
}

/// The function's name in the source: compilers add to it (`.constprop.0`).
fn named(function: &str) -> Option<String> {
    let name = function.split('.').next().unwrap_or_default();
    (!name.is_empty() && name != "0").then(|| name.to_owned())
}

pub(super) fn prepare_to_interrupt(answer: fn()) -> bool {
    static PREPARED: OnceLock<bool> = OnceLock::new();
    *PREPARED.get_or_init(|| can_walk_in_a_handler() && register(answer))
}

#[cfg(target_env = "gnu")]
fn can_walk_in_a_handler() -> bool {
    // SAFETY: a string that is part of the library.
    let version = unsafe { std::ffi::CStr::from_ptr(libc::gnu_get_libc_version()) };
    version
        .to_str()
        .is_ok_and(|version| is_at_least(version, (2, 35)))
}

#[cfg(not(target_env = "gnu"))]
fn can_walk_in_a_handler() -> bool {
    false
}

#[cfg_attr(not(target_env = "gnu"), allow(dead_code))]
fn is_at_least(version: &str, least: (u32, u32)) -> bool {
    let mut numbers = version.split('.').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= least,
        _ => false,
    }
}

fn register(answer: fn()) -> bool {
    // SAFETY: `answer` does nothing but what is allowed in a handler (the caller's), and neither do the accesses to `errno`,
    // which is the interrupted thread's own.
    let registered = unsafe {
        signal_hook_registry::register(libc::SIGURG, move || {
            let errno = *libc::__errno_location();
            answer();
            *libc::__errno_location() = errno;
        })
    };
    registered.is_ok()
}

pub(super) fn interrupt(thread: u32) -> bool {
    let Ok(thread) = libc::pid_t::try_from(thread) else {
        return false;
    };
    // SAFETY: plain numbers; the kernel looks for the thread in this process alone.
    unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread, libc::SIGURG) == 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for version in ["2.35", "2.36.9000", "2.100", "3.1"] {
            assert!(is_at_least(version, (2, 35)), "{version}");
        }
        for version in ["2.34", "2.9", "1.99", "", "two.35"] {
            assert!(!is_at_least(version, (2, 35)), "{version}");
        }
    }

    #[test]
    fn names_are_those_of_the_source() {
        assert_eq!(
            named("futex_wait_queue").as_deref(),
            Some("futex_wait_queue")
        );
        let name = named("poll_schedule_timeout.constprop.0");
        assert_eq!(name.as_deref(), Some("poll_schedule_timeout"));
        assert_eq!(named("0"), None);
        assert_eq!(named(""), None);
    }

    #[test]
    fn a_thread_that_waits_is_told_from_one_that_computes() {
        let own = doing(id()).unwrap();
        assert!(!own.waits && own.wait.is_none());
        let (tell, told) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let waiting = thread::Builder::new().name("a) S (b".to_owned());
        let waiting = waiting.spawn(move || {
            tell.send(id()).unwrap();
            ended.recv().unwrap_err();
        });
        let other = told.recv().unwrap();
        assert_ne!(other, id());
        // It is about to.
        while !doing(other).unwrap().waits {
            thread::yield_now();
        }
        drop(end);
        waiting.unwrap().join().unwrap();
        // Who looks again and again computes.
        let before = doing(id()).unwrap().processor;
        while doing(id()).unwrap().processor == before {}
    }

    #[test]
    fn a_thread_that_is_not_there_does_nothing() {
        // The kernel gives no such id.
        let nobody = u32::MAX;
        assert_eq!(doing(nobody), None);
        assert!(!interrupt(nobody) && !interrupt(nobody / 2));
    }
}
