//! Random programs against naive models.
//!
//! A *target* takes bytes for a program, runs it on leno and on a model that is too simple to be wrong, and panics where the
//! two differ. All targets poll by hand or stop the clock, so an input has one outcome on every machine.
//!
//! | target | what runs | the model |
//! | --- | --- | --- |
//! | `buffered` | reads, writes, seeks and cancellations through `BufReader` and `BufWriter` | a cursor |
//! | `channels` | `mpsc` and `broadcast` | queues |
//! | `locks` | `Semaphore`, `Mutex` and `RwLock` | a number, and a queue in order of arrival |
//! | `notify` | `Notify` | a permit, and a queue |
//! | `pipes` | `duplex`, `simplex` and `split`, both ends | a queue of bytes for each direction |
//! | `records` | lines, segments, numbers, `take`, `chain` and `copy` of a source that trickles | a slice |
//! | `service_file` | the example service's data file: written, torn, damaged, opened again | the changes that it was told |
//! | `service_requests` | the example service's requests, well-formed and not | a map |
//! | `timers` | sleeps that are made, reset and dropped while a stopped clock moves | a list of deadlines |
//!
//! The program of this crate runs them on any compiler: the corpus, then inputs that a fixed seed makes, as many as the time
//! allows. By the feature `libfuzzer` each is a program of libFuzzer's as well, which is guided by what the inputs reach; see
//! `fuzz_targets`. Both take the same corpus, and the same files of failures.

pub mod driver;

mod buffered;
mod channels;
mod locks;
mod many;
mod notify;
mod pipes;
mod polling;
mod records;
mod service_file;
mod service_requests;
mod timers;

// The example's own files, behind the names by which they know each other.
#[path = "../../examples/service/api.rs"]
#[allow(
    dead_code,
    missing_debug_implementations,
    missing_docs,
    unreachable_pub,
    reason = "a part of a program"
)]
mod api;
#[path = "../../examples/service/compaction.rs"]
#[allow(
    dead_code,
    missing_debug_implementations,
    missing_docs,
    unreachable_pub,
    reason = "a part of a program"
)]
mod compaction;
#[path = "../../examples/service/journal.rs"]
#[allow(
    dead_code,
    missing_debug_implementations,
    missing_docs,
    unreachable_pub,
    reason = "a part of a program"
)]
mod journal;
#[path = "../../examples/service/opening.rs"]
#[allow(
    dead_code,
    missing_debug_implementations,
    missing_docs,
    unreachable_pub,
    reason = "a part of a program"
)]
mod opening;
#[path = "../../examples/service/record.rs"]
#[allow(
    dead_code,
    missing_debug_implementations,
    missing_docs,
    unreachable_pub,
    reason = "a part of a program"
)]
mod record;
#[path = "../../examples/service/store.rs"]
#[allow(
    dead_code,
    missing_debug_implementations,
    missing_docs,
    unreachable_pub,
    reason = "a part of a program"
)]
mod store;

/// What the service would say to whoever runs it, thousands of times.
fn report(_message: impl std::fmt::Display) {}

use arbitrary::{Arbitrary, Unstructured};
use std::fmt::Debug;

/// A random program.
trait Script: for<'a> Arbitrary<'a> + Debug {
    /// Runs it on both, and panics where they differ.
    fn run(self);
}

/// What inputs are given to.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// What it is called.
    pub name: &'static str,
    /// Runs the program that an input stands for.
    pub run: fn(&[u8]),
    /// Writes that program down.
    pub describe: fn(&[u8]) -> String,
}

impl Target {
    const fn new<S: Script>(name: &'static str) -> Self {
        Self {
            name,
            run: |input| {
                if let Some(script) = decode::<S>(input) {
                    script.run();
                }
            },
            describe: |input| {
                decode::<S>(input).map_or(String::new(), |script| format!("{script:#?}"))
            },
        }
    }
}

fn decode<S: Script>(input: &[u8]) -> Option<S> {
    S::arbitrary_take_rest(Unstructured::new(input)).ok()
}

/// All targets, by name.
pub const TARGETS: &[Target] = &[
    Target::new::<buffered::Script>("buffered"),
    Target::new::<channels::Script>("channels"),
    Target::new::<locks::Script>("locks"),
    Target::new::<notify::Script>("notify"),
    Target::new::<pipes::Script>("pipes"),
    Target::new::<records::Script>("records"),
    Target::new::<service_file::Script>("service_file"),
    Target::new::<service_requests::Script>("service_requests"),
    Target::new::<timers::Script>("timers"),
];

/// Runs the target of that name on an input.
///
/// # Panics
///
/// If there is no such target, or it finds a difference.
pub fn run(name: &str, input: &[u8]) {
    let target = target(name).expect("there is such a target");
    (target.run)(input);
}

/// The target of that name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().copied().find(|target| target.name == name)
}
