//! One run of a subject in a process of its own, plain, under callgrind, or with the allocator counting.

use crate::allocator;
use crate::peers;
use crate::workload::{Runtime, Setting};
use std::process::{Command, Stdio};

/// The hidden subcommand that runs a subject.
pub const CHILD: &str = "__count";

/// leno looks for events about every 100 µs, after 244 tasks at most. Time under valgrind is nobody's, so it looks after so
/// few that the clock never comes first.
const EVENT_INTERVAL: u32 = 16;

/// The arguments of [`CHILD`].
#[derive(Debug, clap::Args)]
pub struct ChildArguments {
    peer: String,
    subject: String,
    workers: usize,
    operations: u64,
    /// Has the allocator count, and prints the allocations and the bytes that stayed.
    #[arg(long)]
    allocations: bool,
}

/// Whether valgrind can be started.
pub(super) fn valgrind_is_installed() -> bool {
    let version = Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    version.is_ok_and(|status| status.success())
}

/// What is run: on which peer, which subject, with how many workers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run<'a> {
    pub(super) peer: &'a str,
    pub(super) subject: &'a str,
    pub(super) workers: usize,
}

impl Run<'_> {
    fn arguments(self, operations: u64) -> [String; 5] {
        [
            CHILD.to_owned(),
            self.peer.to_owned(),
            self.subject.to_owned(),
            self.workers.to_string(),
            operations.to_string(),
        ]
    }

    /// The instructions of a whole process that does so many operations.
    pub(super) fn instructions(self, operations: u64) -> Result<u64, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let output = Command::new("valgrind")
            // Threads in the order in which they ask for the processor: else who runs is the kernel's choice.
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .args(["--fair-sched=yes"])
            .arg(program)
            .args(self.arguments(operations))
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("valgrind did not start: {error}"))?;
        let text = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            let line = text.lines().last().unwrap_or_default();
            return Err(format!("{} failed: {line}", self.subject));
        }
        collected(&text).ok_or_else(|| "callgrind did not say what it collected".to_owned())
    }

    /// The allocations, and the bytes that stayed, of so many operations and the start of the runtime.
    pub(super) fn allocations(self, operations: u64) -> Result<(u64, i64), String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let output = Command::new(program)
            .args(self.arguments(operations))
            .arg("--allocations")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout);
        let mut numbers = text.split_whitespace();
        let read = (|| {
            let allocations = numbers.next()?.parse().ok()?;
            Some((allocations, numbers.next()?.parse().ok()?))
        })();
        read.filter(|_| output.status.success())
            .ok_or_else(|| format!("{} failed", self.subject))
    }
}

/// The number of instructions in callgrind's closing words.
fn collected(text: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.contains("Collected"))?;
    line.split(':').next_back()?.trim().parse().ok()
}

/// The other side of a `Run`: does the operations and ends the process.
///
/// The error is a line for people.
pub fn child(arguments: &ChildArguments, runtimes: &[Runtime]) -> Result<(), String> {
    let runtime = runtimes.iter().find(|known| known.name == arguments.peer);
    let case = runtime
        .and_then(|runtime| {
            let mut cases = runtime.cases.iter();
            cases.find(|case| case.workload.name == arguments.subject)
        })
        .ok_or_else(|| {
            format!(
                "no subject {} of a peer {}",
                arguments.subject, arguments.peer
            )
        })?;
    peers::fix_event_interval(EVENT_INTERVAL);
    if arguments.allocations {
        allocator::start();
    }
    (case.run)(Setting {
        workers: arguments.workers,
        operations: arguments.operations,
    });
    if arguments.allocations {
        let allocated = allocator::allocated();
        println!("{} {}", allocated.allocations, allocated.live);
    }
    // What sleeps is not cancelled, which would be counted too.
    std::process::exit(0)
}

#[cfg(test)]
mod tests {
    use super::collected;

    #[test]
    fn reads_what_callgrind_says() {
        let text = "==7== Events    : Ir\n==7== Collected : 123456\n==7== \n";
        assert_eq!(collected(text), Some(123_456));
        assert_eq!(collected("==7== killed\n"), None);
    }
}
