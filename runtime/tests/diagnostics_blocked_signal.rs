//! A slow poll is told of though the thread that is asked for its stack does not answer: the program blocks the signal.
#![cfg(target_os = "linux")]

mod own_diagnostics;

use leno::diagnostics::{self, Diagnostics, ReportKind};
use leno::runtime::Builder;
use std::mem::MaybeUninit;
use std::sync::mpsc;
use std::time::Duration;

/// Longer than anything here takes that comes at all.
const NEVER: Duration = Duration::from_secs(100);

/// Blocks the signal for this thread, and those that it starts.
fn block_signal() {
    let mut set = MaybeUninit::uninit();
    // SAFETY: `set` is made by the first call, and read by the others.
    let blocked = unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        libc::sigaddset(set.as_mut_ptr(), libc::SIGURG);
        libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), std::ptr::null_mut())
    };
    assert_eq!(blocked, 0);
}

/// True if this thread has been asked.
fn is_asked() -> bool {
    let mut set = MaybeUninit::uninit();
    // SAFETY: `set` is filled by the first call, if that succeeds, and read by the second.
    unsafe {
        assert_eq!(libc::sigpending(set.as_mut_ptr()), 0);
        libc::sigismember(set.as_ptr(), libc::SIGURG) == 1
    }
}

/// The poll ends while the answer is waited for, and nobody is awake any more, or the runtime ends.
#[test]
fn who_does_not_answer_is_told_of() {
    own_diagnostics::only();
    block_signal();
    let (tell, told) = mpsc::channel();
    diagnostics::on_report(move |report| {
        if report.kind() == ReportKind::SlowPoll {
            tell.send(report.clone()).unwrap();
        }
    });
    for ends in [false, true] {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .diagnostics(
                Diagnostics::off()
                    .slow_polls(Duration::from_millis(20))
                    .stacks(true),
            )
            .build()
            .unwrap();
        let slow = runtime.spawn(async {
            while !is_asked() {
                std::thread::yield_now();
            }
        });
        let id = slow.id();
        runtime.block_on(slow).unwrap();
        let runtime = (!ends).then_some(runtime);
        let report = told.recv_timeout(NEVER).unwrap();
        assert_eq!(report.tasks()[0].id(), id);
        assert!(!report.to_string().contains("Its stack"), "{report}");
        drop(runtime);
    }
}
