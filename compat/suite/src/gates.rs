//! Which files are for this platform: their `#![cfg]` attributes, and those of dependencies.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::process::Command;
use syn::punctuated::Punctuated;
use syn::{Expr, Lit, Meta, Token};

/// What is true of the build: names as `unix`, pairs as `target_os = "linux"`.
#[derive(Clone, Debug)]
pub struct Facts {
    names: BTreeSet<String>,
    pairs: BTreeSet<(String, String)>,
}

impl Facts {
    /// What the compiler says of its host.
    pub fn of_the_compiler() -> Result<Facts> {
        let rustc = Command::new("rustc")
            .args(["--print", "cfg"])
            .output()
            .context("rustc does not run")?;
        ensure!(rustc.status.success(), "rustc --print cfg failed");
        Ok(Facts::parse(&String::from_utf8_lossy(&rustc.stdout)))
    }

    fn parse(lines: &str) -> Facts {
        let mut facts = Facts {
            names: BTreeSet::new(),
            pairs: BTreeSet::new(),
        };
        for line in lines.lines() {
            match line.split_once('=') {
                None => facts.names.insert(line.to_owned()),
                Some((key, value)) => facts
                    .pairs
                    .insert((key.to_owned(), value.trim_matches('"').to_owned())),
            };
        }
        facts
    }

    /// The same, with these features on.
    pub fn with_features(&self, features: impl IntoIterator<Item = String>) -> Facts {
        let mut facts = self.clone();
        facts.pairs.extend(
            features
                .into_iter()
                .map(|feature| ("feature".to_owned(), feature)),
        );
        facts
    }

    /// Whether a file of this text has anything in it when it is compiled. One that cannot be read is left to the
    /// compiler.
    pub fn admit_file(&self, text: &str) -> bool {
        let Ok(file) = syn::parse_file(text) else {
            return true;
        };
        let mut gates = file
            .attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident("cfg"));
        gates.all(|gate| gate.parse_args::<Meta>().is_ok_and(|meta| self.hold(&meta)))
    }

    /// Whether a dependency for this target, `cfg(…)` or a triple, is one of this build. All those with a bare triple
    /// are for other systems.
    pub fn admit_target(&self, target: &str) -> bool {
        match syn::parse_str(target) {
            Ok(Meta::List(list)) if list.path.is_ident("cfg") => {
                list.parse_args::<Meta>().is_ok_and(|meta| self.hold(&meta))
            }
            _ => false,
        }
    }

    fn hold(&self, predicate: &Meta) -> bool {
        let name = predicate
            .path()
            .get_ident()
            .map(ToString::to_string)
            .unwrap_or_default();
        match predicate {
            Meta::Path(_) => self.names.contains(&name),
            Meta::NameValue(pair) => match &pair.value {
                Expr::Lit(literal) => match &literal.lit {
                    Lit::Str(value) => self.pairs.contains(&(name, value.value())),
                    _ => false,
                },
                _ => false,
            },
            Meta::List(list) => {
                let parts = list
                    .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
                    .unwrap_or_default();
                match name.as_str() {
                    "all" => parts.iter().all(|part| self.hold(part)),
                    "any" => parts.iter().any(|part| self.hold(part)),
                    "not" => !parts.iter().all(|part| self.hold(part)),
                    _ => false,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Facts;

    fn linux() -> Facts {
        let facts =
            Facts::parse("panic=\"unwind\"\ntarget_has_atomic=\"64\"\ntarget_os=\"linux\"\nunix\n");
        facts.with_features(["full".to_owned()])
    }

    #[test]
    fn files_for_this_build_are_admitted() {
        for text in [
            "",
            "#![warn(rust_2018_idioms)]\n#![cfg(feature = \"full\")]\n#![cfg(unix)]\nfn f() {}",
            "#![cfg(all(feature = \"full\", not(target_os = \"wasi\"), not(miri)))] // no commands there",
            "#![cfg(any(feature = \"full\", all(target_os = \"emscripten\", feature = \"rt\")))]",
            "#![cfg(panic = \"unwind\")]",
            "#![cfg(all(\n    feature = \"full\",\n    target_has_atomic = \"64\",\n))]",
            "#![cfg_attr(windows, allow(unused))]",
            "fn f() {} #[cfg(windows)] fn g() {}",
        ] {
            assert!(linux().admit_file(text), "{text}");
        }
    }

    #[test]
    fn files_for_other_builds_are_not() {
        for text in [
            "#![cfg(windows)]",
            "#![cfg(tokio_unstable)]",
            "#![cfg(feature = \"full\")]\n#![cfg(windows)]",
            "#![cfg(all(target_os = \"freebsd\", feature = \"net\"))]",
            "#![cfg(all(tokio_unstable, feature = \"tracing\", target_has_atomic = \"64\"))]",
            "#![cfg(not(feature = \"full\"))]",
            "#![cfg(any(target_os = \"emscripten\", target_family = \"wasm\"))]",
        ] {
            assert!(!linux().admit_file(text), "{text}");
        }
    }

    #[test]
    fn dependencies_for_other_targets_are_not_admitted() {
        assert!(linux().admit_target("cfg(all(unix, not(target_os = \"emscripten\")))"));
        assert!(!linux().admit_target("cfg(windows)"));
        assert!(!linux().admit_target("cfg(all(tokio_unstable, target_has_atomic = \"64\"))"));
        assert!(!linux().admit_target("x86_64-pc-windows-msvc"));
    }
}
