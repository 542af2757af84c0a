//! The awaits of a body: a question before each, and what there may be of them.
//!
//! The body stays tokens: what is to be found in it is found there, and the rest reaches the compiler as it was written. So this is
//! no parser. It knows which braces are repeated, by the words before them, and what has awaits of its own: async blocks and
//! closures, and functions. Where it is not sure it takes an await for repeated, which asks for a reason that may be given.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::quote_spanned;
use std::fmt;
use std::iter::Peekable;
use syn::{Error, Result};

type Tokens = Peekable<proc_macro2::token_stream::IntoIter>;

/// What is asked of a body.
pub(crate) struct Rule {
    /// Somebody has said why nothing is lost at one `.await` of what came before it.
    pub(crate) is_justified: bool,
    /// How to say so.
    pub(crate) advice: String,
}

/// A body with a question before each await, if the rule lets it pass.
pub(crate) fn checked(home: &TokenStream, rule: &Rule, body: TokenStream) -> Result<TokenStream> {
    let mut seen = Body::new(home, rule);
    let content = seen.checked(body, Place::default());
    seen.errors.map_or(Ok(content), Err)
}

/// Where a token is.
#[derive(Clone, Copy, Default)]
struct Place {
    is_in_loop: bool,
}

/// What has been seen of a body.
struct Body<'a> {
    home: &'a TokenStream,
    rule: &'a Rule,
    has_awaited: bool,
    errors: Option<Error>,
}

impl<'a> Body<'a> {
    fn new(home: &'a TokenStream, rule: &'a Rule) -> Self {
        Self {
            home,
            rule,
            has_awaited: false,
            errors: None,
        }
    }

    fn error(&mut self, span: Span, text: impl fmt::Display) {
        let error = Error::new(span, text);
        match &mut self.errors {
            Some(errors) => errors.combine(error),
            None => self.errors = Some(error),
        }
    }

    /// The tokens, with a question before each `.await`.
    fn checked(&mut self, tokens: TokenStream, place: Place) -> TokenStream {
        let mut checked = TokenStream::new();
        let mut tokens = tokens.into_iter().peekable();
        // How the next braces are to be read.
        let mut header = Header::None;
        let mut is_after_dot = false;
        while let Some(token) = tokens.next() {
            let was_after_dot = std::mem::replace(&mut is_after_dot, is_dot(&token));
            match token {
                TokenTree::Ident(word) if was_after_dot && word == "await" => {
                    let is_repeated = place.is_in_loop || header == Header::While;
                    self.awaits(word.span(), is_repeated);
                    // In the place of the `await`, so that what the compiler says of the future is shown there.
                    let question = quote_spanned!(word.span()=> __only_cancel_safe());
                    checked.extend(question);
                    checked.extend(quote_spanned!(word.span()=> .));
                    checked.extend([TokenTree::Ident(word)]);
                }
                TokenTree::Ident(word) if !was_after_dot => {
                    header = header.after(&word, &tokens);
                    let name = word.to_string();
                    checked.extend([TokenTree::Ident(word)]);
                    match name.as_str() {
                        "async" => skip_async(&mut tokens, &mut checked),
                        "fn" if matches!(tokens.peek(), Some(TokenTree::Ident(_))) => {
                            skip_to_braces(&mut tokens, &mut checked);
                        }
                        "select" | "join" | "try_join" => self.macro_call(&name, &tokens, place),
                        _ => {}
                    }
                }
                TokenTree::Group(group) => {
                    let mut inner = place;
                    if group.delimiter() == Delimiter::Brace {
                        let (is_body, next) = header.braces();
                        inner.is_in_loop |= is_body;
                        header = next;
                    } else if header == Header::While {
                        inner.is_in_loop = true;
                    }
                    let content = self.checked(group.stream(), inner);
                    let mut same = Group::new(group.delimiter(), content);
                    same.set_span(group.span());
                    checked.extend([TokenTree::Group(same)]);
                }
                TokenTree::Punct(punct) if punct.as_char() == ';' => {
                    header = Header::None;
                    checked.extend([TokenTree::Punct(punct)]);
                }
                other => checked.extend([other]),
            }
        }
        checked
    }

    fn awaits(&mut self, span: Span, is_repeated: bool) {
        let is_second = std::mem::replace(&mut self.has_awaited, true);
        if self.rule.is_justified {
            return;
        }
        let advice = &self.rule.advice;
        if is_second {
            let text = format!(
                "what was awaited before is lost if the future is dropped here: await one thing alone, or {advice}"
            );
            self.error(span, text);
        } else if is_repeated {
            let text = format!(
                "what this has given before is lost if the future is dropped here, in a later round of the loop: await once, \
                 or {advice}"
            );
            self.error(span, text);
        }
    }

