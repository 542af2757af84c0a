//! What many processes found, as one: reads the lines that explorations appended, and says what is missing.

use crate::distinct::Sketch;
use crate::report::{counted, grouped};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// One line, as `lines` writes it. What it does not know it passes over.
#[derive(Debug, Deserialize)]
struct Line {
    test: String,
    strategy: String,
    seeds: [u64; 4],
    ended: String,
    runs: u64,
    decisions: u64,
    classes: String,
    #[serde(default)]
    held: Vec<String>,
    #[serde(default)]
    unheld: Vec<String>,
    #[serde(default)]
    claim: Option<String>,
    #[serde(default)]
    unexplored: Vec<String>,
    #[serde(default)]
    sometimes: Vec<Sometimes>,
    #[serde(default)]
    failures: Vec<Failed>,
}

#[derive(Debug, Deserialize)]
struct Sometimes {
    name: String,
    place: String,
    so: u64,
}

#[derive(Clone, Debug, Deserialize)]
struct Failed {
    fingerprint: String,
    kind: String,
    message: String,
    seed: Option<u64>,
    #[serde(default = "yes")]
    repeats: bool,
    why: u64,
    decisions: u64,
    trace: Option<String>,
}

fn yes() -> bool {
    true
}

/// What comes before all else of a line: a line of another version may have anything after it.
#[derive(Debug, Deserialize)]
struct Version {
    v: u64,
}

/// Lines that cannot be merged. It says where, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotMerged(String);

impl fmt::Display for NotMerged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotMerged {}

/// How the seeds are shared: from, to, among how many.
type Sharing = (u64, u64, u64);

/// All that is known of one test.
#[derive(Debug, Default)]
struct Test {
    strategies: BTreeSet<String>,
    lines: u64,
    runs: u64,
    decisions: u64,
    distinct: Sketch,
    /// By sharing, how often each shard is there.
    shards: BTreeMap<Sharing, BTreeMap<u64, u64>>,
    /// Shards that ended before their seeds did.
    short: Vec<String>,
    /// What systematic searches say of themselves.
    claims: Vec<String>,
    held: BTreeSet<String>,
    unheld: BTreeSet<String>,
    sometimes: BTreeMap<(String, String), u64>,
    /// By fingerprint, the shortest of its traces, and in how many lines it is.
    failures: BTreeMap<String, (Failed, u64)>,
}

/// What many processes found, as one. Its [`Display`](fmt::Display) is for people.
///
/// ```
/// use leno_sim::{Ended, Explorer, Merged, Run, Settings, Shard};
///
/// let folder = std::env::temp_dir().join(format!("leno-sim-merge-{}", std::process::id()));
/// for index in [0, 2] {
///     let mut settings = Settings::new("nothing");
///     settings.shard = Shard::new(index, 3).unwrap();
///     settings.out = Some(folder.clone());
///     Explorer::new(settings).explore(&mut |_: &mut Run| Ended::Passed).unwrap();
/// }
/// let merged = Merged::read([&folder]).unwrap();
/// assert!(merged.to_string().contains("shard 1 of 3 is missing"));
/// assert_eq!(merged.status(), 2);
/// # std::fs::remove_dir_all(folder).unwrap();
/// ```
#[derive(Debug, Default)]
pub struct Merged {
    tests: BTreeMap<String, Test>,
}

impl Merged {
    /// Reads `files`; of a directory, all files in it that end in `.jsonl`.
    ///
    /// # Errors
    ///
    /// If one cannot be read, a line is broken or of another version, or there is no line at all.
    pub fn read(files: impl IntoIterator<Item = impl AsRef<Path>>) -> Result<Self, NotMerged> {
        let mut this = Self::default();
        for file in files {
            let file = file.as_ref();
            let cannot = |error: io::Error| {
                NotMerged(format!("{}: cannot be read: {error}", file.display()))
            };
            for file in files_of(file).map_err(cannot)? {
                let text = fs::read_to_string(&file).map_err(cannot)?;
                this.take(&file, &text)?;
            }
        }
        if this.tests.is_empty() {
            return Err(NotMerged(
                "there are no lines in there: explorations write them to the directory that LENO_SIM_OUT names".to_owned(),
            ));
        }
        Ok(this)
    }

