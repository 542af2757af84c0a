//! What can be asked for on the command line.

use crate::modules;
use crate::packages::{NAMES, Published};
use crate::scratch::TestFile;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Runs tokio's own integration tests against a package that calls itself tokio.
///
/// Exits with 0 if all that is asked for passes, apart from what known-failures.toml lists; with 1 otherwise; with 2 on
/// bad arguments.
#[derive(Debug, Parser)]
#[command(name = "leno-compat-suite", version)]
pub struct Arguments {
    /// Whose tests: tokio, tokio-util, tokio-stream or tokio-test; all of them if this is not given
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = NAMES)]
    package: Vec<String>,

    /// Only test files whose name, without .rs, matches; * stands for anything
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    files: Vec<String>,

    /// Only tests of these of tokio's modules
    #[arg(long, value_name = "MODULES", value_delimiter = ',', value_parser = modules::NAMES)]
    modules: Vec<String>,

    /// How long a file's tests may take, in seconds; a test that runs alone may take a third of that
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(3..))]
    timeout: u64,

    /// Print the table of the README and nothing else
    #[arg(long)]
    pub markdown: bool,

    /// How many lines of each compile error to print
    #[arg(long, value_name = "LINES", default_value_t = 0)]
    pub errors: usize,

    /// Run everything so many times in a row; a test whose result changes is flaky
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub times: u32,

    /// The folder of the package to test, or "published" for the real tokio; compat/tokio if this is not given
    #[arg(long, value_name = "PATH")]
    tokio: Option<PathBuf>,

    /// Run the real tokio, and write down how many tests each file has (all of tokio's, on Linux)
    #[arg(long, conflicts_with_all = ["package", "files", "modules", "tokio"])]
    pub write_expected: bool,
}

impl Arguments {
    /// Refuses what clap cannot see.
    pub fn check(&self) {
        if !self.modules.is_empty() && self.package.iter().any(|name| name != "tokio") {
            fail(
                ErrorKind::ArgumentConflict,
                "only tokio's tests are divided into modules",
            );
        }
        if let Some(path) = &self.tokio {
            if path != Path::new("published") && !is_named_tokio(path) {
                let message = format!("there is no package named tokio in {}", path.display());
                fail(ErrorKind::InvalidValue, &message);
            }
        }
    }

    /// Where everything is built.
    pub fn folder(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("target/suite")
    }

    /// The package to replace tokio by, if it is to be replaced.
    pub fn tokio(&self, published: &[Published]) -> Option<PathBuf> {
        let path = match &self.tokio {
            _ if self.write_expected => return None,
            None => return Some(shim()),
            Some(path) if path == Path::new("published") => return None,
            Some(path) => path.clone(),
        };
        let path = path.canonicalize().unwrap_or(path);
        let real = published.iter().any(|package| package.folder == path);
        (!real).then_some(path)
    }

    /// How long all tests of a file may take.
    pub fn file_timeout(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }

    /// How long a test that runs alone may take.
    pub fn test_timeout(&self) -> Duration {
        Duration::from_secs(self.timeout) / 3
    }

    /// Whether this file's tests are asked for.
    pub fn wants(&self, file: &TestFile) -> bool {
        let contains =
            |list: &[String], name: &str| list.is_empty() || list.iter().any(|item| item == name);
        contains(&self.package, file.package)
            && contains(&self.modules, file.module)
            && (self.files.is_empty()
                || self
                    .files
                    .iter()
                    .any(|pattern| matches(pattern, &file.name)))
    }
}

/// The package that is tested if no other is asked for.
pub fn shim() -> PathBuf {
    let shim = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tokio");
    shim.canonicalize().unwrap_or(shim)
}

fn is_named_tokio(folder: &Path) -> bool {
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
    let manifest = manifest.parse::<toml::Table>().unwrap_or_default();
    let name = manifest
        .get("package")
        .and_then(|package| package.get("name"));
    name.and_then(|name| name.as_str()) == Some("tokio")
}

/// Ends the program as clap does on bad arguments, with code 2.
pub fn fail(kind: ErrorKind, message: &str) -> ! {
    Arguments::command().error(kind, message).exit()
}

/// Whether a name matches a pattern in which * stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            (0..=name.len()).any(|at| name.is_char_boundary(at) && matches(rest, &name[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clap_finds_the_arguments_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_star_stands_for_anything() {
        assert!(matches("sync_*", "sync_mpsc"));
        assert!(matches("*_panic", "sync_panic"));
        assert!(matches("*mpsc*", "sync_mpsc"));
        assert!(matches("fs", "fs"));
        assert!(!matches("fs", "fs_copy"));
        assert!(!matches("sync_*_owned", "sync_mutex"));
    }

    #[test]
    fn what_is_asked_for_narrows() {
        let file = |package, name: &str| TestFile {
            package,
            module: modules::module_of(package, name),
            name: name.to_owned(),
        };
        let all = Arguments::parse_from(["suite"]);
        assert!(all.wants(&file("tokio", "sync_mpsc")) && all.wants(&file("tokio-util", "udp")));
        let some = Arguments::parse_from(["suite", "--modules", "sync,time"]);
        assert!(
            some.wants(&file("tokio", "sync_mpsc")) && some.wants(&file("tokio", "test_clock"))
        );
        assert!(!some.wants(&file("tokio", "fs_copy")) && !some.wants(&file("tokio-util", "udp")));
        let util = Arguments::parse_from(["suite", "--package", "tokio-util", "--files", "u*"]);
        assert!(util.wants(&file("tokio-util", "udp")) && !util.wants(&file("tokio", "udp")));
    }
}
