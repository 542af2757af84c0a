//! What an idle task costs in memory, on each peer.
//!
//! `cargo run --profile bench -p leno-bench --bin memory` spawns a million tasks that wait for ever, each peer in a process of
//! its own, and prints what the allocator was asked for and what the system gave (resident set), per task.

use leno_bench::peers::{Leno, Smol, Tokio};
use leno_bench::{Peer, on_worker};
use std::alloc::{GlobalAlloc, Layout, System};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

/// The system's allocator, counting.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: the caller's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const TASKS: u64 = 1_000_000;

/// The resident set of this process, in bytes; 0 where the system does not say.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

fn measure<P: Peer>(state: usize) {
    let peer = P::start(2);
    on_worker(&peer, async {});
    let before = (
        ALLOCATIONS.load(Ordering::Relaxed),
        BYTES.load(Ordering::Relaxed),
        resident(),
    );
    // The handles are forgotten, so that nothing but the tasks is counted; the process ends after this.
    on_worker(&peer, async move {
        for task in 0..TASKS {
            let handle = match state {
                0 => P::spawn(std::future::pending::<()>()),
                _ => P::spawn(async move {
                    let state = [task as u8; 100];
                    std::future::pending::<()>().await;
                    std::hint::black_box(&state);
                }),
            };
            let _ = std::mem::ManuallyDrop::new(handle);
        }
    });
    // Every task has to be polled once: one that comes after them all has seen them go to sleep.
    for _ in 0..3 {
        on_worker(&peer, P::yield_now());
    }
    let per_task = |now: u64, before: u64| now.saturating_sub(before) as f64 / TASKS as f64;
    println!(
        "| {} | {state} | {:.2} | {:.1} | {:.0} |",
        P::NAME,
        per_task(ALLOCATIONS.load(Ordering::Relaxed), before.0),
        per_task(BYTES.load(Ordering::Relaxed), before.1),
        per_task(resident(), before.2),
    );
    // Dropping a million tasks is not what is measured.
    std::process::exit(0);
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    if let (Some(peer), Some(state)) = (arguments.next(), arguments.next()) {
        let state = state.parse().expect("a number of bytes");
        match &*peer {
            "leno" => measure::<Leno>(state),
            "tokio" => measure::<Tokio>(state),
            "smol" => measure::<Smol>(state),
            other => panic!("no peer is called {other}"),
        }
    }
    println!(
        "| peer | state, bytes | allocations per task | bytes per task | resident bytes per task |"
    );
    println!("| --- | ---: | ---: | ---: | ---: |");
    let program = std::env::current_exe().expect("the program has a path");
    for state in ["0", "100"] {
        for peer in ["leno", "tokio", "smol"] {
            let status = Command::new(&program).args([peer, state]).status();
            assert!(status.is_ok_and(|status| status.success()), "{peer} failed");
        }
    }
}
