//! What it takes to ask a program what it does, under criterion: leno alone, since nobody else can be asked.

use criterion::{Criterion, Throughput};
use leno::runtime::{Builder, Handle, Runtime};
use leno::task::TaskState;
use std::hint::black_box;
use std::time::Duration;

/// As in a service that is busy.
const TASKS: usize = 10_000;

/// For how long the tasks are waited for: longer than it takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A runtime with tasks that sleep, some calls deep.
fn runtime(workers: usize) -> Runtime {
    async fn outer() {
        inner().await;
    }
    async fn inner() {
        leno::time::sleep(Duration::from_secs(100_000)).await;
    }
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(workers).enable_all().build();
    let runtime = runtime.expect("a runtime is built");
    runtime.block_on(async {
        for _ in 0..TASKS {
            leno::spawn(outer());
        }
        let asleep = || {
            let tasks = Handle::current().tasks();
            let asleep = tasks
                .iter()
                .filter(|task| task.state() == TaskState::Asleep);
            asleep.count()
        };
        while asleep() < TASKS {
            leno::time::sleep(Duration::from_millis(1)).await;
        }
    });
    runtime
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    for workers in [1, 2] {
        let runtime = runtime(workers);
        let handle = runtime.handle();
        let mut group = criterion.benchmark_group(format!("10,000 tasks, {workers} workers"));
        group.throughput(Throughput::Elements(TASKS as u64));
        group.bench_function("list (Handle::tasks)", |bencher| {
            bencher.iter(|| black_box(handle.tasks()));
        });
        group.bench_function("where each stands (Handle::dump)", |bencher| {
            bencher.iter(|| {
                let dump = runtime.block_on(handle.dump(PATIENCE));
                let dump = dump.expect("there is a thread for it");
                assert_eq!(dump.tasks().len(), TASKS);
                black_box(dump)
            });
        });
        group.finish();
    }
    criterion.final_summary();
}
