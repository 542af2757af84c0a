//! From an `async fn` to a `fn` that returns a coroutine, which knows who called it.

use crate::home::Home;
use crate::options::{each, parse_home, read};
use crate::signature::{
    Function, arguments, check, end_of, makes_another, may_be_used_twice, output_of, with_error,
};
use crate::tokens::{self, braces_at};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use std::fmt;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{
    Attribute, Error, ImplItem, Item, ItemImpl, ItemMod, Result, Signature, Type, Visibility,
};

/// The item to put in place of `item`. Whatever is wrong, it still contains what was written.
pub(crate) fn expand(home: &Home, options: TokenStream, item: TokenStream) -> TokenStream {
    let path = parse_options(options).and_then(|path| home.path_or(path.as_ref(), &Name(home)));
    let expanded = path.map_err(Error::from).and_then(|path| {
        let name = &home.name;
        Expansion { home: path, name }.item(item.clone())
    });
    expanded.unwrap_or_else(|error| with_error(item, &error))
}

/// The attribute's name, as its user would write it.
struct Name<'a>(&'a Home);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::coroutine", self.0.name)
    }
}

fn parse_options(options: TokenStream) -> tokens::Result<Option<TokenStream>> {
    let mut home = None;
    each(options, |name, input| {
        if name != "crate" {
            let text = format!("no option is called `{name}`: there is only `crate`");
            return Err(tokens::Error::new(name.span(), text));
        }
        read(&mut home, name, "\"path::to::leno\"", input)
    })?;
    home.as_ref().map(parse_home).transpose()
}

/// What an attribute may stand before.
enum Kind {
    Function,
    Impl,
    Mod,
    Other,
}

fn kind(item: TokenStream) -> Kind {
    let look = |input: ParseStream<'_>| {
        Attribute::parse_outer(input)?;
        input.parse::<Visibility>()?;
        let kind = if input.peek(syn::Token![mod])
            || input.peek(syn::Token![unsafe]) && input.peek2(syn::Token![mod])
        {
            Kind::Mod
        } else if input.peek(syn::Token![impl])
            || input.peek(syn::Token![unsafe]) && input.peek2(syn::Token![impl])
        {
            Kind::Impl
        } else if input.fork().parse::<Signature>().is_ok() {
            Kind::Function
        } else {
            Kind::Other
        };
        input.parse::<TokenStream>()?;
        Ok(kind)
    };
    look.parse2(item).unwrap_or(Kind::Other)
}

struct Expansion<'a> {
    /// How the runtime is named.
    home: TokenStream,
    /// The same, for people.
    name: &'a str,
}

