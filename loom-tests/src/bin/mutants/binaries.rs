//! The test binaries: run without a mutant, to see where they come and how long they take, and with one, those that come to it.

use crate::copy::{Built, MODELS};
use crate::list::hash;
use crate::process::{End, Limit, Run, run};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

/// What a test binary gets without a mutant.
const LIMIT: Limit = Limit {
    time: Duration::from_secs(600),
    silence: Duration::from_secs(300),
};

/// Models are asked of a mutant that so much time is enough for, without one.
const MODELS_LIMIT: Duration = Duration::from_secs(20);

/// A test binary, and what it does without a mutant.
#[derive(Debug)]
pub(crate) struct Test {
    pub(crate) name: String,
    path: PathBuf,
    /// The mutants that it comes to.
    reached: BTreeSet<usize>,
    time: Duration,
    /// How long no test of it has ended.
    silence: Duration,
    /// It fails without a mutant too.
    pub(crate) fails: Option<String>,
    /// Its tests; none, if some fail when they are run by themselves.
    alone: BTreeMap<String, Alone>,
}

/// What one test does by itself, without a mutant.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Alone {
    reached: BTreeSet<usize>,
    time: Duration,
}

/// What some tests did, and the mutants that they came to.
type Watched = (Run, BTreeSet<usize>);

impl Test {
    pub(crate) fn reaches(&self, mutant: usize) -> bool {
        self.fails.is_none() && self.reached.contains(&mutant)
    }

    /// The tests that come to a mutant of a file by themselves. Of the models as many as take [`MODELS_LIMIT`]: first those of the
    /// module, by their names, and what takes less.
    fn coming(&self, mutant: usize, file: &str) -> Vec<(&str, &Alone)> {
        let tests = self.alone.iter();
        let coming = tests.filter(move |(_, alone)| alone.reached.contains(&mutant));
        let mut coming: Vec<_> = coming.map(|(name, alone)| (&**name, alone)).collect();
        if self.name == MODELS {
            let words: BTreeSet<_> = file.split(['/', '.']).collect();
            let is_of_another = |name: &str| {
                let modules = name.rsplit("::").skip(1);
                !modules.into_iter().any(|module| words.contains(module))
            };
            coming.sort_by_key(|(name, alone)| (is_of_another(name), alone.time));
            let mut sum = Duration::ZERO;
            let most = coming.iter().take_while(|(_, alone)| {
                sum += alone.time;
                sum <= MODELS_LIMIT
            });
            coming.truncate(most.count());
        }
        coming
    }

    /// How long those take that come to a mutant: all, if none does by itself.
    fn time(&self, mutant: usize, file: &str) -> Duration {
        let coming = self.coming(mutant, file);
        let time: Duration = coming.iter().map(|(_, alone)| alone.time).sum();
        if time.is_zero() {
            self.time
        } else {
            time.min(self.time)
        }
    }

    /// What comes first with a mutant of a file: what takes less time for each mutant that it is likely to catch. That it catches
    /// one is likely, if it has two words of the file's in its name, and with each word less it is an eighth as likely, until it
    /// was asked of some.
    pub(crate) fn rank(&self, mutant: usize, file: &str, asked: usize, caught: usize) -> u128 {
        let words: BTreeSet<_> = file.split(['/', '_', '.']).collect();
        // The library's own tests stand in its files.
        let matching = match &*self.name {
            "leno" => 1,
            name => name.split('_').filter(|word| words.contains(word)).count(),
        };
        let certain = 8 * 8;
        let before = 1 << (3 * matching.min(2));
        // To begin takes some time too.
        let time = self.time(mutant, file).as_micros() + 20_000;
        time * (certain * (asked as u128 + 1)) / (certain * caught as u128 + before)
    }

    /// Runs one of its tests with a mutant; `None`, if that test does not come to it by itself.
    pub(crate) fn run_one_with(
        &self,
        built: &Built,
        mutant: usize,
        test: &str,
    ) -> Result<Option<End>, String> {
        let alone = self.alone.get(test);
        let Some(alone) = alone.filter(|alone| alone.reached.contains(&mutant)) else {
            return Ok(None);
        };
        let limit = Limit::of(alone.time, alone.time);
        let end = match self.run(built, mutant, &[test], limit)? {
            // It has to fail again.
            End::Failed(_) => self.run(built, mutant, &[test], limit)?,
            end => end,
        };
        Ok(Some(end))
    }

