//! What an exploration is to do, and what the environment says about it.

use crate::shard::{NotAShard, Shard};
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

/// How much may be spent on making one failure small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// So many runs.
    pub runs: u64,
    /// So long.
    pub time: Duration,
}

impl Default for Budget {
    /// 5,000 runs or 10 s.
    fn default() -> Self {
        Self {
            runs: 5_000,
            time: Duration::from_secs(10),
        }
    }
}

/// What reports say in the words of whoever runs the program.
///
/// In the last lines, which say what to do with the trace, `{trace}` and `{test}` stand for its file and the test's name.
///
/// ```
/// use leno_sim::Settings;
///
/// let mut settings = Settings::new("lock_order");
/// settings.wording.keep = "#[leno::test(sim, replay = \"{trace}\")]".to_owned();
/// settings.wording.root = "the test's future".to_owned();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// How to run it again. Empty if that is not to be said.
    pub again: String,
    /// How to keep it. Empty if that is not to be said.
    pub keep: String,
    /// What the root is called.
    pub root: String,
}

impl Default for Wording {
    fn default() -> Self {
        Self {
            again: "LENO_SIM_REPLAY={trace} cargo test {test}".to_owned(),
            keep: "commit the trace, and replay it with `Explorer::replay`".to_owned(),
            root: "the root".to_owned(),
        }
    }
}

/// What an exploration is to do.
///
/// The environment can override it, as [`read_env`](Self::read_env) says, so that a test is run longer, in parts or again without
/// a change.
///
/// ```
/// use leno_sim::{Budget, Settings};
/// use std::time::Duration;
///
/// let mut settings = Settings::new("lock_order");
/// settings.seeds = 0..100_000;
/// settings.time = Some(Duration::from_secs(30));
/// settings.shrink = Some(Budget { runs: 500, ..Budget::default() });
/// settings.read_env()?;
/// # Ok::<(), leno_sim::NotASetting>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// What the test is called, in reports and files.
    pub test: String,
    /// The seeds.
    pub seeds: Range<u64>,
    /// Which of them are this process's.
    pub shard: Shard,
    /// How long it may take.
    pub time: Option<Duration>,
    /// How many runs it may make.
    pub runs: Option<u64>,
    /// After how many different failures it ends.
    pub failures: usize,
    /// What may be spent on making a failure small. Without it failures are told as they are.
    pub shrink: Option<Budget>,
    /// Where traces are written: `target/leno-sim` if it is not said.
    pub traces: Option<PathBuf>,
    /// Do this trace again, and nothing else.
    pub replay: Option<PathBuf>,
    /// Where the lines for `leno-sim merge` are appended: a directory, in which each process has a file.
    pub out: Option<PathBuf>,
    /// Which strategy the environment wants, as text: a [`Strategy`](crate::Strategy).
    pub strategy: Option<String>,
    /// What reports say at their end.
    pub wording: Wording,
}

/// Something in the environment that makes no sense. It says what would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotASetting(String);

impl fmt::Display for NotASetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotASetting {}

impl From<NotAShard> for NotASetting {
    fn from(error: NotAShard) -> Self {
        Self(error.to_string())
    }
}

impl Settings {
    /// 1,000 seeds, no limits, the first failure ends it.
    pub fn new(test: impl Into<String>) -> Self {
        Self {
            test: test.into(),
            seeds: 0..1000,
            shard: Shard::WHOLE,
            time: None,
            runs: None,
            failures: 1,
            shrink: Some(Budget::default()),
            traces: None,
            replay: None,
            out: None,
            strategy: None,
            wording: Wording::default(),
        }
    }

