//! From an `async fn` to a `fn` whose future is `CancelSafe`.
//!
//! Each `.await` in sight gets a method call before it that takes nothing but such futures. Whether stopping *between* them loses
//! something is not a question of types, so there may be one alone, unless somebody says why it does not. The body stays tokens: what
//! is to be found in it is found there, and the rest reaches the compiler as it was written.

use crate::function::{Function, arguments, braces_at, check, end_of, output_of, with_error};
use crate::home::Home;
use crate::options::{parse_home, read};
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use std::fmt;
use std::iter::Peekable;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Error, FnArg, LitStr, Pat, Path, Result, Signature};

/// The function to put in place of `item`. Whatever is wrong, it still contains what was written.
pub(crate) fn expand(home: &Home, options: TokenStream, item: TokenStream) -> TokenStream {
    let expanded = Options::parse.parse2(options).and_then(|options| {
        let path = home.path_or(options.home.as_ref(), &Name(home))?;
        function(
            &path,
            &Rule::of(home, options.because.is_some()),
            item.clone(),
        )
    });
    expanded.unwrap_or_else(|error| with_error(item, &error))
}

/// The attribute's name, as its user would write it.
struct Name<'a>(&'a Home);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::cancel_safe", self.0.name)
    }
}

#[derive(Default)]
struct Options {
    home: Option<Path>,
    because: Option<LitStr>,
}

impl Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let (mut home, mut because): (_, Option<LitStr>) = (None, None);
        while !input.is_empty() {
            let name = input.call(Ident::parse_any)?;
            match name.to_string().as_str() {
                "crate" => read(&mut home, &name, "\"path::to::leno\"", input)?,
                "because" => read(
                    &mut because,
                    &name,
                    "\"what was read is in `self.buffer`\"",
                    input,
                )?,
                other => {
                    let text =
                        format!("no option is called `{other}`: there are `because` and `crate`");
                    return Err(Error::new(name.span(), text));
                }
            }
            if !input.is_empty() {
                input.parse::<syn::Token![,]>()?;
            }
        }
        if let Some(because) = because
            .as_ref()
            .filter(|text| text.value().trim().is_empty())
        {
            return Err(Error::new(
                because.span(),
                "this says nothing: write why nothing is lost between two awaits, for those who read the function",
            ));
        }
        Ok(Self {
            home: home.as_ref().map(parse_home).transpose()?,
            because,
        })
    }
}

/// What is asked of a function.
struct Rule {
    /// Somebody has said why nothing is lost at one `.await` of what came before it.
    is_justified: bool,
    /// How to say so.
    advice: String,
}

impl Rule {
    fn of(home: &Home, is_justified: bool) -> Self {
        let advice = format!("say why nothing is: `#[{}(because = \"…\")]`", Name(home));
        Self {
            is_justified,
            advice,
        }
    }
}

