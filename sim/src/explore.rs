//! The driver: runs a program under many schedules, and makes what fails small, exact and readable.

use crate::again::{Again, once};
use crate::check::{failure_of, twice};
use crate::chooser::{Calm, Chooser};
use crate::examine::{self, Found};
use crate::lines;
use crate::program::{Failure, FailureKind, Program};
use crate::replayed;
use crate::report::{grouped, indented};
use crate::run::Run;
use crate::settings::Settings;
use crate::summary::{Because, Summary};
use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::time::Instant;

/// Makes choosers, one for each exploration.
type Make = Box<dyn Fn() -> Box<dyn Chooser> + Send + Sync>;

/// Makes the chooser that a text names, or says why there is none.
type ByName = Box<dyn Fn(&str) -> Result<Box<dyn Chooser>, String>>;

/// Runs a [`Program`] again and again, each time with another seed, until it fails or all is done.
///
/// The first run, and each that fails, is done twice: a failure that does not repeat is reported as that and nothing else. One
/// that does is made small, written down as a [`Trace`](crate::Trace), and told.
///
/// ```
/// use leno_sim::{Actors, Actor, Chooser, Ended, Explorer, Failure, FailureKind, Point, Run, Settings};
///
/// /// Draws its answers by a linear congruence: a chooser of one's own is no more than this.
/// struct Drawn(u64);
///
/// impl Chooser for Drawn {
///     fn begin(&mut self, seed: u64) -> bool {
///         self.0 = seed;
///         true
///     }
///     fn next(&mut self, _: &Actors, ready: &[Actor]) -> usize {
///         self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
///         (self.0 >> 33) as usize % ready.len()
///     }
///     fn hold(&mut self, actors: &Actors, actor: Actor) -> bool {
///         self.next(actors, &[actor, actor]) == 1
///     }
///     fn draw(&mut self, actors: &Actors, _: Point, actor: Actor, count: u32) -> u32 {
///         self.next(actors, &vec![actor; count as usize]) as u32
///     }
/// }
///
/// // A program that fails if two of its choices are both 3.
/// let mut program = |run: &mut Run| {
///     let (a, b) = (run.draw(Point::Choice, 4), run.draw(Point::Choice, 4));
///     if (a, b) != (3, 3) {
///         return Ended::Passed;
///     }
///     Ended::Failed(Failure {
///         kind: FailureKind::Broken,
///         place: None,
///         actors: Vec::new(),
///         message: "both are 3".to_owned(),
///         details: String::new(),
///     })
/// };
/// let mut settings = Settings::new("both");
/// # let folder = std::env::temp_dir().join(format!("leno-sim-doc-{}", std::process::id()));
/// # settings.traces = Some(folder.clone());
/// settings.seeds = 0..1000;
/// let failed = Explorer::new(settings)
///     .chooser("drawn", || Box::new(Drawn(0)))
///     .explore(&mut program)
///     .unwrap_err();
/// println!("{failed}");
/// assert_eq!(failed.found[0].why.len(), 2);
/// # std::fs::remove_dir_all(folder).unwrap();
/// ```
pub struct Explorer {
    settings: Settings,
    strategy: String,
    make: Make,
    by_name: Option<ByName>,
}

impl fmt::Debug for Explorer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explorer")
            .field("settings", &self.settings)
            .field("strategy", &self.strategy)
            .finish_non_exhaustive()
    }
}

/// An exploration that found a failure, or could not be made. Its [`Display`](fmt::Display) is the report.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failed {
    /// What was found, in the order in which it was; empty if the exploration was not begun.
    pub found: Vec<Found>,
    /// What the exploration came to up to there.
    pub summary: Option<Summary>,
    /// All of it, for people.
    pub report: String,
}

impl Failed {
    /// An exploration that could not be begun, as `text` says.
    pub(crate) fn refused(test: &str, text: &str) -> Box<Self> {
        Box::new(Self {
            found: Vec::new(),
            summary: None,
            report: format!("{test}: {text}\n"),
        })
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.report)
    }
}

impl Error for Failed {}