    /// Runs those of its tests that come to a mutant with it: all, if none does by itself. A machine that is busier than before is no
    /// hang, and a test that fails for another reason is no test that notices: it has to fail again, by itself, or among the others.
    pub(crate) fn run_with(&self, built: &Built, mutant: usize, file: &str) -> Result<End, String> {
        let (tests, times): (Vec<_>, Vec<_>) = self
            .coming(mutant, file)
            .into_iter()
            .map(|(name, alone)| (name, alone.time))
            .unzip();
        if tests.is_empty() && self.name == MODELS {
            return Ok(End::Passed);
        }
        let limit = match times.iter().max() {
            Some(&longest) => Limit::of(times.iter().sum(), longest.max(self.silence)),
            None => Limit::of(self.time, self.silence),
        };
        let test = match self.run(built, mutant, &tests, limit)? {
            End::Failed(test) => test,
            end => return Ok(end),
        };
        if !test.contains(' ') && self.run(built, mutant, &[&test], limit)? != End::Passed {
            return Ok(End::Failed(test));
        }
        self.run(built, mutant, &tests, limit)
    }

    fn run(
        &self,
        built: &Built,
        mutant: usize,
        tests: &[&str],
        limit: Limit,
    ) -> Result<End, String> {
        let variable = ("LENO_MUTANT", &*mutant.to_string());
        let end = run(&self.path, &built.package, tests, variable, limit)?.end;
        // A model that takes longer has more to try: it is stopped, and has noticed nothing.
        let is_stopped = end == End::Hung && self.name == MODELS;
        Ok(if is_stopped { End::Passed } else { end })
    }
}

/// Runs each test binary without a mutant. What is known of a binary that is the same as the last time is kept.
pub(crate) fn unmutated(built: &Built, jobs: usize) -> Result<Vec<Test>, String> {
    let kept = built.folder.join("unmutated");
    fs::create_dir_all(&kept).map_err(|error| format!("{}: {error}", kept.display()))?;
    let next = AtomicUsize::new(0);
    let tests = Mutex::new(Vec::new());
    let work = || -> Result<(), String> {
        while let Some((name, path)) = built.tests.get(next.fetch_add(1, Ordering::Relaxed)) {
            let test = look_at(built, &kept, name, path)?;
            if let Some(words) = &test.fails {
                println!("left out: {name} fails without a mutant: {words}");
            }
            lock(&tests).push(test);
        }
        Ok(())
    };
    side_by_side(jobs, work)?;
    let mut tests = tests.into_inner().expect("no worker panics");
    tests.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(tests)
}

fn look_at(built: &Built, kept: &Path, name: &str, path: &Path) -> Result<Test, String> {
    let told = |error: std::io::Error| format!("{}: {error}", path.display());
    let about = fs::metadata(path).map_err(told)?;
    let stamp = format!(
        "{} {} {:?}",
        path.display(),
        about.len(),
        about.modified().map_err(told)?
    );
    let stamp = format!("{:016x}", hash(&stamp));
    let kept = kept.join(name);
    if let Some(test) = fs::read_to_string(&kept)
        .ok()
        .and_then(|text| read(&text, &stamp, name, path))
    {
        return Ok(test);
    }
    let bits = built.folder.join(format!("reached-{name}"));
    let watched = |tests: &[&str]| -> Result<Watched, String> {
        fs::write(&bits, vec![0; built.switches.div_ceil(64) * 8]).map_err(told)?;
        let variable = ("LENO_MUTANTS_REACHED", &*bits.display().to_string());
        let run = run(path, &built.package, tests, variable, LIMIT)?;
        Ok((run, numbers(&fs::read(&bits).map_err(told)?)))
    };
    // Models take long, and do not need each other: they are run by themselves alone.
    if name == MODELS {
        let (test, are_all) = models(path, &built.package, &watched)?;
        fs::remove_file(&bits).map_err(told)?;
        // One that was left out is tried again the next time, and told of.
        if are_all {
            fs::write(&kept, written(&test, &stamp)).map_err(told)?;
        }
        return Ok(test);
    }
    let mut watch = watched(&[])?;
    // A test that fails once, on a busy machine, is no test that fails.
    if watch.0.end != End::Passed {
        watch = watched(&[])?;
    }
    let (Run { end, time, silence }, mut reached) = watch;
    let fails = match end {
        End::Passed => None,
        End::Failed(words) => Some(words),
        End::Hung => Some(format!("it takes more than {:?}", LIMIT.time)),
    };
    let mut alone = BTreeMap::new();
    if fails.is_none() {
        for test in listed(path, &built.package)? {
            let (run, its) = watched(&[&test])?;
            if run.end != End::Passed {
                // They need each other, so they are run together.
                alone.clear();
                break;
            }
            reached.extend(&its);
            let (reached, time) = (its, run.time);
            alone.insert(test, Alone { reached, time });
        }
    }
    let test = Test {
        name: name.into(),
        path: path.into(),
        reached,
        time,
        silence,
        fails,
        alone,
    };
    fs::remove_file(&bits).map_err(told)?;
    fs::write(&kept, written(&test, &stamp)).map_err(told)?;
    Ok(test)
}

