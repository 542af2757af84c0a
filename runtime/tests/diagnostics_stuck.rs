//! A stuck thread is interrupted once, says where it is, and goes on as if nothing had been.
//!
//! One program, since it has a handler of its own for the signal.
#![cfg(target_os = "linux")]

mod own_diagnostics;

use leno::diagnostics::{self, Diagnostics, Report, ReportKind};
use leno::runtime::Builder;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

/// How often the program's own handler was called.
static SIGNALS: AtomicUsize = AtomicUsize::new(0);

extern "C" fn own_handler(_signal: libc::c_int) {
    SIGNALS.fetch_add(1, Ordering::Relaxed);
}

fn install_own_handler() {
    let handler: extern "C" fn(libc::c_int) = own_handler;
    // SAFETY: the handler adds to a number, and that is all.
    let before = unsafe { libc::signal(libc::SIGURG, handler as libc::sighandler_t) };
    assert_ne!(before, libc::SIG_ERR);
}

/// What a task does until it is stopped.
struct Work {
    stop: AtomicBool,
    lock: Mutex<()>,
    socket: UnixStream,
}

type Do = fn(&Work);

impl Work {
    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

fn errno() -> &'static mut i32 {
    // SAFETY: this thread's own, and the reference is used at once.
    unsafe { &mut *libc::__errno_location() }
}

#[inline(never)]
fn computing(work: &Work) {
    while !work.is_stopped() {
        *errno() = 4242;
        std::hint::black_box(work);
        assert_eq!(*errno(), 4242);
    }
}

#[inline(never)]
fn allocating(work: &Work) {
    let mut kept = Vec::new();
    while !work.is_stopped() {
        kept.push(vec![1u8; 100 + kept.len() % 5000]);
        if kept.len() > 1000 {
            kept.clear();
        }
    }
}

#[inline(never)]
fn unwinding(work: &Work) {
    while !work.is_stopped() {
        let unwound = std::panic::catch_unwind(|| std::panic::resume_unwind(Box::new(7)));
        assert!(unwound.is_err());
    }
}

#[inline(never)]
fn locking(work: &Work) {
    drop(work.lock.lock().unwrap_or_else(PoisonError::into_inner));
}

#[inline(never)]
fn sleeping(work: &Work) {
    while !work.is_stopped() {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// One call of the system, that is interrupted and goes on.
#[inline(never)]
fn reading(work: &Work) {
    let mut byte = [0u8];
    // SAFETY: an open descriptor, and a place for one byte.
    let count = unsafe { libc::read(work.socket.as_raw_fd(), byte.as_mut_ptr().cast(), 1) };
    assert_eq!((count, byte), (1, [9]));
}

/// The report of a task that is stuck in `work`.
fn report(work: Do, stacks: bool) -> Report {
    let (socket, mut other) = UnixStream::pair().unwrap();
    let todo = Arc::new(Work {
        stop: AtomicBool::new(false),
        lock: Mutex::new(()),
        socket,
    });
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    diagnostics::on_report(move |report| {
        // Nobody may be interested any more.
        let _ = tell.lock().unwrap().send(report.clone());
    });
    let held = todo.lock.lock().unwrap();
    let settings = Diagnostics::off()
        .slow_polls(Duration::from_millis(20))
        .stacks(stacks);
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .diagnostics(settings)
        .build()
        .unwrap();
    let task = runtime.spawn({
        let todo = Arc::clone(&todo);
        async move { work(&todo) }
    });
    let report = told.recv().unwrap();
    todo.stop.store(true, Ordering::Relaxed);
    drop(held);
    other.write_all(&[9]).unwrap();
    runtime.block_on(task).unwrap();
    assert_eq!(report.kind(), ReportKind::SlowPoll);
    report
}

#[test]
fn a_stuck_thread_says_where_it_is() {
    own_diagnostics::only();
    install_own_handler();
    let works: [(&str, Do); 6] = [
        ("computing", computing),
        ("allocating", allocating),
        ("unwinding", unwinding),
        ("locking", locking),
        ("sleeping", sleeping),
        ("reading", reading),
    ];
    for (_, work) in works {
        let report = report(work, false);
        assert!(!report.to_string().contains("Its stack"), "{report}");
    }
    assert_eq!(
        SIGNALS.load(Ordering::Relaxed),
        0,
        "nobody has asked for stacks"
    );
    for (name, work) in works {
        let before = SIGNALS.load(Ordering::Relaxed);
        let report = report(work, true);
        let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
        let asked = SIGNALS.load(Ordering::Relaxed) - before;
        let Some(stack) = json["stack"].as_array() else {
            // Nearly all of its time is the unwinder's, where nobody may look.
            assert_eq!(name, "unwinding", "{report}");
            assert!(asked >= 1);
            continue;
        };
        // The program's own handler is called as ever. (Who is interrupted in a stub is asked again.)
        let waits = ["locking", "reading"].contains(&name);
        assert!(if waits {
            asked == 1
        } else {
            (1..=4).contains(&asked)
        });
        let function = format!("diagnostics_stuck::{name}");
        assert!(
            stack.iter().any(|frame| frame["function"] == *function),
            "{report}"
        );
        let outermost = stack.last().unwrap()["function"].as_str().unwrap();
        assert!(
            outermost.starts_with("diagnostics_stuck::report::{{closure}}"),
            "{report}"
        );
        if waits {
            assert_eq!(json["state"], "blocks", "{report}");
        }
    }
}
