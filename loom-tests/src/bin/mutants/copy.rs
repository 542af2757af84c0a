//! The copies of leno and of its models that all mutants are built into, and what cargo says of them.
//!
//! They are two, since the models' door may refuse a mutant that leno's own takes.
//!
//! What does not compile is found by the compiler's words: a mutant that they point into is taken out, until the rest builds.

use crate::folders::{bring, bring_lock, put, target};
use crate::list::{Mutant, hash};
use crate::pieces::surround;
use crate::rewrite::rewrite;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The models' name among the test binaries.
pub(crate) const MODELS: &str = "models";

/// The switch's file, which is in the copy alone.
const SWITCH: &str = "runtime/src/mutants.rs";

/// What is not brought along. The tests among them look at the sources, build programs, or need the rest of the repository.
pub(crate) const WITHOUT: [&str; 7] = [
    "runtime/fuzz/",
    "runtime/tests/ui/",
    "runtime/tests/architecture.rs",
    "runtime/tests/compile_fail.rs",
    "runtime/tests/guarantees.rs",
    "sim/corpus/",
    "loom-tests/src/bin/",
];

/// Why a mutant cannot be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unbuilt {
    /// The compiler works out what it changes.
    Constant,
    /// It is not compiled here: for another system, or without a feature.
    Elsewhere,
    /// The compiler refuses it.
    Refused,
}

/// What is copied and built by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// leno, and its tests.
    Leno,
    /// leno's files behind the models' door, and the models.
    Models,
}

impl Part {
    /// The folder that it is copied to.
    fn copy(self) -> &'static str {
        match self {
            Self::Leno => "copy",
            Self::Models => "copy-of-models",
        }
    }

    /// What it needs of the repository.
    fn folders(self) -> &'static [&'static str] {
        match self {
            Self::Leno => &["runtime", "reactor", "macros", "sim"],
            Self::Models => &["loom-tests", "runtime/src", "reactor/src"],
        }
    }

    /// Its packages.
    fn members(self) -> &'static [&'static str] {
        match self {
            Self::Leno => self.folders(),
            Self::Models => &["loom-tests"],
        }
    }

    /// What cargo is told to do, one after the other.
    fn commands(self) -> &'static [&'static str] {
        match self {
            Self::Leno => &["check", "test"],
            Self::Models => &["test"],
        }
    }

    /// Where what did not build the last time is kept.
    fn refused(self) -> &'static str {
        match self {
            Self::Leno => "refused",
            Self::Models => "refused-by-models",
        }
    }
}

/// The built tests.
#[derive(Debug)]
pub(crate) struct Built {
    /// The name of each test binary, and where it is.
    pub(crate) tests: Vec<(String, PathBuf)>,
    pub(crate) unbuilt: BTreeMap<usize, Unbuilt>,
    /// Where the tests are to be run.
    pub(crate) package: PathBuf,
    /// For what is kept between runs.
    pub(crate) folder: PathBuf,
    /// What differs when the sources or the tests do.
    pub(crate) key: u64,
    /// How many switches there are, used or not.
    pub(crate) switches: usize,
}

/// A switch in the copy.
#[derive(Debug)]
struct Place {
    whole: Range<usize>,
    /// The mutants, and where what they do instead begins: in this order.
    mutants: Vec<(usize, usize)>,
    /// Where what they do instead ends.
    end: usize,
}

/// Builds the tests of copies that have the mutants: all of them, or those that patterns name, and the library's own.
pub(crate) fn build(root: &Path, mutants: &[Mutant], tests: Option<&str>) -> Result<Built, String> {
    let folder = target(root).join("mutants");
    let mut by_file: BTreeMap<&str, Vec<(usize, &Mutant)>> = BTreeMap::new();
    for (number, mutant) in mutants.iter().enumerate() {
        by_file
            .entry(&mutant.file)
            .or_default()
            .push((number, mutant));
    }
    let mut unbuilt = BTreeMap::new();
    let PartBuilt {
        tests: mut built,
        refused,
    } = build_part(Part::Leno, root, &folder, &by_file, tests)?;
    let compiled =
        fs::read_to_string(folder.join("compiled")).map_err(|error| error.to_string())?;
    let compiled: BTreeSet<usize> = compiled
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    for (&file, its) in &by_file {
        let text = read(root, file)?;
        let (.., constant) = changed(Part::Leno, file, &text, its, &refused)?;
        unbuilt.extend(constant.into_iter().map(|of| (of, Unbuilt::Constant)));
    }
    for number in 0..mutants.len() {
        let why = if refused.contains(&number) {
            Unbuilt::Refused
        } else if !compiled.contains(&number) {
            Unbuilt::Elsewhere
        } else {
            continue;
        };
        unbuilt.entry(number).or_insert(why);
    }
    if tests.is_none_or(|tests| tests.split(',').any(|test| test == MODELS)) {
        let models = build_part(Part::Models, root, &folder, &by_file, tests)?.tests;
        built.extend(models.into_iter().map(|(_, path)| (MODELS.into(), path)));
    }
    Ok(Built {
        tests: built,
        unbuilt,
        package: folder.join(Part::Leno.copy()).join("runtime"),
        folder,
        key: hash(&format!(
            "{} {tests:?}",
            key(
                root,
                &["runtime/src", "runtime/tests", "loom-tests/src/models"]
            )?
        )),
        switches: mutants.len(),
    })
}