impl Explorer {
    /// An exploration as `settings` say, which is calm until it is given a [`chooser`](Self::chooser).
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            strategy: "calm".to_owned(),
            make: Box::new(|| Box::new(Calm)),
            by_name: None,
        }
    }

    /// Asks what `make` makes, which is called `name` in reports.
    #[must_use]
    pub fn chooser(
        mut self,
        name: impl Into<String>,
        make: impl Fn() -> Box<dyn Chooser> + Send + Sync + 'static,
    ) -> Self {
        self.strategy = name.into();
        self.make = Box::new(make);
        self
    }

    /// Lets [`Settings::strategy`], and so the environment, name another chooser: `make` makes the one that a text names, or says
    /// why there is none.
    ///
    /// ```
    /// use leno_sim::{Calm, Chooser, Ended, Explorer, Run, Settings};
    ///
    /// let mut settings = Settings::new("by name");
    /// settings.strategy = Some("wild".to_owned());
    /// let failed = Explorer::new(settings)
    ///     .by_name(|text| match text {
    ///         "calm" => Ok(Box::new(Calm) as Box<dyn Chooser>),
    ///         other => Err(format!("`{other}` is no strategy: there is `calm`")),
    ///     })
    ///     .explore(&mut |_: &mut Run| Ended::Passed)
    ///     .unwrap_err();
    /// assert!(failed.to_string().contains("`wild` is no strategy: there is `calm`"));
    /// ```
    #[must_use]
    pub fn by_name(
        mut self,
        make: impl Fn(&str) -> Result<Box<dyn Chooser>, String> + 'static,
    ) -> Self {
        self.by_name = Some(Box::new(make));
        self
    }

    /// The chooser, and what it is called.
    fn chosen(&self) -> Result<(String, Box<dyn Chooser>), String> {
        match (&self.settings.strategy, &self.by_name) {
            (None, _) => Ok((self.strategy.clone(), (self.make)())),
            (Some(name), Some(by_name)) => by_name(name).map(|chooser| (name.clone(), chooser)),
            (Some(name), None) => Err(format!(
                "the strategy `{name}` is asked for, and this exploration has one of its own, `{}`, and knows no others by name",
                self.strategy
            )),
        }
    }

    /// Does the trace in `file` again, and nothing else.
    #[must_use]
    pub fn replay(mut self, file: impl Into<PathBuf>) -> Self {
        self.settings.replay = Some(file.into());
        self
    }

    /// What is to be done.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What is to be done, to be changed.
    pub fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// Runs `program` until it fails, or all is done.
    ///
    /// # Errors
    ///
    /// If it fails, if it is not deterministic, if what should be true in some run is true in none, or if the settings cannot be
    /// followed.
    pub fn explore(&mut self, program: &mut dyn Program) -> Result<Summary, Box<Failed>> {
        if let Some(file) = self.settings.replay.clone() {
            return replayed::replay(&self.settings, &file, program);
        }
        let began = Instant::now();
        let (strategy, chooser) = self
            .chosen()
            .map_err(|text| Failed::refused(&self.settings.test, &text))?;
        let Settings { seeds, shard, .. } = self.settings.clone();
        let mut run = Run::new(chooser);
        let mut summary = Summary::new(&self.settings.test, &strategy, seeds.clone(), shard);
        let mut found: Vec<Found> = Vec::new();
        for seed in shard.seeds(seeds) {
            if let Some(because) = self.limit(&summary, began) {
                summary.because = because;
                break;
            }
            let Some(ended) = once(&mut run, program, seed) else {
                summary.because = Because::Exhausted;
                break;
            };
            summary.count(seed, &run);
            match failure_of(&ended) {
                None if summary.runs != 1 => {}
                None => {
                    let mut again = Again::new(&mut run, program);
                    if let Err(difference) = twice(&mut again, &ended, &mut summary.notes) {
                        found.push(Found::not_deterministic(&self.settings, seed, difference));
                    }
                }
                // Another schedule would not make it possible, and there is nothing in it that could be made small or kept.
                Some(failure) if failure.kind == FailureKind::Refused => {
                    found.push(Found::refused(&self.settings, seed, failure));
                    summary.because = Because::Found;
                    break;
                }
                Some(failure) => {
                    let print = failure.fingerprint();
                    if found.iter().any(|found| found.fingerprint == print) {
                        continue;
                    }
                    let by = run.chooser_name().unwrap_or_else(|| strategy.clone());
                    let mut again = Again::new(&mut run, program);
                    let notes = &mut summary.notes;
                    found.push(examine::examine(
                        &mut again,
                        &self.settings,
                        seed,
                        &by,
                        &ended,
                        notes,
                    ));
                }
            }
            if found.len() >= self.settings.failures.max(1) {
                summary.because = Because::Found;
                break;
            }
        }
        summary.take_tally(run.tally());
        summary.elapsed = began.elapsed();
        self.finish(summary, found)
    }

    fn limit(&self, summary: &Summary, began: Instant) -> Option<Because> {
        if self.settings.runs.is_some_and(|runs| summary.runs >= runs) {
            return Some(Because::Runs);
        }
        let time = self.settings.time?;
        (began.elapsed() >= time).then_some(Because::Time)
    }

    fn finish(&self, mut summary: Summary, mut found: Vec<Found>) -> Result<Summary, Box<Failed>> {
        if found.is_empty() {
            found.extend(summary.never().map(|one| {
                let failure = Failure {
                    kind: FailureKind::Never,
                    place: Some(one.place.clone()),
                    actors: Vec::new(),
                    message: format!(
                        "`{}` should be true in some run, and was in none of {}",
                        one.name,
                        grouped(summary.runs)
                    ),
                    details: String::new(),
                };
                Found::without_run(&self.settings, failure)
            }));
        }
        summary.failures = found.len() as u64;
        if let Some(directory) = &self.settings.out {
            if let Err(error) = lines::append(directory, &summary, &found) {
                let directory = directory.display();
                summary
                    .notes
                    .push(format!("no line was written to {directory}: {error}"));
            }
        }
        if found.is_empty() {
            return Ok(summary);
        }
        let mut report = String::new();
        for one in &found {
            report += &one.report;
        }
        indented(&mut report, "", &summary.to_string());
        Err(Box::new(Failed {
            found,
            summary: Some(summary),
            report,
        }))
    }
}
