//! Where the runtime is: the path by which an expansion names it.
//!
//! An attribute is not told through which crate it was reached, and a crate has the name that its user's manifest gives it.
//! So the compiler's arguments are read (`externs.rs`). Of several names, which several versions have, the one that stands before
//! the attribute's own is taken. A runtime that is not among the dependencies came through another crate: then the path that stands
//! there leads to it. So it does where the dependencies are not known.

use crate::externs;
use crate::tokens::{Error, Ident, Result, Span, TokenStream, TokenTree, written};
use std::fmt;

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
        let before = attribute.and_then(path_before_name);
        let Some(names) = externs::names_of(package) else {
            return Self::without_names(package, before);
        };
        let mut home = Self::choose(package, &names, before);
        if package == "tokio" {
            // Whoever has `use facade::tokio` and the attribute by its last name alone relies on the first, with tokio too.
            let in_scope = || TokenTree::from(Ident::new(package, Span::call_site())).into();
            home.path.get_or_insert_with(in_scope);
        }
        home
    }

    /// How an expansion names the runtime: as an option says, if it is given. `attribute` is the attribute's name.
    pub(crate) fn path_or(
        &self,
        given: Option<&TokenStream>,
        attribute: &dyn fmt::Display,
    ) -> Result<TokenStream> {
        given.or(self.path.as_ref()).cloned().ok_or_else(|| {
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

    fn choose(package: &str, names: &[String], before: Option<String>) -> Self {
        let is_before = |name: &&String| before.as_deref() == Some(name);
        if let Some(name) = names.iter().find(is_before).or(names.first()) {
            return Self::dependency(name);
        }
        Self {
            path: before
                .as_deref()
                .and_then(|before| path(before, Span::call_site())),
            name: before.unwrap_or_else(|| package.to_owned()),
        }
    }

    /// The dependencies are not known: whoever named this one knows what he has written.
    fn without_names(package: &str, before: Option<String>) -> Self {
        match before {
            Some(_) => Self::choose(package, &[], before),
            None => Self::dependency(package),
        }
    }

    fn dependency(name: &str) -> Self {
        // Keywords are fine as names of dependencies.
        let raw = if is_keyword(name) { "r#" } else { "" };
        let name = format!("{raw}{name}");
        Self {
            path: Some(written(Span::mixed_site(), &format!("::{name}"), &[])),
            name,
        }
    }
}

/// The tokens of a path to a crate or module, `None` if it is none.
pub(crate) fn path(text: &str, span: Span) -> Option<TokenStream> {
    let text = normal_path(text)?;
    // A letter that names may not have is one that the compiler knows and std does not.
    text.parse::<TokenStream>().ok()?;
    Some(written(span, &text, &[]))
}

/// A path without spaces, `None` if it is none.
fn normal_path(text: &str) -> Option<String> {
    let mut segments: Vec<&str> = text.split("::").map(str::trim).collect();
    let is_absolute = segments.len() > 1 && segments[0].is_empty();
    let names = &segments[usize::from(is_absolute)..];
    names.iter().all(|name| is_segment(name)).then(|| {
        if is_absolute {
            segments[0] = "";
        }
        segments.join("::")
    })
}

fn is_segment(name: &str) -> bool {
    let (name, may_be_keyword) = match name.strip_prefix("r#") {
        Some(name) => (name, true),
        None => (name, matches!(name, "crate" | "self" | "super")),
    };
    let mut letters = name.chars();
    letters
        .next()
        .is_some_and(|first| first == '_' || first.is_alphabetic())
        && letters.all(|letter| letter == '_' || letter.is_alphanumeric())
        && (may_be_keyword || !is_keyword(name))
}

/// The path to the crate in `#[path::to::main(options)]`; none in `#[main]`, or if this is something else.
fn path_before_name(attribute: &str) -> Option<String> {
    let text = attribute.trim_start_matches(['#', '!', '[', ' ']);
    let end = text.find(['(', ']', ',']).unwrap_or(text.len());
    let (before, name) = text[..end].rsplit_once("::")?;
    normal_path(name)?;
    normal_path(before)
}

/// Whether a name has to be written with `r#`, in one of the editions.
fn is_keyword(name: &str) -> bool {
    const KEYWORDS: &str = "_ abstract as async await become box break const continue crate do dyn else enum extern false \
        final fn for gen if impl in let loop macro match mod move mut override priv pub ref return self Self static struct super \
        trait true try type typeof unsafe unsized use virtual where while yield";
    KEYWORDS.split_ascii_whitespace().any(|word| word == name)
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
    fn the_name_of_the_dependency_is_taken() {
        for attribute in ["#[tokio::main]", "#[main]", "#[facade::test]", "# [", ""] {
            let (name, path) = choose(&["tokio"], attribute);
            assert_eq!((name.as_str(), path.as_deref()), ("tokio", Some("::tokio")));
        }
        let (name, path) = choose(&["async"], "#[r#async::main]");
        assert_eq!(
            (name.as_str(), path.as_deref()),
            ("r#async", Some("::r#async"))
        );
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
                "#[ ::facade :: runtime::test (flavor = \"local\") ]",
                "::facade::runtime",
            ),
            ("crate::facade::test", "crate::facade"),
        ] {
            let (name, path) = choose(&[], attribute);
            assert_eq!((name.as_str(), path.as_deref()), (expected, Some(expected)));
        }
        for attribute in [
            "#[main]",
            "#[::main]",
            "#[cfg_attr(x, facade::main)]",
            "$crate::main",
            "…",
        ] {
            assert_eq!(choose(&[], attribute), ("leno".to_owned(), None));
        }
    }

    #[test]
    fn where_no_dependency_is_known_the_path_that_is_written() {
        let find = |attribute| {
            let home = Home::without_names("leno", path_before_name(attribute));
            home.path.map(|path| path.to_string().replace(' ', ""))
        };
        assert_eq!(find("#[tokio::main]").as_deref(), Some("tokio"));
        assert_eq!(
            find("#[crate::runtime::test]").as_deref(),
            Some("crate::runtime")
        );
        assert_eq!(find("#[main]").as_deref(), Some("::leno"));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in [
            "", "::", "a::", "a b", "a:b", "fn", "a::fn", "a<b>", "1", "\"a\"", "²",
        ] {
            assert!(path(text, Span::call_site()).is_none(), "{text}");
        }
        for text in ["a", "::a::b", "crate::a", "super::super", "r#fn", "_a::ä1"] {
            assert!(path(text, Span::call_site()).is_some(), "{text}");
        }
    }
}
