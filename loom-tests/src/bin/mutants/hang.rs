//! Whether processes that take too long hang, or have had no processor: this machine may be busier than it was without a mutant.
//!
//! They hang if none of their threads wants a processor, or if they had one for as long as they may take. Where the system does not
//! tell, they hang.

use rustix::process::Pid;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// What a process group is at, as `/proc` tells.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    /// A thread runs, or would if it had a processor.
    runs: bool,
    /// For how long its processes had one, and the children that they have waited for.
    time: Duration,
}

/// For how long a process group has had a processor.
pub(crate) fn time(group: Pid) -> Duration {
    look(group).time
}

/// True if a process group hangs that had a processor for `had` before, and may have it for `limit` from then on.
pub(crate) fn hangs(group: Pid, had: Duration, limit: Duration) -> bool {
    let mut runs = false;
    // A thread that is woken now and then may be asleep just now.
    for _ in 0..10 {
        let seen = look(group);
        if seen.time.saturating_sub(had) >= limit {
            return true;
        }
        runs |= seen.runs;
        thread::sleep(Duration::from_millis(30));
    }
    !runs
}

fn look(group: Pid) -> Seen {
    let mut seen = Seen::default();
    for process in folders(Path::new("/proc")) {
        let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
        let Some(its) = read(&stat, group.as_raw_nonzero().get()) else {
            continue;
        };
        seen.time += its.time;
        for thread in folders(&process.join("task")) {
            let stat = fs::read_to_string(thread.join("stat")).unwrap_or_default();
            seen.runs |= read(&stat, group.as_raw_nonzero().get()).is_some_and(|its| its.runs);
        }
    }
    seen
}

/// The folders of processes or threads: their names are numbers.
fn folders(of: &Path) -> impl Iterator<Item = std::path::PathBuf> {
    let entries = fs::read_dir(of).into_iter().flatten().flatten();
    let named = entries.filter(|entry| {
        let name = entry.file_name();
        name.as_encoded_bytes().iter().all(u8::is_ascii_digit)
    });
    named.map(|entry| entry.path())
}

/// What a `stat` file tells, if it is of a process of the group, or of one of its threads.
fn read(stat: &str, group: i32) -> Option<Seen> {
    // The name before that may have anything in it.
    let (_, rest) = stat.rsplit_once(')')?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    if words.get(2)?.parse() != Ok(group) {
        return None;
    }
    // In hundredths of a second, whatever the system counts in itself.
    let ticks = words.get(11..15)?.iter().map(|word| word.parse::<u64>());
    let ticks: u64 = ticks.sum::<Result<_, _>>().ok()?;
    Some(Seen {
        // Who waits for a disk gets on as well.
        runs: matches!(*words.first()?, "R" | "D"),
        time: Duration::from_millis(10 * ticks),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command};

    #[test]
    fn a_line_of_the_system_is_read() {
        let stat = "7 (a) R 1) S 6 42 42 0 -1 0 1 2 3 4 100 20 3 1 20 0 5 0 8";
        let time = Duration::from_millis(1240);
        assert_eq!(read(stat, 42), Some(Seen { runs: false, time }));
        let runs = stat.replace(") S", ") R");
        assert_eq!(read(&runs, 42), Some(Seen { runs: true, time }));
        assert_eq!(read(stat, 6), None);
        assert_eq!(read("", 42), None);
    }

    fn shell(script: &str) -> (Child, Pid) {
        let mut command = Command::new("sh");
        let child = command.args(["-c", script]).process_group(0).spawn();
        let child = child.unwrap();
        let group = Pid::from_child(&child);
        (child, group)
    }

    fn end(mut child: Child, group: Pid) {
        rustix::process::kill_process_group(group, rustix::process::Signal::KILL).unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn who_wants_a_processor_does_not_hang_until_it_has_had_enough() {
        let (child, group) = shell("while :; do :; done");
        while time(group) < Duration::from_millis(50) {
            thread::yield_now();
        }
        let had = time(group);
        assert!(!hangs(group, had, Duration::from_secs(1000)));
        assert!(hangs(group, had, Duration::ZERO));
        end(child, group);
    }

    #[test]
    fn who_wants_none_hangs() {
        let (child, group) = shell("exec sleep 1000");
        while look(group).runs {
            thread::yield_now();
        }
        assert!(hangs(group, Duration::ZERO, Duration::from_secs(1000)));
        end(child, group);
    }
}
