//! Switching between tasks that are always ready.

use crate::peer::{Peer, on_worker};
use crate::workload::{Case, Floor, Pinning, Sample, Setting, TIME_PER_OPERATION, Workload};
use crate::workloads::sampling::{DEADLINE, all, on_fresh, self_wake};
use std::time::Instant;

/// What the workloads of this file share.
const SWITCH: Workload = Workload {
    name: "",
    group: "task switch",
    isolates: "",
    cannot_show: "",
    floor: None,
    workers: &[1, 2, 0],
    operations: 500_000,
    most_rounds: None,
    deadline: DEADLINE,
    pinning: Pinning::None,
};

/// A task that wakes itself.
pub static SELF_WAKE_ALONE: Workload = Workload {
    name: "self-wake, 1 task",
    isolates: "One switch of a task that is the only one: it wakes itself, is queued, taken and polled again.",
    cannot_show: "What a poll with work in it costs, and wakes that cross threads.",
    floor: Some(Floor {
        parts: &[("deque push and pop", 1.0)],
        quantity: TIME_PER_OPERATION,
    }),
    ..SWITCH
};

/// A hundred tasks that wake themselves.
pub static SELF_WAKE_MANY: Workload = Workload {
    name: "self-wake, 100 tasks",
    isolates: "One switch among 100 ready tasks: wake, queue, dequeue, poll, and sharing the tasks out to two workers.",
    cannot_show: "What a poll with work in it costs, or a task whose memory is cold.",
    // Two workers share the switches.
    floor: Some(Floor {
        parts: &[("deque push and pop", 0.5)],
        quantity: TIME_PER_OPERATION,
    }),
    ..SWITCH
};

/// A task that calls the peer's `yield_now`.
pub static YIELD_ALONE: Workload = Workload {
    name: "yield_now, 1 task",
    isolates: "The peer's own yield_now in a lone task, with whatever it promises: tokio's looks for events first.",
    cannot_show: "Which promise is the better one: a yield that looks for events is slower and lets IO in.",
    floor: Some(Floor {
        parts: &[("deque push and pop", 1.0)],
        quantity: TIME_PER_OPERATION,
    }),
    operations: 200_000,
    ..SWITCH
};

/// A hundred tasks that call the peer's `yield_now`.
pub static YIELD_MANY: Workload = Workload {
    name: "yield_now, 100 tasks",
    isolates: "The peer's own yield_now among 100 ready tasks.",
    cannot_show: "Which promise is the better one: a yield that looks for events is slower and lets IO in.",
    // Two workers share the switches.
    floor: Some(Floor {
        parts: &[("deque push and pop", 0.5)],
        quantity: TIME_PER_OPERATION,
    }),
    ..SWITCH
};

/// The workloads of this file.
pub fn cases<P: Peer>() -> Vec<Case> {
    vec![
        Case {
            workload: &SELF_WAKE_ALONE,
            run: self_waking::<P, 1>,
        },
        Case {
            workload: &SELF_WAKE_MANY,
            run: self_waking::<P, 100>,
        },
        Case {
            workload: &YIELD_ALONE,
            run: yielding::<P, 1>,
        },
        Case {
            workload: &YIELD_MANY,
            run: yielding::<P, 100>,
        },
    ]
}

fn self_waking<P: Peer, const TASKS: u64>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, switches| {
        let each = switches.div_ceil(TASKS);
        on_worker(peer, async move {
            let start = Instant::now();
            let done = all::<P, _>((0..TASKS).map(|_| self_wake(each))).await;
            switched(start, done, each * TASKS)
        })
    })
}

fn yielding<P: Peer, const TASKS: u64>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, switches| {
        let each = switches.div_ceil(TASKS);
        on_worker(peer, async move {
            let start = Instant::now();
            let done = all::<P, _>((0..TASKS).map(|_| yields::<P>(each))).await;
            switched(start, done, each * TASKS)
        })
    })
}

/// Yields by the peer's means, and returns how often.
pub async fn yields<P: Peer>(times: u64) -> u64 {
    for _ in 0..times {
        P::yield_now().await;
    }
    times
}

/// The sample, if the tasks have switched as often as they should.
fn switched(start: Instant, done: Vec<u64>, expected: u64) -> Sample {
    let elapsed = start.elapsed();
    assert_eq!(done.iter().sum::<u64>(), expected, "switches are missing");
    Sample::time(elapsed, expected)
}
