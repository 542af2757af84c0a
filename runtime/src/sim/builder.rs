//! What an exploration of a program is told.

use super::environment;
use super::once::{Conditions, Spare};
use super::program::{Isolate, Simulated};
use super::watchdog::{self, Watchdog};
use crate::kernel::local::drawn::Bounds;
use crate::prim::asked;
use crate::runtime::inner::How;
use leno_sim::{Budget, Chooser, Explorer, Failed, Settings, Strategy, Summary};
use std::fmt;
use std::future::Future;
use std::ops::Range;
use std::panic::Location;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const WITHIN_ANOTHER: &str =
    "a simulation within a simulation: run the inner one on a thread of its own, or not at all";

const DPOR_NEEDS: &str = "`dpor` leaves out schedules, which is right only if the program's tasks share state through leno alone: no std \
     locks, no atomics, no statics. If that is so, say it: `#[leno::test(explore, shared = \"leno\")]`, or \
     `Builder::shared_through_leno(true)`. Else take `delays(2)` or `exhaustive`";

/// Explores the schedules of a program.
///
/// A builder is of use for programs that are not tests, and for what [`#[leno::test(sim)]`](macro@crate::test) has no word for.
#[must_use = "nothing is run until `run` is called"]
#[derive(Clone)]
pub struct Builder {
    settings: Settings,
    strategy: Strategy,
    how: How,
    spares_hand_polls: bool,
    bounds: Bounds,
    tolerates_panics: bool,
    tolerates_sleepers: bool,
    shared_through_leno: bool,
    poll_patience: Duration,
    isolate: Isolate,
    place: &'static Location<'static>,
}

/// How a test keeps a trace whose attribute is called this.
fn kept_by(attribute: &str) -> String {
    format!("#[{attribute}(sim, replay = \"{{trace}}\")]")
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("settings", &self.settings)
            .field("strategy", &self.strategy)
            .field("tolerates_panics", &self.tolerates_panics)
            .field("isolate", &self.isolate)
            .finish_non_exhaustive()
    }
}

impl Default for Builder {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// 1,000 seeds of a portfolio of strategies, for the program that is called as the current thread is: in a test that is the
    /// test's name.
    #[track_caller]
    pub fn new() -> Self {
        let thread = std::thread::current();
        let place = Location::caller();
        let name = match thread.name() {
            Some(name) if name != "main" => name.to_owned(),
            _ => format!("{}:{}", place.file(), place.line()),
        };
        let mut settings = Settings::new(name);
        settings.wording.root = "the test's future".to_owned();
        settings.wording.keep = kept_by("leno::test");
        Self {
            settings,
            strategy: Strategy::default(),
            how: How::default(),
            spares_hand_polls: false,
            bounds: Bounds {
                turns: 1_000_000,
                turns_at_once: 100_000,
                time: 3_600_000_000_000,
                stalls: false,
                patience: Duration::ZERO,
            },
            tolerates_panics: false,
            tolerates_sleepers: false,
            shared_through_leno: false,
            poll_patience: watchdog::PATIENCE,
            isolate: Isolate::Auto,
            place,
        }
    }

