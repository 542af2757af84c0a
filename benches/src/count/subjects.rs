//! What is counted: workloads whose operations one thread does, always in the same way.

use crate::workload::Workload;
use crate::workloads::sampling::warm_up;
use crate::workloads::{channels, groups, memory, ping_pong, spawn, switch, timers, wake_many};

/// A workload and what of it is counted.
pub(super) struct Subject {
    /// The workload.
    pub(super) workload: &'static Workload,
    /// How many operations the shorter of its two runs does.
    pub(super) operations: u64,
    /// What of it is worth counting.
    pub(super) counted: Counted,
}

/// What is counted of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// Instructions.
    Instructions,
    /// Instructions, and how often it allocates.
    InstructionsAndAllocations,
    /// How often it allocates, and the bytes that stay.
    Memory,
}

impl Subject {
    /// How many operations it really does if it is asked for so many: some more, to warm up.
    pub(super) fn done(&self, operations: u64) -> u64 {
        match self.counted {
            Counted::Memory => operations,
            _ => operations + warm_up(operations),
        }
    }
}

/// All subjects, in the order of the table.
pub(super) fn all() -> Vec<Subject> {
    use Counted::{Instructions, InstructionsAndAllocations, Memory};
    let subject = |workload, operations, counted| Subject {
        workload,
        operations,
        counted,
    };
    vec![
        subject(&switch::SELF_WAKE_MANY, 20_000, Instructions),
        subject(&switch::YIELD_MANY, 20_000, Instructions),
        subject(&ping_pong::TWO_TASKS, 10_000, Instructions),
        subject(&wake_many::SLEEPING, 20_000, Instructions),
        subject(&spawn::BATCHES, 20_000, InstructionsAndAllocations),
        subject(&spawn::ONE_AT_A_TIME, 10_000, InstructionsAndAllocations),
        subject(&groups::JOIN, 20_000, InstructionsAndAllocations),
        subject(&groups::SELF_WAKE, 20_000, Instructions),
        subject(&groups::CANCEL, 20_000, InstructionsAndAllocations),
        subject(
            &groups::DEADLINE_AROUND_READY,
            10_000,
            InstructionsAndAllocations,
        ),
        subject(&timers::CREATE_AND_DROP, 10_000, InstructionsAndAllocations),
        subject(&channels::ONCE, 10_000, InstructionsAndAllocations),
        subject(&channels::BOUNDED_ONE, 20_000, InstructionsAndAllocations),
        subject(&channels::UNBOUNDED_ONE, 20_000, InstructionsAndAllocations),
        subject(&memory::EMPTY, 20_000, Memory),
        subject(&memory::HUNDRED, 20_000, Memory),
    ]
}
