//! From an `async fn` to a `fn` that blocks on its body.

use crate::function::{Attribute, Function, is_opaque};
use crate::home::Home;
use crate::options::{Flavor, Options};
use crate::simulation::Simulation;
use crate::tokens::{
    Error, Ident, Result, Span, TokenStream, TokenTree, first_span, is_name, with_error, written,
};
use std::fmt;

/// What the attribute makes of a function.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Main,
    Test,
}

/// An attribute: its kind, and the crate that exports it and has the runtime.
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) home: Home,
}

impl Entry {
    /// The item to put in place of `item`. Whatever is wrong, it still contains the function, so that the
    /// one mistake does not look like a hundred, and editors can go on completing.
    pub(crate) fn expand(&self, options: TokenStream, item: TokenStream) -> TokenStream {
        let function = match Function::parse(item.clone()) {
            Ok(Some(function)) if function.is_async => function,
            Ok(other) => {
                let place = match &other {
                    Some(function) => function.word_fn.span(),
                    None => first_span(&item),
                };
                let text = format!("`#[{self}]` needs an async function: write `async fn`");
                return with_error(item, &Error::new(place, text));
            }
            Err(error) => return with_error(item, &error),
        };
        let checked = self
            .check(&function)
            .and_then(|()| Options::parse(self, options))
            .and_then(|options| Ok((self.path(&options)?, options)));
        match checked {
            Ok((home, options)) => self.function(function, &options, &home),
            Err(error) => with_error(function.without_runtime(self), &error),
        }
    }

