//! What the tests that fork share. They have no test harness, whose threads a fork would leave behind: each is a process
//! that runs its tests one after the other on its only thread.
#![allow(dead_code, reason = "no test uses all of it")]

use leno::runtime::{Builder, Runtime};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs the tests, or those whose names contain the argument. Whatever hangs is killed, which is a failure.
pub fn run(tests: &[(&str, fn())]) {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        tests.iter().for_each(|(name, _)| println!("{name}: test"));
        return;
    }
    // Other options are for harnesses, and the number of threads is the value of one.
    let mut names = arguments
        .iter()
        .filter(|argument| !argument.starts_with('-') && argument.parse::<u32>().is_err());
    let wanted = names.next();
    for (name, test) in tests {
        if wanted.is_none_or(|wanted| name.contains(wanted.as_str())) {
            println!("test {name}");
            end_within_minutes();
            test();
        }
    }
}

fn end_within_minutes() {
    // SAFETY: takes no pointers. Nobody else here has a use for this timer.
    unsafe { libc::alarm(120) };
}

/// A child process, which runs a closure.
#[must_use]
pub struct Child(libc::pid_t);

/// Forks. The child runs `f`, and has failed if that panics.
pub fn fork(f: impl FnOnce()) -> Child {
    fork_with((), |()| f()).0
}

/// As [`fork`], with something that each of the two processes has then.
pub fn fork_with<T>(value: T, f: impl FnOnce(T)) -> (Child, T) {
    // SAFETY: no other thread holds a lock that the child could need: those of the runtimes under test sleep.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "{}", std::io::Error::last_os_error());
    if pid == 0 {
        end_within_minutes();
        let failed = catch_unwind(AssertUnwindSafe(|| f(value))).is_err();
        // SAFETY: takes no pointers.
        unsafe { libc::_exit(i32::from(failed)) };
    }
    (Child(pid), value)
}

impl Child {
    /// A child that was forked in another way.
    pub fn of(pid: libc::pid_t) -> Self {
        Self(pid)
    }

    /// Waits for the end of the child, which has done all that was expected of it.
    pub fn succeeds(self) {
        assert_eq!(self.status(), 0, "the child has failed");
    }

    /// Waits for the end of the child.
    pub fn status(self) -> libc::c_int {
        let mut status = 0;
        // SAFETY: `status` can be written to.
        while unsafe { libc::waitpid(self.0, &raw mut status, 0) } != self.0 {
            let error = std::io::Error::last_os_error();
            assert_eq!(error.kind(), std::io::ErrorKind::Interrupted, "{error}");
        }
        status
    }
}

pub fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

pub fn multi_thread() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}

/// The kinds of runtime there are.
pub const KINDS: [fn() -> Runtime; 2] = [current_thread, multi_thread];

/// What a panic says.
pub fn panic_text(f: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(f)).unwrap_err();
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast::<&str>().unwrap().to_string(),
    }
}
