//! From an `async fn` to a `fn` that blocks on its body.

use crate::options::{Flavor, Options};
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use std::fmt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{AttrStyle, Attribute, Error, Result, ReturnType, Signature, Visibility};

/// What the attribute makes of a function.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Main,
    Test,
}

/// An attribute: its kind, and the crate that exports it and has the runtime.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) home: &'static str,
}

/// An `async fn`, taken apart as far as needed. The body stays tokens, so one that does not parse reaches
/// the compiler (and the editor) as it was written.
struct Function {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    signature: Signature,
    body: Group,
}

impl Entry {
    /// The item to put in place of `item`. Whatever is wrong, it still contains the function, so that the
    /// one mistake does not look like a hundred, and editors can go on completing.
    pub(crate) fn expand(self, options: TokenStream, item: TokenStream) -> TokenStream {
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
            .and_then(|()| Options::parse(self, options));
        match checked {
            Ok(options) => self.function(function, &options),
            Err(error) => with_error(function.without_runtime(), &error),
        }
    }

    /// Refuses functions that cannot be what the attribute makes of them.
    fn check(self, function: &Function) -> Result<()> {
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
    fn is_test(self, attribute: &Attribute) -> bool {
        let path = attribute.path();
        let segments: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments[..] {
            ["test"] | ["core" | "std", "prelude", _, "test"] => true,
            [home, "test"] => home == self.home,
            _ => false,
        }
    }

    fn function(self, function: Function, options: &Options) -> TokenStream {
        // Local names and `::`-paths of this macro, positions of the attribute.
        let here = Span::mixed_site();
        let home = match &options.home {
            Some(path) => path.to_token_stream(),
            None => {
                let home = Ident::new(self.home, here);
                quote_spanned!(here=> ::#home)
            }
        };
        let constructor = match options.flavor {
            Flavor::MultiThread => quote_spanned!(here=> new_multi_thread),
            Flavor::CurrentThread | Flavor::Local => quote_spanned!(here=> new_current_thread),
        };
        let build = match options.flavor {
            Flavor::Local => quote_spanned! {here=>
                build_local(::core::default::Default::default())
            },
            Flavor::MultiThread | Flavor::CurrentThread => quote_spanned!(here=> build()),
        };
        let worker_threads = options.worker_threads.iter();
        let start_paused = options.start_paused.iter();
        let name = options.name.iter();

        let body = function.body_as_closure();
        let body = match self.kind {
            Kind::Main => quote_spanned!(here=> (#body)()),
            // Behind a pointer to `dyn Future`, all tests share one copy of `block_on`. (Only `main` is
            // worth a copy of its own.)
            Kind::Test => quote_spanned! {here=>
                ::core::pin::pin!((#body)())
                    as ::core::pin::Pin<&mut dyn ::core::future::Future<Output = _>>
            },
        };
        // Last, so that attribute macros among the function's own can see it.
        let test = match self.kind {
            Kind::Main => TokenStream::new(),
            Kind::Test => quote_spanned!(here=> #[::core::prelude::v1::test]),
        };
        let block = quote_spanned! {here=> {
            #home::runtime::Builder::#constructor()
                #(.worker_threads(#worker_threads))*
                #(.start_paused(#start_paused))*
                #(.name(#name))*
                .enable_all()
                .#build
                .expect("Failed building the Runtime")
                .block_on(#body)
        }};
        function.assemble(&test, &block)
    }
}

/// The attribute's name, as its user would write it.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.kind {
            Kind::Main => "main",
            Kind::Test => "test",
        };
        write!(f, "{}::{name}", self.home)
    }
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut attributes = Attribute::parse_outer(input)?;
        let visibility = input.parse()?;
        let signature = input.parse()?;
        let (inner, body) = split_inner_attributes(parse_body(input.parse()?)?)?;
        attributes.extend(inner);
        Ok(Self {
            attributes,
            visibility,
            signature,
            body,
        })
    }
}

impl Function {
    /// The body as an async closure that returns what the function returns.
    ///
    /// A closure rather than an async block, because a block has no place for a return type: the compiler
    /// would find a mismatch only outside, far from the user's tokens. And rather than an inner `async fn`,
    /// because a closure may use the function's arguments, `self`, and generics.
    fn body_as_closure(&self) -> TokenStream {
        let asyncness = &self.signature.asyncness;
        let body = &self.body;
        let output = match &self.signature.output {
            ReturnType::Default => quote_spanned!(Span::mixed_site()=> -> ()),
            // A closure cannot say `impl Trait`; the function itself, whose value this becomes, does.
            ReturnType::Type(_, ty) if mentions_impl(ty.to_token_stream()) => TokenStream::new(),
            output => output.to_token_stream(),
        };
        quote!(#asyncness || #output #body)
    }

    /// The function, its body checked but never run: what is left when the attribute is wrong.
    fn without_runtime(self) -> TokenStream {
        let body = self.body_as_closure();
        let block = quote_spanned! {Span::mixed_site()=> {
            let _ = #body;
            ::core::panic!("this function did not compile")
        }};
        self.assemble(&TokenStream::new(), &block)
    }

    fn assemble(self, attribute: &TokenStream, block: &TokenStream) -> TokenStream {
        let Self {
            attributes,
            visibility,
            mut signature,
            body: _,
        } = self;
        signature.asyncness = None;
        quote!(#(#attributes)* #attribute #visibility #signature #block)
    }
}

/// The braces of a body. If they come from a `$body:block` of someone's macro, they are wrapped once more.
fn parse_body(token: TokenTree) -> Result<Group> {
    match &token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Ok(group.clone()),
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            parse_body(syn::parse2(group.stream())?)
        }
        _ => Err(Error::new(token.span(), "expected the body of a function")),
    }
}

/// Takes `#![attributes]` off the start of a body: they may stand in a function, not in a closure. They
/// mean the same on the function from outside.
fn split_inner_attributes(body: Group) -> Result<(Vec<Attribute>, Group)> {
    let parser = |input: ParseStream<'_>| {
        let inner = Attribute::parse_inner(input)?;
        Ok((inner, input.parse::<TokenStream>()?))
    };
    let (mut inner, rest) = parser.parse2(body.stream())?;
    if inner.is_empty() {
        // Untouched, this one knows where each of its braces is.
        return Ok((inner, body));
    }
    for attribute in &mut inner {
        attribute.style = AttrStyle::Outer;
    }
    let mut without = Group::new(Delimiter::Brace, rest);
    without.set_span(body.span());
    Ok((inner, without))
}

fn mentions_impl(ty: TokenStream) -> bool {
    ty.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "impl",
        TokenTree::Group(group) => mentions_impl(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

fn with_error(mut item: TokenStream, error: &Error) -> TokenStream {
    item.extend(error.to_compile_error());
    item
}
