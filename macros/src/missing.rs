//! What stands for the attributes that need a syntax tree, without the feature that brings one.

use crate::home::Home;
use crate::tokens::{Error, Span, TokenStream, with_error};

/// What `#[name]` makes of an item: what was written, and the feature to ask for.
pub(crate) fn expand(home: &Home, name: &str, item: TokenStream) -> TokenStream {
    let name = format!("{}::{name}", home.name);
    let text = format!("`#[{name}]` needs the feature `coroutine`: add it to leno's features");
    with_error(item, &Error::new(Span::call_site(), text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[test]
    fn the_feature_is_asked_for() {
        let home = Home {
            name: "tokio".to_owned(),
            path: Some(quote!(::tokio)),
        };
        let item = quote!(
            async fn f() {}
        );
        let expansion = expand(&home, "coroutine", item.clone()).to_string();
        let (before, error) = expansion.split_once("::").unwrap();
        assert_eq!(before.trim(), item.to_string());
        let advice =
            "`#[tokio::coroutine]` needs the feature `coroutine`: add it to leno's features";
        assert!(error.contains(advice), "{error}");
    }
}
