//! A function, taken apart as far as `main` and `test` need it.
//!
//! What is in its parts stays tokens, so one that does not parse reaches the compiler (and the editor) as it was written.

use crate::tokens::{
    Delimiter, Error, Group, Ident, Reader, Result, Span, TokenStream, TokenTree, braces_at,
    first_span, is_punct, is_word, written,
};
use std::iter::Peekable;

/// An attribute, with its brackets.
pub(crate) struct Attribute {
    pub(crate) tokens: TokenStream,
}

impl Attribute {
    /// Takes those that stand here: `#[outer]` ones, or `#![inner]` ones, which become outer ones.
    pub(crate) fn take(
        tokens: &mut Peekable<impl Iterator<Item = TokenTree> + Clone>,
        inner: bool,
    ) -> Vec<Self> {
        let mut attributes = Vec::new();
        loop {
            let mut ahead = tokens.clone();
            let Some(hash) = ahead.next().filter(|token| is_punct(token, '#')) else {
                return attributes;
            };
            if inner && ahead.next_if(|token| is_punct(token, '!')).is_none() {
                return attributes;
            }
            match ahead.next() {
                Some(TokenTree::Group(brackets)) if brackets.delimiter() == Delimiter::Bracket => {
                    *tokens = ahead;
                    attributes.push(Self {
                        tokens: [hash, brackets.into()].into_iter().collect(),
                    });
                }
                _ => return attributes,
            }
        }
    }

    /// Its name, by segments.
    pub(crate) fn path(&self) -> Vec<String> {
        let mut path = Vec::new();
        let Some(TokenTree::Group(brackets)) = self.tokens.clone().into_iter().last() else {
            return path;
        };
        let mut tokens = Reader::new(brackets.stream());
        loop {
            while tokens.take_punct(':').is_some() {}
            match tokens.take() {
                Some(TokenTree::Ident(segment)) => path.push(segment.to_string()),
                _ => return path,
            }
            if !tokens.peek().is_some_and(|token| is_punct(token, ':')) {
                return path;
            }
        }
    }
}

/// A function.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    /// What stands before `fn`, but for `async`: who sees it, and what it is besides.
    pub(crate) qualifiers: TokenStream,
    pub(crate) is_async: bool,
    pub(crate) word_fn: TokenTree,
    pub(crate) name: Ident,
    generics: TokenStream,
    arguments: Group,
    pub(crate) output: Option<Output>,
    /// The `where` clause.
    bounds: TokenStream,
    pub(crate) body: Group,
}

/// What a function returns.
pub(crate) struct Output {
    arrow: TokenStream,
    pub(crate) ty: TokenStream,
}

impl Output {
    pub(crate) fn is_never(&self) -> bool {
        let mut tokens = Reader::new(self.ty.clone());
        tokens.take_punct('!').is_some() && tokens.peek().is_none()
    }
}

impl Function {
    /// Takes an item apart, if it is a function; `None` if it is something else.
    pub(crate) fn parse(item: TokenStream) -> Result<Option<Self>> {
        let mut tokens = item.into_iter().peekable();
        let mut attributes = Attribute::take(&mut tokens, false);
        let mut qualifiers = TokenStream::new();
        let mut is_async = false;
        let (word_fn, name) = loop {
            match tokens.next() {
                Some(token) if is_word(&token, "fn") => match tokens.next() {
                    Some(TokenTree::Ident(name)) => break (token, name),
                    _ => return Ok(None),
                },
                Some(token) if is_word(&token, "async") => is_async = true,
                Some(token) if is_qualifier(&token) => qualifiers.extend([token]),
                _ => return Ok(None),
            }
        };
        let generics = take_generics(&mut tokens);
        let arguments = match tokens.next() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => group,
            other => {
                let place = other.map_or(name.span(), |token| token.span());
                return Err(Error::new(
                    place,
                    "expected the function's arguments: `(…)`",
                ));
            }
        };
        let mut rest: Vec<TokenTree> = tokens.collect();
        let body = match rest.pop() {
            Some(last) => braces(&last).ok_or(last.span()),
            None => Err(arguments.span_close()),
        };
        let body =
            body.map_err(|place| Error::new(place, "expected the body of the function: `{ … }`"))?;
        let bounds_at = rest.iter().position(|token| is_word(token, "where"));
        let bounds = rest.split_off(bounds_at.unwrap_or(rest.len()));
        let output = match &rest[..] {
            [] => None,
            [minus, than, ty @ ..]
                if is_punct(minus, '-') && is_punct(than, '>') && !ty.is_empty() =>
            {
                Some(Output {
                    arrow: [minus, than].into_iter().cloned().collect(),
                    ty: ty.iter().cloned().collect(),
                })
            }
            [other, ..] => {
                let text = "expected `->` and a type, `where`, or the body of the function";
                return Err(Error::new(other.span(), text));
            }
        };
        let (inner, body) = split_inner_attributes(body);
        attributes.extend(inner);
        Ok(Some(Self {
            attributes,
            qualifiers,
            is_async,
            word_fn,
            name,
            generics,
            arguments,
            output,
            bounds: bounds.into_iter().collect(),
            body,
        }))
    }

    pub(crate) fn arguments(&self) -> TokenStream {
        self.arguments.stream()
    }

    /// What the body is in an async block: see [`statements`].
    pub(crate) fn statements(&self) -> TokenStream {
        let output = self.output.as_ref().map(|output| &output.ty);
        statements(output, self.name.span(), &self.body)
    }

    /// The function without `async`, with other statements in its body.
    pub(crate) fn assemble(self, attribute: &TokenStream, statements: TokenStream) -> TokenStream {
        let mut tokens: TokenStream = self.attributes.into_iter().map(|a| a.tokens).collect();
        tokens.extend([attribute.clone(), self.qualifiers]);
        tokens.extend([self.word_fn, self.name.into()]);
        tokens.extend(self.generics);
        tokens.extend([TokenTree::Group(self.arguments)]);
        if let Some(Output { arrow, ty }) = self.output {
            tokens.extend([arrow, ty]);
        }
        tokens.extend(self.bounds);
        // Where the user's braces were, so that errors about the function point at the function.
        tokens.extend([TokenTree::Group(braces_at(&self.body, statements))]);
        tokens
    }
}

