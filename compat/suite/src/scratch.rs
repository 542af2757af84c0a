//! The scratch workspace: the published tests, and manifests that replace tokio by the package under test.
//!
//! It has a member per published package. A member depends on what that package's tests use, in the versions and with
//! the features that the published manifest gives; nothing of this is listed here. `scratch.lock` pins the versions.

use crate::gates::Facts;
use crate::modules::module_of;
use crate::packages::{Published, metadata, write_if_changed};
use anyhow::{Context, Result, ensure};
use cargo_metadata::DependencyKind;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use toml::{Table, Value, toml};

/// A file of tests.
#[derive(Clone, Debug)]
pub struct TestFile {
    pub package: &'static str,
    pub module: &'static str,
    /// Without `.rs`.
    pub name: String,
}

/// The workspace that the tests are built in.
#[derive(Debug)]
pub struct Scratch {
    pub folder: PathBuf,
    pub files: Vec<TestFile>,
    /// How many files are for other platforms or for unstable features.
    gated: usize,
    tokio: Option<PathBuf>,
}

impl Scratch {
    /// Writes the workspace into a folder. Without `tokio` it uses the published one.
    pub fn prepare(
        folder: &Path,
        published: &[Published],
        tokio: Option<&Path>,
    ) -> Result<Scratch> {
        let mut scratch = Scratch {
            folder: folder.join(if tokio.is_some() {
                "patched"
            } else {
                "published"
            }),
            files: Vec::new(),
            gated: 0,
            tokio: tokio.map(Path::to_owned),
        };
        let facts = Facts::of_the_compiler()?;
        for package in published {
            scratch.write_member(package, &facts)?;
        }
        scratch.write_workspace(published)?;
        scratch.check_tokio()?;
        Ok(scratch)
    }

    pub fn folder_of(&self, package: &str) -> PathBuf {
        self.folder.join(package)
    }

    /// Where cargo builds: one folder for all, as most of what is built is the same.
    pub fn target(&self) -> PathBuf {
        self.folder.with_file_name("target")
    }

    /// What is going to be tested.
    pub fn describe(&self) -> String {
        let tokio = match &self.tokio {
            Some(path) => format!("the package in {}", path.display()),
            None => "the published tokio".to_owned(),
        };
        format!(
            "testing {tokio}; {} files of tests are for other builds",
            self.gated
        )
    }

    /// Takes the versions that cargo chose as those of later runs.
    pub fn keep_lock(&self) -> Result<()> {
        fs::copy(self.folder.join("Cargo.lock"), seed())?;
        Ok(())
    }

    fn write_workspace(&self, published: &[Published]) -> Result<()> {
        let mut manifest = toml! {
            [workspace]
            resolver = "2"
            [profile.dev]
            debug = false
            incremental = false
        };
        let members = published
            .iter()
            .map(|package| Value::from(package.name))
            .collect::<Vec<_>>();
        manifest["workspace"]
            .as_table_mut()
            .context("just written")?
            .insert("members".to_owned(), members.into());
        if let Some(tokio) = &self.tokio {
            let path = tokio.to_str().context("cargo wants paths in UTF-8")?;
            let mut tokio = toml! { [crates-io.tokio] };
            tokio["crates-io"]["tokio"]
                .as_table_mut()
                .context("just written")?
                .insert("path".to_owned(), path.into());
            manifest.insert("patch".to_owned(), tokio.into());
        }
        write_if_changed(
            &self.folder.join("Cargo.toml"),
            &toml::to_string(&manifest)?,
        )?;
        if let Ok(lock) = fs::read_to_string(seed()) {
            fs::write(self.folder.join("Cargo.lock"), lock)?;
        }
        Ok(())
    }

    fn write_member(&mut self, package: &Published, facts: &Facts) -> Result<()> {
        let features = enabled_features(package);
        let facts = facts.with_features(features.iter().cloned());
        let folder = self.folder_of(package.name);

        let mut texts = BTreeMap::new();
        read_sources(&package.folder.join("tests"), Path::new(""), &mut texts)?;
        let all = texts.len();
        // Files in folders are modules of others, not programs.
        texts.retain(|path, text| path.components().count() > 1 || facts.admit_file(text));
        self.gated += all - texts.len();
        remove_others(&folder.join("tests"), &texts)?;
        for (path, text) in &texts {
            write_if_changed(&folder.join("tests").join(path), text)?;
        }
        write_if_changed(&folder.join("src/lib.rs"), "")?;
        let manifest = self.member_manifest(package, &features, &facts, &texts)?;
        write_if_changed(&folder.join("Cargo.toml"), &toml::to_string(&manifest)?)?;

        for path in texts.keys().filter(|path| path.components().count() == 1) {
            let name = path
                .file_stem()
                .and_then(|stem| stem.to_str())
                .context("a file of tests has a name")?;
            let module = module_of(package.name, name);
            self.files.push(TestFile {
                package: package.name,
                module,
                name: name.to_owned(),
            });
        }
        Ok(())
    }

