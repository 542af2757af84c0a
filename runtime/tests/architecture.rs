//! The floors of ARCHITECTURE.md: modules import from their own floor or from those below.

use std::fs;
use std::path::{Path, PathBuf};

/// The crate's modules, from the ground up.
const FLOORS: [&[&str]; 6] = [
    &["prim"],
    &["kernel"],
    &["sync"],
    &[
        "task",
        "time",
        "io",
        "runtime",
        "macros",
        "diagnostics",
        "trace",
        "coroutine",
        "introspection",
        "symbols",
    ],
    &["net", "fs", "process", "signal"],
    &["hyper", "sim", "test", "attribute", "guide"],
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn floor_of(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// The code of a file, without comments.
fn code(path: &Path) -> impl Iterator<Item = (usize, String)> {
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<_> = text
        .lines()
        .enumerate()
        .map(|(number, line)| (number + 1, line.split("//").next().unwrap_or("").to_owned()))
        .collect();
    lines.into_iter()
}

#[test]
fn every_module_has_a_floor() {
    for entry in fs::read_dir(source()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(
            name == "lib" || floor_of(&name).is_some(),
            "the module `{name}` is not in FLOORS"
        );
    }
}

#[test]
fn imports_run_downhill() {
    for path in files(&source()) {
        let relative = path.strip_prefix(source()).unwrap();
        let module = relative.iter().next().unwrap().to_str().unwrap();
        let Some(floor) = floor_of(module.trim_end_matches(".rs")) else {
            continue;
        };
        for (number, line) in code(&path) {
            for imported in line.split("crate::").skip(1) {
                let name: String = imported
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                if let Some(above) = floor_of(&name) {
                    assert!(
                        above <= floor,
                        "{}:{number}: `{name}` is above this file's floor",
                        relative.display()
                    );
                }
            }
        }
    }
}

#[test]
fn the_kernel_sees_the_world_through_its_door_only() {
    const FORBIDDEN: [&str; 7] = [
        "std::sync",
        "std::thread",
        "core::sync",
        "crossbeam",
        "mio::",
        "leno_reactor",
        "cfg(loom)",
    ];
    for folder in ["kernel", "sync"] {
        for path in files(&source().join(folder)) {
            for (number, line) in code(&path) {
                for name in FORBIDDEN {
                    assert!(
                        !line.contains(name),
                        "{}:{number}: `{name}` has to go through `prim`",
                        path.display()
                    );
                }
            }
        }
    }
}

/// The kernel's floors, as `kernel/mod.rs` lists them: `k0  rng · list ·  what they are`, and lines that go on.
fn floors_of_the_kernel() -> Vec<Vec<String>> {
    let text = fs::read_to_string(source().join("kernel/mod.rs")).unwrap();
    let mut floors: Vec<Vec<String>> = Vec::new();
    let lines = text.lines().skip_while(|line| !line.contains(" k0 "));
    for line in lines.take_while(|line| !line.contains("```")) {
        let line = line.trim_start_matches("//!").trim();
        let (is_new, line) = match line.strip_prefix('k') {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => (true, &rest[1..]),
            _ => (false, line),
        };
        if is_new {
            floors.push(Vec::new());
        }
        // What the floor is for stands beside its names.
        let names = line.trim().split("   ").next().unwrap();
        let names = names.split('·').map(|name| name.trim().to_owned());
        let floor = floors.last_mut().unwrap();
        floor.extend(names.filter(|name| !name.is_empty()));
    }
    floors
}

#[test]
fn the_kernels_imports_run_downhill() {
    let floors = floors_of_the_kernel();
    assert_eq!(floors.len(), 5, "{floors:?}");
    let floor_of = |name: &str| {
        floors
            .iter()
            .position(|floor| floor.iter().any(|it| it == name))
    };
    let kernel = source().join("kernel");
    for path in files(&kernel) {
        let relative = path.strip_prefix(&kernel).unwrap();
        let module = relative.iter().next().unwrap().to_str().unwrap();
        let module = module.trim_end_matches(".rs");
        if module == "mod" {
            continue;
        }
        let floor = floor_of(module);
        let floor = floor.unwrap_or_else(|| panic!("`{module}` is in no floor of kernel/mod.rs"));
        for (number, line) in code(&path) {
            let Some(imported) = line.trim().strip_prefix("use crate::kernel::") else {
                continue;
            };
            let names: Vec<&str> = match imported.strip_prefix('{') {
                Some(list) => list.split(',').collect(),
                None => vec![imported],
            };
            for name in names {
                let name: String = name
                    .trim()
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                if let Some(above) = floor_of(&name) {
                    assert!(
                        above <= floor,
                        "kernel/{}:{number}: `{name}` is above this file's floor",
                        relative.display()
                    );
                }
            }
        }
    }
}

#[test]
fn only_the_face_of_simulations_knows_who_decides() {
    for path in files(&source()) {
        let relative = path.strip_prefix(source()).unwrap();
        for (number, line) in code(&path) {
            assert!(
                relative.starts_with("sim") || !line.contains("leno_sim"),
                "{}:{number}: `leno_sim` is for `sim/` alone; others ask `prim::asked`",
                relative.display()
            );
        }
    }
}

/// Documentation is read where it is rendered, so it does not count, however many examples it has.
#[test]
fn files_stay_small_enough_to_read() {
    for path in files(&source()) {
        let text = fs::read_to_string(&path).unwrap();
        let is_documentation = |line: &str| {
            let line = line.trim_start();
            line.starts_with("///") || line.starts_with("//!")
        };
        let lines = text.lines().filter(|line| !is_documentation(line)).count();
        assert!(lines <= 550, "{} has {lines} lines", path.display());
    }
}
