//! `GUARANTEES.md` names what is there, and every claim that the README begins with.

use std::fs;
use std::path::{Path, PathBuf};

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("GUARANTEES.md")).unwrap()
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn every_test_that_it_names_is_there() {
    let page = page();
    let mut named = 0;
    for name in quoted(&page) {
        let Some((file, function)) = name.split_once("::") else {
            continue;
        };
        let path = match file.strip_prefix("models/") {
            Some(model) => format!("loom-tests/src/models/{model}"),
            None => file.to_owned(),
        };
        let source = fs::read_to_string(top().join(&path))
            .unwrap_or_else(|error| panic!("GUARANTEES.md names {path}: {error}"));
        assert!(
            source.contains(&format!("fn {function}(")),
            "GUARANTEES.md names {function}, which {path} does not have"
        );
        named += 1;
    }
    assert!(named > 80, "only {named} tests are named");
}

#[test]
fn every_file_that_it_links_is_there() {
    let page = page();
    for link in page.split("](").skip(1) {
        let target = link.split_once(')').unwrap().0;
        if !target.starts_with('#') {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(target);
            assert!(
                path.exists(),
                "GUARANTEES.md links {target}, which is not there"
            );
        }
    }
}

#[test]
fn every_claim_of_the_readme_is_on_it() {
    let readme = fs::read_to_string(top().join("README.md")).unwrap();
    let page = page();
    let claims: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("- **")?.split_once("**"))
        .map(|(claim, _)| claim)
        .collect();
    assert!(
        claims.len() >= 6,
        "the README's claims have moved: {claims:?}"
    );
    for claim in claims {
        // A link may lead elsewhere from there.
        assert!(
            page.contains(&format!("**{claim}**")),
            "GUARANTEES.md lacks {claim:?}"
        );
    }
}
