//! By which names the crate that is being compiled knows another: those that the compiler was given.
//!
//! Whoever runs the compiler tells it of each dependency by `--extern name=path`, where the name is the one in the manifest, and
//! the file's is the crate's own. An expansion runs in the compiler's process, so it sees that. Where it does not, as in an editor
//! that expands in a process of its own, nothing is known.
//!
//! The manifest says less: not for which platform this is, nor whether it is the program or its build script. And it takes a reader
//! of TOML, which is five crates that everybody would wait for who writes `#[leno::main]`.

use std::env;
use std::fs;
use std::path::Path;

/// What the crate calls `package`: one name at most, unless it depends on several versions. `None` if nothing is known.
pub(crate) fn names_of(package: &str) -> Option<Vec<String>> {
    let mut arguments: Vec<String> = env::args_os()
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    if arguments.is_empty() {
        // Not all systems hand the arguments to libraries. Those with `/proc` tell all the same.
        let own = fs::read("/proc/self/cmdline").unwrap_or_default();
        let own = String::from_utf8_lossy(&own);
        arguments = own.split('\0').map(str::to_owned).collect();
    }
    names_in(arguments, package, |file| fs::read_to_string(file).ok())
}

/// Those in a compiler's arguments. `read` reads a file that has more of them.
fn names_in(
    arguments: Vec<String>,
    package: &str,
    read: impl Fn(&str) -> Option<String>,
) -> Option<Vec<String>> {
    let mut externs = None;
    let mut arguments = arguments.into_iter().flat_map(|argument| {
        let file = argument.strip_prefix('@').and_then(&read);
        match file {
            Some(text) => text.lines().map(str::to_owned).collect(),
            None => vec![argument],
        }
    });
    while let Some(argument) = arguments.next() {
        let value = match argument.strip_prefix("--extern") {
            Some("") => arguments.next(),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        let Some(value) = value else {
            continue;
        };
        let names: &mut Vec<String> = externs.get_or_insert_default();
        let (name, file) = match value.split_once('=') {
            Some((name, file)) => (name, Some(file)),
            None => (value.as_str(), None),
        };
        // Options stand before a colon, as in `priv:name`.
        let name = name.rsplit(':').next().unwrap_or(name).to_owned();
        let of = file.map_or(name.as_str(), crate_of);
        if of == package && !names.contains(&name) {
            names.push(name);
        }
    }
    externs
}

/// The crate that a file is of, by the name that a compiler gives it: `libname-hash.rlib`.
fn crate_of(file: &str) -> &str {
    let stem = Path::new(file).file_stem().and_then(|stem| stem.to_str());
    let stem = stem.unwrap_or_default();
    let name = stem.split('-').next().unwrap_or(stem);
    name.strip_prefix("lib").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is called leno by a compiler that is run so. One file has more arguments.
    fn names(arguments: &str) -> Option<Vec<String>> {
        let arguments = arguments.split(' ').map(str::to_owned).collect();
        let read = |file: &str| {
            let text = "--edition\n2024\n--extern\nin_a_file=/deps/libleno-0f.rlib\n";
            (file == "more").then(|| text.to_owned())
        };
        names_in(arguments, "leno", read)
    }

    #[track_caller]
    fn check(arguments: &str, expected: &[&str]) {
        assert_eq!(names(arguments).unwrap(), expected, "{arguments}");
    }

    #[test]
    fn all_ways_to_name_a_dependency() {
        for arguments in [
            "rustc --extern tokio=/deps/libleno-0f3a.rmeta --extern bytes=/deps/libbytes-01.rlib",
            "rustc --extern bytes=/deps/libbytes-01.rlib --extern=tokio=deps/libleno-0f3a.rlib main.rs",
            "clippy-driver rustc --extern priv:tokio=/build/libleno.rmeta",
            "rustdoc --extern tokio=/deps/libleno-0f.rlib --extern tokio=/deps/libleno-0f.rlib",
        ] {
            check(arguments, &["tokio"]);
        }
        check("rustc --extern leno", &["leno"]);
        check("rustc @more @another main.rs", &["in_a_file"]);
    }

    #[test]
    fn several_versions_have_several_names() {
        check(
            "rustc --extern a=/deps/libleno-1.rlib --extern leno=/deps/libleno-2.rlib",
            &["a", "leno"],
        );
    }

    #[test]
    fn what_is_called_leno_may_be_something_else() {
        check("rustc --extern leno=/deps/libother-1.rlib", &[]);
        check("rustc --extern leno_macros=/deps/libleno_macros-1.so", &[]);
    }

    #[test]
    fn a_process_that_is_no_compiler_knows_nothing() {
        assert_eq!(names("analyzer --extern-crates"), None);
        assert_eq!(names(""), None);
    }
}
