//! What a runtime is taken for, and which rows a verdict on that rests on: the only place that says so.
//!
//! A use has the rows that whoever has that use would notice. The 99.9th percentiles are in none: few samples make them, and
//! their intervals span factors. A row may be of several uses. What needs a tool that may be missing is in none either, nor what some peer does not offer.

/// A use of a runtime.
#[derive(Debug)]
pub struct Use {
    /// What tables call it: "HTTP service".
    pub name: &'static str,
    /// Whose use it is: one sentence.
    pub meant: &'static str,
    /// What its verdict rests on.
    pub rests_on: RestsOn,
}

/// Where a use's rows are in a record.
#[derive(Debug)]
pub enum RestsOn {
    /// Rows that `versus run` measures.
    Rows(&'static [Rows]),
    /// What `versus build-cost` measures.
    BuildCost,
}

/// Rows of one workload: each quantity with each number of workers.
#[derive(Debug)]
pub struct Rows {
    /// The workload's name.
    pub workload: &'static str,
    /// The numbers of workers; 0 is the current-thread runtime.
    pub workers: &'static [usize],
    /// The quantities.
    pub quantities: &'static [&'static str],
}

const fn rows(
    workload: &'static str,
    workers: &'static [usize],
    quantities: &'static [&'static str],
) -> Rows {
    Rows {
        workload,
        workers,
        quantities,
    }
}

const TIME: &[&str] = &["time per operation"];
const LATENCIES: &[&str] = &["p50 latency", "p99 latency"];
const REQUESTS: &[&str] = &[
    "requests per second",
    "server CPU per request",
    "p50 latency",
    "p99 latency",
];
const CONNECTIONS: &[&str] = &[
    "connections per second",
    "server CPU per connection",
    "p50 latency",
    "p99 latency",
];
const SLEEPS: &[&str] = &["processor time per sleep", "p50 latency", "p99 latency"];
const TASK_MEMORY: &[&str] = &[
    "allocations per task",
    "bytes per task",
    "resident bytes per task",
];

/// All uses, in the order of the verdicts.
pub static USES: [Use; 7] = [
    Use {
        name: "HTTP service",
        meant: "A server of short requests on hyper, some of which keep a state or compute.",
        rests_on: RestsOn::Rows(&[
            rows("hyper hello-world", &[1, 2], REQUESTS),
            rows("key-value service", &[1, 2], REQUESTS),
            rows("10 % CPU-heavy requests", &[1, 2], REQUESTS),
            rows("connection churn", &[1, 2], CONNECTIONS),
        ]),
    },
    Use {
        name: "many idle connections",
        meant: "Thousands of connections that are open and mostly silent.",
        rests_on: RestsOn::Rows(&[
            rows(
                "10,000 idle connections",
                &[2],
                &["memory per connection", "server CPU per second"],
            ),
            rows(
                "idle task, 100-byte state",
                &[2],
                &["resident bytes per task"],
            ),
            rows("idle processor time", &[2], &["processor time per second"]),
        ]),
    },
    Use {
        name: "task-heavy",
        meant: "Many short tasks that are spawned, woken and joined, from inside and from outside.",
        rests_on: RestsOn::Rows(&[
            rows("self-wake, 100 tasks", &[1, 2, 0], TIME),
            rows("yield_now, 100 tasks", &[1, 2, 0], TIME),
            rows("ping-pong, 2 tasks", &[1, 2, 0], TIME),
            rows("ping-pong, 100 pairs", &[2], TIME),
            rows("ping-pong, block_on thread and a task", &[1, 2], TIME),
            rows("ping-pong pair must not starve others", &[1, 2], TIME),
            rows("wake from outside", &[1, 2, 0], LATENCIES),
            rows("wake of a task on the same worker", &[1], LATENCIES),
            rows("woken by a task that stays busy", &[2], LATENCIES),
            rows("wake, 100 sleeping tasks", &[1, 0], TIME),
            rows("spawn+join, batches of 1000", &[1, 2, 0], TIME),
            rows("spawn+join, one at a time", &[1, 2, 0], TIME),
            rows("spawn+join from outside, batches of 1000", &[1, 2], TIME),
            rows("chain of 1000 spawns", &[1, 2], TIME),
            rows("tree of 2^16 leaves", &[1, 2], TIME),
            rows("remote spawn while all workers are busy", &[2], LATENCIES),
            rows("20000 tasks of 1 µs from one worker", &[2], TIME),
            rows("5000 tasks of 10 µs from one worker", &[2], TIME),
            rows("spawn_blocking and join, one at a time", &[2], TIME),
            rows("spawn_blocking and join, batches of 100", &[2], TIME),
        ]),
    },
    Use {
        name: "channel-heavy",
        meant: "Tasks that send each other messages and share a lock.",
        rests_on: RestsOn::Rows(&[
            rows("mpsc bounded 128, 1P1C", &[1, 2], TIME),
            rows("mpsc bounded 128, 4P1C", &[1, 2], TIME),
            rows("mpsc unbounded, 1P1C", &[1, 2], TIME),
            rows("mpsc unbounded, 4P1C", &[1, 2], TIME),
            rows("oneshot in one task", &[1, 2], TIME),
            rows("oneshot from a spawned task", &[1, 2], TIME),
            rows("mutex, 1 task", &[1, 2], TIME),
            rows("mutex, 8 tasks", &[1, 2], TIME),
        ]),
    },
    Use {
        name: "timers",
        meant: "Sleeps and timeouts: what they cost, and how late they are.",
        rests_on: RestsOn::Rows(&[
            rows("sleep: create, poll once, drop", &[1, 2], TIME),
            rows("sleep: create, poll once, drop, 100k live", &[1], TIME),
            rows("timeout around a ready future", &[1], TIME),
            rows("timeout around one self-wake", &[1], TIME),
            rows("1 ms sleep", &[1, 2, 0], LATENCIES),
            rows("10k sleeps due within 100 ms", &[2], SLEEPS),
            rows("100k sleeps due within 100 ms", &[2], SLEEPS),
        ]),
    },
    Use {
        name: "memory",
        meant: "What each task and each connection that waits holds.",
        rests_on: RestsOn::Rows(&[
            rows("idle task, empty state", &[2], TASK_MEMORY),
            rows("idle task, 100-byte state", &[2], TASK_MEMORY),
            rows("10,000 idle connections", &[2], &["memory per connection"]),
        ]),
    },
    Use {
        name: "build",
        meant: "Whoever compiles a program on it: a hello-world over TCP, from nothing.",
        rests_on: RestsOn::BuildCost,
    },
];

/// The uses whose verdict rests on rows of that workload.
pub fn of_workload(workload: &str) -> impl Iterator<Item = &'static Use> {
    USES.iter().filter(move |of| match of.rests_on {
        RestsOn::Rows(all) => all.iter().any(|rows| rows.workload == workload),
        RestsOn::BuildCost => false,
    })
}