/// The models, each of which is run by itself; and whether these are all. One that fails without a mutant is left out alone.
fn models(
    path: &Path,
    package: &Path,
    watched: &dyn Fn(&[&str]) -> Result<Watched, String>,
) -> Result<(Test, bool), String> {
    let mut are_all = true;
    let mut test = Test {
        name: MODELS.into(),
        path: path.into(),
        reached: BTreeSet::new(),
        time: Duration::ZERO,
        silence: Duration::ZERO,
        fails: None,
        alone: BTreeMap::new(),
    };
    for model in listed(path, package)? {
        let (run, reached) = watched(&[&model])?;
        if run.end != End::Passed {
            println!("left out: {model} of the models fails without a mutant");
            are_all = false;
            continue;
        }
        test.reached.extend(&reached);
        test.time += run.time;
        test.silence = test.silence.max(run.time);
        let time = run.time;
        test.alone.insert(model, Alone { reached, time });
    }
    Ok((test, are_all))
}

/// The tests of a binary; none, if it has another harness than the usual one.
fn listed(test: &Path, package: &Path) -> Result<Vec<String>, String> {
    let output = Command::new(test)
        .args(["--list", "--format=terse"])
        .current_dir(package)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{}: {error}", test.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let tests = text.lines().filter_map(|line| line.strip_suffix(": test"));
    Ok(tests.map(str::to_owned).collect())
}

/// The numbers of the bits that are set.
fn numbers(bits: &[u8]) -> BTreeSet<usize> {
    let of_byte = |(index, byte): (usize, &u8)| {
        let byte = *byte;
        (0..8)
            .filter(move |bit| byte & 1 << bit != 0)
            .map(move |bit| 8 * index + bit)
    };
    bits.iter().enumerate().flat_map(of_byte).collect()
}

/// A line each: the stamp, the time and the longest silence in microseconds, how it fails, and the numbers of what it reaches; then
/// for each test by itself its name, and on another line its time and the numbers of what it reaches.
fn written(test: &Test, stamp: &str) -> String {
    let listed = |reached: &BTreeSet<usize>| {
        let numbers: Vec<_> = reached.iter().map(usize::to_string).collect();
        numbers.join(" ")
    };
    let mut text = format!(
        "{stamp}\n{}\n{}\n{}\n{}\n",
        test.time.as_micros(),
        test.silence.as_micros(),
        test.fails.as_deref().unwrap_or_default(),
        listed(&test.reached)
    );
    for (name, alone) in &test.alone {
        let (time, reached) = (alone.time.as_micros(), listed(&alone.reached));
        text += &format!("{name}\n{time} {reached}\n");
    }
    text
}

/// None if it is of another binary, or is nothing that was written.
fn read(text: &str, stamp: &str, name: &str, path: &Path) -> Option<Test> {
    let mut lines = text.lines();
    if lines.next()? != stamp {
        return None;
    }
    let mut duration = || Some(Duration::from_micros(lines.next()?.parse().ok()?));
    let (time, silence) = (duration()?, duration()?);
    let fails = Some(lines.next()?.to_owned()).filter(|words| !words.is_empty());
    let numbers = |line: &str| -> Option<BTreeSet<usize>> {
        let words = line.split_whitespace();
        words.map(|word| word.parse().ok()).collect()
    };
    let reached = numbers(lines.next()?)?;
    let mut alone = BTreeMap::new();
    while let Some(test) = lines.next() {
        let line = lines.next()?;
        let (time, rest) = line.split_once(' ').unwrap_or((line, ""));
        let time = Duration::from_micros(time.parse().ok()?);
        let reached = numbers(rest)?;
        alone.insert(test.to_owned(), Alone { reached, time });
    }
    Some(Test {
        name: name.into(),
        path: path.into(),
        reached,
        time,
        silence,
        fails,
        alone,
    })
}

