//! The manifest is API: every feature of the published tokio can be asked of leno, under tokio's name and under its own. If
//! one was missing, cargo would refuse a workspace as soon as anything in it named that feature.

use crate::arguments::shim;
use crate::packages::{self, NAMES};
use cargo_metadata::MetadataCommand;
use std::collections::BTreeMap;
use std::path::Path;

/// What the features of a package turn on, of its own.
type Features = BTreeMap<String, Vec<String>>;

/// The features of the package in a folder.
fn features_of(folder: &Path) -> Features {
    let manifest = folder.join("Cargo.toml").canonicalize().unwrap();
    let metadata = MetadataCommand::new()
        .manifest_path(&manifest)
        .no_deps()
        .exec()
        .unwrap();
    let mut packages = metadata.packages.into_iter();
    let package = packages.find(|package| package.manifest_path == manifest);
    package.unwrap().features
}

/// What is missing of `published`, also among what its features turn on.
fn missing<'p>(published: &'p Features, offered: &Features) -> Vec<&'p str> {
    let is_missing = |name: &str| !offered.contains_key(name);
    let mut missing = Vec::new();
    for (name, implied) in published {
        let Some(offered_implied) = offered.get(name) else {
            missing.push(name.as_str());
            continue;
        };
        // What is under `full` is asked for by it; optional dependencies are switched, but by nothing of leno's.
        if name == "full" {
            let implied = implied.iter().map(String::as_str);
            missing.extend(implied.filter(|&name| {
                is_missing(name) || !offered_implied.iter().any(|other| other == name)
            }));
        }
    }
    missing
}

#[test]
fn every_feature_of_tokio_resolves() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/features");
    let published = packages::fetch(&sources).unwrap();
    let tokio = published
        .iter()
        .find(|package| package.name == NAMES[0])
        .unwrap();
    // Those that stand for optional dependencies are in cargo's list.
    assert!(tokio.features.contains_key("tracing") && tokio.features.contains_key("full"));
    for folder in [shim(), shim().join("../../runtime")] {
        let offered = features_of(&folder);
        let missing = missing(&tokio.features, &offered);
        assert!(missing.is_empty(), "{}: {missing:?}", folder.display());
    }
}

#[test]
fn what_is_missing_is_seen() {
    let features = |list: &[(&str, &[&str])]| {
        let list = list.iter().map(|(name, implied)| {
            let implied = implied.iter().map(|name| (*name).to_owned());
            ((*name).to_owned(), implied.collect())
        });
        list.collect::<Features>()
    };
    let published = features(&[("fs", &["libc"]), ("full", &["fs", "net"]), ("libc", &[])]);
    assert_eq!(missing(&published, &features(&[])), ["fs", "full", "libc"]);
    let offered = features(&[("fs", &[]), ("full", &["fs"]), ("libc", &[])]);
    assert_eq!(missing(&published, &offered), ["net"]);
}
