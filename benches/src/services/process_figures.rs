//! What the system says about a process: its processor time and its memory.

use std::fs;
use std::time::Duration;

/// The processor time of all threads that the process has, to the nanosecond; `None` where the system does not say.
pub(crate) fn processor_time(pid: u32) -> Option<Duration> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let times = threads.map(|thread| {
        // The first number is the time on a processor.
        let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    let nanoseconds: Option<u64> = times.sum();
    nanoseconds.map(Duration::from_nanos)
}

/// The resident set in bytes; `None` where the system does not say.
pub(crate) fn resident(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}