    /// Lets the environment override:
    ///
    /// | variable | means |
    /// | --- | --- |
    /// | `LENO_SIM=seeds=0..50,strategy=pct(3)` | any of the settings below |
    /// | `LENO_SIM_REPLAY=file` | do this trace again, and nothing else; a relative one is looked for from here upwards |
    /// | `LENO_SIM_OUT=dir` | append lines for `leno-sim merge` to a file in there; a relative one is beside `target` |
    /// | `LENO_SIM_SHARD=i/n`, and others | which seeds are this process's: [`Shard::from_env`] |
    ///
    /// The settings are `seeds=A..B`, `strategy=…`, `runs=N`, `time=30s`, `failures=N`, and `shrink=N`: so many runs, 0 for none.
    ///
    /// # Errors
    ///
    /// If one of them makes no sense. The error says what would; nothing is left out in silence.
    pub fn read_env(&mut self) -> Result<(), NotASetting> {
        self.read_variables(|name| std::env::var(name).ok())
    }

    /// As [`read_env`](Self::read_env), with `variable` for the environment.
    ///
    /// ```
    /// use leno_sim::Settings;
    ///
    /// let mut settings = Settings::new("lock_order");
    /// settings
    ///     .read_variables(|name| (name == "LENO_SIM").then(|| "seeds=5..50".to_owned()))
    ///     .unwrap();
    /// assert_eq!(settings.seeds, 5..50);
    /// ```
    ///
    /// # Errors
    ///
    /// As [`read_env`](Self::read_env).
    pub fn read_variables(
        &mut self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<(), NotASetting> {
        let set = |name: &str| variable(name).filter(|text| !text.trim().is_empty());
        if let Some(text) = set("LENO_SIM") {
            self.read_text(&text)?;
        }
        // A test can be split into several, in a process that is one of several.
        let outer = Shard::from_variables(&variable)?;
        self.shard = outer.part(self.shard).ok_or_else(|| {
            NotASetting(format!(
                "{} shards of {} each are too many",
                outer.of(),
                self.shard.of()
            ))
        })?;
        if let Some(file) = set("LENO_SIM_REPLAY") {
            self.replay = Some(file.into());
        }
        if let Some(directory) = set("LENO_SIM_OUT") {
            self.out = Some(directory.into());
        }
        Ok(())
    }

    fn read_text(&mut self, text: &str) -> Result<(), NotASetting> {
        // `LENO_SIM=1` is how one would switch it on: all as the test has it.
        if matches!(text.trim(), "1" | "on" | "true") {
            return Ok(());
        }
        for setting in split(text) {
            let setting = setting.trim();
            let (name, value) = setting.split_once('=').ok_or_else(|| {
                NotASetting(format!(
                    "LENO_SIM: `{setting}` is no setting: write `name=value`, as in `seeds=0..50,strategy=pct(3)`"
                ))
            })?;
            let value = value.trim();
            let wrong = |should: &str| {
                NotASetting(format!(
                    "LENO_SIM: `{setting}` makes no sense: write {should}"
                ))
            };
            match name.trim() {
                "seeds" => {
                    self.seeds = seeds(value).ok_or_else(|| {
                        wrong("`seeds=A..B` with A below B, `seeds=A..=B`, or `seeds=N` for `0..N`")
                    })?;
                }
                "strategy" if !value.is_empty() => self.strategy = Some(value.to_owned()),
                "strategy" => return Err(wrong("one, as in `strategy=pct(3)`")),
                "runs" => {
                    let runs = number(value).filter(|&runs| runs != 0);
                    self.runs = Some(runs.ok_or_else(|| wrong("`runs=N` with N from 1"))?);
                }
                "time" => {
                    let time = duration(value);
                    self.time =
                        Some(time.ok_or_else(|| wrong("`time=30s`, or with `ms`, `m` or `h`"))?);
                }
                "failures" => {
                    let failures = number(value).filter(|&failures| failures != 0);
                    self.failures =
                        failures.ok_or_else(|| wrong("`failures=N` with N from 1"))? as usize;
                }
                "shrink" => {
                    let runs = number(value).ok_or_else(|| wrong("`shrink=N`, of runs"))?;
                    let budget = self.shrink.unwrap_or_default();
                    self.shrink = (runs != 0).then_some(Budget { runs, ..budget });
                }
                other => {
                    return Err(NotASetting(format!(
                        "LENO_SIM: there is no setting `{other}`: there are `seeds`, `strategy`, `runs`, `time`, `failures` and \
                         `shrink`"
                    )));
                }
            }
        }
        Ok(())
    }
}

/// The settings in `text`: commas that are in parentheses belong to a strategy.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_u32;
    text.split(move |letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    })
    .filter(|setting| !setting.trim().is_empty())
}

