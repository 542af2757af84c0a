//! What the samples of all in-process workloads have in common: a fresh runtime, a warm-up, tasks that are awaited,
//! clocks.

use crate::peer::Peer;
use crate::workload::{Sample, Setting};
use hdrhistogram::Histogram;
use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::{Duration, Instant};

/// A sample that takes longer has failed: hundreds of times what the slowest peer needs.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Takes a sample on a fresh runtime, after a warm-up whose figures nobody sees.
///
/// The warm-up is a twentieth of the operations: enough to start the threads, fault in the pages and fill the
/// allocator's lists.
pub fn on_fresh<P: Peer>(setting: Setting, take: impl Fn(&P, u64) -> Sample) -> Sample {
    let peer = P::start(setting.workers);
    take(&peer, warm_up(setting.operations));
    take(&peer, setting.operations)
}

/// How many operations warm up for so many.
pub fn warm_up(operations: u64) -> u64 {
    operations.div_ceil(20)
}

/// Spawns all of `futures` from this task and waits for them; returns their outputs.
pub async fn all<P: Peer, F>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let tasks: Vec<_> = futures.into_iter().map(P::spawn).collect();
    let mut outputs = Vec::with_capacity(tasks.len());
    for task in tasks {
        outputs.push(task.await);
    }
    outputs
}

/// Is pending `times` times, having woken its own task each time.
pub async fn self_wake(times: u64) -> u64 {
    for _ in 0..times {
        let mut woken = false;
        poll_fn(|cx| {
            if woken {
                return Poll::Ready(());
            }
            woken = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
    times
}

/// Keeps the processor busy for `duration`, by the clock.
pub fn spin(duration: Duration) {
    let start = Instant::now();
    while start.elapsed() < duration {
        std::hint::spin_loop();
    }
}

/// Nanoseconds since `start`.
pub fn nanoseconds_since(start: Instant) -> u64 {
    start.elapsed().as_nanos() as u64
}

/// All of `nanoseconds`, with three digits each.
pub fn histogram(nanoseconds: impl IntoIterator<Item = u64>) -> Histogram<u64> {
    let mut histogram = Histogram::new(3).expect("three digits are allowed");
    for value in nanoseconds {
        histogram
            .record(value)
            .expect("a histogram that grows takes any value");
    }
    histogram
}

/// The median of `values`.
pub fn median(values: impl IntoIterator<Item = u64>) -> f64 {
    histogram(values).value_at_quantile(0.5) as f64
}

/// The processor time that all threads of this process have used.
pub fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).expect("it is not negative")
}
