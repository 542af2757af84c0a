//! What the dependencies of the crate that is being compiled are called, read from its manifest as cargo reads it.
//!
//! All tables of dependencies count, those for other platforms too: whether a `cfg` holds is not known here. Where
//! a dependency is the workspace's, what it is stands in the manifest of the workspace: in one of the folders above, unless the
//! package says where.

use crate::toml;
use std::env;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The tables of dependencies, as they may be spelt.
const KINDS: [&str; 5] = [
    "dependencies",
    "dev-dependencies",
    "dev_dependencies",
    "build-dependencies",
    "build_dependencies",
];

/// The dependencies of a package, and its own name.
#[derive(Debug)]
pub(crate) struct Manifest {
    package: Option<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Debug)]
struct Dependency {
    /// Where it stands.
    key: Vec<String>,
    name: String,
    package: String,
}

impl Manifest {
    /// The one of the crate that is being compiled, unless cargo does not say where it is.
    pub(crate) fn of_this_crate() -> Option<Arc<Self>> {
        // A compiler asks for each attribute, always in one folder.
        static LAST: Mutex<Option<(PathBuf, Arc<Manifest>)>> = Mutex::new(None);

        let folder = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR")?);
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, manifest)) = &*last {
            if *of == folder {
                return Some(Arc::clone(manifest));
            }
        }
        let manifest = Arc::new(Self::parse(&read(&folder)?, &folder, read)?);
        *last = Some((folder, Arc::clone(&manifest)));
        Some(manifest)
    }

    /// What the crate calls a package: one name at most, unless it depends on several versions.
    pub(crate) fn names_of(&self, package: &str) -> Vec<String> {
        // Its own tests and examples name a package as its users do.
        let own = self.package.iter().filter(|own| *own == package);
        let dependencies = self.dependencies.iter();
        let dependencies = dependencies.filter(|dependency| dependency.package == package);
        own.chain(dependencies.map(|dependency| &dependency.name))
            .map(|name| name.replace('-', "_"))
            .collect()
    }

    /// Of the text of the manifest in a folder. `read` reads that of another.
    fn parse(text: &str, folder: &Path, read: impl Fn(&Path) -> Option<String>) -> Option<Self> {
        let keys = toml::keys(text)?;
        let mut dependencies: Vec<Dependency> = Vec::new();
        let mut inherited = Vec::new();
        for (key, value) in &keys {
            let Some((name, of_it)) = dependency(key) else {
                continue;
            };
            let known = dependencies
                .iter()
                .position(|other| other.key[..] == key[..key.len() - of_it.len()]);
            let index = known.unwrap_or_else(|| {
                dependencies.push(Dependency {
                    key: key[..key.len() - of_it.len()].to_vec(),
                    name: name.to_owned(),
                    package: name.to_owned(),
                });
                dependencies.len() - 1
            });
            match (of_it, value) {
                ([what], Some(package)) if what == "package" => {
                    dependencies[index].package.clone_from(package);
                }
                ([what], _) if what == "workspace" => inherited.push(index),
                _ => {}
            }
        }
        if !inherited.is_empty() {
            let told = string(&keys, &["package", "workspace"]);
            let told = told.map(|root| folder.join(root));
            let mut folders = told.as_deref().into_iter().chain(folder.ancestors());
            folders.any(|folder| {
                let text = read(folder);
                text.is_some_and(|text| inherit(&mut dependencies, &inherited, &text).is_some())
            });
        }
        Some(Self {
            package: string(&keys, &["package", "name"]).map(str::to_owned),
            dependencies,
        })
    }
}

/// Looks up the inherited ones, if this is the manifest of their workspace.
fn inherit(dependencies: &mut [Dependency], inherited: &[usize], text: &str) -> Option<()> {
    let keys = toml::keys(text)?;
    for &index in inherited {
        let dependency = &mut dependencies[index];
        let key = ["workspace", "dependencies", &dependency.name];
        // One that is missing here would be refused by cargo: this is another workspace, which excludes the package.
        keys.iter()
            .find(|(other, _)| other.len() >= 3 && other[..3] == key)?;
        let package = string(&keys, &[key[0], key[1], key[2], "package"]);
        dependency.package = package.unwrap_or(&dependency.name).to_owned();
    }
    Some(())
}

