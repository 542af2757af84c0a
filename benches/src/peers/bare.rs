//! No runtime: threads that park and a timer of the system, so that the least possible stands beside the runtimes'
//! figures, measured in the same rounds.

use crate::services::bare::{self, Bare};
use crate::services::{self, Named};
use crate::workload::{Case, Runtime, Sample, Setting, Workload};
use crate::workloads::sampling::{histogram, spin, warm_up};
use crate::workloads::wake::{self, Bell};
use crate::workloads::{busy, lateness, ping_pong, place};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The bare peer. It knows a few workloads only, and has one thread however many workers are asked for.
pub fn runtime() -> Runtime {
    let mut runtime = Runtime {
        name: Bare::NAME,
        cases: vec![
            Case {
                workload: &ping_pong::WITH_BLOCK_ON,
                run: ping_pong,
            },
            Case {
                workload: &wake::ONE_PROCESSOR,
                run: |setting| from_outside(&wake::ONE_PROCESSOR, setting),
            },
            Case {
                workload: &wake::ANYWHERE,
                run: |setting| from_outside(&wake::ANYWHERE, setting),
            },
            Case {
                workload: &wake::OTHER_PROCESSOR,
                run: |setting| from_outside(&wake::OTHER_PROCESSOR, setting),
            },
            Case {
                workload: &busy::ONE_WOKEN,
                run: woken_by_busy,
            },
            Case {
                workload: &lateness::MILLISECOND,
                run: millisecond,
            },
        ],
        servers: bare::servers(),
    };
    runtime.cases.extend(services::network::<Bare>());
    runtime.cases.extend(services::hello::<Bare>());
    runtime
}

/// Parks until `number` is `reached` or more.
fn park_until(number: &AtomicU64, reached: u64) {
    while number.load(Ordering::Acquire) < reached {
        std::thread::park();
    }
}

/// Two threads that unpark each other.
fn ping_pong(setting: Setting) -> Sample {
    let rounds = setting.operations;
    let there = Arc::new(AtomicU64::new(0));
    let back = Arc::new(AtomicU64::new(0));
    let first = std::thread::current();
    let partner = {
        let (there, back) = (Arc::clone(&there), Arc::clone(&back));
        std::thread::spawn(move || {
            for round in 1..=rounds {
                park_until(&there, round);
                back.store(round, Ordering::Release);
                first.unpark();
            }
        })
    };
    let start = Instant::now();
    for round in 1..=rounds {
        there.store(round, Ordering::Release);
        partner.thread().unpark();
        park_until(&back, round);
    }
    let elapsed = start.elapsed();
    partner.join().expect("the partner plays");
    Sample::time(elapsed, rounds)
}

/// A thread that parks and one that unparks it.
fn from_outside(workload: &Workload, setting: Setting) -> Sample {
    place::at_workers(workload.pinning, || {
        wakes(setting.operations, |bell, wakes, listener, number| {
            place::outside(workload.pinning);
            bell.ring_all(wakes, |reached| {
                number.store(reached, Ordering::Release);
                listener.unpark();
            })
        })
    })
}

/// A thread that parks and one that unparks it and stays busy.
fn woken_by_busy(setting: Setting) -> Sample {
    wakes(setting.operations, |bell, wakes, listener, number| {
        let ring = |reached| {
            std::thread::sleep(busy::PAUSE);
            spin(busy::BEFORE);
            let call = Instant::now();
            bell.ring();
            number.store(reached, Ordering::Release);
            listener.unpark();
            let call = call.elapsed().as_nanos() as u64;
            spin(busy::AFTER);
            while bell.heard() < reached {
                std::thread::yield_now();
            }
            call
        };
        (1..=wakes).map(ring).collect()
    })
}

/// The latencies of a thread that parks, woken by `ring` on a thread of its own, after a warm-up.
fn wakes(
    operations: u64,
    ring: impl Fn(&Bell, u64, &std::thread::Thread, &AtomicU64) -> Vec<u64> + Sync,
) -> Sample {
    let listen = |wakes: u64| {
        let (bell, number) = (Bell::default(), AtomicU64::new(0));
        let listener = std::thread::current();
        std::thread::scope(|scope| {
            let ringer = scope.spawn(|| ring(&bell, wakes, &listener, &number));
            let mut latencies = Vec::with_capacity(wakes as usize);
            for reached in 1..=wakes {
                park_until(&number, reached);
                latencies.push(bell.latency());
                bell.confirm();
            }
            wake::sample(latencies, ringer.join().expect("the ringer rings"))
        })
    };
    listen(warm_up(operations));
    listen(operations)
}

/// The system's own timer.
fn millisecond(setting: Setting) -> Sample {
    const LENGTH: Duration = Duration::from_millis(1);
    let sleep = timer(LENGTH);
    let latenesses = (0..setting.operations).map(|_| {
        let due = Instant::now() + LENGTH;
        sleep();
        lateness::lateness(due)
    });
    Sample::latency(histogram(latenesses))
}

/// Sleeps for `length` each time it is called, by a timer that is a file, the way of the runtimes.
#[cfg(target_os = "linux")]
fn timer(length: Duration) -> impl Fn() {
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)
        .expect("the system has timers");
    let once = Itimerspec {
        it_interval: Timespec::default(),
        it_value: Timespec::try_from(length).expect("it is no eternity"),
    };
    move || {
        timerfd_settime(&timer, TimerfdTimerFlags::empty(), &once).expect("a timer can be set");
        rustix::io::read(&timer, &mut [0; 8]).expect("a timer can be waited for");
    }
}

/// Sleeps for `length` each time it is called, as a thread sleeps.
#[cfg(not(target_os = "linux"))]
fn timer(length: Duration) -> impl Fn() {
    move || std::thread::sleep(length)
}