    /// What it is called in reports and in the names of traces.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.settings.test = name.into();
        self
    }

    /// The seeds: one run each.
    pub fn seeds(mut self, seeds: Range<u64>) -> Self {
        self.settings.seeds = seeds;
        self
    }

    /// Ends after so many runs, whatever the seeds are.
    pub fn runs(mut self, runs: u64) -> Self {
        self.settings.runs = Some(runs);
        self
    }

    /// Ends after that much real time: then the run that has begun is the last.
    pub fn time(mut self, time: Duration) -> Self {
        self.settings.time = Some(time);
        self
    }

    /// Goes on until it has found so many different failures; 1 at first.
    pub fn failures(mut self, failures: usize) -> Self {
        self.settings.failures = failures;
        self
    }

    /// How schedules are chosen: a [portfolio](Strategy::portfolio) of policies at first.
    ///
    /// One that [is systematic](Strategy::is_systematic) knows no seeds: it ends when it has tried all that it would, or after as many
    /// runs as there are seeds.
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Takes choosers that `make` makes, under a name for reports.
    pub fn chooser(
        self,
        name: impl Into<String>,
        make: impl Fn() -> Box<dyn Chooser> + Send + Sync + 'static,
    ) -> Self {
        self.strategy(Strategy::custom(name, make))
    }

    /// How much is spent on making a failure small; `None` tells it as it was found.
    pub fn shrink(mut self, budget: Option<Budget>) -> Self {
        self.settings.shrink = budget;
        self
    }

    /// Where traces are written; without this to `target/leno-sim`.
    pub fn traces(mut self, directory: impl Into<PathBuf>) -> Self {
        self.settings.traces = Some(directory.into());
        self
    }

    /// Does this trace again, and nothing else.
    pub fn replay(mut self, trace: impl Into<PathBuf>) -> Self {
        self.settings.replay = Some(trace.into());
        self
    }

    /// Polls a run may take, 1,000,000 at first: more are a livelock.
    ///
    /// In the second half of them all have their turns in order, and nobody is held up: a policy may starve somebody for ever, as no
    /// scheduler does, and that is none.
    pub fn polls(mut self, polls: u64) -> Self {
        self.bounds.turns = polls;
        self
    }

    /// Polls a run may take without time moving, 100,000 at first: more are a livelock. The second half of them is as with
    /// [`polls`](Self::polls).
    pub fn polls_at_once(mut self, polls: u64) -> Self {
        self.bounds.turns_at_once = polls;
        self
    }

    /// Real time one poll may take, 10 s at first; up to twice that may pass before it is seen. More ends the process with a text on
    /// standard error: a spin never ends where nobody else runs meanwhile, and nothing can stop it from outside.
    pub fn poll_patience(mut self, patience: Duration) -> Self {
        self.poll_patience = patience;
        self
    }

    /// Virtual time a run may take, an hour at first.
    pub fn virtual_time(mut self, time: Duration) -> Self {
        self.bounds.time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self
    }

    /// Lets time move now and then although somebody could go on, as on a machine that is busy or was paused: then timeouts strike
    /// early. Off at first.
    pub fn stalls(mut self, stalls: bool) -> Self {
        self.bounds.stalls = stalls;
        self
    }

    /// A panic of a task fails the run, unless this is true: then it only reaches who awaits the task.
    pub fn tolerate_panics(mut self, tolerates: bool) -> Self {
        self.tolerates_panics = tolerates;
        self
    }

    /// A task that sleeps when the program has ended fails the run, if nobody has a waker or a handle to it, unless this is true.
    /// (Such a task was forgotten; one that waits for a timer, or for a channel that is still there, was not.)
    pub fn tolerate_sleepers(mut self, tolerates: bool) -> Self {
        self.tolerates_sleepers = tolerates;
        self
    }

    /// Says that the program's tasks share state through leno alone: its locks, channels, timers and joins, and no locks or atomics of the
    /// standard library, and no statics.
    ///
    /// [`Strategy::dpor`] needs it: it leaves out schedules that differ only in the order of steps which touch nothing in common, and it
    /// can only see what leno is told. An audit looks for what is not so, and ends the claim if it finds it; it does not find all.
    pub fn shared_through_leno(mut self, shared: bool) -> Self {
        self.shared_through_leno = shared;
        self
    }

    /// How runs are kept apart.
    pub fn isolate(mut self, isolate: Isolate) -> Self {
        self.isolate = isolate;
        self
    }

    /// What the attribute of its test is called.
    pub(super) fn attribute(mut self, attribute: &str) -> Self {
        self.settings.wording.keep = kept_by(attribute);
        self
    }

    /// What its runtime is.
    pub(super) fn how(mut self, how: How) -> Self {
        self.how = how;
        self
    }

    /// Holds up nobody who is polled by hand, as tests do that say what comes of each poll.
    pub(super) fn spare_hand_polls(mut self) -> Self {
        self.spares_hand_polls = true;
        self
    }

    /// Runs the future that `program` makes, once for each seed, as the environment wants it if that says anything
    /// ([`Settings::read_env`](leno_sim::Settings::read_env)).
    ///
    /// A trace that `LENO_SIM_REPLAY` names is replayed by the test that it is of. All others leave it alone, and say so.
    ///
    /// `program` should make all that it uses: what it takes from outside outlives a run.
    ///
    /// # Errors
    ///
    /// The first failure, made small, told, and written down as a trace. The error's [`Display`](fmt::Display) is the report.
    ///
    /// # Panics
    ///
    /// In asynchronous code, and in a simulation. If the environment makes no sense: the text says what would.
    #[track_caller]
    pub fn run<P, F>(mut self, program: P) -> Result<Summary, Box<Failed>>
    where
        P: Fn() -> F + Sync,
        F: Future<Output = ()>,
    {
        if asked::asks() {
            asked::refuse(WITHIN_ANOTHER);
            panic!("{WITHIN_ANOTHER}");
        }
        let wanted = environment::read(&mut self.settings);
        let strategy = match wanted {
            Ok(strategy) => strategy,
            Err(error) => panic!("{error}"),
        };
        let strategy = strategy.unwrap_or(self.strategy);
        let is_replay = self.settings.replay.is_some();
        if strategy == Strategy::dpor() && !self.shared_through_leno && !is_replay {
            return Err(Failed::refused(&self.settings.test, DPOR_NEEDS));
        }
        let conditions = Conditions {
            bounds: self.bounds,
            tolerates_panics: self.tolerates_panics,
            tolerates_sleepers: self.tolerates_sleepers,
            place: self.place,
            pulse: Arc::default(),
            how: self.how,
            spares_hand_polls: self.spares_hand_polls,
            is_deadlock_certain: Arc::default(),
        };
        let _watchdog = Watchdog::start(&self.settings.test, self.poll_patience, &conditions.pulse);
        let shard = self.settings.shard;
        let name = strategy.to_string();
        let make = move || {
            // Seeds are shared by seeds, and schedules by schedules.
            let of = u32::try_from(shard.of()).ok().filter(|&of| of > 1);
            of.and_then(|of| strategy.shard(shard.index() as u32, of))
                .unwrap_or_else(|| strategy.chooser())
        };
        let mut explorer = Explorer::new(self.settings).chooser(name, make);
        explorer.explore(&mut Simulated {
            program: &program,
            conditions,
            isolate: self.isolate,
            spare: Spare::default(),
        })
    }
}
