//! Tokens, and what is done with them everywhere: to read them one by one, to write them from a text, to say that they are wrong.
//!
//! Nearly every program waits for `main` and `test`, so these take the compiler's tokens as they are: to parse and write tokens by
//! syn, quote and proc-macro2 is four crates more, and a quarter of what it takes to build a small program from nothing. Where
//! they are there all the same, for the attributes that need a syntax tree or for the tests, the tokens are those of `proc_macro2`,
//! which have the same names, and are there outside of an expansion too.

use std::fmt;
use std::iter::Peekable;

#[cfg(not(any(test, feature = "coroutine")))]
pub(crate) use proc_macro::{Delimiter, Group, Ident, Span, TokenStream, TokenTree, token_stream};
#[cfg(any(test, feature = "coroutine"))]
pub(crate) use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree, token_stream};

/// What is wrong with what somebody wrote, and from where to where.
#[derive(Debug)]
pub(crate) struct Error {
    pub(crate) first: Span,
    pub(crate) last: Span,
    pub(crate) text: String,
}

pub(crate) type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn new(place: Span, text: impl fmt::Display) -> Self {
        Self {
            first: place,
            last: place,
            text: text.to_string(),
        }
    }

    /// About all of these tokens.
    pub(crate) fn of(tokens: &TokenStream, text: impl fmt::Display) -> Self {
        Self {
            first: first_span(tokens),
            last: last_span(tokens),
            text: text.to_string(),
        }
    }

    /// What makes the compiler say it. It takes the place from the first and the last token.
    pub(crate) fn to_compile_error(&self) -> TokenStream {
        let message = format!("{{ {:?} }}", self.text);
        let mut tokens = written(self.first, "::core::compile_error!", &[]);
        tokens.extend(written(self.last, &message, &[]));
        tokens
    }
}

/// What was written, with an error behind it.
pub(crate) fn with_error(mut item: TokenStream, error: &Error) -> TokenStream {
    item.extend(error.to_compile_error());
    item
}

/// The tokens of a text, all of them at `span`, with other tokens in the place of each `$name`.
///
/// The text is this crate's, so one that is no list of tokens, or has a name that is not given, is a bug and panics.
pub(crate) fn written(span: Span, text: &str, given: &[(&str, &TokenStream)]) -> TokenStream {
    let tokens = text.parse();
    fill(
        span,
        tokens.expect("the templates of this crate are lists of tokens"),
        given,
    )
}

fn fill(span: Span, tokens: TokenStream, given: &[(&str, &TokenStream)]) -> TokenStream {
    let mut filled = TokenStream::new();
    let mut tokens = tokens.into_iter();
    while let Some(mut token) = tokens.next() {
        match &token {
            TokenTree::Punct(dollar) if dollar.as_char() == '$' => {
                let name = tokens.next().map(|name| name.to_string());
                let with = given
                    .iter()
                    .find(|(other, _)| name.as_deref() == Some(other));
                filled.extend(with.expect("every name of a template is given").1.clone());
                continue;
            }
            TokenTree::Group(group) => {
                let content = fill(span, group.stream(), given);
                token = Group::new(group.delimiter(), content).into();
            }
            _ => {}
        }
        token.set_span(span);
        filled.extend([token]);
    }
    filled
}

/// Braces that are where the original ones were.
pub(crate) fn braces_at(original: &Group, content: TokenStream) -> Group {
    let mut braces = Group::new(Delimiter::Brace, content);
    braces.set_span(original.span());
    braces
}

/// Where what was written begins.
pub(crate) fn first_span(tokens: &TokenStream) -> Span {
    let first = tokens.clone().into_iter().next();
    first.map_or_else(Span::call_site, |token| token.span())
}

/// Where what was written ends.
pub(crate) fn last_span(tokens: &TokenStream) -> Span {
    match tokens.clone().into_iter().last() {
        Some(TokenTree::Group(group)) => group.span_close(),
        Some(token) => token.span(),
        None => Span::call_site(),
    }
}

pub(crate) fn is_punct(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

pub(crate) fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if is_name(ident, word))
}

/// The compiler's tokens cannot be compared with a text, and those of `proc_macro2` can.
pub(crate) fn is_name(ident: &Ident, word: &str) -> bool {
    ident.to_string().as_str() == word
}

/// Reads tokens one by one, and looks through the groups that no one wrote: what a macro was given has them around it.
#[derive(Clone)]
pub(crate) struct Reader {
    /// The innermost group last.
    open: Vec<Peekable<token_stream::IntoIter>>,
}

impl Reader {
    pub(crate) fn new(tokens: TokenStream) -> Self {
        Self {
            open: vec![tokens.into_iter().peekable()],
        }
    }

    pub(crate) fn peek(&mut self) -> Option<&TokenTree> {
        loop {
            let innermost = self.open.last_mut()?;
            match innermost.peek() {
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::None => {
                    let inner = group.stream().into_iter().peekable();
                    innermost.next();
                    self.open.push(inner);
                }
                Some(_) => break,
                None => {
                    self.open.pop();
                }
            }
        }
        self.open.last_mut()?.peek()
    }

    pub(crate) fn take(&mut self) -> Option<TokenTree> {
        self.peek()?;
        self.open.last_mut()?.next()
    }

    pub(crate) fn take_if(&mut self, is_it: impl FnOnce(&TokenTree) -> bool) -> Option<TokenTree> {
        if is_it(self.peek()?) {
            self.take()
        } else {
            None
        }
    }

    pub(crate) fn take_punct(&mut self, sign: char) -> Option<TokenTree> {
        self.take_if(|token| is_punct(token, sign))
    }

    /// Where the next token is; the attribute, where there is none.
    pub(crate) fn span(&mut self) -> Span {
        self.peek().map_or_else(Span::call_site, TokenTree::span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[test]
    fn templates_are_filled_at_any_depth() {
        let (a, b) = (quote!(1 + 2), quote!());
        let tokens = written(
            Span::call_site(),
            "f($a, [{ $b }]).g($a)",
            &[("a", &a), ("b", &b)],
        );
        let expected = quote!(f(1 + 2, [{}]).g(1 + 2));
        assert_eq!(tokens.to_string(), expected.to_string());
    }

    #[test]
    fn an_error_has_its_text() {
        let error = Error::new(Span::call_site(), "a \"b\" \\ {c} …");
        let expected = quote!(::core::compile_error! { "a \"b\" \\ {c} …" });
        assert_eq!(error.to_compile_error().to_string(), expected.to_string());
    }

    #[test]
    fn groups_that_nobody_wrote_are_looked_through() {
        let hidden = |tokens| TokenTree::Group(Group::new(Delimiter::None, tokens));
        let inner: TokenStream = [hidden(quote!(b)), hidden(quote!())].into_iter().collect();
        let mut tokens = quote!(a);
        tokens.extend([hidden(inner), hidden(quote!())]);
        tokens.extend(quote!(c));
        let mut reader = Reader::new(tokens);
        let mut seen = String::new();
        while let Some(token) = reader.take() {
            seen += &token.to_string();
        }
        assert_eq!(seen, "abc");
    }
}
