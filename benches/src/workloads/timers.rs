//! Making timers, most of which never fire.

use crate::peer::{Timers, on_worker};
use crate::workload::{Case, Floor, Pinning, Sample, Setting, TIME_PER_OPERATION, Workload};
use crate::workloads::sampling::{DEADLINE, on_fresh, self_wake};
use std::future::{Future, poll_fn, ready};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, Instant};

/// What the workloads of this file share.
const TIMER: Workload = Workload {
    name: "",
    group: "timers",
    isolates: "",
    cannot_show: "",
    floor: None,
    workers: &[1],
    operations: 200_000,
    most_rounds: None,
    deadline: DEADLINE,
    pinning: Pinning::None,
};

/// Registering and removing a timer.
pub static CREATE_AND_DROP: Workload = Workload {
    name: "sleep: create, poll once, drop",
    isolates: "A timer that is registered and removed again, as most are: it guards something that does not take that long.",
    cannot_show: "Removing it on another thread than the one that registered it.",
    floor: Some(Floor {
        parts: &[("clock read", 1.0), ("mutex lock and unlock", 2.0)],
        quantity: TIME_PER_OPERATION,
    }),
    workers: &[1, 2],
    ..TIMER
};

/// The same beside many.
pub static AMONG_MANY: Workload = Workload {
    name: "sleep: create, poll once, drop, 100k live",
    isolates: "As without them, beside 100000 registered timers: how the time grows with their number.",
    cannot_show: "Timers that fire.",
    floor: Some(Floor {
        parts: &[("clock read", 1.0), ("mutex lock and unlock", 2.0)],
        quantity: TIME_PER_OPERATION,
    }),
    ..TIMER
};

/// A limit that was not needed.
pub static READY: Workload = Workload {
    name: "timeout around a ready future",
    isolates: "A timeout whose future is ready at its first poll, so that no timer need be registered.",
    cannot_show: "A timeout that is waited for. smol has none; its figure is of a timer raced with the future.",
    floor: Some(Floor {
        parts: &[("clock read", 1.0)],
        quantity: TIME_PER_OPERATION,
    }),
    operations: 500_000,
    ..TIMER
};

/// A limit that was needed for a moment.
pub static ONE_SELF_WAKE: Workload = Workload {
    name: "timeout around one self-wake",
    isolates: "A timeout whose future is pending once, as most IO is: the timer is registered, a switch happens, it is removed.",
    cannot_show: "What of it is the timer; the self-wake row has the switch.",
    floor: Some(Floor {
        parts: &[
            ("clock read", 1.0),
            ("mutex lock and unlock", 2.0),
            ("deque push and pop", 1.0),
        ],
        quantity: TIME_PER_OPERATION,
    }),
    ..TIMER
};

/// The workloads of this file.
pub fn cases<P: Timers>() -> Vec<Case> {
    vec![
        Case {
            workload: &CREATE_AND_DROP,
            run: |setting| on_fresh(setting, create_and_drop::<P>),
        },
        Case {
            workload: &AMONG_MANY,
            run: among_many::<P>,
        },
        Case {
            workload: &READY,
            run: around_ready::<P>,
        },
        Case {
            workload: &ONE_SELF_WAKE,
            run: around_self_wake::<P>,
        },
    ]
}

/// When timers that shall not fire are due.
const NEVER: Duration = Duration::from_secs(3600);

/// How many timers a task polls before it lets its runtime at it: a runtime may refuse to poll more in one go.
const IN_ONE_POLL: u64 = 64;

fn create_and_drop<P: Timers>(peer: &P, timers: u64) -> Sample {
    let rounds = timers.div_ceil(IN_ONE_POLL);
    on_worker(peer, async move {
        let start = Instant::now();
        for _ in 0..rounds {
            poll_fn(|cx| {
                for _ in 0..IN_ONE_POLL {
                    let sleep = pin!(P::sleep(NEVER));
                    assert!(sleep.poll(cx).is_pending(), "an hour has not passed");
                }
                Poll::Ready(())
            })
            .await;
            self_wake(1).await;
        }
        Sample::time(start.elapsed(), rounds * IN_ONE_POLL)
    })
}

fn among_many<P: Timers>(setting: Setting) -> Sample {
    let live = setting.operations.min(100_000);
    on_fresh(setting, |peer: &P, timers| {
        // Held by this thread, which is not in the runtime; the timers belong to the worker that registered them.
        let others = on_worker(peer, register_many::<P>(live));
        let sample = create_and_drop(peer, timers);
        on_worker(peer, async move { drop(others) });
        sample
    })
}

/// So many timers that have been polled once, due over an hour, from one on.
async fn register_many<P: Timers>(count: u64) -> Vec<Pin<Box<dyn Future<Output = ()> + Send>>> {
    let mut timers = Vec::with_capacity(count as usize);
    for number in 0..count {
        let after = NEVER + NEVER.mul_f64(number as f64 / count as f64);
        let mut timer: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(P::sleep(after));
        poll_fn(|cx| {
            assert!(timer.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        timers.push(timer);
        if number % IN_ONE_POLL == 0 {
            self_wake(1).await;
        }
    }
    timers
}

fn around_ready<P: Timers>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, timeouts| {
        on_worker(peer, async move {
            let mut sum = 0;
            let start = Instant::now();
            for number in 0..timeouts {
                sum += P::timeout(NEVER, ready(number)).await.unwrap_or(0);
            }
            let elapsed = start.elapsed();
            assert_eq!(sum, timeouts * (timeouts - 1) / 2, "outputs are missing");
            Sample::time(elapsed, timeouts)
        })
    })
}

fn around_self_wake<P: Timers>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, timeouts| {
        on_worker(peer, async move {
            let mut done = 0;
            let start = Instant::now();
            for _ in 0..timeouts {
                done += P::timeout(NEVER, self_wake(1)).await.unwrap_or(0);
            }
            let elapsed = start.elapsed();
            assert_eq!(done, timeouts, "outputs are missing");
            Sample::time(elapsed, timeouts)
        })
    })
}
