//! An `async fn` as a syntax tree, and what attributes have in common that make another function of it.

use crate::function::{Attribute as Tokens, braces, split_inner_attributes, statements};
use crate::tokens::{Error as Wrong, last_span};
use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::parse::{Parse, ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, Error, FnArg, Pat, Result, ReturnType, Signature, Type, Visibility};

/// An `async fn`. The body stays tokens, so one that does not parse reaches the compiler (and the editor) as it was written.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: Group,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut attributes = Attribute::parse_outer(input)?;
        let visibility = input.parse()?;
        let signature = input.parse()?;
        let body: TokenTree = input.parse()?;
        let is_none = || Error::new(body.span(), "expected the body of the function: `{ … }`");
        let (inner, body) = split_inner_attributes(braces(&body).ok_or_else(is_none)?);
        let inner: TokenStream = inner.into_iter().map(|Tokens { tokens }| tokens).collect();
        attributes.extend(Attribute::parse_outer.parse2(inner)?);
        Ok(Self {
            attributes,
            visibility,
            signature,
            body,
        })
    }
}

impl Function {
    /// What the body is in an async block: see [`statements`].
    pub(crate) fn statements(&self) -> TokenStream {
        let output = match &self.signature.output {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) => Some(ty.to_token_stream()),
        };
        statements(output.as_ref(), self.signature.ident.span(), &self.body)
    }
}

impl From<Wrong> for Error {
    fn from(wrong: Wrong) -> Self {
        Self::new(wrong.first, wrong.text)
    }
}

/// Refuses functions that cannot be `what`: return a future that is more than the compiler's.
pub(crate) fn check(signature: &Signature, what: &str) -> Result<()> {
    if let Some(token) = &signature.unsafety {
        return Err(Error::new(
            token.span,
            format!(
                "an unsafe function cannot be {what}: keep its promises in a safe one that calls it"
            ),
        ));
    }
    if let Some(token) = &signature.constness {
        return Err(Error::new(
            token.span,
            format!(
                "a `const` function cannot be {what}: it would run when the program is compiled"
            ),
        ));
    }
    if let Some(abi) = &signature.abi {
        return Err(Error::new_spanned(
            abi,
            format!("an `extern` function cannot be {what}"),
        ));
    }
    match &signature.output {
        ReturnType::Type(_, ty) if matches!(**ty, Type::Never(_)) => Err(Error::new_spanned(
            ty,
            "`!` cannot be written as the output of a future: return `std::convert::Infallible`",
        )),
        _ => Ok(()),
    }
}

/// The type that an async function's future has for its output.
pub(crate) fn output_of(signature: &Signature) -> TokenStream {
    match &signature.output {
        ReturnType::Default => {
            let name = Span::mixed_site().located_at(signature.ident.span());
            quote_spanned!(name=> ())
        }
        ReturnType::Type(_, ty) => ty.to_token_stream(),
    }
}

/// Where a signature ends. What the compiler says of the function is shown from its first token to this one, and at the
/// attribute if that is not the user's.
pub(crate) fn end_of(signature: &Signature) -> Span {
    match &signature.output {
        ReturnType::Default => signature.paren_token.span.close(),
        ReturnType::Type(_, ty) => last_span(&ty.to_token_stream()),
    }
}

/// Gives the arguments names, and returns the statements that take them over, as an async function does it: each is taken along,
/// whether it is used or not, and dropped after the body, the last one first.
pub(crate) fn arguments(signature: &mut Signature) -> Vec<TokenStream> {
    let here = Span::mixed_site();
    let take = |(number, argument): (usize, &mut FnArg)| match argument {
        FnArg::Receiver(receiver) => {
            let this = receiver.self_token;
            quote_spanned!(here=> let _ = &#this;)
        }
        FnArg::Typed(argument) => {
            let attributes = &argument.attrs;
            let pattern = (*argument.pat).clone();
            if let Pat::Ident(pattern) = &pattern {
                if pattern.by_ref.is_none() && pattern.subpat.is_none() {
                    let name = &pattern.ident;
                    let mut plain = pattern.clone();
                    plain.mutability = None;
                    *argument.pat = Pat::Ident(plain);
                    // Whoever calls an argument `_text` has not used it by this.
                    return quote_spanned! {here=>
                        #(#attributes)*
                        #[allow(clippy::used_underscore_binding, clippy::no_effect_underscore_binding)]
                        let #pattern = #name;
                    };
                }
            }
            let span = here.located_at(pattern.span());
            let name = format_ident!("__argument{number}", span = span);
            *argument.pat = syn::parse_quote!(#name);
            quote_spanned! {here=>
                #(#attributes)* let #name = #name;
                #(#attributes)* let #pattern = #name;
            }
        }
    };
    signature.inputs.iter_mut().enumerate().map(take).collect()
}

/// What was written, with an error behind it.
pub(crate) fn with_error(mut item: TokenStream, error: &Error) -> TokenStream {
    item.extend(error.to_compile_error());
    item
}

/// Whether an attribute makes something else of an async function.
pub(crate) fn makes_another(attribute: &Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|last| {
        ["main", "test", "coroutine", "cancel_safe"]
            .iter()
            .any(|name| last.ident == name)
    })
}

/// What lets `#[must_use]` be said of what a function returns, too, as it is on an async function.
pub(crate) fn may_be_used_twice(attributes: &[Attribute]) -> Option<TokenStream> {
    let is_must_use = |attribute: &Attribute| attribute.path().is_ident("must_use");
    let has_must_use = attributes.iter().any(is_must_use);
    has_must_use.then(|| quote_spanned!(Span::mixed_site()=> #[allow(clippy::double_must_use)]))
}