/// The built tests of a part, and the mutants that do not build there.
struct PartBuilt {
    tests: Vec<(String, PathBuf)>,
    refused: BTreeSet<usize>,
}

/// Builds a part's tests, without those mutants that do not build, and tells which these are.
fn build_part(
    part: Part,
    root: &Path,
    folder: &Path,
    by_file: &BTreeMap<&str, Vec<(usize, &Mutant)>>,
    tests: Option<&str>,
) -> Result<PartBuilt, String> {
    let copy = folder.join(part.copy());
    // Not cargo's own folder: it takes the copy's packages for the checkout's there, and each build would replace the other's.
    let target = folder.join("target");
    let manifest = read(root, "Cargo.toml")?;
    put(
        &copy.join("Cargo.toml"),
        &only_what_is_needed(&manifest, part)?,
    )?;
    bring_lock(root, &copy)?;
    let sources = key(root, &["runtime/src"])?;
    let kept = folder.join(part.refused());
    let mut refused = read_refused(&kept, sources);
    let mut commands = part.commands().iter().peekable();
    loop {
        for folder in part.folders() {
            let change = |file: &str, bytes: Vec<u8>| -> Result<Option<Vec<u8>>, String> {
                if WITHOUT.iter().any(|without| file.starts_with(without)) {
                    return Ok(None);
                }
                let Ok(text) = std::str::from_utf8(&bytes) else {
                    return Ok(Some(bytes));
                };
                let its = by_file.get(file).map_or(&[][..], Vec::as_slice);
                let (text, ..) = changed(part, file, text, its, &refused)?;
                Ok(Some(text.into_bytes()))
            };
            bring(root, &copy, Path::new(folder), Some(SWITCH), &change)?;
        }
        put(&copy.join(SWITCH), include_str!("switch.rs"))?;
        let mut places = BTreeMap::new();
        for (&file, its) in by_file {
            let text = read(root, file)?;
            let (_, its_places, _) = changed(part, file, &text, its, &refused)?;
            places.insert(file.to_owned(), its_places);
        }
        let Some(command) = commands.peek() else {
            unreachable!("the last command ends the loop");
        };
        let told = cargo(part, command, tests, &copy, &target)?;
        if told.has_failed {
            let guilty = guilty(&told.messages, &places);
            if guilty.is_empty() {
                return Err(
                    "the copy does not build, and no mutant is to blame: cargo's words are above"
                        .into(),
                );
            }
            println!(
                "{} mutants do not build; once more without them",
                guilty.len()
            );
            refused.extend(guilty);
            write_refused(&kept, sources, &refused)?;
            continue;
        }
        if **command == "check" {
            put(&folder.join("compiled"), &compiled(&told.messages, &places))?;
            commands.next();
            continue;
        }
        let tests = told.executables();
        return Ok(PartBuilt { tests, refused });
    }
}

fn read(root: &Path, file: &str) -> Result<String, String> {
    fs::read_to_string(root.join(file)).map_err(|error| format!("{file}: {error}"))
}

/// The workspace's manifest with the packages of the part's copy alone.
fn only_what_is_needed(manifest: &str, part: Part) -> Result<String, String> {
    let members = format!("members = {:?}", part.members());
    // What the switches bring along, parentheses and paths that are never taken, is nothing to refuse.
    let without: &[&str] = match part {
        Part::Leno => &["loom", "generator", "workspace.lints"],
        Part::Models => &["workspace.lints"],
    };
    let mut is_kept = true;
    let mut made = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            is_kept = !without.iter().any(|section| line.contains(section));
            if line.starts_with("[workspace.lints.") {
                made.push(line);
            }
        }
        if line.starts_with("members = [") {
            made.push(members.as_str());
        } else if is_kept && !line.starts_with("exclude = ") {
            made.push(line);
        }
    }
    if !made.contains(&members.as_str()) {
        return Err("Cargo.toml has no line that begins with `members = [`".into());
    }
    Ok(made.join("\n") + "\n")
}

