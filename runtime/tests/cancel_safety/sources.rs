//! The sources: files, the macros in them, and which names are public where.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Modules without operations of leno's own: hidden, internal, or traits of another crate.
const OUTSIDE: [&str; 4] = ["attribute", "hyper", "kernel/local", "prim"];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// A file's code, without its tests.
pub(crate) struct File {
    /// Below `src`.
    pub(crate) path: String,
    pub(crate) lines: Vec<String>,
    /// Of the crate: `["sync", "mpsc", "bounded"]`.
    pub(crate) module: Vec<String>,
}

fn files(folder: &Path, found: &mut Vec<File>) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let relative = path
                .strip_prefix(source())
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            if OUTSIDE.iter().any(|outside| relative.starts_with(outside)) {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            let tests = lines.windows(2).position(|two| {
                two[0] == "#[cfg(test)]" && two[1].starts_with("mod ") && two[1].ends_with('{')
            });
            lines.truncate(tests.unwrap_or(lines.len()));
            let module = relative.trim_end_matches(".rs").trim_end_matches("/mod");
            let module = module
                .split('/')
                .filter(|&part| part != "lib")
                .map(str::to_owned);
            found.push(File {
                module: module.collect(),
                path: relative,
                lines,
            });
        }
    }
}

/// A macro by example with one arm.
struct Macro {
    file: String,
    parameters: String,
    body: Vec<String>,
}

/// The sources, and what is known of all of them before one is read for its operations.
pub(crate) struct Crate {
    pub(crate) files: Vec<File>,
    /// Macros by their names, which several files may give to macros of their own.
    macros: BTreeMap<String, Vec<Macro>>,
    /// In which public modules a name is, by definition or `pub use`.
    exports: BTreeMap<String, BTreeSet<String>>,
    /// Public futures that have names.
    pub(crate) futures: BTreeSet<String>,
}

pub(crate) fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

/// The names that a `pub use` brings, from its text up to the semicolon.
fn used_names(text: &str) -> Vec<String> {
    let list = text.replace(['{', '}'], ",");
    let names = list
        .split(',')
        .map(str::trim)
        .filter(|name| !name.ends_with("::"));
    let names = names.map(|name| name.rsplit([':', ' ']).next().unwrap().to_owned());
    names.filter(|name| !name.is_empty()).collect()
}

impl Crate {
    pub(crate) fn read() -> Self {
        let mut read = Self {
            files: Vec::new(),
            macros: BTreeMap::new(),
            exports: BTreeMap::new(),
            futures: BTreeSet::new(),
        };
        files(&source(), &mut read.files);
        let public = read.public_modules();
        for file in &read.files {
            names_of(file, &public, &mut read.macros, &mut read.exports);
        }
        read.futures = read.named_futures();
        read
    }

    /// The modules that can be named from outside, from the root down.
    fn public_modules(&self) -> BTreeSet<String> {
        let mut public = BTreeSet::from([String::new()]);
        for depth in 0..4 {
            for file in self.files.iter().filter(|file| file.module.len() == depth) {
                let of = file.module.join("::");
                if !public.contains(&of) {
                    continue;
                }
                let names = file
                    .lines
                    .iter()
                    .filter_map(|line| line.strip_prefix("pub mod "));
                public.extend(names.map(|name| {
                    let inner = [of.as_str(), identifier(name)];
                    let inner = inner.into_iter().filter(|part| !part.is_empty());
                    inner.collect::<Vec<_>>().join("::")
                }));
            }
        }
        public
    }

    /// The public types that are futures.
    fn named_futures(&self) -> BTreeSet<String> {
        let mut futures = BTreeSet::new();
        for file in &self.files {
            let mut expanded = Vec::new();
            self.expand(&file.path, &file.lines, &mut expanded);
            let impls = expanded.iter().map(|(_, line)| line.trim_start());
            let impls = impls.filter(|line| line.starts_with("impl"));
            for (_, name) in impls.filter_map(|line| line.split_once(" Future for ")) {
                let name = identifier(name.rsplit("::").next().unwrap());
                if self.public_path(&file.module, name).is_some() {
                    futures.insert(name.to_owned());
                }
            }
        }
        futures
    }

    /// The lines with macros expanded, each with the number of the line at which its macro was invoked.
    pub(crate) fn expand(&self, file: &str, lines: &[String], expanded: &mut Vec<(usize, String)>) {
        let mut at = 0;
        while at < lines.len() {
            let line = &lines[at];
            at += 1;
            if line.starts_with("macro_rules! ") {
                at += lines[at..].iter().position(|line| line == "}").unwrap() + 1;
                continue;
            }
            let code = line.trim_start();
            let invoked = code.split_once('!').filter(|(path, rest)| {
                let is_path = path
                    .chars()
                    .all(|c| c.is_alphanumeric() || "_:$".contains(c));
                is_path && rest.trim_start().starts_with(['(', '{'])
            });
            let name = invoked.map_or("", |(path, _)| path.rsplit(':').next().unwrap());
            let named = self.macros.get(name).map_or(&[][..], Vec::as_slice);
            let own = named.iter().find(|it| it.file == file);
            let Some(Macro {
                parameters, body, ..
            }) = own.or(named.first())
            else {
                expanded.push((at, line.clone()));
                continue;
            };
            let first = at;
            let indent = &line[..line.len() - code.len()];
            let mut arguments = vec![
                code.split_once(['(', '{'])
                    .map_or("", |(_, rest)| rest)
                    .to_owned(),
            ];
            let is_end = |line: &str| match code.contains("!(") {
                true => line.ends_with(");"),
                false => line == format!("{indent}}}"),
            };
            if !code.ends_with(';') {
                while !is_end(&lines[at]) {
                    arguments.push(lines[at].clone());
                    at += 1;
                }
                at += 1;
            }
            let mut inner = Vec::new();
            self.expand(file, &substituted(parameters, body, &arguments), &mut inner);
            expanded.extend(inner.into_iter().map(|(_, line)| (first, line)));
        }
    }