/// Whether a token may stand before `fn`.
fn is_qualifier(token: &TokenTree) -> bool {
    match token {
        TokenTree::Ident(word) => [
            "const", "crate", "default", "extern", "pub", "safe", "unsafe",
        ]
        .contains(&word.to_string().as_str()),
        // `pub(crate)`, or who sees it as a macro was told.
        TokenTree::Group(group) => {
            matches!(group.delimiter(), Delimiter::Parenthesis | Delimiter::None)
        }
        // `extern "C"`
        TokenTree::Literal(_) => true,
        TokenTree::Punct(_) => false,
    }
}

/// `<'a, T: Fn(u8) -> u8>`, if that is what comes.
fn take_generics(tokens: &mut Peekable<impl Iterator<Item = TokenTree>>) -> TokenStream {
    let mut generics = TokenStream::new();
    let mut depth = 0;
    let mut is_after_minus = false;
    while let Some(token) = tokens.next_if(|token| depth > 0 || is_punct(token, '<')) {
        if is_punct(&token, '<') {
            depth += 1;
        } else if is_punct(&token, '>') && !is_after_minus {
            depth -= 1;
        }
        is_after_minus = is_punct(&token, '-');
        generics.extend([token]);
        if depth == 0 {
            break;
        }
    }
    generics
}

/// What the body of a function is in an async block, which knows its return type by this.
///
/// A block has no place to write the type, and would find out what it returns from whatever it returns
/// first; a mismatch would show only outside, far from the user's tokens. So the block begins with
/// a `return` of the right type, never reached, and all that follow are compared with it where they are.
/// (An inner `async fn` could use neither `self` nor generics. For async closures, compilers report
/// a mismatch at the whole body.)
pub(crate) fn statements(output: Option<&TokenStream>, name: Span, body: &Group) -> TokenStream {
    let here = Span::mixed_site();
    let returns = match output {
        None => written(here.located_at(name), "()", &[]),
        // Neither can be written in an expression. The function itself, whose value this becomes, has the type.
        Some(ty) if is_opaque(ty.clone()) => return body.stream(),
        // Located at the type, because that is where the compiler says that the type comes from.
        Some(ty) => written(
            here.located_at(first_span(ty)),
            "::core::option::Option::<$ty>::unwrap(::core::option::Option::None)",
            &[("ty", ty)],
        ),
    };
    // Braces with a label are not unused, for which they would be taken otherwise; to allow it is no way, as some forbid it.
    // Both begin where the body does, so that an error about the body is shown there.
    let label = written(body.span(), "'_body:", &[]);
    let body = TokenTree::Group(body.clone()).into();
    written(
        here,
        "if false { return $returns; } $label $body",
        &[("returns", &returns), ("label", &label), ("body", &body)],
    )
}

/// The braces of a body. If they come from a `$body:block` of someone's macro, they are wrapped once more.
pub(crate) fn braces(token: &TokenTree) -> Option<Group> {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group.clone()),
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            let mut tokens = group.stream().into_iter();
            let only = tokens.next().filter(|_| tokens.next().is_none());
            braces(&only?)
        }
        _ => None,
    }
}