    /// Refuses functions that cannot be what the attribute makes of them.
    fn check(&self, function: &Function) -> Result<()> {
        let arguments = function.arguments();
        match self.kind {
            _ if arguments.is_empty() => {}
            Kind::Main if is_name(&function.name, "main") => {
                return Err(Error::of(
                    &arguments,
                    "`main` takes no arguments: read them from `std::env::args`",
                ));
            }
            Kind::Main => {}
            Kind::Test => {
                return Err(Error::of(
                    &arguments,
                    "a test takes no arguments: nobody is there to pass them",
                ));
            }
        }
        let second = function.attributes.iter().find(|a| self.is_test(a));
        match (self.kind, second) {
            (Kind::Test, Some(second)) => Err(Error::of(
                &second.tokens,
                format!(
                    "this makes a test of the function once more: `#[{self}]` is enough, \
                     remove this one"
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Whether an attribute would make a test of the function too: the standard one by any of its names,
    /// or this one again.
    fn is_test(&self, attribute: &Attribute) -> bool {
        let path = attribute.path();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match path[..] {
            ["test"] | ["core" | "std", "prelude", _, "test"] => true,
            [home, "test"] => home == self.home.name,
            _ => false,
        }
    }

    /// How the expansion names the runtime.
    fn path(&self, options: &Options) -> Result<TokenStream> {
        self.home.path_or(options.home.as_ref(), self)
    }

    fn function(&self, function: Function, options: &Options, home: &TokenStream) -> TokenStream {
        match (self.kind, &options.simulation) {
            (Kind::Test, Simulation::Always(word, how)) => {
                self.simulated_test(function, options, word, how, home)
            }
            // One that never returns has nothing to be done again.
            (Kind::Test, _) if !function.never_returns() => self.test(function, options, home),
            _ => self.usual(function, options, home),
        }
    }

    /// A function that builds a runtime and blocks on the body.
    fn usual(&self, function: Function, options: &Options, home: &TokenStream) -> TokenStream {
        let body = function.body_as_future();
        let body = match self.kind {
            Kind::Main => body,
            Kind::Test => written(
                here(),
                "::core::pin::pin!($body) as ::core::pin::Pin<&mut dyn ::core::future::Future<Output = _>>",
                &[("body", &body)],
            ),
        };
        let value = block_on(options, home, &body);
        // There are lints against either, for those who turn them on: against a value without `return`, and against a `return`
        // of what never comes.
        let statements = if function.never_returns() {
            value
        } else {
            written(here(), "return $value;", &[("value", &value)])
        };
        function.assemble(&self.test_attribute(), statements)
    }

    /// A function that hands the body over, so that it can be run as usual or many times.
    fn test(&self, mut function: Function, options: &Options, home: &TokenStream) -> TokenStream {
        let about = self.about(&function, options, home);
        let body = function.body_as_future();
        // Behind a pointer to `dyn Future`, all tests share one copy of `block_on`. (Only `main` is worth a copy of its own.)
        let usual = block_on(options, home, &written(here(), "body", &[]));
        let ended = match &mut function.output {
            None => None,
            Some(output) => {
                let ty = output.ty.clone();
                let span = here().located_at(first_span(&ty));
                let given = [("home", home), ("ty", &ty)];
                output.ty = written(span, "$home::attribute::Ended<$ty>", &given);
                Some(ended(&ty, home))
            }
        };
        let mut given = vec![
            ("home", home),
            ("about", &about),
            ("usual", &usual),
            ("body", &body),
        ];
        // With a `return` in each closure, for there is a lint against a value without one.
        let statements = match &ended {
            None => written(
                here(),
                "$home::attribute::test_of_nothing(&$about, |body| { return $usual; }, || { return $body; });",
                &given,
            ),
            Some(ended) => {
                given.push(("ended", ended));
                written(
                    here(),
                    "return $home::attribute::test(&$about, |body| { return $usual; }, || { return $body; }, $ended);",
                    &given,
                )
            }
        };
        function.assemble(&self.test_attribute(), statements)
    }

    /// A function that has the body simulated.
    fn simulated_test(
        &self,
        mut function: Function,
        options: &Options,
        word: &Ident,
        how: &TokenStream,
        home: &TokenStream,
    ) -> TokenStream {
        let about = self.about(&function, options, home);
        let body = function.body_as_future();
        // What the runs return is seen to, and of the simulation nothing is left to return.
        let ended = match function.output.take() {
            None => written(here(), "|()| {}", &[]),
            Some(output) if output.is_never() => written(here(), "|_| {}", &[]),
            Some(output) => ended(&output.ty, home),
        };
        let needs = written(
            here().located_at(word.span()),
            "$home::__needs_sim!($word);",
            &[
                ("home", home),
                ("word", &TokenTree::from(word.clone()).into()),
            ],
        );
        let statements = written(
            here(),
            "$needs
            $home::attribute::simulate(&$about, &$home::attribute::Options::new()$how, || { return $body; }, $ended);",
            &[
                ("needs", &needs),
                ("home", home),
                ("about", &about),
                ("how", how),
                ("body", &body),
                ("ended", &ended),
            ],
        );
        function.assemble(&self.test_attribute(), statements)
    }

    /// What a test is, for whoever runs it.
    fn about(&self, function: &Function, options: &Options, home: &TokenStream) -> TokenStream {
        let name = function.name.to_string();
        let name = name.strip_prefix("r#").unwrap_or(&name);
        let text = format!(
            "$home::attribute::Test::new(::core::concat!(::core::module_path!(), \"::{name}\"))"
        );
        let mut test = written(here(), &text, &[("home", home)]);
        if self.home.name != "leno" {
            let text = format!(".attribute(\"{}::test\")", self.home.name);
            test.extend(written(here(), &text, &[]));
        }
        if options.flavor == Flavor::Local {
            test.extend(written(here(), ".local()", &[]));
        }
        if let Some(paused) = &options.start_paused {
            let given = [("paused", &paused.tokens())];
            test.extend(written(here(), ".start_paused($paused)", &given));
        }
        if let Some(name) = &options.name {
            let given = [("name", &name.tokens())];
            test.extend(written(here(), ".name($name)", &given));
        }
        if let Simulation::Never = options.simulation {
            test.extend(written(here(), ".stays_out()", &[]));
        }
        test
    }

    /// Last, so that attribute macros among the function's own can see it.
    fn test_attribute(&self) -> TokenStream {
        match self.kind {
            Kind::Main => TokenStream::new(),
            Kind::Test => written(here(), "#[::core::prelude::v1::test]", &[]),
        }
    }
}

/// Local names and `::`-paths of this crate, positions of the attribute.
fn here() -> Span {
    Span::mixed_site()
}

/// Blocks on `body` in a runtime as `options` have it.
fn block_on(options: &Options, home: &TokenStream, body: &TokenStream) -> TokenStream {
    // Macros, since the features that they need are known there alone.
    let constructor = match options.flavor {
        Flavor::MultiThread => "$home::__multi_thread!()",
        Flavor::CurrentThread | Flavor::Local => "$home::runtime::Builder::new_current_thread()",
    };
    let given = [("home", home)];
    let mut builder = written(here(), constructor, &given);
    if let Some(count) = options.worker_threads {
        let text = format!(".worker_threads({count})");
        builder.extend(written(here(), &text, &[]));
    }
    if let Some(paused) = &options.start_paused {
        let given = [("home", home), ("paused", &paused.tokens())];
        let text = ".start_paused($home::__start_paused!($paused))";
        builder.extend(written(here(), text, &given));
    }
    if let Some(name) = &options.name {
        builder.extend(written(here(), ".name($name)", &[("name", &name.tokens())]));
    }
    let build = match options.flavor {
        Flavor::MultiThread | Flavor::CurrentThread => "build()",
        Flavor::Local => "build_local($home::runtime::LocalOptions::default())",
    };
    let build = written(here(), build, &given);
    written(
        here(),
        "$builder.enable_all().$build.expect(\"Failed building the Runtime\").block_on($body)",
        &[("builder", &builder), ("build", &build), ("body", body)],
    )
}

/// A closure that looks at what a run returns, of the type `ty`.
fn ended(ty: &TokenStream, home: &TokenStream) -> TokenStream {
    if is_opaque(ty.clone()) {
        return written(
            here(),
            "|output| {
                return $home::attribute::must_be_success(::core::option::Option::None, output);
            }",
            &[("home", home)],
        );
    }
    // Which `error` it is depends on the type, as it is known here.
    written(
        here(),
        "|output: $ty| {
            use $home::attribute::{HasError as _, HasNone as _};
            return $home::attribute::must_be_success((&$home::attribute::Output(&output)).error(), output);
        }",
        &[("home", home), ("ty", ty)],
    )
}

/// The attribute's name, as its user would write it.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.kind {
            Kind::Main => "main",
            Kind::Test => "test",
        };
        write!(f, "{}::{name}", self.home.name)
    }
}

