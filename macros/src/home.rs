//! Where the runtime is: the path by which an expansion names it.
//!
//! An attribute is not told through which crate it was reached, and a crate has the name that its user's manifest gives it.
//! So the manifest is read (`manifest.rs`). Of several names, which several versions have, the one that stands before the
//! attribute's own is taken. A runtime that is not among the dependencies came through another crate: then the path that stands
//! there leads to it. So it does where there is no manifest, as the build is not cargo's.

use crate::manifest::Manifest;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use std::fmt;
use syn::parse::Parser;
use syn::{Error, Path, Result};

/// The runtime, as the user of an attribute sees it.
pub(crate) struct Home {
    /// Its name or path, as one would write it before `::main`.
    pub(crate) name: String,
    /// How an expansion names it; none if that cannot be told.
    pub(crate) path: Option<TokenStream>,
}

impl Home {
    /// Finds what the crate that is being compiled calls `package`. `attribute` is how the attribute was written, if that
    /// can be told.
    pub(crate) fn find(package: &str, attribute: Option<&str>) -> Self {
        let written = attribute.and_then(path_before_name);
        let Some(manifest) = Manifest::of_this_crate() else {
            return Self::without_manifest(package, written);
        };
        let mut home = Self::choose(package, &manifest.names_of(package), written);
        if package == "tokio" {
            // Whoever has `use facade::tokio` and the attribute by its last name alone relies on the first, with tokio too.
            let in_scope = || Ident::new(package, Span::call_site()).into_token_stream();
            home.path.get_or_insert_with(in_scope);
        }
        home
    }

    /// How an expansion names the runtime: as an option says, if it is given. `attribute` is the attribute's name.
    pub(crate) fn path_or(
        &self,
        given: Option<&Path>,
        attribute: &dyn fmt::Display,
    ) -> Result<TokenStream> {
        let given = given.map(ToTokens::to_token_stream);
        given.or_else(|| self.path.clone()).ok_or_else(|| {
            let name = &self.name;
            Error::new(
                Span::call_site(),
                format!(
                    "`{name}` is not among the dependencies of this crate: say where it is, as in \
                     `#[{attribute}(crate = \"path::to::{name}\")]`"
                ),
            )
        })
    }

    fn choose(package: &str, names: &[String], written: Option<Path>) -> Self {
        let is_written = |name: &&String| written.as_ref().is_some_and(|path| path.is_ident(*name));
        if let Some(name) = names.iter().find(is_written).or(names.first()) {
            return Self::dependency(name);
        }
        Self {
            name: match &written {
                Some(path) => path.to_token_stream().to_string().replace(' ', ""),
                None => package.to_owned(),
            },
            path: written.map(ToTokens::into_token_stream),
        }
    }

    /// Not built by cargo: whoever did it has named the crate as he wanted, and knows what he has written.
    fn without_manifest(package: &str, written: Option<Path>) -> Self {
        match written {
            Some(_) => Self::choose(package, &[], written),
            None => Self::dependency(package),
        }
    }

    fn dependency(name: &str) -> Self {
        let here = Span::mixed_site();
        // Keywords are fine as names of dependencies.
        let ident = match syn::parse_str::<Ident>(name) {
            Ok(_) => Ident::new(name, here),
            Err(_) => Ident::new_raw(name, here),
        };
        Self {
            name: ident.to_string(),
            path: Some(quote_spanned!(here=> ::#ident)),
        }
    }
}

/// The path to the crate in `#[path::to::main(options)]`; none in `#[main]`, or if this is something else.
fn path_before_name(attribute: &str) -> Option<Path> {
    let text = attribute.trim_start_matches(['#', '!', '[', ' ']);
    let end = text.find(['(', ']', ',']).unwrap_or(text.len());
    let mut path = Path::parse_mod_style.parse_str(&text[..end]).ok()?;
    path.segments.pop()?;
    // Takes the `::` off the end.
    let last = path.segments.pop()?.into_value();
    path.segments.push(last);
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(names: &[&str], attribute: &str) -> (String, Option<String>) {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let home = Home::choose("leno", &names, path_before_name(attribute));
        let path = home.path.map(|path| path.to_string().replace(' ', ""));
        (home.name, path)
    }

    #[test]
    fn the_name_in_the_manifest_is_taken() {
        for attribute in ["#[tokio::main]", "#[main]", "#[facade::test]", "# [", ""] {
            let (name, path) = choose(&["tokio"], attribute);
            assert_eq!((name.as_str(), path.as_deref()), ("tokio", Some("::tokio")));
        }
    }

    #[test]
    fn of_several_names_the_one_that_is_written() {
        let names = ["leno", "tokio"];
        assert_eq!(choose(&names, "#[tokio::main]").0, "tokio");
        assert_eq!(
            choose(&names, "#[leno::main(flavor = \"local\")]").0,
            "leno"
        );
        assert_eq!(choose(&names, "#[main]").0, "leno");
    }

    #[test]
    fn without_a_dependency_the_path_that_is_written() {
        for (attribute, expected) in [
            ("#[facade::main]", "facade"),
            (
                "#[ ::facade::runtime::test (flavor = \"local\") ]",
                "::facade::runtime",
            ),
            ("crate::facade::test", "crate::facade"),
        ] {
            let (name, path) = choose(&[], attribute);
            assert_eq!((name.as_str(), path.as_deref()), (expected, Some(expected)));
        }
        for attribute in [
            "#[main]",
            "#[cfg_attr(x, facade::main)]",
            "$crate::main",
            "…",
        ] {
            assert_eq!(choose(&[], attribute), ("leno".to_owned(), None));
        }
    }

    #[test]
    fn without_a_manifest_the_path_that_is_written() {
        let find = |attribute| {
            let home = Home::without_manifest("leno", path_before_name(attribute));
            home.path.map(|path| path.to_string().replace(' ', ""))
        };
        assert_eq!(find("#[tokio::main]").as_deref(), Some("tokio"));
        assert_eq!(
            find("#[crate::runtime::test]").as_deref(),
            Some("crate::runtime")
        );
        assert_eq!(find("#[main]").as_deref(), Some("::leno"));
    }
}
