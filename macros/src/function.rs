//! An `async fn`, and what attributes have in common that make something else of it.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::parse::{Parse, ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{
    AttrStyle, Attribute, Error, FnArg, Lifetime, Pat, Result, ReturnType, Signature, Type,
    Visibility,
};

/// An `async fn`, taken apart as far as needed. The body stays tokens, so one that does not parse reaches
/// the compiler (and the editor) as it was written.
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
    /// What the body is in an async block, which knows its return type by this.
    ///
    /// A block has no place to write the type, and would find out what it returns from whatever it returns
    /// first; a mismatch would show only outside, far from the user's tokens. So the block begins with
    /// a `return` of the right type, never reached, and all that follow are compared with it where they are.
    /// (An inner `async fn` could use neither `self` nor generics. For async closures, compilers report
    /// a mismatch at the whole body.)
    pub(crate) fn statements(&self) -> TokenStream {
        let here = Span::mixed_site();
        let returns = match &self.signature.output {
            ReturnType::Default => {
                let name = here.located_at(self.signature.ident.span());
                quote_spanned!(name=> ())
            }
            // Neither can be written in an expression. The function itself, whose value this becomes, has
            // the type.
            ReturnType::Type(_, ty) if is_opaque(ty.to_token_stream()) => TokenStream::new(),
            // Located at the type, because that is where the compiler says that the type comes from.
            ReturnType::Type(_, ty) => {
                let ty_span = here.located_at(ty.span());
                quote_spanned! {ty_span=>
                    ::core::option::Option::<#ty>::unwrap(::core::option::Option::None)
                }
            }
        };
        let body = &self.body;
        if returns.is_empty() {
            return body.stream();
        }
        // Braces with a label are not unused, for which they would be taken otherwise; to allow it is no way, as some forbid it.
        // Both begin where the body does, so that an error about the body is shown there.
        let brace = body.span();
        let label = Lifetime::new("'_body", brace);
        let labelled = quote_spanned!(brace=> #label: #body);
        quote_spanned!(here=> if false { return #returns; } #labelled)
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
    let rest = braces_at(&body, rest);
    Ok((inner, rest))
}

pub(crate) fn braces_at(original: &Group, content: TokenStream) -> Group {
    let mut braces = Group::new(Delimiter::Brace, content);
    braces.set_span(original.span());
    braces
}

/// Whether a type says `impl Trait` or `!` anywhere.
pub(crate) fn is_opaque(ty: TokenStream) -> bool {
    ty.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "impl",
        TokenTree::Punct(punct) => punct.as_char() == '!',
        TokenTree::Group(group) => is_opaque(group.stream()),
        TokenTree::Literal(_) => false,
    })
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
        ReturnType::Type(_, ty) => last_span(ty.to_token_stream()),
    }
}

/// Where what was written ends.
fn last_span(tokens: TokenStream) -> Span {
    match tokens.into_iter().last() {
        Some(TokenTree::Group(group)) => group.span_close(),
        Some(token) => token.span(),
        None => Span::call_site(),
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