    fn take(&mut self, file: &Path, text: &str) -> Result<(), NotMerged> {
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim().is_empty() {
                continue;
            }
            let broken = |error: String| NotMerged(format!("{}:{number}: {error}", file.display()));
            let version: Version = serde_json::from_str(line)
                .map_err(|error| broken(format!("this is no line of an exploration: {error}")))?;
            if version.v != 1 {
                return Err(broken(format!(
                    "this line is of version {}, and leno-sim {} reads version 1: use the newer one",
                    version.v,
                    env!("CARGO_PKG_VERSION")
                )));
            }
            let line: Line = serde_json::from_str(line)
                .map_err(|error| broken(format!("this line is broken: {error}")))?;
            let [from, to, index, of] = line.seeds;
            if index >= of || from > to {
                return Err(broken(format!(
                    "`seeds` makes no sense: {from}..{to}, shard {index} of {of}"
                )));
            }
            let sketch = Sketch::from_text(&line.classes)
                .ok_or_else(|| broken("`classes` is broken".to_owned()))?;
            let test = self.tests.entry(line.test.clone()).or_default();
            test.take(line, &sketch);
        }
        Ok(())
    }

    /// As an exit status: 0 if all is there and nothing failed, 1 if something failed, 2 if nothing failed and something is
    /// missing.
    pub fn status(&self) -> u8 {
        let mut tests = self.tests.values();
        if tests.any(Test::has_failed) {
            return 1;
        }
        let mut tests = self.tests.values();
        if tests.any(|test| !test.missing().is_empty()) {
            2
        } else {
            0
        }
    }
}

/// `file` itself, or the files in it if it is a directory.
fn files_of(file: &Path) -> io::Result<Vec<PathBuf>> {
    if !file.is_dir() {
        return Ok(vec![file.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(file)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "jsonl")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

impl Test {
    fn take(&mut self, line: Line, sketch: &Sketch) {
        let [from, to, index, of] = line.seeds;
        let shard = format!("shard {index} of {of}");
        let mine = (to - from).saturating_sub(index).div_ceil(of);
        if let Some(claim) = line.claim {
            let left = match line.unexplored.len() as u64 {
                0 => String::new(),
                left => format!(
                    "; {} left, which its line has",
                    counted(left, "prefix").replace("prefixs", "prefixes")
                ),
            };
            self.claims.push(format!("{shard}: {claim}{left}"));
            if matches!(&line.ended[..], "time" | "runs") {
                self.short.push(format!(
                    "{shard} ended early, at its limit of {}",
                    line.ended
                ));
            }
        } else if to != u64::MAX && matches!(&line.ended[..], "time" | "runs") {
            // (With all seeds that there are, no other end was meant.)
            self.short.push(format!(
                "{shard} ended early, at its limit of {}: it made {} of {}",
                line.ended,
                grouped(line.runs),
                counted(mine, "run")
            ));
        }
        let shards = self.shards.entry((from, to, of)).or_default();
        *shards.entry(index).or_insert(0) += 1;
        self.strategies.insert(line.strategy);
        self.lines += 1;
        self.runs += line.runs;
        self.decisions += line.decisions;
        self.distinct.merge(sketch);
        self.held.extend(line.held);
        self.unheld.extend(line.unheld);
        for one in line.sometimes {
            *self.sometimes.entry((one.place, one.name)).or_insert(0) += one.so;
        }
        for failed in line.failures {
            let known = self.failures.entry(failed.fingerprint.clone());
            let (shortest, count) = known.or_insert_with(|| (failed.clone(), 0));
            *count += 1;
            let size = |one: &Failed| (!one.repeats, one.why, one.decisions, one.seed);
            if size(&failed) < size(shortest) {
                *shortest = failed;
            }
        }
    }

    /// What was not run, in lines.
    fn missing(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (&(from, to, of), there) in &self.shards {
            // Those behind the last seed have nothing to run.
            let of_any = of.min(to - from);
            let there = |index: &u64| there.contains_key(index);
            for index in (0..of_any).filter(|index| !there(index)).take(SHOWN) {
                lines.push(format!(
                    "shard {index} of {of} is missing, of the seeds {}..{} (LENO_SIM_SHARD={index}/{of} makes it up)",
                    grouped(from),
                    grouped(to)
                ));
            }
            let known = self.shards[&(from, to, of)].range(..of_any).count() as u64;
            if let Some(more @ 1..) = (of_any - known).checked_sub(SHOWN as u64) {
                lines.push(format!("… and {} more of its shards", grouped(more)));
            }
        }
        let mut end = None;
        for &(from, to, _) in self.shards.keys() {
            if let Some(end) = end.filter(|&end| end < from) {
                lines.push(format!(
                    "the seeds {}..{} are missing",
                    grouped(end),
                    grouped(from)
                ));
            }
            end = end.max(Some(to));
        }
        lines.extend_from_slice(&self.short);
        lines
    }

    /// What should be true in some run and is true in none, if all runs were made.
    fn never(&self) -> Vec<String> {
        // A shard that ended at a failure has not looked at the rest of its seeds.
        if !self.failures.is_empty() || !self.missing().is_empty() {
            return Vec::new();
        }
        let never = self.sometimes.iter().filter(|(_, so)| **so == 0);
        never
            .map(|((place, name), _)| {
                format!(
                    "never: `{name}` ({place}) should be true in some run, and was in none of {}",
                    grouped(self.runs)
                )
            })
            .collect()
    }

    fn has_failed(&self) -> bool {
        !self.failures.is_empty() || !self.never().is_empty()
    }
}

/// How many lines of one kind are shown.
const SHOWN: usize = 10;

impl fmt::Display for Merged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, test) in &self.tests {
            test.tell(name, f)?;
        }
        Ok(())
    }
}

