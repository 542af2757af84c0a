//! Running targets without libFuzzer: the corpus, and then inputs from a fixed seed.

use crate::Target;
use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How long an input may take, before it counts as one that hangs.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long an input is at most.
const LONGEST: usize = 1024;

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// After so many inputs beside the corpus.
    Inputs(u64),
    /// After so much time.
    Elapsed(Duration),
}

/// An input that a target does not stand.
#[derive(Debug, PartialEq)]
pub struct Failure {
    /// Made as short as could be.
    pub input: Vec<u8>,
    /// What it panics with.
    pub message: String,
}

/// Where the inputs of a target are kept.
pub fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(name)
}

/// Runs a target: over its corpus first, then over inputs that the seed makes of nothing and of the corpus.
///
/// Returns how many inputs it was given.
///
/// # Errors
///
/// The first input that makes it panic, made short.
///
/// # Panics
///
/// If the corpus cannot be read.
pub fn run(target: Target, seed: u64, until: Until) -> Result<u64, Failure> {
    let Target { name, run, .. } = target;
    let corpus = read_folder(&corpus(name)).expect("the corpus can be read");
    let watch = Watch::over(name);
    let mut count = 0;
    for input in &corpus {
        watch.attempt(run, input)?;
        count += 1;
    }
    let mut rng = fastrand::Rng::with_seed(seed);
    let start = Instant::now();
    let mut made = 0;
    while match until {
        Until::Inputs(inputs) => made < inputs,
        Until::Elapsed(limit) => start.elapsed() < limit,
    } {
        watch.attempt(run, &make(&mut rng, &corpus))?;
        made += 1;
    }
    Ok(count + made)
}

/// Runs a target on one input.
///
/// # Errors
///
/// If it panics.
pub fn attempt(call: fn(&[u8]), input: &[u8]) -> Result<(), Failure> {
    catch_unwind(AssertUnwindSafe(|| call(input))).map_err(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()))
            .unwrap_or_default();
        Failure {
            input: input.to_vec(),
            message,
        }
    })
}

/// The files of a folder, in the order of their names; none if it is not there.
fn read_folder(folder: &Path) -> io::Result<Vec<Vec<u8>>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let paths: io::Result<Vec<_>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths?;
    paths.sort();
    paths.into_iter().map(fs::read).collect()
}

/// An input of random bytes, or one of the corpus with some of them changed.
fn make(rng: &mut fastrand::Rng, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut input = match rng.choice(corpus) {
        Some(known) if rng.bool() => known.clone(),
        _ => {
            let most = LONGEST >> rng.u32(..8);
            let length = rng.usize(..most);
            // Small numbers are commands, and lengths that mean something.
            let most = if rng.bool() { u8::MAX } else { 15 };
            (0..length).map(|_| rng.u8(..=most)).collect()
        }
    };
    for _ in 0..rng.u32(..8) {
        let at = rng.usize(..=input.len());
        match rng.u32(..4) {
            0 => input.insert(at, rng.u8(..)),
            1 if at < input.len() => drop(input.remove(at)),
            2 if at < input.len() => input[at] = rng.u8(..),
            _ => {
                let end = rng.usize(at..=input.len());
                let copy = input[at..end].to_vec();
                let to = rng.usize(..=input.len());
                input.splice(to..to, copy);
            }
        }
    }
    input.truncate(LONGEST);
    input
}

/// The failure with everything left out that it does without.
fn shorten(call: fn(&[u8]), failure: Failure) -> Failure {
    // The reports of a thousand panics would hide the one that counts.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let mut shortest = failure;
    let mut piece = shortest.input.len().div_ceil(2);
    while piece > 0 {
        let mut at = 0;
        while at < shortest.input.len() {
            let end = (at + piece).min(shortest.input.len());
            let mut candidate = shortest.input.clone();
            candidate.drain(at..end);
            match attempt(call, &candidate) {
                Err(shorter) => shortest = shorter,
                Ok(()) => at = end,
            }
        }
        piece /= 2;
    }
    std::panic::set_hook(hook);
    shortest
}

/// Writes an input to where it can be found, and says where that is.
///
/// # Errors
///
/// If it cannot be written.
pub fn keep(name: &str, input: &[u8]) -> io::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("artifacts")
        .join(name);
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("crash-{:08x}", crc32fast::hash(input)));
    fs::write(&path, input)?;
    Ok(path)
}

/// Ends the process if an input takes too long: nothing else can.
struct Watch(Arc<Mutex<Attempt>>);

/// The input that is being run, and since when.
type Attempt = Option<(Instant, Vec<u8>)>;

impl Watch {
    fn over(name: &'static str) -> Self {
        let current: Arc<Mutex<Attempt>> = Arc::default();
        let watched = Arc::downgrade(&current);
        thread::spawn(move || {
            while let Some(current) = watched.upgrade() {
                if let Some((since, input)) = &*current.lock().unwrap() {
                    if since.elapsed() > PATIENCE {
                        let kept = keep(name, input);
                        eprintln!("{name}: an input hangs; it is in {kept:?}");
                        std::process::abort();
                    }
                }
                drop(current);
                thread::sleep(Duration::from_secs(1));
            }
        });
        Self(current)
    }

    fn attempt(&self, call: fn(&[u8]), input: &[u8]) -> Result<(), Failure> {
        *self.0.lock().unwrap() = Some((Instant::now(), input.to_vec()));
        let result = attempt(call, input);
        *self.0.lock().unwrap() = None;
        result.map_err(|failure| shorten(call, failure))
    }
}
