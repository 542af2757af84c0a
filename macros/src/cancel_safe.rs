//! From an `async fn` to a `fn` whose future is `CancelSafe`.
//!
//! Each `.await` in sight gets a method call before it that takes nothing but such futures. Whether stopping *between* them loses
//! something is not a question of types, so there may be one alone, unless somebody says why it does not (`awaits.rs`).

use crate::awaits::{Rule, checked};
use crate::home::Home;
use crate::options::{each, parse_home, read};
use crate::signature::{
    Function, arguments, check, end_of, makes_another, may_be_used_twice, output_of, with_error,
};
use crate::tokens::{self, braces_at};
use crate::values::Text;
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use std::fmt;
use syn::{Error, FnArg, Pat, Result, Signature};

/// The function to put in place of `item`. Whatever is wrong, it still contains what was written.
pub(crate) fn expand(home: &Home, options: TokenStream, item: TokenStream) -> TokenStream {
    let options = Options::parse(options).and_then(|options| {
        let path = home.path_or(options.home.as_ref(), &Name(home))?;
        Ok((path, options.because.is_some()))
    });
    let expanded = options
        .map_err(Error::from)
        .and_then(|(path, has_reason)| function(&path, &rule_of(home, has_reason), item.clone()));
    expanded.unwrap_or_else(|error| with_error(item, &error))
}

/// The attribute's name, as its user would write it.
struct Name<'a>(&'a Home);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::cancel_safe", self.0.name)
    }
}

struct Options {
    home: Option<TokenStream>,
    because: Option<Text>,
}

impl Options {
    fn parse(options: TokenStream) -> tokens::Result<Self> {
        let (mut home, mut because): (_, Option<Text>) = (None, None);
        each(options, |name, input| match name.to_string().as_str() {
            "crate" => read(&mut home, name, "\"path::to::leno\"", input),
            "because" => read(
                &mut because,
                name,
                "\"what was read is in `self.buffer`\"",
                input,
            ),
            other => {
                let text =
                    format!("no option is called `{other}`: there are `because` and `crate`");
                Err(tokens::Error::new(name.span(), text))
            }
        })?;
        if let Some(because) = because
            .as_ref()
            .filter(|text| text.value().trim().is_empty())
        {
            return Err(tokens::Error::new(
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
fn rule_of(home: &Home, is_justified: bool) -> Rule {
    Rule {
        is_justified,
        advice: format!("say why nothing is: `#[{}(because = \"…\")]`", Name(home)),
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
    let content = checked(home, rule, function.body.stream())?;
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
            #[allow(unused_imports, reason = "it may have no use for them")]
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
    let must_use = may_be_used_twice(&function.attributes);
    let Function {
        attributes,
        visibility,
        signature,
        ..
    } = function;
    Ok(quote!(#(#attributes)* #must_use #visibility #signature #block))
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
            #[allow(unused_imports, reason = "it may have no use for them")]
            use #home::macros::support::{OrLost as _, Pointer as _};
            #home::macros::support::is_kept(&#name, (&&#home::macros::support::Argument::of(&#name)).kept());
        }});
    }
    kept
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
