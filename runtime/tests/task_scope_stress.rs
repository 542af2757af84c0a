//! Random trees of groups, supervisors, scopes, shields, cleanups and timeouts, whose tasks end, fail, panic, sleep and hang, on several
//! workers: whatever ends a scope, nothing is left of what had begun in it, and it ends.

mod expected_reports;

use expected_reports::expect;
use leno::diagnostics::ReportKind;
use leno::runtime::Builder;
use leno::task::{self, Scope};
use leno::time::{sleep, timeout};
use std::any::Any;
use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

/// So many trees; `LENO_STRESS_ROUNDS` asks for so many times as many.
const TREES: u64 = 300;

/// What is alive in each of the scopes around.
#[derive(Clone, Default)]
struct Path(Vec<Arc<AtomicUsize>>);

/// Something that is in all scopes around.
struct Token(Path);

impl Path {
    fn deeper(&self) -> (Self, Arc<AtomicUsize>) {
        let own = Arc::new(AtomicUsize::new(0));
        let mut path = self.0.clone();
        path.push(Arc::clone(&own));
        (Self(path), own)
    }

    fn token(&self) -> Token {
        for alive in &self.0 {
            alive.fetch_add(1, Ordering::Relaxed);
        }
        Token(self.clone())
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        for alive in &self.0.0 {
            alive.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// A generator of its own for each part of a tree, so that the tree is the same whatever the schedule is.
#[derive(Clone)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides
    }

    fn fork(&mut self) -> Self {
        Self(self.roll(u64::MAX >> 1) | 1)
    }

    fn short(&mut self) -> Duration {
        Duration::from_micros(self.roll(1500))
    }
}

type Work = Pin<Box<dyn Future<Output = Result<(), u64>> + Send>>;

/// Its output, or its panic.
async fn caught<F: Future>(future: F) -> Result<F::Output, Box<dyn Any + Send>> {
    let mut future = pin!(future);
    poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(polled) => polled.map(Ok),
            Err(payload) => Poll::Ready(Err(payload)),
        },
    )
    .await
}

/// Awaits a scope, and looks whether anything is left in it.
async fn ends<T>(scope: impl Future<Output = T>, alive: &AtomicUsize) -> T {
    let ended = caught(scope).await;
    assert_eq!(alive.load(Ordering::Relaxed), 0, "something is left");
    ended.unwrap_or_else(|payload| resume_unwind(payload))
}

fn part(mut dice: Dice, depth: u32, path: Path) -> Work {
    Box::pin(async move {
        let kind = if depth == 0 { 0 } else { dice.roll(8) };
        match kind {
            1 | 2 => {
                let (path, alive) = path.deeper();
                let children = dice.roll(4) + 1;
                let group = task::group(async |group| {
                    let mut kept = Vec::new();
                    for _ in 0..children {
                        let child = with_token(part(dice.fork(), depth - 1, path.clone()), &path);
                        kept.push(group.spawn(child));
                        if dice.roll(3) == 0 {
                            task::yield_now().await;
                        }
                    }
                    match dice.roll(4) {
                        0 => return Ok(()),
                        1 => return Err(dice.roll(100)),
                        2 => sleep(dice.short()).await,
                        _ => {}
                    }
                    for child in kept {
                        child.await;
                    }
                    Ok(())
                });
                ends(group, &alive).await
            }
            3 => {
                let (path, alive) = path.deeper();
                let children = dice.roll(4) + 1;
                let supervised = task::supervise(async |tasks| {
                    for _ in 0..children {
                        let child = with_token(part(dice.fork(), depth - 1, path.clone()), &path);
                        tasks.spawn(child).detach();
                    }
                    sleep(dice.short()).await;
                    tasks.cancel("enough");
                    if dice.roll(4) == 0 { Err(1) } else { Ok(()) }
                });
                ends(supervised, &alive).await
            }
            4 => {
                let (path, alive) = path.deeper();
                let within = with_token(part(dice.fork(), depth - 1, path.clone()), &path);
                let scope = Scope::new().timeout(dice.short());
                if dice.roll(3) == 0 {
                    let handle = scope.handle();
                    let after = dice.short();
                    leno::spawn(async move {
                        sleep(after).await;
                        handle.cancel("from outside");
                    })
                    .detach();
                }
                ends(scope.run(within), &alive).await.unwrap_or(Ok(()))
            }
            5 => {
                let within = with_token(part(dice.fork(), depth - 1, path.clone()), &path);
                task::shield(dice.short(), within).await
            }
            6 => {
                let cleanup = with_token(part(dice.fork(), depth - 1, path.clone()), &path);
                let undo = task::on_cancel(dice.short(), cleanup);
                let result = part(dice.fork(), depth - 1, path).await;
                if dice.roll(2) == 0 {
                    undo.disarm();
                }
                result
            }
            7 => {
                let within = with_token(part(dice.fork(), depth - 1, path.clone()), &path);
                timeout(dice.short(), within).await.unwrap_or(Ok(()))
            }
            _ => {
                let _token = path.token();
                for _ in 0..dice.roll(4) {
                    task::yield_now().await;
                }
                match dice.roll(12) {
                    0 => Err(dice.roll(100)),
                    1 => panic!("planted"),
                    2 => pending().await,
                    3 => {
                        sleep(dice.short()).await;
                        Ok(())
                    }
                    _ => Ok(()),
                }
            }
        }
    })
}

/// The future holds a token for as long as it is there, polled or not.
fn with_token(future: Work, path: &Path) -> Work {
    let token = path.token();
    Box::pin(async move {
        let _token = token;
        future.await
    })
}

#[test]
fn nothing_is_left_of_any_tree() {
    expect(ReportKind::CutShort, "shields have hardly any time");
    for kind in [ReportKind::LostPanic, ReportKind::UnreadResult] {
        expect(
            kind,
            "several fail at once, and nobody awaits who is shielded",
        );
    }
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.payload().downcast_ref::<&str>() != Some(&"planted") {
            hook(info);
        }
    }));
    let rounds = std::env::var("LENO_STRESS_ROUNDS").map_or(1, |text| text.parse().unwrap());
    for workers in [1, 4] {
        let runtime = Builder::new_multi_thread()
            .worker_threads(workers)
            .enable_all()
            .build()
            .unwrap();
        let trees = TREES * rounds;
        let all = async move {
            // Some at a time, so that they meet.
            for first in (0..trees).step_by(4) {
                let running: Vec<_> = (first..first + 4)
                    .map(|seed| leno::spawn(tree(seed)))
                    .collect();
                for tree in running {
                    match tree.await {
                        Ok(()) => {}
                        Err(error) => {
                            let text = error.to_string();
                            assert!(text.contains("planted"), "{text}");
                        }
                    }
                }
            }
        };
        runtime.block_on(runtime.spawn(all)).unwrap();
    }
}

async fn tree(seed: u64) {
    let (path, alive) = Path::default().deeper();
    let root = part(Dice(seed * 0x9e37_79b9 + 1), 5, path);
    // What hangs in there ends with this.
    let scope = Scope::new().timeout(Duration::from_millis(20));
    let scope = ends(scope.run(root), &alive);
    let _ = timeout(Duration::from_secs(60), scope)
        .await
        .unwrap_or_else(|_| panic!("tree {seed} does not end"));
}
