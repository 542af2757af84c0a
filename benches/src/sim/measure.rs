//! How it is measured: everything on one thread, leno and shuttle in turns.

use super::{
    Comparison, Cost, Program, Programs, Search, asynchronous, loom_threads, shuttle_threads,
};
use ::shuttle::scheduler::{PctScheduler, RandomScheduler};
use ::shuttle::{Config, FailurePersistence, Runner};
use leno::sim::{
    Access, Actor, Actors, Budget, Builder, Chooser, Failed, Point, Resource, Run, Summary,
};
use leno_sim::{Delays, Pct, Portfolio, Pos, Walk};
use leno_sim_corpus::{Needs, ROWS, Row, speed};
use rustix::io::dup;
use rustix::stdio::{dup2_stderr, stderr};
use std::cell::Cell;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How much is done.
#[derive(Debug, Clone, Copy)]
struct Effort {
    /// Seeds to begin from.
    starts: u64,
    /// Runs from each.
    most: u64,
    /// Runs of which the rate is that.
    rated: u64,
    /// Rounds of the costs, whose median counts.
    rounds: usize,
}

type Make = fn() -> Box<dyn Chooser>;

const STRATEGIES: &[(&str, Make)] = &[
    ("leno, walk(1/2)", || Box::new(Walk::new(Some(0.5)))),
    ("leno, pct(3)", || Box::new(Pct::new(3))),
    ("leno, pos", || Box::new(Pos::new())),
    ("leno, portfolio", || Box::new(Portfolio::new())),
    ("leno, delays(2)", || Box::new(Delays::new(2))),
];

/// Compares; only the costs if `only_costs`. `say` is told what is done next.
///
/// # Errors
///
/// If there is no directory for what leno writes down.
pub fn measure(quick: bool, only_costs: bool, say: &dyn Fn(&str)) -> Result<Comparison, String> {
    let effort = match quick {
        true => Effort {
            starts: 10,
            most: 500,
            rated: 500,
            rounds: 3,
        },
        false => Effort {
            starts: 100,
            most: 20_000,
            rated: 20_000,
            rounds: 9,
        },
    };
    let traces = std::env::temp_dir().join(format!("leno-versus-sim-{}", std::process::id()));
    let quiet = Quiet::begin();
    say("what a run and a decision cost");
    let costs = costs(effort, quick);
    let mut programs = Vec::new();
    for row in ROWS.iter().filter(|_| !only_costs) {
        say(row.name);
        let mut searches = by_leno(row, effort, &traces);
        searches.extend(by_shuttle(row.name, effort));
        searches.extend(by_loom(row.name, effort));
        programs.push(Program {
            name: row.name.to_owned(),
            searches,
        });
    }
    drop(quiet);
    match std::fs::remove_dir_all(&traces) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            let traces = traces.display();
            return Err(format!("cannot remove {traces}: {error}"));
        }
        _ => {}
    }
    Ok(Comparison {
        starts: effort.starts,
        most: effort.most,
        costs,
        programs,
    })
}

// ----- costs ----------------------------------------------------------------------------------------------

fn costs(effort: Effort, quick: bool) -> Vec<Cost> {
    let (runs, long) = if quick { (2_000, 5) } else { (50_000, 100) };
    let yields = 10 * 1_000;
    let in_turns = |what: &str, each: f64, leno: &dyn Fn() -> f64, shuttle: &dyn Fn() -> f64| {
        let rounds: Vec<_> = (0..effort.rounds).map(|_| (leno(), shuttle())).collect();
        Cost {
            what: what.to_owned(),
            leno: median(rounds.iter().map(|round| round.0)) / each,
            shuttle: median(rounds.iter().map(|round| round.1)) / each,
        }
    };
    vec![
        in_turns(
            "a run: two tasks of three yields, the runtime made and ended",
            runs as f64,
            &|| leno_yields(2, 3, runs),
            &|| shuttle_yields(2, 3, runs),
        ),
        in_turns(
            "a decision among ten tasks that yield, with its poll",
            (long * yields) as f64,
            &|| leno_yields(10, 1_000, long),
            &|| shuttle_yields(10, 1_000, long),
        ),
    ]
}

/// Nanoseconds for all runs.
fn leno_yields(tasks: usize, yields: usize, runs: u64) -> f64 {
    let builder = Builder::new().seeds(0..runs);
    let builder = builder.chooser("walk", STRATEGIES[0].1);
    let start = Instant::now();
    let result = builder.run(|| speed::yields(tasks, yields));
    let taken = start.elapsed();
    assert!(result.is_ok(), "there is nothing to find");
    taken.as_nanos() as f64
}

