//! Connections that do nothing.

use super::echo::load;
use super::load::Client;
use super::process_figures::{processor_time, resident};
use super::{DEADLINE, GROUP, Named, start};
use crate::workload::{Case, Pinning, REPEATS, Sample, Setting, Unit, Workload};
use std::thread;
use std::time::{Duration, Instant};

/// Many connections that do nothing.
pub static IDLE: Workload = Workload {
    name: "10,000 idle connections",
    isolates: "What a connection takes that has been used once and waits: the memory of the server's process, and its processor time while nothing comes. Where fewer files may be open there are fewer connections, as the table says.",
    cannot_show: "What the system keeps for a connection outside of the process.",
    group: GROUP,
    floor: None,
    workers: &[2],
    operations: 10_000,
    most_rounds: REPEATS,
    deadline: DEADLINE,
    pinning: Pinning::None,
};

/// The workload of this file.
pub(super) fn cases<N: Named>() -> Vec<Case> {
    vec![Case {
        workload: &IDLE,
        run: |setting| idle(N::NAME, setting),
    }]
}

fn idle(peer: &str, setting: Setting) -> Sample {
    /// Standard input and output, the readiness, and what else a process opens.
    const OTHER_FILES: u64 = 50;
    // Before the server starts, which inherits it.
    let files = raise_file_limit().saturating_sub(OTHER_FILES);
    let connections = setting.operations.min(files);
    let server = start(peer, "echo", setting);
    // A first connection, so that what is allocated once is there.
    let mut first = Client::connect(server.address, 1, load(false));
    first.run(1);
    let before = resident(server.pid);
    let mut client = Client::connect(server.address, connections as usize, load(false));
    // One message each: a task that has been polled, as after a request.
    client.run(connections);
    let after = resident(server.pid);

    // Until the workers have gone to sleep.
    thread::sleep(Duration::from_millis(50));
    let (start, used) = (Instant::now(), processor_time(server.pid));
    thread::sleep(Duration::from_secs(1));
    let (elapsed, used_after) = (start.elapsed(), processor_time(server.pid));

    let mut sample = Sample::default();
    if let (Some(before), Some(after)) = (before, after) {
        let memory = after.saturating_sub(before) as f64 / connections as f64;
        sample = sample.with("memory per connection", Unit::Bytes, memory);
    }
    if let (Some(before), Some(after)) = (used, used_after) {
        let used = after.saturating_sub(before).as_nanos() as f64 / elapsed.as_secs_f64();
        sample = sample.with("server CPU per second", Unit::Nanoseconds, used);
    }
    if connections < setting.operations {
        sample = sample.with(
            "connections, for want of files",
            Unit::Count,
            connections as f64,
        );
    }
    // The server ends before its connections do.
    drop(server);
    sample
}

/// Lets this process, and those that it starts, open as many files as the system allows it; returns how many.
#[cfg(unix)]
fn raise_file_limit() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    // None is no limit.
    current.unwrap_or(u64::MAX)
}

#[cfg(not(unix))]
fn raise_file_limit() -> u64 {
    u64::MAX
}