fn number(text: &str) -> Option<u64> {
    text.trim().replace('_', "").parse().ok()
}

fn seeds(text: &str) -> Option<Range<u64>> {
    let seeds = if let Some((from, to)) = text.split_once("..=") {
        number(from)?..number(to)?.checked_add(1)?
    } else if let Some((from, to)) = text.split_once("..") {
        number(from)?..number(to)?
    } else {
        0..number(text)?
    };
    (!seeds.is_empty()).then_some(seeds)
}

fn duration(text: &str) -> Option<Duration> {
    let digits = text
        .find(|letter: char| !letter.is_ascii_digit() && letter != '_')
        .unwrap_or(text.len());
    let (count, unit) = (number(&text[..digits])?, text[digits..].trim());
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    Some(Duration::from_millis(count.checked_mul(milliseconds)?)).filter(|time| !time.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settings, String> {
        let mut settings = Settings::new("test");
        let variable = |name: &str| (name == "LENO_SIM").then(|| text.to_owned());
        settings
            .read_variables(variable)
            .map(|()| settings)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn reads_what_is_said() {
        let settings =
            read("seeds=3..1_000, strategy=portfolio(walk(1/2),pct(3)),time=2m,runs=7,failures=2")
                .unwrap();
        assert_eq!(settings.seeds, 3..1000);
        let strategy = settings.strategy.as_deref();
        assert_eq!(strategy, Some("portfolio(walk(1/2),pct(3))"));
        assert_eq!(settings.time, Some(Duration::from_secs(120)));
        assert_eq!((settings.runs, settings.failures), (Some(7), 2));
        assert_eq!(read("seeds=9..=9").unwrap().seeds, 9..10);
        assert_eq!(read("seeds=50").unwrap().seeds, 0..50);
        assert_eq!(read("shrink=0").unwrap().shrink, None);
        assert_eq!(read("1").unwrap(), Settings::new("test"));
    }

    #[test]
    fn says_what_would_be_right() {
        for (text, said) in [
            ("seeds=5..5", "A below B"),
            ("seeds=x", "`seeds=A..B`"),
            ("speed=3", "no setting `speed`"),
            ("pct(3)", "`name=value`"),
            ("time=30", "`time=30s`"),
            ("time=0s", "`time=30s`"),
            ("time=99999999999999999999s", "`time=30s`"),
            ("runs=0", "N from 1"),
            ("failures=-1", "N from 1"),
            ("strategy=", "strategy=pct(3)"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn the_other_variables() {
        let mut settings = Settings::new("test");
        settings
            .read_variables(|name| match name {
                "LENO_SIM_REPLAY" => Some("a.trace".to_owned()),
                "LENO_SIM_OUT" => Some("out".to_owned()),
                "LENO_SIM_SHARD" => Some("1/2".to_owned()),
                _ => None,
            })
            .unwrap();
        assert_eq!(settings.replay, Some("a.trace".into()));
        assert_eq!(settings.out, Some("out".into()));
        assert_eq!(settings.shard, Shard::new(1, 2).unwrap());
        let mut split = Settings::new("test");
        split.shard = Shard::new(2, 3).unwrap();
        split
            .read_variables(|name| (name == "LENO_SIM_SHARD").then(|| "1/2".to_owned()))
            .unwrap();
        assert_eq!(split.shard, Shard::new(5, 6).unwrap());
    }
}