    /// The shortest path of `name`, which is declared in `module`, from outside of the crate.
    pub(crate) fn public_path(&self, module: &[String], name: &str) -> Option<String> {
        let module = module.join("::");
        let exports = self.exports.get(name)?;
        // A module that has it is around the one that declares it, or (as `task` does with the kernel's) somewhere else.
        let around = exports.iter().filter(|export| {
            module.starts_with(export.trim_end_matches("::futures")) || module.starts_with("kernel")
        });
        let shortest = around.min_by_key(|export| export.len())?;
        Some(
            format!("{shortest}::{name}")
                .trim_start_matches(':')
                .to_owned(),
        )
    }

    /// As `public_path`, of a type whose methods are in `file`: it may be declared elsewhere, and imported.
    pub(crate) fn owner_path(&self, file: &File, name: &str) -> Option<String> {
        let here = self.public_path(&file.module, name);
        here.or_else(|| {
            let imports = file
                .lines
                .iter()
                .filter_map(|line| line.strip_prefix("use crate::"));
            let mut modules = imports.filter_map(|import| {
                let names = used_names(import.trim_end_matches(';'));
                let path = import
                    .split(['{', ';'])
                    .next()
                    .unwrap()
                    .trim_end_matches("::");
                let module = path.strip_suffix(&format!("::{name}")).unwrap_or(path);
                // As they are called inside, so that they are there without their features too.
                let module = module
                    .replacen("locks::", "sync::", 1)
                    .replacen("timers::", "time::", 1);
                names
                    .iter()
                    .any(|it| it == name)
                    .then(|| module.split("::").map(str::to_owned).collect::<Vec<_>>())
            });
            modules.find_map(|module| self.public_path(&module, name))
        })
    }
}

/// Notes the macros of a file, and the names that its public modules have.
fn names_of(
    file: &File,
    public: &BTreeSet<String>,
    macros: &mut BTreeMap<String, Vec<Macro>>,
    exports: &mut BTreeMap<String, BTreeSet<String>>,
) {
    let of_file = file.module.join("::");
    let mut module = of_file.clone();
    let mut lines = file.lines.iter();
    while let Some(line) = lines.next() {
        if line == "}" {
            module.clone_from(&of_file);
        }
        let inline = line
            .strip_prefix("pub mod ")
            .filter(|rest| rest.ends_with('{'));
        if let Some(name) = inline {
            module = format!("{of_file}::{}", identifier(name));
        }
        if let Some(name) = line.strip_prefix("macro_rules! ") {
            let body = lines.by_ref().take_while(|line| *line != "}");
            let mut body: Vec<String> = body.cloned().collect();
            let of_name = macros.entry(identifier(name).to_owned()).or_default();
            of_name.push(Macro {
                file: file.path.clone(),
                parameters: body.remove(0),
                body,
            });
            continue;
        }
        let code = line.trim_start();
        let mut names = Vec::new();
        if let Some(mut text) = code.strip_prefix("pub use ").map(str::to_owned) {
            while !text.ends_with(';') {
                text.push_str(lines.next().unwrap().trim());
            }
            names = used_names(text.trim_end_matches(';'));
        } else if let Some(item) = code.strip_prefix("pub ") {
            let item = item
                .trim_start_matches("const ")
                .trim_start_matches("async ");
            let kinds = ["struct ", "enum ", "trait ", "fn "];
            let name = kinds.iter().find_map(|kind| item.strip_prefix(kind));
            // (A method is indented, and so is what a `pin_project!` declares.)
            let is_item = !line.starts_with(' ') || !item.starts_with("fn ");
            names.extend(
                name.filter(|_| is_item)
                    .map(|name| identifier(name).to_owned()),
            );
        }
        for name in names.into_iter().filter(|_| public.contains(&module)) {
            exports.entry(name).or_default().insert(module.clone());
        }
    }
}

/// The body with its parameters replaced. What is repeated for each line of the arguments is repeated.
fn substituted(parameters: &str, body: &[String], arguments: &[String]) -> Vec<String> {
    let (single, repeated) = match parameters.split_once("; $(") {
        Some((single, _)) => (single, true),
        None => (
            parameters,
            body.iter().any(|line| line.contains("fn $name(")),
        ),
    };
    let names = split(single.trim().trim_start_matches('('));
    let names = names
        .iter()
        .filter_map(|name| Some(name.split_once(':')?.0));
    let all = arguments.join(" ");
    let values = split(all.trim().trim_end_matches(')'));
    let pairs = names.zip(&values).filter(|(name, _)| name.starts_with('$'));
    let mut body = body.to_vec();
    for (name, value) in pairs {
        for line in &mut body {
            *line = line.replace(name, value);
        }
    }
    if !repeated {
        return body;
    }
    let named = arguments.iter().filter_map(|line| {
        let code = line.trim_start().trim_start_matches("fn ");
        let name = identifier(code);
        let rest = &code[name.len()..];
        let is_one = !name.is_empty() && (rest.starts_with('(') || rest.starts_with(" -> "));
        is_one.then_some(name)
    });
    let of_name = |name| body.iter().map(move |line| line.replace("$name", name));
    named.flat_map(of_name).collect()
}

/// What commas separate, up to a semicolon; neither within quotes.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut is_quoted = false;
    for c in text.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => {
                parts.push(String::new());
                continue;
            }
            ';' if !is_quoted => break,
            _ => {}
        }
        parts.last_mut().expect("never empty").push(c);
    }
    parts.iter().map(|part| part.trim().to_owned()).collect()
}