impl Function {
    fn never_returns(&self) -> bool {
        self.output.as_ref().is_some_and(|output| output.is_never())
    }

    /// The body as an async block.
    fn body_as_future(&self) -> TokenStream {
        let statements = self.statements();
        written(
            here(),
            "async { $statements }",
            &[("statements", &statements)],
        )
    }

    /// The function, its body checked but never run: what is left when the attribute is wrong.
    fn without_runtime(mut self, entry: &Entry) -> TokenStream {
        let body = self.body_as_future();
        let block = written(
            here(),
            "let _ = $body; ::core::panic!(\"this function did not compile\")",
            &[("body", &body)],
        );
        let is_main = is_name(&self.name, "main") && !self.arguments().is_empty();
        self.attributes
            .retain(|attribute| !entry.is_test(attribute));
        let item = self.assemble(&TokenStream::new(), block);
        // A `main` with arguments would be the compiler's next complaint.
        if is_main {
            written(Span::call_site(), "fn main() { $item }", &[("item", &item)])
        } else {
            item
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[test]
    fn a_runtime_that_is_not_found_is_asked_for() {
        let home = Home {
            name: "leno".to_owned(),
            path: None,
        };
        let entry = Entry {
            kind: Kind::Test,
            home,
        };
        let item = quote!(
            async fn f() {}
        );
        let expansion = entry.expand(TokenStream::new(), item.clone()).to_string();
        let advice = "say where it is, as in `#[leno::test(crate = \\\"path::to::leno\\\")]`";
        assert!(expansion.contains(advice), "{expansion}");

        let options = quote!(crate = "here::it::is");
        let expansion = entry.expand(options, item).to_string();
        assert!(
            expansion.contains("here :: it :: is :: runtime"),
            "{expansion}"
        );
    }

    /// What the runtime says where it was built without simulation: the attribute cannot see that.
    #[test]
    fn a_simulated_test_asks_for_the_feature() {
        let entry = Entry {
            kind: Kind::Test,
            home: Home {
                name: "tokio".to_owned(),
                path: Some(quote!(::renamed)),
            },
        };
        for (options, call) in [
            (quote!(sim, seeds = 3), ":: renamed :: __needs_sim ! (sim)"),
            (quote!(explore), ":: renamed :: __needs_sim ! (explore)"),
            (
                quote!(explore, crate = "here"),
                "here :: __needs_sim ! (explore)",
            ),
        ] {
            let item = quote!(
                async fn f() {}
            );
            let expansion = entry.expand(options, item).to_string();
            assert!(expansion.contains(call), "{expansion}");
        }
    }
}