fn shuttle_yields(tasks: usize, yields: usize, runs: u64) -> f64 {
    let runner = Runner::new(RandomScheduler::new_from_seed(0, runs as usize), config());
    let start = Instant::now();
    runner.run(move || asynchronous::yields(tasks, yields));
    start.elapsed().as_nanos() as f64
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

// ----- leno -----------------------------------------------------------------------------------------------

fn by_leno(row: &Row, effort: Effort, traces: &Path) -> Vec<Search> {
    let run =
        |builder: Builder, program: leno_sim_corpus::Program| -> Result<Summary, Box<Failed>> {
            builder
                .traces(traces)
                .run(|| async move { program().await.check() })
        };
    let made = |strategy: &(&'static str, Make), first: u64, most: u64| {
        let builder = Builder::new().name(row.name).seeds(first..first + most);
        builder.chooser(strategy.0, strategy.1).shrink(None)
    };
    let shrunk = || {
        let budget = Budget {
            runs: 2_000,
            time: Duration::from_secs(10),
        };
        let builder = made(&STRATEGIES[0], 0, effort.most).shrink(Some(budget));
        let failed = run(builder, row.broken).err()?;
        Some(failed.found.first()?.why.len() as u64)
    };
    let shrunk = shrunk();
    let searched = STRATEGIES.iter().map(|strategy| {
        let is_ordered = strategy.0 == "leno, delays(2)";
        let starts = if is_ordered { 1 } else { effort.starts };
        // What is never found is looked for from one seed: it takes all the runs there are.
        let starts = if row.needs == Needs::Inside {
            1
        } else {
            starts
        };
        let found = Arc::default();
        let (make, kept) = (strategy.1, Arc::clone(&found));
        let builder = made(strategy, 0, u64::MAX).failures(usize::MAX);
        let builder = builder.chooser(strategy.0, move || {
            Box::new(Starts {
                make,
                inner: make(),
                effort: Effort { starts, ..effort },
                start: 0,
                runs: 0,
                found: Arc::clone(&kept),
            })
        });
        // That it fails is known, and how is not what is measured.
        drop(run(builder, row.broken));
        let runs = std::mem::take(&mut *found.lock().expect("nobody panics with it"));
        let runs = runs.into_iter();
        let runs = ascending(runs);
        let start = Instant::now();
        let summary = run(made(strategy, 0, effort.rated), row.mended);
        let taken = start.elapsed().as_secs_f64();
        let summary = summary.unwrap_or_else(|failed| panic!("{failed}"));
        Search {
            strategy: strategy.0.to_owned(),
            shrunk: shrunk.filter(|_| !runs.is_empty()),
            runs,
            starts,
            rate: summary.runs() as f64 / taken,
        }
    });
    searched.collect()
}

/// Begins from one seed after the other, each until a run fails, in one exploration: so a failure is told, and a deadlock waited for, once.
struct Starts {
    make: Make,
    inner: Box<dyn Chooser>,
    effort: Effort,
    start: u64,
    /// Runs from this start.
    runs: u64,
    /// In how many runs it was found.
    found: Arc<Mutex<Vec<u64>>>,
}

impl Starts {
    fn go_on(&mut self) {
        self.inner = (self.make)();
        self.start += 1;
        self.runs = 0;
    }
}

impl Chooser for Starts {
    fn begin(&mut self, _seed: u64) -> bool {
        loop {
            if self.start == self.effort.starts {
                return false;
            }
            self.runs += 1;
            let seed = (self.start << 32) + self.runs;
            if self.runs <= self.effort.most && self.inner.begin(seed) {
                return true;
            }
            self.go_on();
        }
    }

    fn next(&mut self, actors: &Actors, ready: &[Actor]) -> usize {
        self.inner.next(actors, ready)
    }

    fn hold(&mut self, actors: &Actors, actor: Actor) -> bool {
        self.inner.hold(actors, actor)
    }

    fn draw(&mut self, actors: &Actors, point: Point, actor: Actor, count: u32) -> u32 {
        self.inner.draw(actors, point, actor, count)
    }

    fn only(&mut self, actors: &Actors, actor: Actor) {
        self.inner.only(actors, actor);
    }

    fn born(&mut self, actors: &Actors, actor: Actor, by: Actor) {
        self.inner.born(actors, actor, by);
    }

    fn woke(&mut self, actors: &Actors, actor: Actor, by: Actor) {
        self.inner.woke(actors, actor, by);
    }

    fn yielded(&mut self, actors: &Actors, actor: Actor) {
        self.inner.yielded(actors, actor);
    }

    fn wants_touches(&self) -> bool {
        self.inner.wants_touches()
    }

    fn touch(&mut self, actors: &Actors, actor: Actor, resource: Resource, access: Access) {
        self.inner.touch(actors, actor, resource, access);
    }

    fn end(&mut self, run: &Run, failed: bool) {
        self.inner.end(run, failed);
        if failed {
            self.found
                .lock()
                .expect("nobody panics with it")
                .push(self.runs);
            self.go_on();
        }
    }
}

fn ascending(runs: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut runs: Vec<_> = runs.collect();
    runs.sort_unstable();
    runs
}

// ----- shuttle --------------------------------------------------------------------------------------------

fn config() -> Config {
    let mut config = Config::new();
    config.failure_persistence = FailurePersistence::None;
    config
}

fn find(programs: &Programs, name: &str) -> Option<fn(bool)> {
    let found = programs.iter().find(|program| program.0 == name);
    found.map(|(_, program)| *program)
}

fn by_shuttle(name: &str, effort: Effort) -> Vec<Search> {
    let threads = find(shuttle_threads::PROGRAMS, name);
    let Some(program) = threads.or_else(|| find(asynchronous::PROGRAMS, name)) else {
        return Vec::new();
    };
    let random = |seed, mended, most| {
        let runner = Runner::new(RandomScheduler::new_from_seed(seed, most), config());
        runner.run(counted(program, mended));
    };
    let pct = |seed, mended, most| {
        let runner = Runner::new(PctScheduler::new_from_seed(seed, 3, most), config());
        runner.run(counted(program, mended));
    };
    vec![
        search_by_shuttle("shuttle, random", effort, &random),
        search_by_shuttle("shuttle, pct(3)", effort, &pct),
    ]
}

fn search_by_shuttle(strategy: &str, effort: Effort, run: &dyn Fn(u64, bool, usize)) -> Search {
    let most = effort.most as usize;
    let runs = (0..effort.starts).filter_map(|seed| to_fail(|| run(seed, false, most)));
    let runs = ascending(runs);
    let start = Instant::now();
    run(0, true, effort.rated as usize);
    Search {
        strategy: strategy.to_owned(),
        runs,
        starts: effort.starts,
        rate: effort.rated as f64 / start.elapsed().as_secs_f64(),
        shrunk: None,
    }
}

// ----- loom -----------------------------------------------------------------------------------------------

fn by_loom(name: &str, effort: Effort) -> Vec<Search> {
    // Where threads are stuck with something locked, loom drops the guards in a second panic, and aborts the process.
    let Some(program) = find(loom_threads::PROGRAMS, name).filter(|_| name == "rmw_across_await")
    else {
        return Vec::new();
    };
    let run = |mended, most: u64| {
        let mut builder = ::loom::model::Builder::new();
        builder.max_permutations = Some(most as usize);
        builder.max_duration = Some(Duration::from_secs(60));
        builder.check(counted(program, mended));
    };
    let runs = to_fail(|| run(false, effort.most));
    RUNS.store(0, Ordering::Relaxed);
    let start = Instant::now();
    run(true, effort.rated);
    let rate = RUNS.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64();
    vec![Search {
        strategy: "loom".to_owned(),
        runs: runs.into_iter().collect(),
        starts: 1,
        rate,
        shrunk: None,
    }]
}

// ----- counting, and quiet --------------------------------------------------------------------------------

/// Runs that have begun. (Theirs run on stacks of their own, so it is no cell of this thread.)
static RUNS: AtomicU64 = AtomicU64::new(0);

fn counted(program: fn(bool), mended: bool) -> impl Fn() + Send + Sync + 'static {
    move || {
        // Ordering: Relaxed, here and where it is read: all of it is on one thread.
        RUNS.fetch_add(1, Ordering::Relaxed);
        program(mended);
    }
}

/// How many runs it took until one failed; `None` if none did.
fn to_fail(run: impl FnOnce()) -> Option<u64> {
    RUNS.store(0, Ordering::Relaxed);
    let _mute = Mute::begin();
    let result = catch_unwind(AssertUnwindSafe(run));
    result.is_err().then(|| RUNS.load(Ordering::Relaxed))
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Panics of this thread are not printed: they are what is looked for.
struct Quiet;

impl Quiet {
    fn begin() -> Self {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                before(info);
            }
        }));
        QUIET.set(true);
        Self
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        QUIET.set(false);
    }
}

/// The standard error goes nowhere meanwhile: shuttle tells of each failure there, by no hook that could be asked not to.
struct Mute(Option<OwnedFd>);

impl Mute {
    fn begin() -> Self {
        let muted = || {
            let kept = dup(stderr()).ok()?;
            let null = File::options().write(true).open("/dev/null").ok()?;
            dup2_stderr(&null).ok()?;
            Some(kept)
        };
        Self(muted())
    }
}

impl Drop for Mute {
    fn drop(&mut self) {
        if let Some(kept) = &self.0 {
            // If this fails there is nobody left to tell.
            let _ = dup2_stderr(kept);
        }
    }
}