/// Does work on some threads at once, until all are through.
pub(crate) fn side_by_side(
    jobs: usize,
    work: impl Fn() -> Result<(), String> + Sync,
) -> Result<(), String> {
    thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(&work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().expect("no worker panics"))
    })
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no worker panics")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alone(reached: &[usize], microseconds: u64) -> Alone {
        Alone {
            reached: reached.iter().copied().collect(),
            time: Duration::from_micros(microseconds),
        }
    }

    #[test]
    fn what_is_known_is_read_as_it_is_written() {
        let test = Test {
            name: "sync_mutex".into(),
            path: "there".into(),
            reached: numbers(&[0b1000_0010, 1]),
            time: Duration::from_micros(12),
            silence: Duration::from_micros(7),
            fails: None,
            alone: ["a::b", "c"]
                .map(|name| (name.to_owned(), alone(&[8], 5)))
                .into(),
        };
        assert_eq!(test.reached, BTreeSet::from([1, 7, 8]));
        let text = written(&test, "stamp");
        let back = read(&text, "stamp", "sync_mutex", Path::new("there")).unwrap();
        assert_eq!(
            (back.reached, back.time, back.silence, back.fails),
            (test.reached, test.time, test.silence, None)
        );
        assert_eq!(back.alone, test.alone);
        assert!(read(&text, "another", "sync_mutex", Path::new("there")).is_none());
    }

    #[test]
    fn models_of_the_module_come_first_and_then_the_short_ones() {
        let second = 1_000_000;
        let alone = [
            ("models::idle::long", alone(&[3], 15 * second)),
            ("models::pool::long", alone(&[3], 4 * second)),
            ("models::pool::longer", alone(&[3], 5 * second)),
            ("models::pool::short", alone(&[3], second)),
            ("models::task::elsewhere", alone(&[4], second)),
        ];
        let test = Test {
            name: MODELS.into(),
            path: "there".into(),
            reached: BTreeSet::new(),
            time: Duration::ZERO,
            silence: Duration::ZERO,
            fails: None,
            alone: alone.map(|(name, alone)| (name.to_owned(), alone)).into(),
        };
        let names = |file| -> Vec<_> {
            let coming = test.coming(3, file).into_iter();
            coming.map(|(name, _)| name).collect()
        };
        assert_eq!(
            names("runtime/src/kernel/idle.rs"),
            [
                "models::idle::long",
                "models::pool::short",
                "models::pool::long"
            ]
        );
        assert_eq!(
            names("runtime/src/kernel/task/state.rs"),
            [
                "models::pool::short",
                "models::pool::long",
                "models::pool::longer"
            ]
        );
    }

    #[test]
    fn quick_tests_come_first_and_those_with_the_files_words_before() {
        let rank_of = |mutant, name: &str, milliseconds, asked, caught| {
            let test = Test {
                name: name.into(),
                path: "there".into(),
                reached: BTreeSet::new(),
                time: Duration::from_millis(milliseconds),
                silence: Duration::ZERO,
                fails: None,
                // Where it is fast.
                alone: BTreeMap::from([("a".to_owned(), alone(&[3], 1))]),
            };
            test.rank(mutant, "runtime/src/sync/mutex/owned.rs", asked, caught)
        };
        let after =
            |name: &str, milliseconds, asked, caught| rank_of(2, name, milliseconds, asked, caught);
        let rank = |name, milliseconds| after(name, milliseconds, 0, 0);
        assert!(rank("sync_mutex", 100) < rank("sync_notify", 20));
        assert!(rank("sync_notify", 20) < rank("task_abort", 5));
        assert!(rank("task_abort", 5) < rank("leno", 10_000));
        // Only what comes to the mutant is run.
        assert!(rank_of(3, "task_abort", 100_000, 0, 0) < rank("task_abort", 5));
        // What they have done counts more.
        assert!(after("task_abort", 5, 3, 3) < after("sync_mutex", 5, 3, 0));
    }
}
