//! The lists in `loom-tests/mutations`, and how they are kept in step with the sources.
//!
//! `steps.toml` is written by hand: steps that are replaced by others. `orderings.toml` has a head that is written by hand, the
//! arguments, and a part that the command writes: a line for each weaker ordering, in the order of the sources.

use crate::scan::{self, Site};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Everything of a file of theirs is in the list.
pub(crate) const SOURCES: [&str; 3] = ["runtime/src/kernel", "runtime/src/sync", "reactor/src"];

/// What is known of a mutation that nobody has run.
const NOT_RUN: &str = "not run";

/// What the written part of `orderings.toml` begins with.
const MARK: &str = "# ---- Below, the command `mutations search` writes.";

/// A change of the sources that a model is to notice.
#[derive(Debug)]
pub(crate) struct Mutation {
    pub(crate) file: String,
    pub(crate) name: String,
    /// The number by which the copy is told to run with it.
    pub(crate) number: usize,
    pub(crate) change: Change,
    pub(crate) known: Known,
}

#[derive(Debug)]
pub(crate) enum Change {
    Ordering { site: Site, weaker: &'static str },
    Step(Step),
}

/// A piece of the text, and what stands for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) find: String,
    pub(crate) replace: String,
    /// It cannot stand beside what it replaces: it is built alone.
    pub(crate) alone: bool,
}

/// What the list says of a mutation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Known {
    /// These models fail.
    Caught(Vec<String>),
    /// No model fails, and this is why none need: the name of an argument.
    Argued(String),
    /// No model fails so far, and nobody has argued: what is known of it, as that it was not run.
    Open(String),
    /// It is not in the list.
    Unlisted,
}

#[derive(Debug)]
pub(crate) struct List {
    pub(crate) mutations: Vec<Mutation>,
    pub(crate) arguments: BTreeMap<String, String>,
    /// The part of `orderings.toml` that is written by hand.
    head: String,
    /// What is in the list, and not in the sources any more.
    pub(crate) gone: Vec<String>,
}

impl Mutation {
    /// What the copy is told by `LENO_MUTATION`.
    pub(crate) fn choice(&self) -> String {
        match &self.change {
            Change::Ordering { weaker, .. } => format!("{}={weaker}", self.number),
            Change::Step(_) => self.number.to_string(),
        }
    }

    pub(crate) fn is_alone(&self) -> bool {
        matches!(&self.change, Change::Step(step) if step.alone)
    }
}

/// All Rust files of [`SOURCES`], by their names in the repository.
fn files(root: &Path) -> Vec<String> {
    fn walk(root: &Path, folder: &Path, files: &mut Vec<String>) {
        let entries =
            fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for path in entries.map(|entry| entry.expect("a folder that can be read").path()) {
            if path.is_dir() {
                walk(root, &path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).expect("within the repository");
                files.push(name.to_str().expect("names in UTF-8").into());
            }
        }
    }
    let mut files = Vec::new();
    for folder in SOURCES {
        walk(root, &root.join(folder), &mut files);
    }
    files.sort();
    files
}

fn folder(root: &Path) -> PathBuf {
    root.join("loom-tests/mutations")
}

impl List {
    pub(crate) fn read(root: &Path) -> Result<Self, String> {
        let mut mutations = Vec::new();
        let path = folder(root).join("orderings.toml");
        let text =
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let head = text.split(MARK).next().unwrap_or_default().to_owned();
        let mut table: toml::Table = text
            .parse()
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let mut arguments = BTreeMap::new();
        if let Some(toml::Value::Table(written)) = table.remove("arguments") {
            for (name, argument) in written {
                let argument = argument
                    .as_str()
                    .ok_or_else(|| format!("the argument `{name}` is no text"))?;
                arguments.insert(name, argument.trim().to_owned());
            }
        }
        let mut number = 0;
        for file in files(root) {
            let source =
                fs::read_to_string(root.join(&file)).map_err(|error| format!("{file}: {error}"))?;
            let sites = scan::sites(&source).map_err(|error| format!("{file}: {error}"))?;
            let mut known = match table.remove(&file) {
                Some(toml::Value::Table(known)) => known,
                Some(_) => return Err(format!("{}: `{file}` is no table", path.display())),
                None => toml::Table::new(),
            };
            for site in sites {
                for &weaker in site.weaker() {
                    let name = format!("{} -> {weaker}", site.name);
                    let known = match known.remove(&name) {
                        Some(value) => read_known(&value)
                            .map_err(|error| format!("{file}, `{name}`: {error}"))?,
                        None => Known::Unlisted,
                    };
                    if let Known::Argued(argument) = &known {
                        if !arguments.contains_key(argument) {
                            return Err(format!(
                                "{file}, `{name}`: there is no argument `{argument}` in [arguments]"
                            ));
                        }
                    }
                    let change = Change::Ordering {
                        site: site.clone(),
                        weaker,
                    };
                    mutations.push(Mutation {
                        file: file.clone(),
                        name,
                        number,
                        change,
                        known,
                    });
                }
                number += 1;
            }
            if !known.is_empty() {
                table.insert(file, toml::Value::Table(known));
            }
        }
        let mut gone = Vec::new();
        for (file, known) in table {
            match known {
                toml::Value::Table(known) => {
                    gone.extend(known.keys().map(|name| format!("{file}, `{name}`")))
                }
                _ => return Err(format!("{}: `{file}` is no table", path.display())),
            }
        }
        read_steps(root, &mut mutations, number)?;
        Ok(Self {
            mutations,
            arguments,
            head,
            gone,
        })
    }

