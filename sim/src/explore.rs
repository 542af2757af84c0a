//! The driver: runs a program under many schedules, and makes what fails small, exact and readable.

use crate::again::{Again, once};
use crate::check::{Apart, failure_of, twice};
use crate::chooser::Chooser;
use crate::examine::{self, Found, Origin};
use crate::lines;
use crate::program::{Failure, FailureKind, Program};
use crate::replayed;
use crate::report::{grouped, indented, of_seeds};
use crate::run::Run;
use crate::settings::Settings;
use crate::shard::Shard;
use crate::strategy::Strategy;
use crate::summary::{Because, Summary};
use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How many runs a systematic search makes if no limit is set, so that it ends: it says that it has not tried all.
const UNLIMITED: u64 = 1_000_000;

/// Runs a [`Program`] again and again, each time with another seed, until it fails or all is done.
///
/// The first run, and each that fails, is done twice: a failure that does not repeat is reported as that and nothing else. One
/// that does is made small, written down as a [`Trace`](crate::Trace), and told.
///
/// ```
/// use leno_sim::{Ended, Explorer, Failure, FailureKind, Point, Run, Settings, Strategy};
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
///     .strategy(Strategy::walk(None))
///     .explore(&mut program)
///     .unwrap_err();
/// println!("{failed}");
/// assert_eq!(failed.found[0].why.len(), 2);
/// # std::fs::remove_dir_all(folder).unwrap();
/// ```
pub struct Explorer {
    settings: Settings,
    strategy: Strategy,
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
    /// An exploration of `test` that cannot be begun, as `text` says.
    pub fn refused(test: &str, text: &str) -> Box<Self> {
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
    /// An exploration as `settings` say, by the portfolio if nothing else is said.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            strategy: Strategy::default(),
        }
    }

    /// Explores by `strategy`, unless the settings name another one.
    #[must_use]
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Explores by what `make` makes, which is called `name` in reports: [`Strategy::custom`].
    #[must_use]
    pub fn chooser(
        self,
        name: impl Into<String>,
        make: impl Fn() -> Box<dyn Chooser> + Send + Sync + 'static,
    ) -> Self {
        self.strategy(Strategy::custom(name, make))
    }

    /// The strategy, and a chooser for this shard of it.
    fn chosen(&self) -> Result<(Strategy, Box<dyn Chooser>), String> {
        let strategy = match &self.settings.strategy {
            None => self.strategy.clone(),
            Some(name) => name.parse().map_err(|error| format!("{error}"))?,
        };
        if self.settings.shard == Shard::WHOLE || !strategy.is_systematic() {
            let chooser = strategy.chooser();
            return Ok((strategy, chooser));
        }
        let shard = self.settings.shard;
        let part = u32::try_from(shard.index())
            .ok()
            .zip(u32::try_from(shard.of()).ok());
        let chooser = part.and_then(|(index, of)| strategy.shard(index, of));
        match chooser {
            Some(chooser) => Ok((strategy, chooser)),
            None => Err(format!(
                "`{strategy}` cannot be shared by {} processes: run it in one, without LENO_SIM_SHARD",
                shard.of()
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
            .and_then(|chosen| self.is_anything(&chosen.0).map(|()| chosen))
            .map_err(|text| Failed::refused(&self.settings.test, &text))?;
        let Settings { seeds, shard, .. } = self.settings.clone();
        // A systematic search knows no seeds: it ends by itself, or at a limit.
        let (name, systematic) = (strategy.to_string(), strategy.is_systematic());
        let (taken, to_take, seeds) = if systematic {
            (Shard::WHOLE, 0..u64::MAX, 0..0)
        } else {
            (shard, seeds.clone(), seeds)
        };
        let mut run = Run::new(chooser);
        let mut summary = Summary::new(&self.settings.test, &name, seeds.clone(), shard);
        let mut found: Vec<Found> = Vec::new();
        for seed in taken.seeds(to_take) {
            if let Some(because) = self.limit(&summary, began, systematic) {
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
                    match twice(&mut again, &ended, &mut summary.notes) {
                        Ok(()) => {}
                        Err(Apart::Refused(failure)) => {
                            found.push(Found::refused(&self.settings, seed, &failure));
                        }
                        Err(Apart::Differs(difference)) => {
                            found.push(Found::not_deterministic(&self.settings, seed, difference));
                        }
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
                    let by = run.chooser_name().unwrap_or_else(|| name.clone());
                    // Where all seeds there are are meant, they only count the runs.
                    let said = if systematic || self.settings.seeds.end == u64::MAX {
                        format!("run {} ({by})", grouped(summary.runs))
                    } else {
                        format!("seed {} ({by})", of_seeds(seed, &self.settings.seeds))
                    };
                    let origin = Origin { seed, by, said };
                    let mut again = Again::new(&mut run, program);
                    let notes = &mut summary.notes;
                    found.push(examine::examine(
                        &mut again,
                        &self.settings,
                        &origin,
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
        summary.claim = run.chooser().claim();
        summary.unexplored = run.chooser().unexplored();
        summary.elapsed = began.elapsed();
        self.finish(summary, found)
    }

    /// Settings by which nothing is run would pass whatever the program does.
    fn is_anything(&self, strategy: &Strategy) -> Result<(), String> {
        let Settings {
            seeds, runs, time, ..
        } = &self.settings;
        let nothing = if seeds.is_empty() && !strategy.is_systematic() {
            format!("there are no seeds in {}..{}", seeds.start, seeds.end)
        } else if *runs == Some(0) {
            "0 runs were asked for".to_owned()
        } else if *time == Some(Duration::ZERO) {
            "it may take no time".to_owned()
        } else {
            return Ok(());
        };
        Err(format!(
            "nothing would be run, and that is no success: {nothing}"
        ))
    }

    fn limit(&self, summary: &Summary, began: Instant, systematic: bool) -> Option<Because> {
        let Settings { runs, time, .. } = self.settings;
        let runs = runs.or((systematic && time.is_none()).then_some(UNLIMITED));
        if runs.is_some_and(|runs| summary.runs >= runs) {
            return Some(Because::Runs);
        }
        let time = time?;
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
        let unwritten = self.settings.out.as_deref().and_then(|directory| {
            let error = lines::append(directory, &summary, &found).err()?;
            Some(format!(
                "no line was written to {}, which LENO_SIM_OUT names, so this exploration would be missing there: {error}",
                directory.display()
            ))
        });
        if let Some(text) = unwritten {
            if found.is_empty() {
                let mut failed = Failed::refused(&self.settings.test, &text);
                indented(&mut failed.report, "", &summary.to_string());
                failed.summary = Some(summary);
                return Err(failed);
            }
            summary.notes.push(text);
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