/// Takes `#![attributes]` off the start of a body: they may stand in a function, not in a closure. They
/// mean the same on the function from outside.
pub(crate) fn split_inner_attributes(body: Group) -> (Vec<Attribute>, Group) {
    let mut rest = body.stream().into_iter().peekable();
    let inner = Attribute::take(&mut rest, true);
    if inner.is_empty() {
        // Untouched, this one knows where each of its braces is.
        return (inner, body);
    }
    let rest = braces_at(&body, rest.collect());
    (inner, rest)
}

/// Whether a type says `impl Trait` or `!` anywhere.
pub(crate) fn is_opaque(ty: TokenStream) -> bool {
    ty.into_iter().any(|token| match token {
        TokenTree::Group(group) => is_opaque(group.stream()),
        token => is_word(&token, "impl") || is_punct(&token, '!'),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    fn parse(item: TokenStream) -> Function {
        let text = item.to_string();
        let function = Function::parse(item).unwrap_or_else(|error| panic!("{}", error.text));
        function.unwrap_or_else(|| panic!("no function: {text}"))
    }

    #[test]
    fn a_function_is_put_together_as_it_was() {
        for (before, after) in [
            ("", " fn f() {}"),
            (
                "#[a] #[b::c = \"d\"] pub(in e::f)",
                " unsafe extern \"C\" fn f(&mut self, g: [u8; { 1 }]) -> impl H<I> { j }",
            ),
            (
                "",
                " fn f<'a, const N: usize, F: Fn(A) -> Vec<Vec<B>>>(f: F) -> &'a str where F: Fn() -> C, { d.await }",
            ),
            (
                "#[c] #[doc = r\"d\"] pub",
                " fn f<T>() where A: B { let _ = e; f }",
            ),
        ] {
            let with = |word| {
                format!("{before}{word}{after}")
                    .parse::<TokenStream>()
                    .unwrap()
            };
            let function = parse(with(" async"));
            assert!(function.is_async);
            let body = function.body.stream();
            let tokens = function.assemble(&TokenStream::new(), body);
            assert_eq!(tokens.to_string(), with("").to_string());
        }
    }

    #[test]
    fn attributes_within_the_body_come_before_the_function() {
        let item = quote!(
            #[a]
            async fn f() {
                #![b]
                #![c(d)]
                #[e]
                let f = g;
            }
        );
        let function = parse(item);
        let body = function.body.stream();
        let tokens = function.assemble(&TokenStream::new(), body);
        let expected = quote!(
            #[a]
            #[b]
            #[c(d)]
            fn f() {
                #[e]
                let f = g;
            }
        );
        assert_eq!(tokens.to_string(), expected.to_string());
    }

    #[test]
    fn what_it_returns_is_told_apart() {
        for (item, output, is_never) in [
            (
                quote!(
                    async fn f() -> ! {}
                ),
                Some("!"),
                true,
            ),
            (
                quote!(
                    async fn f<F: Fn() -> u8>(f: F) {}
                ),
                None,
                false,
            ),
            (
                quote!(
                    async fn f() -> impl Fn() -> u8
                    where
                        A: Fn() -> u8,
                    {
                    }
                ),
                Some("impl Fn () -> u8"),
                false,
            ),
            (
                quote!(
                    async fn f() -> fn(u8) -> ! {}
                ),
                Some("fn (u8) -> !"),
                false,
            ),
        ] {
            let found = parse(item).output;
            let ty = found.as_ref().map(|output| output.ty.to_string());
            assert_eq!(ty.as_deref(), output);
            assert_eq!(found.is_some_and(|output| output.is_never()), is_never);
        }
    }

    #[test]
    fn an_attribute_has_a_path() {
        let paths = |item| {
            let attributes = parse(item).attributes;
            let paths = attributes
                .iter()
                .map(|attribute| attribute.path().join("::"));
            paths.collect::<Vec<_>>()
        };
        let item = quote!(
            #[test]
            #[::a::b::c(d::e)]
            #[r#f = "g"]
            fn f() {}
        );
        assert_eq!(paths(item), ["test", "a::b::c", "r#f"]);
    }

    #[test]
    fn what_is_no_function_is_refused() {
        for item in [
            quote!(
                struct A {
                    f: fn(),
                }
            ),
            quote!(
                type A = fn(u8);
            ),
            quote!(impl A { async fn f() {} }),
            quote!(
                const A: fn() = { b };
            ),
            quote!(),
        ] {
            let text = item.to_string();
            assert!(matches!(Function::parse(item), Ok(None)), "{text}");
        }
        for (item, text) in [
            (
                quote!(
                    async fn f();
                ),
                "expected the body",
            ),
            (quote!(async fn f()), "expected the body"),
            (quote!(async fn f {}), "expected the function's arguments"),
            (quote!(async fn f() u8 {}), "expected `->`"),
            (quote!(async fn f() -> {}), "expected `->`"),
        ] {
            let error = Function::parse(item).map(|_| ()).unwrap_err();
            assert!(error.text.contains(text), "{}", error.text);
        }
    }
}
