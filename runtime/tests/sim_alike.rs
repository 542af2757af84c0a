//! Runs of a simulation that decide alike are alike.

use leno::sim::{Actor, Actors, Builder, Chooser, Point, Run, Strategy};
use leno::sync::Mutex;
use leno::task::{JoinSet, yield_now};
use leno::time::{Duration, sleep, timeout};
use std::sync::Arc;

fn builder() -> (Builder, tempfile::TempDir) {
    let traces = tempfile::tempdir().unwrap();
    let builder = Builder::new().seeds(0..200).traces(traces.path());
    (builder, traces)
}

/// A waiter for a lock takes a number from the thread's generator. That was seeded by it, and from then on asked nobody.
#[test]
fn a_select_after_a_lock_that_was_waited_for_begins_where_the_run_says() {
    let (builder, _traces) = builder();
    let calm = builder.strategy(Strategy::delays(0));
    let summary = calm.run(|| async {
        let lock = Arc::new(Mutex::new(()));
        let guard = lock.lock().await;
        let waits = leno::spawn({
            let lock = Arc::clone(&lock);
            async move { drop(lock.lock().await) }
        });
        yield_now().await;
        drop(guard);
        waits.await.unwrap();
        for _ in 0..64 {
            leno::select! {
                () = std::future::ready(()) => {}
                () = std::future::ready(()) => panic!("the calm run begins at the first branch"),
            }
        }
    });
    summary.unwrap_or_else(|failed| panic!("{failed}"));
}

/// Which deadlines a wheel keeps together depended on the moment at which the run began, and with that the moments to which time moved.
#[test]
fn time_moves_alike_in_all_runs() {
    #[derive(Default)]
    struct Hashes(Mutex<Vec<u64>>);
    struct Calm(Arc<Hashes>);
    impl Chooser for Calm {
        fn begin(&mut self, _seed: u64) -> bool {
            true
        }
        fn next(&mut self, _: &Actors, _: &[Actor]) -> usize {
            0
        }
        fn hold(&mut self, _: &Actors, _: Actor) -> bool {
            false
        }
        fn draw(&mut self, _: &Actors, _: Point, _: Actor, _: u32) -> u32 {
            0
        }
        fn end(&mut self, run: &Run, _failed: bool) {
            self.0.0.try_lock().unwrap().push(run.hash());
        }
    }
    let hashes = Arc::new(Hashes::default());
    let calm = {
        let hashes = Arc::clone(&hashes);
        move || Box::new(Calm(Arc::clone(&hashes))) as Box<dyn Chooser>
    };
    let (builder, _traces) = builder();
    let summary = builder.chooser("calm", calm).run(|| async {
        let mut set = JoinSet::new();
        for number in 1..20 {
            set.spawn(async move {
                for factor in [7, 11, 13] {
                    let longer = sleep(Duration::from_micros(factor * number * 100));
                    drop(timeout(Duration::from_micros(900 * number), longer).await);
                }
            });
        }
        set.join_all().await;
    });
    summary.unwrap_or_else(|failed| panic!("{failed}"));
    let hashes = hashes.0.try_lock().unwrap();
    assert!(hashes.len() >= 200);
    assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{hashes:x?}");
}
