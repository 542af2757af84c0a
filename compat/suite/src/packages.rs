//! The published packages whose tests are run, and where cargo keeps them.

use anyhow::{Context, Result, ensure};
use cargo_metadata::{Dependency, Metadata, MetadataCommand};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The packages, in the order of the tables.
pub const NAMES: [&str; 4] = ["tokio", "tokio-util", "tokio-stream", "tokio-test"];

const VERSIONS: [&str; 4] = ["1.54.1", "0.7.20", "0.1.19", "0.4.6"];

/// A published package.
#[derive(Debug)]
pub struct Published {
    pub name: &'static str,
    pub version: &'static str,
    /// Its unpacked sources.
    pub folder: PathBuf,
    pub features: BTreeMap<String, Vec<String>>,
    pub dependencies: Vec<Dependency>,
}

/// Has cargo fetch the packages. `folder` is for the manifest that names them.
pub fn fetch(folder: &Path) -> Result<Vec<Published>> {
    let mut manifest =
        "[package]\nname = \"sources\"\nedition = \"2021\"\n[workspace]\n[dependencies]\n"
            .to_owned();
    for (name, version) in NAMES.into_iter().zip(VERSIONS) {
        manifest += &format!("{name} = {{ version = \"={version}\", default-features = false }}\n");
    }
    write_if_changed(&folder.join("Cargo.toml"), &manifest)?;
    write_if_changed(&folder.join("src/lib.rs"), "")?;
    let mut metadata = metadata(folder).context("the published packages cannot be fetched")?;

    let mut published = Vec::new();
    for (name, version) in NAMES.into_iter().zip(VERSIONS) {
        let index = metadata
            .packages
            .iter()
            .position(|package| package.name == name);
        let package = metadata
            .packages
            .swap_remove(index.context("cargo left out a package")?);
        let folder = package
            .manifest_path
            .parent()
            .context("a manifest is in a folder")?
            .to_owned()
            .into_std_path_buf();
        ensure!(
            folder.join("tests").is_dir(),
            "{name} {version} was published without its tests"
        );
        published.push(Published {
            name,
            version,
            folder: folder.canonicalize()?,
            features: package.features,
            dependencies: package.dependencies,
        });
    }
    Ok(published)
}

/// What cargo resolves for the manifest in a folder, on this platform.
pub fn metadata(folder: &Path) -> Result<Metadata> {
    let mut command = MetadataCommand::new();
    command.manifest_path(folder.join("Cargo.toml"));
    command.other_options(["--filter-platform".to_owned(), host()?]);
    Ok(command.exec()?)
}

fn host() -> Result<String> {
    let rustc = Command::new("rustc")
        .arg("-vV")
        .output()
        .context("rustc does not run")?;
    let text = String::from_utf8_lossy(&rustc.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not tell its host")?.to_owned())
}

/// Writes a file, and its folders, unless it is as it should be: cargo builds again what is newer than its build.
pub fn write_if_changed(path: &Path, text: &str) -> Result<()> {
    if std::fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    let folder = path.parent().context("a file is in a folder")?;
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(path, text))
        .with_context(|| format!("cannot write {}", path.display()))
}