    /// Writes the part of `orderings.toml` that is the command's.
    pub(crate) fn write(&self, root: &Path) -> Result<(), String> {
        let mut text = format!("{}{MARK}\n", self.head);
        let mut before = "";
        for mutation in &self.mutations {
            let Change::Ordering { .. } = mutation.change else {
                continue;
            };
            if mutation.file != before {
                before = &mutation.file;
                let _ = writeln!(text, "\n[\"{before}\"]");
            }
            let (name, known) = (&mutation.name, written(&mutation.known));
            let _ = writeln!(text, "\"{name}\" = {known}");
        }
        let path = folder(root).join("orderings.toml");
        // As a whole, so that who interrupts it leaves one or the other.
        let new = path.with_extension("toml.new");
        fs::write(&new, text)
            .and_then(|()| fs::rename(&new, &path))
            .map_err(|error| format!("{}: {error}", path.display()))
    }

    /// What is wrong with the list as it stands: places that it does not know, entries without a place, arguments without a use.
    pub(crate) fn faults(&self) -> Vec<String> {
        let gone = self.gone.iter();
        let mut faults: Vec<_> = gone
            .map(|entry| format!("{entry}: listed, and not in the sources"))
            .collect();
        let mut used = BTreeSet::new();
        for mutation in &self.mutations {
            match &mutation.known {
                Known::Unlisted => {
                    faults.push(format!(
                        "{}, `{}`: not listed",
                        mutation.file, mutation.name
                    ));
                }
                Known::Argued(argument) => _ = used.insert(argument),
                Known::Caught(_) | Known::Open(_) => {}
            }
        }
        let idle = self.arguments.keys().filter(|&name| !used.contains(name));
        faults.extend(idle.map(|name| format!("the argument `{name}`: nothing uses it")));
        faults
    }
}

fn read_known(value: &toml::Value) -> Result<Known, String> {
    const FORMS: &str = "it is to be `{ caught = \"model\" }`, `{ argued = \"argument\" }` or `{ open = \"what is known\" }`";
    let table = value
        .as_table()
        .filter(|table| table.len() == 1)
        .ok_or(FORMS)?;
    let (key, value) = table.iter().next().ok_or(FORMS)?;
    match (key.as_str(), value) {
        ("caught", toml::Value::String(model)) => Ok(Known::Caught(vec![model.clone()])),
        ("argued", toml::Value::String(argument)) => Ok(Known::Argued(argument.clone())),
        ("open", toml::Value::String(words)) => Ok(Known::Open(words.clone())),
        _ => Err(FORMS.into()),
    }
}

fn written(known: &Known) -> String {
    match known {
        Known::Caught(models) => format!("{{ caught = \"{}\" }}", models.join(", ")),
        Known::Argued(argument) => format!("{{ argued = \"{argument}\" }}"),
        Known::Open(words) => format!("{{ open = \"{words}\" }}"),
        Known::Unlisted => format!("{{ open = \"{NOT_RUN}\" }}"),
    }
}