    /// A macro that awaits what is not in sight.
    fn macro_call(&mut self, name: &str, rest: &Tokens, place: Place) {
        let mut rest = rest.clone();
        let Some(TokenTree::Punct(mark)) = rest.next() else {
            return;
        };
        let Some(TokenTree::Group(arguments)) = rest.next().filter(|_| mark.as_char() == '!')
        else {
            return;
        };
        let span = mark.span();
        if name != "select" {
            let text = format!(
                "`{name}!` loses the outputs of those that are done when it is dropped: spawn them, or wrap it as in \
                 `{}::task::assert_cancel_safe(async {{ … }}).await`",
                self.home
                    .to_string()
                    .replace(' ', "")
                    .trim_start_matches("::")
            );
            self.error(span, text);
            return;
        }
        let mut words = arguments.stream().into_iter();
        let is_safe = loop {
            match (words.next(), words.next()) {
                (Some(TokenTree::Ident(word)), Some(TokenTree::Punct(end)))
                    if end.as_char() == ';' =>
                {
                    if word == "safe" {
                        break true;
                    }
                }
                _ => break false,
            }
        };
        if !is_safe {
            self.error(
                span,
                "its branches are not in sight: write `select! { safe; … }`",
            );
        }
        self.awaits(span, place.is_in_loop);
    }
}

fn is_dot(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == '.')
}

/// What has been read of a statement that has braces.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Header {
    None,
    /// `loop`, or `for … in …`, which is evaluated once: braces are what is repeated.
    Repeats,
    /// `while …`, which is repeated too.
    While,
    /// Something else that has braces, within one of those.
    Other(Loop),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Loop {
    For,
    While,
}

impl Header {
    fn after(self, word: &Ident, rest: &Tokens) -> Self {
        let is_bound =
            || matches!(rest.clone().next(), Some(TokenTree::Punct(next)) if next.as_char() == '<');
        match (self, word.to_string().as_str()) {
            (Self::None, "while") => Self::While,
            (Self::None, "loop") => Self::Repeats,
            (Self::None, "for") if !is_bound() => Self::Repeats,
            (Self::While, "match" | "if" | "else" | "unsafe") => Self::Other(Loop::While),
            (Self::Repeats, "match" | "if" | "else" | "unsafe") => Self::Other(Loop::For),
            _ => self,
        }
    }

    /// Whether the braces that come are repeated, and what there is after them.
    fn braces(self) -> (bool, Self) {
        match self {
            Self::None => (false, Self::None),
            Self::Repeats | Self::While => (true, Self::None),
            Self::Other(Loop::For) => (false, Self::Repeats),
            Self::Other(Loop::While) => (true, Self::While),
        }
    }
}

/// Passes over an async block or closure: its awaits are its own, and whoever awaits it is asked about it as a whole.
fn skip_async(tokens: &mut Tokens, checked: &mut TokenStream) {
    if let Some(word) =
        tokens.next_if(|token| matches!(token, TokenTree::Ident(word) if word == "move"))
    {
        checked.extend([word]);
    }
    let is_bar = |token: &TokenTree| matches!(token, TokenTree::Punct(bar) if bar.as_char() == '|');
    if let Some(bar) = tokens.next_if(is_bar) {
        checked.extend([bar]);
        for token in tokens.by_ref() {
            let is_end = is_bar(&token);
            checked.extend([token]);
            if is_end {
                break;
            }
        }
        // To the end of the closure's expression.
        let is_end = |token: &TokenTree| matches!(token, TokenTree::Punct(end) if matches!(end.as_char(), ',' | ';'));
        while let Some(token) = tokens.next_if(|token| !is_end(token)) {
            let is_block =
                matches!(&token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
            checked.extend([token]);
            if is_block {
                break;
            }
        }
    } else if let Some(block) = tokens.next_if(|token| matches!(token, TokenTree::Group(_))) {
        checked.extend([block]);
    }
}

/// Passes over a function within the body.
fn skip_to_braces(tokens: &mut Tokens, checked: &mut TokenStream) {
    for token in tokens.by_ref() {
        let is_body =
            matches!(&token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
        checked.extend([token]);
        if is_body {
            return;
        }
    }
}