    fn member_manifest(
        &self,
        package: &Published,
        features: &BTreeSet<String>,
        facts: &Facts,
        texts: &BTreeMap<PathBuf, String>,
    ) -> Result<Table> {
        // A test of tokio's, rt_handle_block_on::basic_fs, looks for this homepage in ./Cargo.toml.
        let mut manifest = toml! {
            [package]
            edition = "2021"
            homepage = "https://tokio.rs"
            [lints.rust]
            warnings = "allow"
            [features]
            [dependencies.tokio]
            features = ["full", "test-util"]
        };
        let name = member(package.name);
        manifest["package"]
            .as_table_mut()
            .context("just written")?
            .insert("name".to_owned(), name.into());

        let dependencies = manifest["dependencies"]
            .as_table_mut()
            .context("just written")?;
        let real = published_requirement(package, self.tokio.is_none());
        dependencies["tokio"]
            .as_table_mut()
            .context("just written")?
            .insert("version".to_owned(), real.into());
        for dependency in &package.dependencies {
            let is_ours = matches!(
                dependency.kind,
                DependencyKind::Normal | DependencyKind::Development
            ) && dependency
                .target
                .as_ref()
                .is_none_or(|target| facts.admit_target(&target.to_string()));
            if !is_ours || dependency.name == "tokio" || !is_used(&dependency.name, texts) {
                continue;
            }
            let entry = dependencies
                .entry(&dependency.name)
                .or_insert_with(|| toml! { default-features = false }.into());
            let entry = entry.as_table_mut().context("just written")?;
            entry.insert("version".to_owned(), dependency.req.to_string().into());
            if dependency.uses_default_features {
                entry.remove("default-features");
            }
            let features = entry
                .entry("features")
                .or_insert_with(|| Value::Array(Vec::new()));
            let features = features.as_array_mut().context("just written")?;
            features.extend(
                dependency
                    .features
                    .iter()
                    .map(|feature| Value::from(feature.as_str())),
            );
        }
        if package.name != "tokio" {
            let full = features
                .iter()
                .filter(|feature| *feature == "full")
                .map(|feature| Value::from(feature.as_str()));
            let mut itself = Table::new();
            itself.insert("version".to_owned(), format!("={}", package.version).into());
            itself.insert("features".to_owned(), full.collect::<Vec<_>>().into());
            dependencies.insert(package.name.to_owned(), itself.into());
        }

        // The files ask for the features of the package that they were published in.
        let names = dependencies.keys().cloned().collect::<BTreeSet<_>>();
        let features = features.iter().filter(|feature| !names.contains(*feature));
        let features = features
            .map(|feature| (feature.clone(), Value::Array(Vec::new())))
            .collect::<Table>();
        let default = features
            .keys()
            .map(|feature| Value::from(feature.as_str()))
            .collect::<Vec<_>>();
        let table = manifest["features"]
            .as_table_mut()
            .context("just written")?;
        table.extend(features);
        table.insert("default".to_owned(), default.into());
        Ok(manifest)
    }

    /// Makes sure that nothing in the workspace uses another tokio than the one under test.
    fn check_tokio(&self) -> Result<()> {
        let metadata = metadata(&self.folder)?;
        let mut found = metadata
            .packages
            .iter()
            .filter(|package| package.name == "tokio");
        let package = found.next().context("nothing depends on tokio")?;
        ensure!(
            found.next().is_none(),
            "there are several packages named tokio: does its version suit them all?"
        );
        if let Some(tokio) = &self.tokio {
            let folder = package
                .manifest_path
                .parent()
                .context("a manifest is in a folder")?;
            ensure!(
                folder == tokio.as_path(),
                "cargo uses {folder} instead: does the version suit?"
            );
        }
        Ok(())
    }
}

/// The name of the member that has a package's tests.
pub fn member(package: &str) -> String {
    format!("{package}-tests")
}

fn published_requirement(package: &Published, exact: bool) -> String {
    if exact && package.name == "tokio" {
        format!("={}", package.version)
    } else {
        "1".to_owned()
    }
}

fn seed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scratch.lock")
}

/// All stable features: full, test-util, and what they stand for.
fn enabled_features(package: &Published) -> BTreeSet<String> {
    let mut enabled = BTreeSet::new();
    let mut rest = vec!["full".to_owned(), "test-util".to_owned()];
    while let Some(feature) = rest.pop() {
        if let Some(others) = package.features.get(&feature) {
            rest.extend(
                others
                    .iter()
                    .filter(|other| !enabled.contains(*other))
                    .cloned(),
            );
            enabled.insert(feature);
        }
    }
    enabled
}

/// Whether some file names a crate's items.
fn is_used(dependency: &str, texts: &BTreeMap<PathBuf, String>) -> bool {
    let path = format!("{}::", dependency.replace('-', "_"));
    texts.values().any(|text| {
        text.match_indices(&path).any(|(at, _)| {
            !text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
        })
    })
}

/// Reads all Rust files in a folder, with their paths in it.
fn read_sources(root: &Path, inside: &Path, texts: &mut BTreeMap<PathBuf, String>) -> Result<()> {
    for entry in fs::read_dir(root.join(inside))? {
        let path = inside.join(entry?.file_name());
        if root.join(&path).is_dir() {
            read_sources(root, &path, texts)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            texts.insert(path.clone(), fs::read_to_string(root.join(&path))?);
        }
    }
    Ok(())
}

/// Removes what an earlier version left.
fn remove_others(folder: &Path, texts: &BTreeMap<PathBuf, String>) -> Result<()> {
    let mut old = BTreeMap::new();
    if folder.is_dir() {
        read_sources(folder, Path::new(""), &mut old)?;
    }
    for path in old.keys().filter(|path| !texts.contains_key(*path)) {
        fs::remove_file(folder.join(path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_is_used_if_its_items_are_named() {
        let texts = |text: &str| BTreeMap::from([(PathBuf::from("a.rs"), text.to_owned())]);
        assert!(is_used("tokio-test", &texts("use tokio_test::task;")));
        assert!(is_used("mio", &texts("let poll = (mio::Poll::new());")));
        assert!(!is_used("mio", &texts("use my_mio::Poll; // mio")));
    }
}