/// A file's text as the copy has it, where its switches are, and which mutants cannot be switched.
fn changed(
    part: Part,
    file: &str,
    text: &str,
    mutants: &[(usize, &Mutant)],
    without: &BTreeSet<usize>,
) -> Result<(String, Vec<Place>, BTreeSet<usize>), String> {
    // At a file's end, so that the rest is on the lines it was on.
    let with_switch = match (part, file) {
        (Part::Leno, "runtime/src/lib.rs") => Some(format!("{text}\nmod mutants;\n")),
        (Part::Models, "loom-tests/src/lib.rs") => Some(format!(
            "{text}\n#[path = \"../../{SWITCH}\"]\nmod mutants;\n"
        )),
        (Part::Models, "loom-tests/Cargo.toml") => {
            // The switch's own.
            Some(text.replacen(
                "[dependencies]\n",
                "[dependencies]\nlibc.workspace = true\n",
                1,
            ))
        }
        _ => None,
    };
    if let Some(text) = with_switch {
        return Ok((text, Vec::new(), BTreeSet::new()));
    }
    if mutants.is_empty() {
        return Ok((text.to_owned(), Vec::new(), BTreeSet::new()));
    }
    let told = |error: String| format!("{file}: {error}");
    let rewritten = rewrite(text, mutants, without).map_err(told)?;
    let (pieces, its): (Vec<_>, Vec<_>) = rewritten
        .switches
        .into_iter()
        .map(|switch| {
            let (before, after) = (switch.piece.before.clone(), switch.piece.after.clone());
            (switch.piece, (switch.mutants, before, after))
        })
        .unzip();
    let (text, places) = surround(text, pieces).map_err(told)?;
    let places = places
        .into_iter()
        .zip(its)
        .map(|(whole, (mutants, before, after))| {
            let starts = |number: usize| {
                let switch = format!("mutants::is({number})");
                let from = |written: &str, at: usize| written.find(&switch).map(|found| at + found);
                from(&before, whole.start).or_else(|| from(&after, whole.end - after.len()))
            };
            let mutants = mutants
                .into_iter()
                .map(|number| (number, starts(number).expect("a switch names its mutants")));
            let end = if before.is_empty() {
                whole.end
            } else {
                whole.start + before.len()
            };
            Place {
                mutants: mutants.collect(),
                end,
                whole,
            }
        });
    Ok((text, places.collect(), rewritten.left_out))
}

/// What cargo has said.
struct Told {
    messages: Vec<Message>,
    has_failed: bool,
}

#[derive(Debug, Deserialize)]
struct Message {
    message: Option<Diagnostic>,
    target: Option<Target>,
    executable: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Diagnostic {
    level: String,
    code: Option<Code>,
    rendered: Option<String>,
    spans: Vec<Marked>,
}

#[derive(Debug, Deserialize)]
struct Code {
    code: String,
}

/// A place that the compiler points to.
#[derive(Debug, Deserialize)]
struct Marked {
    file_name: String,
    byte_start: usize,
    byte_end: usize,
    is_primary: bool,
    expansion: Option<Box<Expansion>>,
}

/// Where a macro stands that has written what the compiler points to.
#[derive(Debug, Deserialize)]
struct Expansion {
    span: Marked,
}

impl Told {
    /// The test binaries, by their names.
    fn executables(&self) -> Vec<(String, PathBuf)> {
        let found = self.messages.iter().filter_map(|message| {
            let name = &message.target.as_ref()?.name;
            Some((name.clone(), message.executable.clone()?))
        });
        found.collect()
    }
}

fn cargo(
    part: Part,
    command: &str,
    tests: Option<&str>,
    copy: &Path,
    target: &Path,
) -> Result<Told, String> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut cargo = Command::new(program);
    let package = match part {
        Part::Leno => "leno",
        Part::Models => "leno-loom-tests",
    };
    cargo.args([
        command,
        "--package",
        package,
        "--lib",
        "--message-format=json",
    ]);
    match command {
        // The unit tests' code has no mutants, and costs nothing here.
        "check" => cargo.args(["--all-features", "--keep-going"]),
        _ => cargo.arg("--no-run"),
    };
    match tests {
        _ if command == "check" || part == Part::Models => {}
        None => _ = cargo.arg("--tests"),
        Some(patterns) => {
            for pattern in patterns.split(',').filter(|&pattern| pattern != MODELS) {
                cargo.args(["--test", pattern]);
            }
        }
    }
    let output = cargo
        .arg("--manifest-path")
        .arg(copy.join("Cargo.toml"))
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_INCREMENTAL", "0")
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    let messages: Vec<Message> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    Ok(Told {
        messages,
        has_failed: !output.status.success(),
    })
}

