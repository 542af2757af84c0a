//! What `#[leno::test]` expands to: not for use by hand, and not covered by version numbers.
//!
//! A test takes no arguments, so its body is a closure that makes the test's future, and can be called often. Whether it is run as
//! usual or simulated is decided here, when it runs: the attribute cannot see which features leno was built with.

use std::fmt::Debug;
use std::future::Future;
use std::ops::Range;
use std::pin::{Pin, pin};
use std::process::{ExitCode, Termination};
use std::time::Duration;

/// A test, as its attribute and its place have it.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(feature = "sim"),
    allow(dead_code, reason = "simulations read them")
)]
pub struct Test {
    pub(crate) path: &'static str,
    pub(crate) attribute: &'static str,
    pub(crate) is_local: bool,
    pub(crate) start_paused: bool,
    pub(crate) runtime_name: Option<&'static str>,
    pub(crate) stays_out: bool,
}

impl Test {
    /// The test at this path, which begins with the crate.
    pub const fn new(path: &'static str) -> Self {
        Self {
            path,
            attribute: "leno::test",
            is_local: false,
            start_paused: false,
            runtime_name: None,
            stays_out: false,
        }
    }

    /// What its attribute is called where it stands, if not `leno::test`.
    pub const fn attribute(mut self, attribute: &'static str) -> Self {
        self.attribute = attribute;
        self
    }

    /// Its tasks need not be `Send`.
    pub const fn local(mut self) -> Self {
        self.is_local = true;
        self
    }

    /// Its clock stands still at first.
    pub const fn start_paused(mut self, paused: bool) -> Self {
        self.start_paused = paused;
        self
    }

    /// The name of its runtime.
    pub const fn name(mut self, name: &'static str) -> Self {
        self.runtime_name = Some(name);
        self
    }

    /// It is not simulated, whatever the environment says.
    pub const fn stays_out(mut self) -> Self {
        self.stays_out = true;
        self
    }
}

/// How a test is simulated that says so itself: the options of its attribute.
#[derive(Clone, Debug, Default)]
#[cfg_attr(
    not(feature = "sim"),
    allow(dead_code, reason = "simulations read them")
)]
pub struct Options {
    pub(crate) explores: Option<u32>,
    pub(crate) seeds: Option<Range<u64>>,
    pub(crate) strategy: Option<&'static str>,
    pub(crate) polls: Option<u64>,
    pub(crate) virtual_time: Option<Duration>,
    pub(crate) time: Option<Duration>,
    pub(crate) stalls: bool,
    pub(crate) isolate: Option<&'static str>,
    pub(crate) tolerate_panics: bool,
    pub(crate) tolerate_sleepers: bool,
    pub(crate) shared_through_leno: bool,
    pub(crate) replay: Option<(&'static str, &'static str)>,
}

impl Options {
    /// None are given.
    pub fn new() -> Self {
        Self::default()
    }

    /// All schedules with at most `bound` delays.
    pub fn explore(mut self, bound: u32) -> Self {
        self.explores = Some(bound);
        self
    }

    /// These seeds.
    pub fn seeds(mut self, seeds: Range<u64>) -> Self {
        self.seeds = Some(seeds);
        self
    }

    /// A strategy, as text.
    pub fn strategy(mut self, strategy: &'static str) -> Self {
        self.strategy = Some(strategy);
        self
    }

    /// At most so many polls a run.
    pub fn polls(mut self, polls: u64) -> Self {
        self.polls = Some(polls);
        self
    }

    /// At most so much virtual time a run.
    pub fn virtual_time(mut self, milliseconds: u64) -> Self {
        self.virtual_time = Some(Duration::from_millis(milliseconds));
        self
    }

    /// At most so much real time in all.
    pub fn time(mut self, milliseconds: u64) -> Self {
        self.time = Some(Duration::from_millis(milliseconds));
        self
    }

    /// Whether time may move though somebody is ready.
    pub fn stalls(mut self, stalls: bool) -> Self {
        self.stalls = stalls;
        self
    }

    /// How runs are kept apart: `auto`, `never` or `thread`.
    pub fn isolate(mut self, isolate: &'static str) -> Self {
        self.isolate = Some(isolate);
        self
    }

    /// Whether a panic of a task is its own affair.
    pub fn tolerate_panics(mut self, tolerates: bool) -> Self {
        self.tolerate_panics = tolerates;
        self
    }

    /// Whether a task may be forgotten that sleeps at the end.
    pub fn tolerate_sleepers(mut self, tolerates: bool) -> Self {
        self.tolerate_sleepers = tolerates;
        self
    }

    /// Its tasks share state through leno alone.
    pub fn shared_through_leno(mut self) -> Self {
        self.shared_through_leno = true;
        self
    }

    /// The trace in `file`, a name from the folder of the package's manifest or one further up, and nothing else.
    pub fn replay(mut self, folder: Option<&'static str>, file: &'static str) -> Self {
        self.replay = Some((folder.unwrap_or("."), file));
        self
    }
}

/// What a test function returns that may have been simulated.
#[cfg(feature = "sim")]
#[derive(Debug)]
pub enum Ended<R> {
    /// What the body came to.
    Usual(R),
    /// It was simulated, and no run failed.
    Simulated,
}

#[cfg(feature = "sim")]
impl<R: Termination> Termination for Ended<R> {
    fn report(self) -> ExitCode {
        match self {
            Self::Usual(output) => output.report(),
            Self::Simulated => ExitCode::SUCCESS,
        }
    }
}

/// What a test function returns.
#[cfg(not(feature = "sim"))]
pub type Ended<R> = R;

