//! A simulation's policies pass over and hold up whom they like, but for ever only if the program lets them: no run is a livelock that a
//! scheduler would have ended.

use leno::sim::{Actor, Actors, Builder, Chooser, Point, Strategy};
use leno::sync::{Mutex, watch};
use leno::task::{JoinSet, yield_now};
use std::sync::Arc;

fn builder() -> (Builder, tempfile::TempDir) {
    let traces = tempfile::tempdir().unwrap();
    let builder = Builder::new().seeds(0..200).traces(traces.path());
    (builder, traces)
}

/// Priorities would let it try for ever, while whoever it waits for never has a turn. In production its budget ends each of its polls.
#[test]
fn a_loop_over_a_lock_that_is_free_gives_way() {
    for strategy in [Strategy::pct(2), Strategy::pos(), Strategy::portfolio()] {
        let (builder, _traces) = builder();
        let summary = builder.seeds(0..1000).strategy(strategy).run(|| async {
            let flag = Arc::new(Mutex::new(false));
            let other = leno::spawn({
                let flag = Arc::clone(&flag);
                async move { *flag.lock().await = true }
            });
            while !*flag.lock().await {}
            other.await.unwrap();
        });
        summary.unwrap_or_else(|failed| panic!("{failed}"));
    }
}

/// The same, where two look by turns, and are held up between their yields.
#[test]
fn two_that_look_again_and_again_give_way() {
    async fn looks(mut receiver: watch::Receiver<u32>) {
        loop {
            let turns = leno::sim::choose(3);
            let patience = async {
                for _ in 0..=turns {
                    yield_now().await;
                }
            };
            leno::select! {
                changed = receiver.changed() => if changed.is_err() { break },
                () = patience => {}
            }
        }
    }
    for strategy in [Strategy::pct(3), Strategy::pos(), Strategy::portfolio()] {
        let (builder, _traces) = builder();
        let builder = builder.seeds(0..500).polls_at_once(20_000);
        let summary = builder.strategy(strategy).run(|| async {
            let (sender, receiver) = watch::channel(0);
            let others = [(); 2].map(|()| leno::spawn(looks(receiver.clone())));
            let another = leno::spawn(looks(receiver));
            for number in 1..=3 {
                sender.send_replace(number);
                yield_now().await;
            }
            drop(sender);
            for other in others {
                other.await.unwrap();
            }
            another.await.unwrap();
        });
        summary.unwrap_or_else(|failed| panic!("{failed}"));
    }
}

/// Holds up every `self.0`th time that it is asked.
struct Holds(u32, u32);

impl Chooser for Holds {
    fn begin(&mut self, _seed: u64) -> bool {
        self.1 = 0;
        true
    }
    fn next(&mut self, _: &Actors, _: &[Actor]) -> usize {
        0
    }
    fn hold(&mut self, _: &Actors, _: Actor) -> bool {
        self.1 += 1;
        self.1 % self.0 == 0
    }
    fn draw(&mut self, _: &Actors, _: Point, _: Actor, _: u32) -> u32 {
        0
    }
}

async fn locks_often() {
    let lock = Mutex::new(());
    for _ in 0..10_000 {
        drop(lock.lock().await);
    }
}

/// A chooser may starve it, which no scheduler does: so in the second half of its turns it gets on.
#[test]
fn who_is_held_up_often_or_always_is_no_livelock() {
    for every in [2, 1] {
        let (builder, _traces) = builder();
        let holds = move || Box::new(Holds(every, 0)) as Box<dyn Chooser>;
        let builder = builder.seeds(0..1).chooser("holds", holds);
        let summary = builder.polls_at_once(1000).run(locks_often);
        summary.unwrap_or_else(|failed| panic!("{failed}"));
    }
}

/// Three that hand a lock to each other would keep a fourth from its turn, if it came after them.
#[test]
fn who_comes_last_has_its_turn_in_the_end() {
    /// Whoever has the highest number goes on.
    struct Last;
    impl Chooser for Last {
        fn begin(&mut self, _seed: u64) -> bool {
            true
        }
        fn next(&mut self, _: &Actors, ready: &[Actor]) -> usize {
            let last = ready.iter().enumerate().max_by_key(|ready| ready.1.0);
            last.map_or(0, |last| last.0)
        }
        fn hold(&mut self, _: &Actors, _: Actor) -> bool {
            false
        }
        fn draw(&mut self, _: &Actors, _: Point, _: Actor, _: u32) -> u32 {
            0
        }
    }
    let (builder, _traces) = builder();
    let builder = builder.seeds(0..1).chooser("last", || Box::new(Last));
    let summary = builder.polls_at_once(1000).run(|| async {
        let lock = Arc::new(Mutex::new(()));
        let mut set = JoinSet::new();
        for _ in 0..3 {
            let lock = Arc::clone(&lock);
            set.spawn(async move {
                loop {
                    let _guard = lock.lock().await;
                    yield_now().await;
                }
            });
        }
        yield_now().await;
        set.shutdown().await;
    });
    summary.unwrap_or_else(|failed| panic!("{failed}"));
}