/// The mutants that the compiler's errors point into.
fn guilty(messages: &[Message], places: &BTreeMap<String, Vec<Place>>) -> BTreeSet<usize> {
    let mut guilty = BTreeSet::new();
    for diagnostic in messages
        .iter()
        .filter_map(|message| message.message.as_ref())
    {
        if diagnostic.level != "error" || diagnostic.spans.is_empty() {
            continue;
        }
        // What is pointed to first, then what is pointed to besides.
        let found = [true, false].into_iter().find_map(|is_primary| {
            let spans = diagnostic
                .spans
                .iter()
                .filter(|span| span.is_primary == is_primary);
            let mutants: BTreeSet<_> = spans.flat_map(|span| at(span, places)).collect();
            (!mutants.is_empty()).then_some(mutants)
        });
        match found {
            Some(mutants) => guilty.extend(mutants),
            None => eprintln!("{}", diagnostic.rendered.as_deref().unwrap_or_default()),
        }
    }
    guilty
}

/// The mutants of the innermost switch around a place: the one that it is in, or all, if what is pointed to is what they replace.
fn at(span: &Marked, places: &BTreeMap<String, Vec<Place>>) -> Vec<usize> {
    // The models name leno's files by a path from their own.
    let file = span.file_name.find("runtime/src/");
    let file = file.map_or(&*span.file_name, |from| &span.file_name[from..]);
    let Some(places) = places.get(file) else {
        return span
            .expansion
            .as_ref()
            .map_or_else(Vec::new, |macros| at(&macros.span, places));
    };
    let around = places
        .iter()
        .filter(|place| place.whole.start <= span.byte_start && span.byte_end <= place.whole.end);
    let Some(place) = around.min_by_key(|place| place.whole.len()) else {
        return Vec::new();
    };
    let mut of = place.mutants.iter().rev();
    let own = of.find(|(_, start)| *start <= span.byte_start && span.byte_end <= place.end);
    match own {
        Some(&(number, _)) => vec![number],
        None => place.mutants.iter().map(|&(number, _)| number).collect(),
    }
}

/// The numbers of the switches that the compiler has come to: it tells of each that its function is deprecated.
fn compiled(messages: &[Message], places: &BTreeMap<String, Vec<Place>>) -> String {
    let diagnostics = messages
        .iter()
        .filter_map(|message| message.message.as_ref());
    let deprecated = diagnostics.filter(|diagnostic| {
        diagnostic
            .code
            .as_ref()
            .is_some_and(|code| code.code == "deprecated")
    });
    let mut numbers = BTreeSet::new();
    for span in deprecated.flat_map(|diagnostic| &diagnostic.spans) {
        let mut of = places
            .get(&span.file_name)
            .into_iter()
            .flatten()
            .flat_map(|place| &place.mutants);
        // What is pointed to is `is`, behind the module's name.
        let found = of.find(|(_, start)| {
            *start <= span.byte_start && span.byte_start < start + "mutants::is(".len()
        });
        numbers.extend(found.map(|(number, _)| *number));
    }
    numbers.iter().map(|number| format!("{number}\n")).collect()
}

/// What differs when a Rust file of the folders does, or how mutants are written.
fn key(root: &Path, folders: &[&str]) -> Result<u64, String> {
    fn walk(folder: &Path, hashes: &mut Vec<u64>) -> std::io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                walk(&path, hashes)?;
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path)?;
                hashes.push(hash(&format!("{} {text}", path.display())));
            }
        }
        Ok(())
    }
    let mut hashes = vec![hash(include_str!("rewrite.rs"))];
    for folder in folders {
        walk(&root.join(folder), &mut hashes).map_err(|error| format!("{folder}: {error}"))?;
    }
    hashes.sort_unstable();
    Ok(hash(&format!("{hashes:?}")))
}

/// The mutants that did not build the last time, if that was of the same sources.
fn read_refused(kept: &Path, key: u64) -> BTreeSet<usize> {
    let text = fs::read_to_string(kept).unwrap_or_default();
    let mut lines = text.lines();
    if lines.next() != Some(&key.to_string()) {
        return BTreeSet::new();
    }
    lines.filter_map(|line| line.parse().ok()).collect()
}

fn write_refused(kept: &Path, key: u64, refused: &BTreeSet<usize>) -> Result<(), String> {
    let numbers: String = refused.iter().map(|number| format!("{number}\n")).collect();
    put(kept, &format!("{key}\n{numbers}"))
}
