//! From an `async fn` to a `fn` that blocks on its body.

use crate::function::{Function, braces_at, is_opaque, with_error};
use crate::home::Home;
use crate::options::{Flavor, Options};
use crate::simulation::Simulation;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use std::fmt;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Result, ReturnType, Type};

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
        let function: Function = match syn::parse2(item.clone()) {
            Ok(function) => function,
            Err(error) => return with_error(item, &error),
        };
        if function.signature.asyncness.is_none() {
            let error = Error::new(
                function.signature.fn_token.span,
                format!("`#[{self}]` needs an async function: write `async fn`"),
            );
            return with_error(item, &error);
        }
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
        let inputs = &function.signature.inputs;
        match self.kind {
            Kind::Main if function.signature.ident == "main" && !inputs.is_empty() => {
                Err(Error::new_spanned(
                    inputs,
                    "`main` takes no arguments: read them from `std::env::args`",
                ))
            }
            Kind::Test if !inputs.is_empty() => Err(Error::new_spanned(
                inputs,
                "a test takes no arguments: nobody is there to pass them",
            )),
            Kind::Test => match function.attributes.iter().find(|a| self.is_test(a)) {
                Some(second) => Err(Error::new_spanned(
                    second,
                    format!(
                        "this makes a test of the function once more: `#[{self}]` is enough, \
                         remove this one"
                    ),
                )),
                None => Ok(()),
            },
            Kind::Main => Ok(()),
        }
    }

    /// Whether an attribute would make a test of the function too: the standard one by any of its names,
    /// or this one again.
    fn is_test(&self, attribute: &Attribute) -> bool {
        let path = attribute.path();
        let segments: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments[..] {
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
        // Local names and `::`-paths of this macro, positions of the attribute.
        let here = Span::mixed_site();
        let body = function.body_as_future();
        let body = match self.kind {
            Kind::Main => body,
            Kind::Test => quote_spanned! {here=>
                ::core::pin::pin!(#body)
                    as ::core::pin::Pin<&mut dyn ::core::future::Future<Output = _>>
            },
        };
        let value = block_on(options, home, &body);
        // There are lints against either, for those who turn them on: against a value without `return`, and against a `return`
        // of what never comes.
        let statements = if function.never_returns() {
            value
        } else {
            quote_spanned!(here=> return #value;)
        };
        function.assemble(&self.test_attribute(), statements)
    }

    /// A function that hands the body over, so that it can be run as usual or many times.
    fn test(&self, mut function: Function, options: &Options, home: &TokenStream) -> TokenStream {
        let here = Span::mixed_site();
        let about = self.about(&function, options, home);
        let body = function.body_as_future();
        // Behind a pointer to `dyn Future`, all tests share one copy of `block_on`. (Only `main` is worth a copy of its own.)
        let usual = block_on(options, home, &quote_spanned!(here=> body));
        // With a `return`, for there is a lint against a value without one.
        let body = quote_spanned!(here=> || { return #body; });
        let usual = quote_spanned!(here=> |body| { return #usual; });
        let statements = match &mut function.signature.output {
            ReturnType::Default => quote_spanned! {here=>
                #home::attribute::test_of_nothing(&#about, #usual, #body);
            },
            ReturnType::Type(_, ty) => {
                let ended = ended(ty, home);
                let span = here.located_at(ty.span());
                **ty = Type::Verbatim(quote_spanned!(span=> #home::attribute::Ended<#ty>));
                quote_spanned!(here=> return #home::attribute::test(&#about, #usual, #body, #ended);)
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
        let here = Span::mixed_site();
        let about = self.about(&function, options, home);
        let body = function.body_as_future();
        let ended = match &function.signature.output {
            ReturnType::Default => quote_spanned!(here=> |()| {}),
            ReturnType::Type(..) if function.never_returns() => quote_spanned!(here=> |_| {}),
            ReturnType::Type(_, ty) => ended(ty, home),
        };
        // What the runs return is seen to, and of the simulation nothing is left to return.
        function.signature.output = ReturnType::Default;
        let needs = quote_spanned!(here.located_at(word.span())=> #home::__needs_sim!(#word););
        let statements = quote_spanned! {here=>
            #needs
            #home::attribute::simulate(&#about, &#home::attribute::Options::new()#how, || { return #body; }, #ended);
        };
        function.assemble(&self.test_attribute(), statements)
    }

    /// What a test is, for whoever runs it.
    fn about(&self, function: &Function, options: &Options, home: &TokenStream) -> TokenStream {
        let name = function.signature.ident.unraw().to_string();
        let local = (options.flavor == Flavor::Local).then(|| quote!(.local()));
        let paused = options
            .start_paused
            .as_ref()
            .map(|paused| quote!(.start_paused(#paused)));
        let runtime = options.name.as_ref().map(|name| quote!(.name(#name)));
        let stays_out =
            matches!(options.simulation, Simulation::Never).then(|| quote!(.stays_out()));
        let attribute = (self.home.name != "leno").then(|| {
            let attribute = format!("{}::test", self.home.name);
            quote!(.attribute(#attribute))
        });
        quote_spanned! {Span::mixed_site()=>
            #home::attribute::Test::new(::core::concat!(::core::module_path!(), "::", #name))
                #attribute #local #paused #runtime #stays_out
        }
    }

    /// Last, so that attribute macros among the function's own can see it.
    fn test_attribute(&self) -> TokenStream {
        match self.kind {
            Kind::Main => TokenStream::new(),
            Kind::Test => quote_spanned!(Span::mixed_site()=> #[::core::prelude::v1::test]),
        }
    }
}

/// Blocks on `body` in a runtime as `options` have it.
fn block_on(options: &Options, home: &TokenStream, body: &TokenStream) -> TokenStream {
    let here = Span::mixed_site();
    let constructor = match options.flavor {
        // Macros, since the features that they need are known there alone.
        Flavor::MultiThread => quote_spanned!(here=> #home::__multi_thread!()),
        Flavor::CurrentThread | Flavor::Local => {
            quote_spanned!(here=> #home::runtime::Builder::new_current_thread())
        }
    };
    let build = match options.flavor {
        Flavor::MultiThread | Flavor::CurrentThread => quote_spanned!(here=> build()),
        Flavor::Local => {
            quote_spanned!(here=> build_local(#home::runtime::LocalOptions::default()))
        }
    };
    let worker_threads = options.worker_threads.iter();
    let start_paused = options.start_paused.iter();
    let name = options.name.iter();
    quote_spanned! {here=>
        #constructor
            #(.worker_threads(#worker_threads))*
            #(.start_paused(#home::__start_paused!(#start_paused)))*
            #(.name(#name))*
            .enable_all()
            .#build
            .expect("Failed building the Runtime")
            .block_on(#body)
    }
}

/// A closure that looks at what a run returns, of the type `ty`.
fn ended(ty: &Type, home: &TokenStream) -> TokenStream {
    let here = Span::mixed_site();
    if is_opaque(ty.to_token_stream()) {
        return quote_spanned! {here=>
            |output| {
                return #home::attribute::must_be_success(::core::option::Option::None, output);
            }
        };
    }
    // Which `error` it is depends on the type, as it is known here.
    quote_spanned! {here=>
        |output: #ty| {
            use #home::attribute::{HasError as _, HasNone as _};
            return #home::attribute::must_be_success((&#home::attribute::Output(&output)).error(), output);
        }
    }
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
        matches!(&self.signature.output, ReturnType::Type(_, ty) if matches!(**ty, Type::Never(_)))
    }

    /// The body as an async block.
    fn body_as_future(&self) -> TokenStream {
        let statements = self.statements();
        quote_spanned!(Span::mixed_site()=> async { #statements })
    }

    /// The function, its body checked but never run: what is left when the attribute is wrong.
    fn without_runtime(self, entry: &Entry) -> TokenStream {
        let body = self.body_as_future();
        let block = quote_spanned! {Span::mixed_site()=>
            let _ = #body;
            ::core::panic!("this function did not compile")
        };
        let is_main = self.signature.ident == "main" && !self.signature.inputs.is_empty();
        let item = Self {
            attributes: self
                .attributes
                .into_iter()
                .filter(|attribute| !entry.is_test(attribute))
                .collect(),
            ..self
        }
        .assemble(&TokenStream::new(), block);
        // A `main` with arguments would be the compiler's next complaint.
        if is_main {
            quote!(fn main() { #item })
        } else {
            item
        }
    }

    fn assemble(mut self, attribute: &TokenStream, statements: TokenStream) -> TokenStream {
        self.signature.asyncness = None;
        let Self {
            attributes,
            visibility,
            signature,
            body,
        } = self;
        // Where the user's braces were, so that errors about the function point at the function.
        let block = braces_at(&body, statements);
        quote!(#(#attributes)* #attribute #visibility #signature #block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
