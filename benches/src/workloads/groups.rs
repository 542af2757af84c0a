//! Tasks that belong to somebody.

use crate::peer::{Groups, on_worker};
use crate::workload::{Case, Pinning, Sample, Setting, Workload};
use crate::workloads::sampling::{DEADLINE, on_fresh, self_wake};
use crate::workloads::spawn::{finished, split};
use std::future::ready;
use std::time::{Duration, Instant};

/// A limit that is never reached.
const NEVER: Duration = Duration::from_secs(3600);

/// What the workloads of this file share.
const GROUP: Workload = Workload {
    name: "",
    group: "groups",
    isolates: "",
    cannot_show: "",
    floor: None,
    workers: &[1, 2],
    operations: 200_000,
    most_rounds: None,
    deadline: DEADLINE,
    pinning: Pinning::None,
};

/// Spawned, awaited, the group ended.
pub static JOIN: Workload = Workload {
    name: "group: spawn+join, batches of 1000",
    isolates: "What a group adds to spawning and joining: compare with the row of bare tasks. tokio's is a JoinSet.",
    cannot_show: "What a failure costs.",
    workers: &[1, 2, 0],
    ..GROUP
};

/// Polled again and again.
pub static SELF_WAKE: Workload = Workload {
    name: "group: self-wake, 100 tasks",
    isolates: "What a group adds to a task's poll: compare with the row of bare tasks. tokio's is a JoinSet, which adds nothing.",
    cannot_show: "What it adds to a wake that crosses threads: nothing.",
    workers: &[1, 2, 0],
    operations: 500_000,
    ..GROUP
};

/// Put to sleep and cancelled.
pub static CANCEL: Workload = Workload {
    name: "group: cancel 1000 that sleep",
    isolates: "Spawning a task, its going to sleep, its being cancelled with 999 others, its future dropped, and its end awaited. tokio's is a JoinSet that is shut down.",
    cannot_show: "The cancelling alone.",
    operations: 100_000,
    ..GROUP
};

/// A scope that was not needed.
pub static DEADLINE_AROUND_READY: Workload = Workload {
    name: "deadline around a ready future",
    isolates: "A scope with a deadline whose future is ready at its first poll: compare with the timeout around one. tokio's is that timeout, which waits for nothing it leaves behind.",
    cannot_show: "A scope that has tasks in it.",
    workers: &[1],
    ..GROUP
};

/// The workloads of this file.
pub fn cases<P: Groups>() -> Vec<Case> {
    vec![
        Case {
            workload: &JOIN,
            run: join::<P>,
        },
        Case {
            workload: &SELF_WAKE,
            run: self_waking::<P>,
        },
        Case {
            workload: &CANCEL,
            run: cancel::<P>,
        },
        Case {
            workload: &DEADLINE_AROUND_READY,
            run: around_ready::<P>,
        },
    ]
}

fn join<P: Groups>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, tasks| {
        let (rounds, batch) = split(tasks);
        on_worker(peer, async move {
            let mut done = 0;
            let start = Instant::now();
            for _ in 0..rounds {
                done += P::join_group(batch).await;
            }
            finished(start, done, rounds * batch)
        })
    })
}

fn self_waking<P: Groups>(setting: Setting) -> Sample {
    const TASKS: u64 = 100;
    on_fresh(setting, |peer: &P, switches| {
        let each = switches.div_ceil(TASKS);
        on_worker(peer, async move {
            let start = Instant::now();
            let done = P::run_group((0..TASKS).map(|_| self_wake(each))).await;
            finished(start, done, each * TASKS)
        })
    })
}

fn cancel<P: Groups>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, tasks| {
        let (rounds, batch) = split(tasks);
        on_worker(peer, async move {
            let start = Instant::now();
            for _ in 0..rounds {
                // Who has yielded twice comes after all that were queued before, on one worker; on two, most sleep by then.
                let asleep = async {
                    P::yield_now().await;
                    P::yield_now().await;
                };
                P::cancel_group(batch, asleep).await;
            }
            Sample::time(start.elapsed(), rounds * batch)
        })
    })
}

fn around_ready<P: Groups>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, scopes| {
        on_worker(peer, async move {
            let mut sum = 0;
            let start = Instant::now();
            for number in 0..scopes {
                sum += P::within_deadline(NEVER, ready(number)).await.unwrap_or(0);
            }
            let elapsed = start.elapsed();
            assert_eq!(sum, scopes * (scopes - 1) / 2, "outputs are missing");
            Sample::time(elapsed, scopes)
        })
    })
}