fn read_steps(root: &Path, mutations: &mut Vec<Mutation>, first: usize) -> Result<(), String> {
    let path = folder(root).join("steps.toml");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let table: toml::Table = text
        .parse()
        .map_err(|error| format!("{}: {error}", path.display()))?;
    let mut names = BTreeSet::new();
    for (file, steps) in table {
        let source = fs::read_to_string(root.join(&file))
            .map_err(|error| format!("{}: `{file}`: {error}", path.display()))?;
        let steps = steps
            .as_array()
            .ok_or_else(|| format!("`{file}`: write [[\"{file}\"]] above each step"))?;
        for step in steps {
            let mutation = read_step(&file, &source, step, first + names.len())
                .map_err(|error| format!("{}: `{file}`: {error}", path.display()))?;
            if !names.insert((file.clone(), mutation.name.clone())) {
                return Err(format!(
                    "{}: `{file}`: two steps are called `{}`",
                    path.display(),
                    mutation.name
                ));
            }
            mutations.push(mutation);
        }
    }
    Ok(())
}

fn read_step(
    file: &str,
    source: &str,
    step: &toml::Value,
    number: usize,
) -> Result<Mutation, String> {
    let table = step.as_table().ok_or("a step is a table")?;
    let text = |key: &str| {
        let value = table.get(key).and_then(toml::Value::as_str);
        value.ok_or_else(|| format!("a step has no text `{key}`"))
    };
    let name = text("name")?.to_owned();
    let other = ["name", "find", "replace", "caught", "alone"];
    if let Some(key) = table.keys().find(|key| !other.contains(&key.as_str())) {
        return Err(format!(
            "`{name}`: there is no `{key}` in a step, only {}",
            other.join(", ")
        ));
    }
    let (find, replace) = (
        text("find")?.trim().to_owned(),
        text("replace")?.trim().to_owned(),
    );
    let count = if find.is_empty() {
        0
    } else {
        source.matches(&find).count()
    };
    if count != 1 {
        return Err(format!(
            "`{name}`: what it replaces is there {count} times, and must be there once: {find}"
        ));
    }
    let alone = table
        .get("alone")
        .and_then(toml::Value::as_bool)
        .unwrap_or(false);
    let models = match table.get("caught") {
        Some(toml::Value::String(model)) => vec![model.clone()],
        Some(toml::Value::Array(models)) => {
            let models = models.iter().map(|model| model.as_str().map(str::to_owned));
            models
                .collect::<Option<_>>()
                .ok_or_else(|| format!("`{name}`: `caught` names models"))?
        }
        _ => return Err(format!("`{name}`: `caught` must name the models that fail")),
    };
    Ok(Mutation {
        file: file.into(),
        name,
        number,
        change: Change::Step(Step {
            find,
            replace,
            alone,
        }),
        known: Known::Caught(models),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root;

    /// A new ordering, and one that is gone, are told here: the list is about all of them.
    #[test]
    fn every_ordering_is_listed() {
        let faults = List::read(&root()).unwrap().faults();
        assert!(
            faults.is_empty(),
            "`cargo run -p leno-loom-tests --bin mutations -- search` looks which models catch it, and writes the list; what \
             survives needs a model or an argument:\n{}",
            faults.join("\n")
        );
    }

    #[test]
    fn a_step_must_be_found_once() {
        let step = |text: &str| -> toml::Value { toml::Value::Table(text.parse().unwrap()) };
        let good = step("name = 'n'\nfind = 'a();'\nreplace = ''\ncaught = 'm::x'");
        let mutation = read_step("f.rs", "fn f() { a(); b(); }", &good, 3).unwrap();
        assert_eq!(mutation.choice(), "3");
        assert_eq!(mutation.known, Known::Caught(vec!["m::x".into()]));
        for (source, times) in [("b();", "0 times"), ("a(); a();", "2 times")] {
            let error = read_step("f.rs", source, &good, 0).unwrap_err();
            assert!(error.contains(times), "{error}");
        }
        let error = read_step(
            "f.rs",
            "a();",
            &step("name = 'n'\nfind = 'a();'\nreplace = ''"),
            0,
        )
        .unwrap_err();
        assert!(error.contains("must name the models"), "{error}");
        let unknown = step("name = 'n'\nfind = 'a();'\nreplace = ''\ncaught = 'x'\nfile = 'f'");
        let error = read_step("f.rs", "a();", &unknown, 0).unwrap_err();
        assert!(error.contains("there is no `file`"), "{error}");
    }

    #[test]
    fn what_is_known_is_written_as_it_is_read() {
        for known in [
            Known::Caught(vec!["m::x".into()]),
            Known::Argued("why".into()),
            Known::Open(NOT_RUN.into()),
        ] {
            let table: toml::Table = format!("x = {}", written(&known)).parse().unwrap();
            assert_eq!(read_known(&table["x"]), Ok(known));
        }
        let table: toml::Table = "x = { survived = 'x' }".parse().unwrap();
        assert!(read_known(&table["x"]).unwrap_err().contains("argued"));
    }
}