/// The name of the dependency that a key is of, and what it says of it; `None` for all other keys.
fn dependency(key: &[String]) -> Option<(&str, &[String])> {
    let table = match key {
        [target, _, rest @ ..] if target == "target" => rest,
        key => key,
    };
    match table {
        [kind, name, rest @ ..] if KINDS.contains(&kind.as_str()) => Some((name, rest)),
        _ => None,
    }
}

fn string<'k>(keys: &'k [(Vec<String>, Option<String>)], key: &[&str]) -> Option<&'k str> {
    let found = keys.iter().find(|(other, _)| other[..] == *key)?;
    found.1.as_deref()
}

fn read(folder: &Path) -> Option<String> {
    std::fs::read_to_string(folder.join("Cargo.toml")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails unless a crate with this manifest calls leno so. The manifests in its folder and those above are given, too.
    #[track_caller]
    fn check(manifest: &str, above: &[&str], expected: &[&str]) {
        let folder = Path::new("one/of/many/folders");
        let read = |other: &Path| {
            let up = folder.ancestors().position(|above| above == other)?;
            above.get(up).map(|&text| text.to_owned())
        };
        let names = Manifest::parse(manifest, folder, read).unwrap();
        assert_eq!(names.names_of("leno"), expected, "{manifest}");
    }

    #[test]
    fn all_ways_to_write_a_dependency() {
        for manifest in [
            "[dependencies]\ntokio = { package = \"leno\", features = [\n  \"full\", # all\n] }",
            "[dependencies.tokio]\npackage = 'leno'",
            "dependencies.tokio.package = \"leno\"",
            "[dependencies]\n\"tokio\".package = \"leno\"",
            "dependencies = { serde = \"1\", tokio = { path = '../leno', package = '''leno''' } }",
            "[dev-dependencies]\ntokio = { package = \"leno\" }",
            "[dev_dependencies]\ntokio = { package = \"leno\" }",
            "[target.'cfg(unix)'.dependencies]\ntokio = { package = \"leno\" }",
            "[target.x86_64-unknown-linux-gnu.dev-dependencies.tokio]\npackage = \"leno\"",
            "[build-dependencies]\ntokio = { package = \"leno\" }",
        ] {
            check(manifest, &[], &["tokio"]);
        }
        check("[dependencies]\nleno = \"0.1\"", &[], &["leno"]);
        check(
            "[dependencies]\nmy-runtime = { package = \"leno\" }",
            &[],
            &["my_runtime"],
        );
    }

    #[test]
    fn what_is_called_leno_may_be_something_else() {
        check("[dependencies]\nleno = { package = \"other\" }", &[], &[]);
        check(
            "[features]\nleno = []\n[dependencies]\nserde = \"1\"",
            &[],
            &[],
        );
    }

    #[test]
    fn several_versions_have_several_names() {
        let manifest =
            "[dependencies]\na = { package = \"leno\", version = \"0.1\" }\nleno = \"0.2\"";
        check(manifest, &[], &["a", "leno"]);
    }

    #[test]
    fn the_package_itself_comes_first() {
        let manifest = "[package]\nname = \"leno\"\n[dev-dependencies]\nleno = { path = \".\" }";
        check(manifest, &[], &["leno", "leno"]);
    }

    #[test]
    fn an_inherited_dependency_is_what_the_workspace_says() {
        let member = "[dependencies]\ntokio = { workspace = true, features = [\"full\"] }\nserde.workspace = true";
        let root = "[workspace.dependencies]\ntokio = { package = \"leno\" }\nserde = \"1\"";
        check(member, &[member, root], &["tokio"]);
        // A workspace around it that does not have the package, and a manifest that is none.
        let other = "[workspace.dependencies]\nanyhow = \"1\"";
        check(
            member,
            &[other, "[", "[package]\nname = \"x\"", root],
            &["tokio"],
        );
        check(member, &[other], &[]);
        // One that is told, before those that come first.
        let told = format!("package.workspace = \"../..\"\n{member}");
        let read = |other: &Path| match other.ends_with("../..") {
            true => Some(root.to_owned()),
            false => Some("[workspace.dependencies]\ntokio = \"1\"\nserde = \"1\"".to_owned()),
        };
        let manifest = Manifest::parse(&told, Path::new("somewhere"), read).unwrap();
        assert_eq!(manifest.names_of("leno"), ["tokio"]);
        // The root of a workspace can be a package.
        let both = format!("{member}\n{root}");
        check(&both, &[&both], &["tokio"]);
    }
}