impl Test {
    fn tell(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strategies: Vec<&str> = self.strategies.iter().map(String::as_str).collect();
        writeln!(
            f,
            "{name}: {} ({}), {}, by {}",
            counted(self.runs, "run"),
            strategies.join(", "),
            counted(self.decisions, "decision"),
            counted(self.lines, "exploration"),
        )?;
        let distinct = grouped(self.distinct.count());
        writeln!(f, "  about {distinct} different ones")?;
        for (print, (failed, count)) in &self.failures {
            writeln!(
                f,
                "  failure {print}: {} {} ({})",
                failed.kind,
                // What an assertion says has several lines.
                failed
                    .message
                    .lines()
                    .map(str::trim)
                    .collect::<Vec<_>>()
                    .join(" "),
                counted(*count, "time")
            )?;
            if let Some(seed) = failed.seed {
                let seed = grouped(seed);
                match &failed.trace {
                    _ if !failed.repeats => writeln!(f, "    seed {seed}; it does not repeat")?,
                    None => writeln!(f, "    seed {seed}; its trace was not written")?,
                    Some(trace) => writeln!(
                        f,
                        "    the shortest: seed {seed}, {}, {trace}",
                        counted(failed.why, "decision")
                    )?,
                }
            }
        }
        for claim in &self.claims {
            writeln!(f, "  {claim}")?;
        }
        for line in self.never() {
            writeln!(f, "  {line}")?;
        }
        let unheld = || self.unheld.difference(&self.held);
        for point in unheld().take(SHOWN) {
            writeln!(f, "  never held: {point}")?;
        }
        if let Some(more @ 1..) = unheld().count().checked_sub(SHOWN) {
            writeln!(f, "  … and {more} more that were never held")?;
        }
        for (&(.., of), there) in &self.shards {
            for (index, count) in there.iter().filter(|(_, count)| **count > 1) {
                writeln!(
                    f,
                    "  shard {index} of {of} is there {count} times, and counted as often"
                )?;
            }
        }
        for line in self.missing() {
            writeln!(f, "  {line}")?;
        }
        Ok(())
    }
}
