//! Sleeps of any length while a stopped clock moves, against a list of deadlines.

use crate::many::Many;
use crate::polling::{Flag, poll_once};
use arbitrary::Arbitrary;
use leno::runtime::Builder;
use leno::task::coop::unconstrained;
use leno::time::{self, Duration, Instant, Sleep};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

#[derive(Arbitrary, Debug)]
pub struct Script {
    steps: Many<Step>,
}

#[derive(Arbitrary, Debug)]
pub enum Step {
    Sleep(Span),
    Reset(u8, Span),
    Poll(u8),
    Cancel(u8),
    Advance(Span),
    /// To that one's deadline, or just before it.
    AdvanceTo(u8, bool),
}

/// A time of any order of magnitude, up to some months.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub struct Span {
    mantissa: u16,
    exponent: u8,
}

impl From<Span> for Duration {
    fn from(span: Span) -> Self {
        Duration::from_nanos(u64::from(span.mantissa) << (span.exponent % 38))
    }
}

struct Sleeper {
    sleep: Pin<Box<Sleep>>,
    deadline: Instant,
    flag: Arc<Flag>,
}

impl Sleeper {
    /// Polls it, which tells the truth.
    fn poll(&mut self) {
        let (polled, flag) = poll_once(Box::pin(unconstrained(self.sleep.as_mut())).as_mut());
        let is_due = self.deadline <= Instant::now();
        assert_eq!(polled.is_ready(), is_due, "polled");
        assert_eq!(self.sleep.is_elapsed(), is_due);
        if polled == Poll::Pending {
            self.flag = flag;
        } else {
            assert!(flag.is_woken() || is_due);
        }
    }

    fn check(&self) {
        assert_eq!(self.sleep.deadline(), self.deadline);
        let is_due = self.deadline <= Instant::now();
        assert_eq!(self.sleep.is_elapsed(), is_due, "elapsed");
        assert!(
            !is_due || self.flag.is_woken(),
            "it is due, and its task sleeps on"
        );
    }
}

impl super::Script for Script {
    fn run(self) {
        let mut builder = Builder::new_current_thread();
        let runtime = builder.enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(run(self.steps.0));
    }
}

async fn run(steps: Vec<Step>) {
    let mut sleepers: Vec<Sleeper> = Vec::new();
    for step in steps {
        let count = sleepers.len();
        match step {
            Step::Sleep(span) => {
                let deadline = Instant::now() + span.into();
                let sleep = Box::pin(time::sleep_until(deadline));
                let flag = Arc::default();
                let mut sleeper = Sleeper {
                    sleep,
                    deadline,
                    flag,
                };
                sleeper.poll();
                if sleeper.deadline > Instant::now() {
                    sleepers.push(sleeper);
                }
            }
            Step::Reset(which, span) if count > 0 => {
                let sleeper = &mut sleepers[usize::from(which) % count];
                sleeper.deadline = Instant::now() + span.into();
                sleeper.sleep.as_mut().reset(sleeper.deadline);
                // It is filed at once, or when it is polled.
                sleeper.poll();
            }
            Step::Poll(which) if count > 0 => sleepers[usize::from(which) % count].poll(),
            Step::Cancel(which) if count > 0 => {
                sleepers.swap_remove(usize::from(which) % count);
            }
            Step::Advance(span) => time::advance(span.into()).await,
            Step::AdvanceTo(which, exactly) if count > 0 => {
                let deadline = sleepers[usize::from(which) % count].deadline;
                let left = deadline.saturating_duration_since(Instant::now());
                let early = Duration::from_nanos(u64::from(!exactly));
                time::advance(left.saturating_sub(early)).await;
            }
            _ => {}
        }
        sleepers.iter().for_each(Sleeper::check);
        // Who has been told may sleep again, by a reset; half of them do not.
        sleepers.retain_mut(|sleeper| {
            !sleeper.sleep.is_elapsed() || sleeper.deadline.elapsed().is_zero()
        });
    }
}