impl Expansion<'_> {
    fn item(&self, item: TokenStream) -> Result<TokenStream> {
        match kind(item.clone()) {
            Kind::Function => {
                if let Some(TokenTree::Punct(end)) = item.clone().into_iter().last() {
                    return Err(Error::new(
                        end.span(),
                        "without a body it is a trait's, which says itself what its methods return: \
                         write `fn name(..) -> impl Future<Output = ..>`, and no attribute",
                    ));
                }
                let function: Function = syn::parse2(item)?;
                if function.signature.asyncness.is_none() {
                    return Err(Error::new(
                        function.signature.fn_token.span,
                        "a coroutine is made of an async function: write `async fn`",
                    ));
                }
                if let Some(entry) = function.attributes.iter().find(|a| makes_another(a)) {
                    return Err(Error::new_spanned(
                        entry,
                        "this makes something else of the function: remove one of the two attributes",
                    ));
                }
                self.function(function, None)
            }
            Kind::Impl => {
                let mut item: ItemImpl = syn::parse2(item)?;
                if let Some((_, path, _)) = &item.trait_ {
                    return Err(Error::new_spanned(
                        path,
                        "a trait says what its methods return: only an `impl` without a trait can have coroutines",
                    ));
                }
                if self.methods(&mut item)? == 0 {
                    return Err(nothing(&item.impl_token, "`impl`"));
                }
                Ok(item.into_token_stream())
            }
            Kind::Mod => {
                let mut item: ItemMod = syn::parse2(item)?;
                if item.content.is_none() {
                    return Err(Error::new_spanned(
                        &item.ident,
                        "the functions must be in sight: write the module in place, or put the attribute before its functions",
                    ));
                }
                if self.module(&mut item)? == 0 {
                    return Err(nothing(&item.mod_token, "module"));
                }
                Ok(item.into_token_stream())
            }
            Kind::Other => Err(Error::new_spanned(
                item,
                "this stands before an `async fn`, an `impl` block or a `mod`",
            )),
        }
    }

    /// Changes the async functions of a module, and says how many there are.
    fn module(&self, module: &mut ItemMod) -> Result<usize> {
        let mut changed = 0;
        let items = module.content.iter_mut().flat_map(|(_, items)| items);
        for item in items {
            match item {
                Item::Fn(function) if function.sig.asyncness.is_some() => {
                    if function.attrs.iter().any(makes_another) {
                        continue;
                    }
                    let parsed = syn::parse2(function.to_token_stream())?;
                    *item = Item::Verbatim(self.function(parsed, None)?);
                    changed += 1;
                }
                Item::Impl(item) if item.trait_.is_none() => changed += self.methods(item)?,
                Item::Mod(inner) => changed += self.module(inner)?,
                _ => {}
            }
        }
        Ok(changed)
    }

    /// Changes the async functions of an `impl`, and says how many there are.
    fn methods(&self, item: &mut ItemImpl) -> Result<usize> {
        let of = match &*item.self_ty {
            Type::Path(ty) => ty.path.segments.last().map(|last| last.ident.unraw()),
            _ => None,
        };
        let mut changed = 0;
        for item in &mut item.items {
            let ImplItem::Fn(function) = item else {
                continue;
            };
            if function.sig.asyncness.is_none() || function.attrs.iter().any(makes_another) {
                continue;
            }
            let parsed = syn::parse2(function.to_token_stream())?;
            *item = ImplItem::Verbatim(self.function(parsed, of.as_ref())?);
            changed += 1;
        }
        Ok(changed)
    }

    /// A function, which is async; a method of the type `of`, if that is known.
    fn function(&self, mut function: Function, of: Option<&Ident>) -> Result<TokenStream> {
        check(&function.signature, "a coroutine")?;
        if let Some(attribute) = function.attributes.iter().find(|a| is_instrument(a)) {
            return Err(Error::new_spanned(
                attribute,
                format!(
                    "this follows an async function into its polls, but would find none any more: write `#[{}::coroutine]` \
                     below it",
                    self.name
                ),
            ));
        }
        let here = Span::mixed_site();
        let home = &self.home;
        let statements = function.statements();
        let output = output_of(&function.signature);
        let name = function.signature.ident.unraw();
        let name = match of {
            Some(of) => format!("{of}::{name}"),
            None => name.to_string(),
        };
        let arguments = arguments(&mut function.signature);
        let block = quote_spanned! {here=>
            #home::macros::support::coroutine(&#name, async move {
                #(#arguments)*
                #statements
            })
        };
        let block = braces_at(&function.body, block);
        function.signature.asyncness = None;
        let end = end_of(&function.signature);
        let close = quote_spanned!(end=> >);
        // Its other tokens are this crate's, so it captures what it has to in every edition.
        let returns = quote_spanned! {here=>
            -> #home::Coroutine<impl ::core::future::Future<Output = #output> #close
        };
        function.signature.output = syn::parse2(returns)?;
        let has_track_caller = |attribute: &Attribute| attribute.path().is_ident("track_caller");
        let track_caller = if function.attributes.iter().any(has_track_caller) {
            TokenStream::new()
        } else {
            quote_spanned!(here=> #[track_caller])
        };
        let must_use = may_be_used_twice(&function.attributes);
        let Function {
            attributes,
            visibility,
            signature,
            ..
        } = function;
        Ok(quote!(#(#attributes)* #track_caller #must_use #visibility #signature #block))
    }
}

/// Whether an attribute is that of `tracing`, which takes a function that is not async for one that is done when it returns.
fn is_instrument(attribute: &Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|last| last.ident == "instrument")
}

fn nothing(token: &impl ToTokens, what: &str) -> Error {
    let text = format!("there is no async function in this {what}");
    Error::new_spanned(token, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(item: TokenStream) -> String {
        let home = Home {
            name: "leno".to_owned(),
            path: Some(quote!(::leno)),
        };
        expand(&home, TokenStream::new(), item).to_string()
    }

    #[test]
    fn a_runtime_that_is_not_found_is_asked_for() {
        let home = Home {
            name: "leno".to_owned(),
            path: None,
        };
        let item = quote!(
            async fn f() {}
        );
        let expansion = expand(&home, TokenStream::new(), item.clone()).to_string();
        let advice = "say where it is, as in `#[leno::coroutine(crate = \\\"path::to::leno\\\")]`";
        assert!(expansion.contains(advice), "{expansion}");
        let expansion = expand(&home, quote!(crate = "here::it::is"), item).to_string();
        assert!(
            expansion.contains("here :: it :: is :: Coroutine"),
            "{expansion}"
        );
    }

    #[test]
    fn tracing_comes_first() {
        let text = expanded(quote! {
            #[tracing::instrument(skip_all)]
            async fn f() {}
        });
        assert!(
            text.contains("write `#[leno::coroutine]` below it"),
            "{text}"
        );
        // By then the other one has done its work.
        let text = expanded(quote! {
            mod inner {
                #[tracing::instrument]
                #[leno::coroutine]
                async fn f() {}
                async fn g() {}
            }
        });
        assert!(text.contains("async fn f"), "{text}");
    }

    #[test]
    fn in_a_module_what_cannot_change_stays() {
        let text = expanded(quote! {
            mod inner {
                #[leno::test]
                async fn a_test() {}
                impl Trait for () { async fn method() {} }
                trait Other { async fn method(); }
                fn plain() {}
                async fn changes() {}
            }
        });
        assert_eq!(text.matches("async fn").count(), 3, "{text}");
        assert_eq!(text.matches("Coroutine").count(), 1, "{text}");
    }
}
