//! How many tests each file has with the real tokio: `expected.toml`, written by `--write-expected`.

use crate::outcome::FileReport;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// For each package, for each file, how many tests it has that are not ignored. Files without tests are left out.
#[derive(Debug, Default, Deserialize)]
pub struct Expected(BTreeMap<String, BTreeMap<String, usize>>);

impl Expected {
    /// Reads the file. There need not be one.
    pub fn read() -> Result<Expected> {
        match std::fs::read_to_string(path()) {
            Ok(text) => toml::from_str(&text).context("expected.toml cannot be read"),
            Err(_) => Ok(Expected::default()),
        }
    }

    /// What a run of the real tokio shows.
    pub fn of(reports: &[FileReport]) -> Result<Expected> {
        let mut expected = Expected::default();
        for report in reports {
            if let Some(error) = &report.error {
                bail!(
                    "{} does not compile with the real tokio:\n{error}",
                    report.file.name
                );
            }
            if !report.tests.is_empty() {
                let files = expected
                    .0
                    .entry(report.file.package.to_owned())
                    .or_default();
                files.insert(report.file.name.clone(), report.tests.len());
            }
        }
        Ok(expected)
    }

    /// How many tests a file should have.
    pub fn tests(&self, package: &str, file: &str) -> usize {
        self.0
            .get(package)
            .and_then(|files| files.get(file))
            .copied()
            .unwrap_or(0)
    }

    pub fn write(&self) -> Result<()> {
        std::fs::write(path(), self.text()).context("expected.toml cannot be written")
    }

    fn text(&self) -> String {
        let mut text = "# How many tests each file has with the real tokio, on Linux.\n\
                        # Written by --write-expected, not by hand.\n"
            .to_owned();
        for (package, files) in &self.0 {
            let _ = writeln!(text, "\n[{package}]");
            for (file, tests) in files {
                let _ = writeln!(text, "{file} = {tests}");
            }
        }
        text
    }
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("expected.toml")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Kind, Outcome};
    use crate::scratch::TestFile;

    #[test]
    fn what_is_written_can_be_read() {
        let file = TestFile {
            package: "tokio-util",
            module: "tokio-util",
            name: "udp".to_owned(),
        };
        let tests = ["a", "b"].map(|name| (name.to_owned(), Outcome::new(Kind::Failed, "")));
        let expected = Expected::of(&[FileReport::new(&file, tests.into())]).unwrap();
        let again = toml::from_str::<Expected>(&expected.text()).unwrap();
        assert_eq!(again.tests("tokio-util", "udp"), 2);
        assert_eq!(again.tests("tokio", "udp"), 0);
    }
}
