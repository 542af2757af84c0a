//! Changes what leno's code does, one place at a time, and looks whether a test notices: all that is no ordering.
//!
//! `cargo mutants` lists the mutants; with its own way to run them each would be a build, and a link of every test. Here one build
//! holds them all, and an environment variable says which of them a process runs with (`switch.rs`). `mutants --help` tells what
//! there is to do with them.

mod binaries;
mod catchers;
#[path = "../shared/command.rs"]
mod command;
mod copy;
#[path = "../shared/folders.rs"]
mod folders;
mod hang;
mod list;
mod options;
#[path = "../shared/pieces.rs"]
mod pieces;
mod process;
mod report;
mod results;
mod rewrite;
mod survivors;

use binaries::{Test, lock, side_by_side};
use catchers::Catchers;
use copy::Built;
use folders::{changed_since, occupy, root, target};
use list::Mutant;
use options::{Options, Task};
use process::End;
use report::Known;
use results::{Results, Verdict};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

fn main() -> ExitCode {
    let options = Options::read(std::env::args().skip(1));
    command::run("mutants", options::HELP, options, work)
}

fn work(options: &Options) -> Result<bool, String> {
    let root = root();
    let changed = options.changed.as_deref().map(changed_since).transpose()?;
    let mutants = list::read(&root)?;
    let reasons = survivors::read(&root, &mutants)?;
    let chosen = list::chosen(&mutants, options, changed.as_ref());
    if chosen.is_empty() {
        println!("no mutant is chosen");
        return Ok(true);
    }
    let folder = target(&root).join("mutants");
    let _occupied = match options.task {
        Task::List => None,
        _ => Some(occupy(&folder)?),
    };
    let mut results = Results::open(&folder.join("results"))?;
    let files = hashes(&root, &mutants)?;
    let hash = |mutant: &Mutant| files[mutant.file.as_str()];
    if options.task == Task::List {
        for &number in &chosen {
            let mutant = &mutants[number];
            let reason = reasons
                .get(&number)
                .map(|reason| format!("argued: {reason}"));
            let last = results
                .last(&mutant.name(), hash(mutant))
                .map(|verdict| verdict.words().to_owned());
            let words = reason.or(last).unwrap_or_else(|| "not run".into());
            println!("{}: {}: {words}", mutant.place(), mutant.change);
        }
        println!("{} mutants", chosen.len());
        return Ok(true);
    }
    let built = copy::build(&root, &mutants, options.tests.as_deref())?;
    let tests = binaries::unmutated(&built, options.jobs)?;
    println!("{} test binaries", tests.len());
    let mut wanted = Vec::new();
    for &number in &chosen {
        let mutant = &mutants[number];
        let is_known = results
            .of(&mutant.name(), hash(mutant), built.key)
            .is_some();
        if !built.unbuilt.contains_key(&number) && (options.again || !is_known) {
            wanted.push(number);
        }
    }
    println!(
        "{} mutants are chosen, {} of them to be run",
        chosen.len(),
        wanted.len()
    );
    let catchers = Catchers::default();
    for mutant in &mutants {
        let found = results.ever(&mutant.name());
        if let Some(found) = found.filter(|found| found.verdict.is_caught()) {
            catchers.add_words(mutant, &found.words);
        }
    }
    let (begun, next) = (Instant::now(), AtomicUsize::new(0));
    let shared = Mutex::new(&mut results);
    side_by_side(options.jobs, || {
        while let Some(&number) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
            if options
                .within
                .is_some_and(|within| begun.elapsed() >= within)
            {
                break;
            }
            let mutant = &mutants[number];
            let (verdict, words) = run(&built, &tests, &catchers, number, mutant)?;
            println!(
                "{:18} {}: {}  {words}",
                verdict.words(),
                mutant.place(),
                mutant.change
            );
            lock(&shared).add(mutant.name(), (verdict, words), hash(mutant), built.key)?;
        }
        Ok(())
    })?;
    let known = chosen.iter().map(|number| {
        let mutant = &mutants[*number];
        let verdict = results
            .of(&mutant.name(), hash(mutant), built.key)
            .map(|found| found.verdict);
        let known = match (
            built.unbuilt.get(number),
            verdict,
            reasons.contains_key(number),
        ) {
            (Some(&why), ..) => Known::Unbuilt(why),
            (_, None, _) => Known::NotRun,
            (_, Some(verdict), false) => Known::Run(verdict),
            (_, Some(verdict), true) if verdict.is_caught() => Known::ArguedInVain(verdict),
            (_, Some(verdict), true) => Known::Argued(verdict),
        };
        (mutant, known)
    });
    println!("not among the tests: {}", copy::WITHOUT.join(", "));
    Ok(report::table(&known.collect::<Vec<_>>(), options.is_all()))
}

/// What differs when a file does.
fn hashes<'a>(root: &Path, mutants: &'a [Mutant]) -> Result<BTreeMap<&'a str, u64>, String> {
    let mut hashes = BTreeMap::new();
    for mutant in mutants {
        let file = mutant.file.as_str();
        if !hashes.contains_key(file) {
            let text =
                fs::read_to_string(root.join(file)).map_err(|error| format!("{file}: {error}"))?;
            hashes.insert(file, list::hash(&text));
        }
    }
    Ok(hashes)
}

/// Runs the tests that come to a mutant's place, until one notices: those that have noticed others of its file by themselves, then
/// all of each binary.
fn run(
    built: &Built,
    tests: &[Test],
    catchers: &Catchers,
    number: usize,
    mutant: &Mutant,
) -> Result<(Verdict, String), String> {
    let mut coming: Vec<_> = tests.iter().filter(|test| test.reaches(number)).collect();
    if coming.is_empty() {
        return Ok((Verdict::NotReached, String::new()));
    }
    for (binary, name) in catchers.tests(mutant) {
        let Some(test) = coming.iter().find(|test| test.name == binary) else {
            continue;
        };
        let verdict = match test.run_one_with(built, number, &name)? {
            None | Some(End::Passed) => continue,
            Some(End::Failed(_)) => Verdict::Caught,
            Some(End::Hung) => Verdict::Hung,
        };
        catchers.add(mutant, &binary, &name);
        return Ok((verdict, format!("{binary}: {name}")));
    }
    catchers.sort(number, mutant, &mut coming);
    for test in &coming {
        let end = test.run_with(built, number, &mutant.file)?;
        catchers.count(&mutant.file, &test.name, end != End::Passed);
        return Ok(match end {
            End::Passed => continue,
            End::Failed(words) => {
                catchers.add(mutant, &test.name, &words);
                (Verdict::Caught, format!("{}: {words}", test.name))
            }
            End::Hung => (Verdict::Hung, test.name.clone()),
        });
    }
    Ok((Verdict::Survived, format!("{} test binaries", coming.len())))
}
