//! An `async fn`, and what attributes have in common that make something else of it.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::parse::{Parse, ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{AttrStyle, Attribute, Error, Lifetime, Result, ReturnType, Signature, Visibility};

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

pub(crate) fn with_error(mut item: TokenStream, error: &Error) -> TokenStream {
    item.extend(error.to_compile_error());
    item
}
