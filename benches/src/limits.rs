//! What the machine itself takes: the parts that the floors of the workloads are made of.
//!
//! Each figure is the median of several batches, so that a batch that was disturbed does not count. What is measured
//! here runs no runtime at all, only the operations that every runtime is made of.

mod memory;
#[cfg(target_os = "linux")]
mod system;
mod threads;

use crate::record::Limit;
use std::fmt::Write;
use std::time::Instant;

/// One of the machine's costs: its name, what it is, and how it is measured.
struct Cost {
    name: &'static str,
    what: &'static str,
    /// `None` where the machine cannot do it: with one processor there is no other one.
    measure: fn(&Effort) -> Option<f64>,
}

/// How long to measure.
#[derive(Debug, Clone, Copy)]
struct Effort {
    /// Batches, whose median counts.
    batches: usize,
    /// What a batch's number of operations is divided by.
    haste: u32,
}

impl Effort {
    /// The median over the batches of `operation`'s nanoseconds, done `times` times a batch.
    fn per_operation(self, times: u32, mut operation: impl FnMut()) -> f64 {
        self.per_batch(times, |times| {
            for _ in 0..times {
                operation();
            }
        })
    }

    /// As [`per_operation`](Self::per_operation), for what has to prepare something for each batch.
    fn per_batch(self, times: u32, mut batch: impl FnMut(u32)) -> f64 {
        let times = (times / self.haste).max(1);
        // The first batch warms up caches and the processor's clock.
        batch(times);
        let batches = (0..self.batches).map(|_| {
            let start = Instant::now();
            batch(times);
            start.elapsed().as_nanos() as f64 / f64::from(times)
        });
        median(batches.collect())
    }
}

/// The middle of `values`, which must not be empty.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

const COSTS: &[Cost] = &[
    Cost {
        name: "atomic read-modify-write",
        what: "a `fetch_add` on a word that no other thread touches",
        measure: memory::read_modify_write,
    },
    Cost {
        name: "sequentially consistent fence",
        what: "a store, then the fence that no later load may overtake",
        measure: memory::fence,
    },
    Cost {
        name: "cache line there and back",
        what: "a word that two spinning processors hand each other, both ways",
        measure: threads::cache_line,
    },
    Cost {
        name: "deque push and pop",
        what: "a value through crossbeam's FIFO deque, by its owner",
        measure: memory::deque,
    },
    Cost {
        name: "injector push and steal",
        what: "a value through crossbeam's queue for all, on one thread",
        measure: memory::injector,
    },
    Cost {
        name: "mutex lock and unlock",
        what: "std's mutex, which nobody else wants",
        measure: memory::mutex,
    },
    Cost {
        name: "clock read",
        what: "`Instant::now`",
        measure: memory::clock,
    },
    Cost {
        name: "allocate and free",
        what: "128 bytes, freed before the next are asked for",
        measure: memory::allocation,
    },
    Cost {
        name: "allocate and free in batches",
        what: "128 bytes each, a thousand alive at a time",
        measure: memory::allocations,
    },
    #[cfg(target_os = "linux")]
    Cost {
        name: "system call",
        what: "the cheapest one, which asks for the parent's number",
        measure: system::call,
    },
    #[cfg(target_os = "linux")]
    Cost {
        name: "eventfd wake, one processor",
        what: "from the write to the return of `epoll_wait` in a thread on the same processor",
        measure: |effort| system::eventfd_wake(effort, 0, 0),
    },
    #[cfg(target_os = "linux")]
    Cost {
        name: "eventfd wake, other processor",
        what: "the same with the sleeping thread on another processor",
        measure: |effort| system::eventfd_wake(effort, 0, 1),
    },
    #[cfg(target_os = "linux")]
    Cost {
        name: "unpark to run, one processor",
        what: "from `unpark` to the first instruction of a parked thread on the same processor",
        measure: |effort| threads::unpark_to_run(effort, 0, 0),
    },
    #[cfg(target_os = "linux")]
    Cost {
        name: "unpark to run, other processor",
        what: "the same with the parked thread on another processor",
        measure: |effort| threads::unpark_to_run(effort, 0, 1),
    },
    #[cfg(target_os = "linux")]
    Cost {
        name: "futex wake call",
        what: "what the waker pays to wake a thread that sleeps on another processor",
        measure: system::futex_wake,
    },
    #[cfg(target_os = "linux")]
    Cost {
        name: "epoll_wait, nothing ready",
        what: "a look that does not wait, one descriptor registered",
        measure: |effort| system::epoll_wait(effort, false),
    },
    #[cfg(target_os = "linux")]
    Cost {
        name: "epoll_wait, one ready",
        what: "a look that finds an event",
        measure: |effort| system::epoll_wait(effort, true),
    },
    Cost {
        name: "TCP there and back, one thread",
        what: "64 bytes, both ends in one thread: two writes and two reads, no waiting",
        measure: threads::tcp,
    },
    #[cfg(target_os = "linux")]
    Cost {
        name: "bare timerfd lateness, 1 ms",
        what: "how late a blocking read of a timer of 1 ms returns",
        measure: system::timer_lateness,
    },
];

/// Measures them all, in about two seconds; in a fraction of that if `quick`.
///
/// What the machine cannot do, one processor of two say, is left out.
pub fn measure(quick: bool) -> Vec<Limit> {
    let effort = match quick {
        true => Effort {
            batches: 3,
            haste: 10,
        },
        false => Effort {
            batches: 11,
            haste: 1,
        },
    };
    let limits = COSTS.iter().map(|cost| {
        // On a thread of its own, which pins itself, and whose pinning ends with it.
        let nanoseconds = std::thread::scope(|scope| {
            let measuring = scope.spawn(|| (cost.measure)(&effort));
            measuring.join().expect("the measurement does not panic")
        });
        Some(Limit {
            name: cost.name.to_owned(),
            nanoseconds: nanoseconds?,
        })
    });
    limits.flatten().collect()
}

/// `limits` as a table with a line on what each is.
pub fn table(limits: &[Limit]) -> String {
    let mut text = String::from("| limit | ns | what it is |\n| --- | ---: | --- |\n");
    for limit in limits {
        let cost = COSTS.iter().find(|cost| cost.name == limit.name);
        let what = cost.map_or("", |cost| cost.what);
        let digits = if limit.nanoseconds < 100.0 { 1 } else { 0 };
        writeln!(
            text,
            "| {} | {:.digits$} | {what} |",
            limit.name, limit.nanoseconds
        )
        .expect("a string takes it");
    }
    text
}