/// Runs a test: as usual, by `usual`, or simulated if the environment says so. `ended` panics if what a run returns is no success.
#[track_caller]
pub fn test<R, F: Future<Output = R>>(
    test: &Test,
    usual: impl FnOnce(Pin<&mut dyn Future<Output = R>>) -> R,
    body: impl Fn() -> F + Sync,
    ended: impl Fn(R) + Sync,
) -> Ended<R> {
    #[cfg(feature = "sim")]
    {
        let run = || Box::pin(async { ended(body().await) }) as Pin<Box<dyn Future<Output = ()>>>;
        if crate::sim::attribute::test(test, &run) {
            return Ended::Simulated;
        }
        Ended::Usual(usual(pin!(body())))
    }
    #[cfg(not(feature = "sim"))]
    {
        let _ = ended;
        nobody_simulates(test);
        usual(pin!(body()))
    }
}

/// As [`test()`], for one that returns nothing.
#[track_caller]
pub fn test_of_nothing<F: Future<Output = ()>>(
    about: &Test,
    usual: impl FnOnce(Pin<&mut dyn Future<Output = ()>>),
    body: impl Fn() -> F + Sync,
) {
    test(about, usual, body, |()| {});
}

/// Runs a test that is a simulation.
#[track_caller]
#[cfg_attr(
    not(feature = "sim"),
    allow(unused_variables, reason = "there is nothing to do it with")
)]
pub fn simulate<R, F: Future<Output = R>>(
    test: &Test,
    options: &Options,
    body: impl Fn() -> F + Sync,
    ended: impl Fn(R) + Sync,
) {
    #[cfg(feature = "sim")]
    {
        let run = || Box::pin(async { ended(body().await) }) as Pin<Box<dyn Future<Output = ()>>>;
        crate::sim::attribute::simulate(test, options, &run);
    }
    #[cfg(not(feature = "sim"))]
    unreachable!("it does not compile without the feature `sim`");
}

/// Says once that the environment asks for what was not built.
#[cfg(not(feature = "sim"))]
fn nobody_simulates(test: &Test) {
    use std::io::Write;
    use std::sync::Once;
    static ONCE: Once = Once::new();
    if test.stays_out {
        return;
    }
    ONCE.call_once(|| {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let names = ["LENO_SIM", "LENO_SIM_REPLAY"];
        if let Some(name) = names.into_iter().find(|name| is_set(name)) {
            // Nobody is there to read it, so nobody misses it. (What is printed by macros is kept back if a test passes.)
            let _ = writeln!(
                std::io::stderr(),
                "{name} is set, but leno was built without its feature `sim`, so tests run as usual. Add `features = [\"sim\"]` to leno \
                 in `[dev-dependencies]`"
            );
        }
    });
}

/// What a body has returned, asked for its error: [`HasError`] where it can be shown, else [`HasNone`], as methods are found.
#[derive(Debug)]
pub struct Output<'a, R>(pub &'a R);

/// A `Result` whose error can be shown.
pub trait HasError {
    /// The error as text, if there is one.
    fn error(&self) -> Option<String>;
}

impl<T, E: Debug> HasError for Output<'_, Result<T, E>> {
    fn error(&self) -> Option<String> {
        self.0.as_ref().err().map(|error| format!("{error:?}"))
    }
}

/// All else.
pub trait HasNone {
    /// There is nothing to be shown.
    fn error(&self) -> Option<String>;
}

impl<R> HasNone for &Output<'_, R> {
    fn error(&self) -> Option<String> {
        None
    }
}

/// Panics unless what a run returned is a success.
#[track_caller]
pub fn must_be_success<R: Termination>(error: Option<String>, output: R) {
    if let Some(error) = error {
        panic!("the test returned an error: {error}");
    }
    // Before they could be compared there was only this.
    let text = |code: ExitCode| format!("{code:?}");
    let code = text(output.report());
    assert!(
        code == text(ExitCode::SUCCESS),
        "the test returned no success, but {code}"
    );
}

/// Does not compile without the feature `sim`.
#[cfg(feature = "sim")]
#[doc(hidden)]
#[macro_export]
macro_rules! __needs_sim {
    ($option:tt) => {};
}

/// Does not compile without the feature `sim`.
#[cfg(not(feature = "sim"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __needs_sim {
    ($option:tt) => {
        ::core::compile_error!(::core::concat!(
            "`",
            ::core::stringify!($option),
            "` needs leno's simulation: add `features = [\"sim\"]` to leno in `[dev-dependencies]`"
        ));
    };
}

/// A builder of a multi-threaded runtime. Does not compile without the feature `rt-multi-thread`.
#[cfg(feature = "rt-multi-thread")]
#[doc(hidden)]
#[macro_export]
macro_rules! __multi_thread {
    () => {
        $crate::runtime::Builder::new_multi_thread()
    };
}

/// Does not compile without the feature `rt-multi-thread`.
#[cfg(not(feature = "rt-multi-thread"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __multi_thread {
    () => {
        ::core::compile_error!(
            "the multi-threaded runtime needs the feature `rt-multi-thread`: add it to leno's features, or choose the other runtime by \
             `flavor = \"current_thread\"`"
        )
    };
}

/// Whether the clock stands still at first. Does not compile without the feature `test-util`.
#[cfg(feature = "test-util")]
#[doc(hidden)]
#[macro_export]
macro_rules! __start_paused {
    ($paused:expr) => {
        $paused
    };
}

/// Does not compile without the feature `test-util`.
#[cfg(not(feature = "test-util"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __start_paused {
    ($paused:expr) => {
        ::core::compile_error!(
            "`start_paused` needs the feature `test-util`: add it to leno's features in `[dev-dependencies]`"
        )
    };
}
