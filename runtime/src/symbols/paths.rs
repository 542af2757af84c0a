//! What the path of a source file tells: in brief, which file it is, and which module.

use std::path::{Component, Path, PathBuf};

/// The folder of leno's sources, as the compiler knew it.
fn own_sources() -> &'static Path {
    let symbols = Path::new(file!()).parent();
    symbols.and_then(Path::parent).unwrap_or(Path::new(""))
}

/// The part of a file's path that tells which it is; `here` is the current directory.
pub(super) fn brief(file: &Path, here: Option<&Path>) -> String {
    let own = here.and_then(|here| file.strip_prefix(here).ok());
    let brief = own.map_or_else(|| of_library(file), Path::to_path_buf);
    brief.display().to_string()
}

/// True for the name of a function without its path. (Its arguments, of types, may have theirs.)
pub(super) fn is_bare(name: &str) -> bool {
    !name.starts_with('<') && !without_arguments(name).contains("::")
}

fn without_arguments(name: &str) -> &str {
    name.split('<').next().unwrap_or(name)
}

/// The path of a function that may be a bare name: if it is, and its file is one of a library, its module comes before it.
/// (Where the compiler leaves out all but lines, it gives inlined functions bare names.)
pub(super) fn qualified(name: String, file: Option<&Path>) -> String {
    if !is_bare(&name) {
        return name;
    }
    let name = without_arguments(&name);
    match file.and_then(module) {
        Some(module) => format!("{module}::{name}"),
        None => name.to_owned(),
    }
}

/// The module that a file of leno's, of the standard library or of a package of a registry holds.
fn module(file: &Path) -> Option<String> {
    let (package, inside) = match after(file, own_sources()) {
        Some(inside) => ("leno".to_owned(), inside),
        None => {
            let short = of_library(file);
            if short == file {
                return None;
            }
            let inside = after(&short, Path::new("src"))?;
            let folder = short.iter().rev().nth(inside.iter().count() + 1)?;
            let folder = folder.to_string_lossy();
            // The version, if there is one, begins after the last dash that a digit follows.
            let package = match folder.rfind('-') {
                Some(dash) if folder[dash + 1..].starts_with(|c: char| c.is_ascii_digit()) => {
                    &folder[..dash]
                }
                _ => &folder,
            };
            (package.replace('-', "_"), inside)
        }
    };
    let mut module = package;
    let inside = inside.with_extension("");
    for part in &inside {
        let part = part.to_string_lossy();
        if !["lib", "mod", "main"].contains(&&*part) {
            module.push_str("::");
            module.push_str(&part);
        }
    }
    Some(module)
}

/// What of a path comes after a folder that is part of it.
fn after(path: &Path, folder: &Path) -> Option<PathBuf> {
    let (parts, folder): (Vec<_>, Vec<_>) = (path.iter().collect(), folder.iter().collect());
    let start = parts
        .windows(folder.len().max(1))
        .position(|window| window == folder)?;
    Some(parts[start + folder.len()..].iter().collect())
}

/// The path from where a library begins: `library/std/src/…` for the standard one, `hyper-1.6.0/src/…` for a package of a
/// registry. That of any other file as it is.
fn of_library(file: &Path) -> PathBuf {
    // In a folder of that name is one more that tells nothing: the compiler's commit, the name of the registry.
    const FOLDERS: [(&str, usize); 4] = [
        ("/rustc", 1),
        ("rustlib/src/rust", 0),
        ("registry/src", 1),
        ("/rust/deps", 0),
    ];
    for (folder, more) in FOLDERS {
        let Some(inside) = after(file, Path::new(folder)) else {
            continue;
        };
        let short: PathBuf = inside.components().skip(more).collect();
        if matches!(short.components().next(), Some(Component::Normal(_))) {
            return short;
        }
    }
    file.to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Paths, how they are told, and the modules.
    const PATHS: [(&str, &str, Option<&str>); 8] = [
        ("/home/ada/shop/src/api.rs", "src/api.rs", None),
        (
            "/home/ada/other/src/api.rs",
            "/home/ada/other/src/api.rs",
            None,
        ),
        (
            "/rustc/0123abcd/library/std/src/thread/mod.rs",
            "library/std/src/thread/mod.rs",
            Some("std::thread"),
        ),
        (
            "/home/ada/.rustup/toolchains/stable/lib/rustlib/src/rust/library/core/src/pin.rs",
            "library/core/src/pin.rs",
            Some("core::pin"),
        ),
        (
            "/home/ada/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/http-body-1.0.1/src/lib.rs",
            "http-body-1.0.1/src/lib.rs",
            Some("http_body"),
        ),
        (
            "/rust/deps/hashbrown-0.15.2/src/raw/mod.rs",
            "hashbrown-0.15.2/src/raw/mod.rs",
            Some("hashbrown::raw"),
        ),
        ("src/api.rs", "src/api.rs", None),
        ("/rustc/0123abcd", "/rustc/0123abcd", None),
    ];

    #[test]
    fn paths_begin_where_they_tell_something() {
        let here = Path::new("/home/ada/shop");
        for (path, short, _) in PATHS {
            assert_eq!(brief(Path::new(path), Some(here)), short);
        }
        assert_eq!(brief(Path::new("/a/b.rs"), None), "/a/b.rs");
    }

    #[test]
    fn bare_names_get_the_modules_of_libraries() {
        for (path, _, module) in PATHS {
            let name = |name: &str| qualified(name.to_owned(), Some(Path::new(path)));
            match module {
                Some(module) => {
                    assert_eq!(name("wait<shop::T>"), format!("{module}::wait"));
                }
                None => assert_eq!(name("wait<shop::T>"), "wait"),
            }
            for whole in ["shop::wait", "<shop::Wait as core::clone::Clone>::clone"] {
                assert_eq!(name(whole), whole);
            }
        }
        let own = Path::new("/home/ada").join(file!());
        assert_eq!(
            qualified("wait".to_owned(), Some(&own)),
            "leno::symbols::paths::wait"
        );
        assert_eq!(qualified("wait".to_owned(), None), "wait");
    }
}