fn function(home: &TokenStream, rule: &Rule, item: TokenStream) -> Result<TokenStream> {
    if let Some(TokenTree::Punct(end)) = item.clone().into_iter().last() {
        return Err(Error::new(
            end.span(),
            "without a body it is a trait's, which says itself what its methods return: \
             write `fn name(..) -> impl CancelSafe<Output = ..>`, and no attribute",
        ));
    }
    let mut function: Function = syn::parse2(item)?;
    if function.signature.asyncness.is_none() {
        return Err(Error::new(
            function.signature.fn_token.span,
            "this is for an async function: write `async fn`. (Another one returns a future of which \
             `assert_cancel_safe` can say the same.)",
        ));
    }
    if let Some(other) = function.attributes.iter().find(|a| makes_another(a)) {
        return Err(Error::new_spanned(
            other,
            "this makes something else of the function: remove one of the two attributes",
        ));
    }
    check(&function.signature, "cancel safe")?;
    let here = Span::mixed_site();
    let mut body = Body::new(home, rule);
    let content = body.checked(function.body.stream(), Place::default());
    body.errors.map_or(Ok(()), Err)?;
    function.body = braces_at(&function.body, content);
    let statements = function.statements();
    let output = output_of(&function.signature);
    let arguments = arguments(&mut function.signature);
    let kept = match rule.is_justified {
        true => TokenStream::new(),
        false => kept(home, &function.signature),
    };
    let block = quote_spanned! {here=>
        #kept
        #home::task::assert_cancel_safe(async move {
            #[allow(unused_imports)]
            use #home::macros::support::OnlyCancelSafe as _;
            #(#arguments)*
            #statements
        })
    };
    let block = braces_at(&function.body, block);
    function.signature.asyncness = None;
    let close = quote_spanned!(end_of(&function.signature)=> >);
    // Its other tokens are this crate's, so it captures what it has to in every edition.
    let returns = quote_spanned!(here=> -> impl #home::task::CancelSafe<Output = #output #close);
    function.signature.output = syn::parse2(returns)?;
    let is_must_use = |attribute: &syn::Attribute| attribute.path().is_ident("must_use");
    // As on an async function, it is said of what the function returns, too.
    let must_use = function.attributes.iter().any(is_must_use);
    let must_use = must_use.then(|| quote_spanned!(here=> #[allow(clippy::double_must_use)]));
    let Function {
        attributes,
        visibility,
        signature,
        ..
    } = function;
    Ok(quote!(#(#attributes)* #must_use #visibility #signature #block))
}

/// Whether an attribute makes something else of an async function.
fn makes_another(attribute: &syn::Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|last| {
        ["main", "test", "coroutine", "cancel_safe"]
            .iter()
            .any(|name| last.ident == name)
    })
}

/// Statements that compile if the arguments, which have names by now, leave with their owner what they are of.
fn kept(home: &TokenStream, signature: &Signature) -> TokenStream {
    let mut kept = TokenStream::new();
    for argument in &signature.inputs {
        let (name, span) = match argument {
            FnArg::Receiver(receiver) => (
                receiver.self_token.to_token_stream(),
                receiver.self_token.span,
            ),
            FnArg::Typed(argument) => match &*argument.pat {
                Pat::Ident(pattern) => (pattern.ident.to_token_stream(), pattern.ident.span()),
                other => (other.to_token_stream(), Span::mixed_site()),
            },
        };
        let span = Span::mixed_site().located_at(span);
        kept.extend(quote_spanned! {span=> {
            #[allow(unused_imports)]
            use #home::macros::support::{OrLost as _, Pointer as _};
            #home::macros::support::is_kept(&#name, (&&#home::macros::support::Argument::of(&#name)).kept());
        }});
    }
    kept
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
                    header = header.after(&word, &mut tokens);
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
    fn macro_call(
        &mut self,
        name: &str,
        rest: &Peekable<proc_macro2::token_stream::IntoIter>,
        place: Place,
    ) {
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
    fn after(self, word: &Ident, rest: &mut Peekable<proc_macro2::token_stream::IntoIter>) -> Self {
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

type Tokens = Peekable<proc_macro2::token_stream::IntoIter>;

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

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a body; empty if nothing is.
    fn said(options: TokenStream, body: TokenStream) -> String {
        let home = Home {
            name: "leno".to_owned(),
            path: Some(quote!(::leno)),
        };
        let item = quote!(async fn f(&mut self) { #body });
        let expanded = expand(&home, options, item).to_string();
        match expanded.split_once("compile_error") {
            Some((_, text)) => text.to_owned(),
            None => String::new(),
        }
    }

    #[track_caller]
    fn once(body: TokenStream) {
        assert_eq!(said(quote!(), body), "");
    }

    #[track_caller]
    fn refused(body: TokenStream, text: &str) {
        let said_of_it = said(quote!(), body.clone());
        assert!(said_of_it.contains(text), "{said_of_it}");
        assert_eq!(said(quote!(because = "of a reason"), body), "");
    }

    #[test]
    fn one_await_is_enough() {
        once(quote!());
        once(quote!(self.a.recv().await));
        once(quote!(let a = self.a.recv().await?; self.b.push(a);));
        once(quote!(if let Some(a) = self.a.recv().await {
            for b in a {
                print(b)
            }
        }));
        once(quote!(for a in self.a.recv().await {
            print(a)
        }));
        once(quote!(match self.next() {
            Some(a) => a,
            None => self.a.recv().await,
        }));
        once(quote!(for a in match self.a.recv().await {
            a => a,
        } {
            print(a)
        }));
        once(quote!(loop { break } self.a.recv().await));
        once(quote!(println!("{:?}", self.a.recv().await)));
        once(quote!(
            select! { safe; a = self.a.recv() => a, b = self.b.recv() => b }
        ));
        once(quote!(
            leno::select! { biased; safe; a = self.a.recv() => a }
        ));
    }

    #[test]
    fn a_second_await_loses_what_the_first_one_gave() {
        let text = "what was awaited before is lost";
        refused(quote!(a.await; b.await), text);
        refused(quote!(a(b.await).await), text);
        refused(quote!(if c { a.await } else { b.await }), text);
        refused(quote!(println!("{} {}", a.await, b.await)), text);
        refused(quote!(select! { safe; a = a.recv() => a.await }), text);
    }

    #[test]
    fn a_loop_loses_what_an_earlier_round_gave() {
        let text = "in a later round of the loop";
        refused(
            quote!(loop {
                a.await
            }),
            text,
        );
        refused(
            quote!('a: loop {
                if c {
                    a.await
                }
            }),
            text,
        );
        refused(
            quote!(while let Some(a) = self.a.recv().await {
                print(a)
            }),
            text,
        );
        refused(quote!(while f(self.a.recv().await) {}), text);
        refused(
            quote!(while match x {
                _ => a,
            } {
                b.await
            }),
            text,
        );
        refused(
            quote!(for a in if b { c } else { d } {
                a.await
            }),
            text,
        );
        refused(
            quote!(for a in b {
                a.await
            }),
            text,
        );
        refused(
            quote!(loop {
                select! { safe; a = a.recv() => a }
            }),
            text,
        );
    }

    #[test]
    fn what_is_another_future_is_passed_over() {
        once(quote!(
            f(async {
                a.await;
                b.await
            })
            .await
        ));
        once(quote!(
            f(async move {
                loop {
                    a.await
                }
            })
            .await
        ));
        once(quote!(let f = async |a, b| { a.await; b.await }; f(a, b).await));
        once(quote!(let f = async move |a| a.await.b().await; f(a).await));
        once(quote!(
            async fn f() {
                a.await;
                b.await
            },
            f().await
        ));
        once(quote!(let f: fn(u32) = g; a.await));
        once(quote!(let f: for<'a> fn(&'a u32) = g; { a.await }));
        // Words of a path or of a field.
        once(quote!(self.select(self.join, self.r#await).await));
    }

    #[test]
    fn macros_that_hide_awaits_are_refused() {
        for options in [quote!(), quote!(because = "of a reason")] {
            let text = said(options.clone(), quote!(select! { a = b => a }));
            assert!(text.contains("write `select! { safe; … }`"), "{text}");
            let text = said(options, quote!(leno::try_join!(a, b)));
            assert!(
                text.contains("`leno::task::assert_cancel_safe(async { … }).await`"),
                "{text}"
            );
        }
    }

    #[test]
    fn options_are_what_they_seem() {
        for (options, text) in [
            (quote!(because = ""), "this says nothing"),
            (quote!(because), "needs a value"),
            (quote!(because = 3), "not a literal that `because` takes"),
            (
                quote!(reason = "x"),
                "no option is called `reason`: there are `because` and `crate`",
            ),
            (quote!(because = "a", because = "b"), "given twice"),
        ] {
            let said = said(options, quote!());
            assert!(said.contains(text), "{said}");
        }
    }

    #[test]
    fn each_await_is_asked_about() {
        let home = Home {
            name: "leno".to_owned(),
            path: Some(quote!(::leno)),
        };
        let item = quote!(
            async fn f(a: A) {
                a.b().await.c(async { d.await }, e.await)
            }
        );
        let text = expand(&home, quote!(because = "of a reason"), item).to_string();
        assert_eq!(
            text.matches("__only_cancel_safe () . await").count(),
            2,
            "{text}"
        );
        assert!(text.contains("async { d . await }"), "{text}");
    }
}
