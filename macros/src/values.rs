//! The values that options take: literals, and what is made of two of them.

use crate::tokens::{Ident, Reader, Span, TokenStream, TokenTree};
use std::fmt;

/// What may stand behind the `=` of an option.
pub(crate) trait Value: Sized {
    /// Takes one; `None` if something else stands there.
    fn take(input: &mut Reader) -> Option<Self>;
}

/// A string.
pub(crate) struct Text {
    literal: TokenTree,
    value: String,
}

impl Text {
    /// What is between the quotes, as it was written: no value of an option that is looked at has escapes.
    pub(crate) fn value(&self) -> &str {
        &self.value
    }

    pub(crate) fn span(&self) -> Span {
        self.literal.span()
    }

    /// For an expansion.
    pub(crate) fn tokens(&self) -> TokenStream {
        self.literal.clone().into()
    }
}

impl Value for Text {
    fn take(input: &mut Reader) -> Option<Self> {
        let written = input.peek()?.to_string();
        let quoted = match written.strip_prefix('r') {
            Some(raw) => {
                let marks = &raw[..raw.len() - raw.trim_start_matches('#').len()];
                raw.strip_prefix(marks)?.strip_suffix(marks)?
            }
            None => &written,
        };
        let value = quoted.strip_prefix('"')?.strip_suffix('"')?.to_owned();
        let literal = input.take()?;
        Some(Self { literal, value })
    }
}

/// `true` or `false`.
pub(crate) struct Switch {
    pub(crate) is_on: bool,
    word: Ident,
}

impl Switch {
    pub(crate) fn span(&self) -> Span {
        self.word.span()
    }

    /// For an expansion.
    pub(crate) fn tokens(&self) -> TokenStream {
        TokenTree::from(self.word.clone()).into()
    }
}

impl Value for Switch {
    fn take(input: &mut Reader) -> Option<Self> {
        let is_on = input.peek()?.to_string().parse().ok()?;
        match input.take()? {
            TokenTree::Ident(word) => Some(Self { is_on, word }),
            _ => None,
        }
    }
}

/// An integer, as it was written.
pub(crate) struct Number {
    sign: Option<TokenTree>,
    literal: TokenTree,
    radix: u32,
    digits: String,
}

impl Number {
    /// What it is, if such a number can be that.
    pub(crate) fn value<N: TryFrom<u64>>(&self) -> Result<N, WrongNumber> {
        if self.sign.is_some() {
            return Err(WrongNumber::Negative);
        }
        // They are digits, so there are too many of them if that fails.
        let number = u64::from_str_radix(&self.digits, self.radix).ok();
        let number = number.and_then(|number| N::try_from(number).ok());
        number.ok_or(WrongNumber::TooLarge)
    }

    pub(crate) fn span(&self) -> Span {
        self.sign.as_ref().unwrap_or(&self.literal).span()
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(sign) = &self.sign {
            sign.fmt(f)?;
        }
        self.literal.fmt(f)
    }
}

impl Value for Number {
    fn take(input: &mut Reader) -> Option<Self> {
        const TYPES: [&str; 13] = [
            "", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128",
            "isize",
        ];
        let sign = input.take_punct('-');
        let written = input.peek()?.to_string();
        let (radix, digits) = match written.get(..2) {
            Some("0x") => (16, &written[2..]),
            Some("0o") => (8, &written[2..]),
            Some("0b") => (2, &written[2..]),
            _ => (10, &written[..]),
        };
        let end = digits.find(|letter: char| !(letter.is_digit(radix) || letter == '_'));
        let (digits, of_type) = digits.split_at(end.unwrap_or(digits.len()));
        let digits = digits.replace('_', "");
        if digits.is_empty() || !TYPES.contains(&of_type) {
            return None;
        }
        Some(Self {
            sign,
            literal: input.take()?,
            radix,
            digits,
        })
    }
}

/// Why a number cannot be what is asked for.
#[derive(Debug)]
pub(crate) enum WrongNumber {
    Negative,
    TooLarge,
}

impl fmt::Display for WrongNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Negative => "it cannot be below 0",
            Self::TooLarge => "this one is too large",
        })
    }
}

/// A number, or a range of numbers.
pub(crate) struct Range {
    pub(crate) from: Option<Number>,
    pub(crate) to: Number,
    pub(crate) with_last: bool,
}

impl Value for Range {
    fn take(input: &mut Reader) -> Option<Self> {
        let first = Number::take(input)?;
        if input.take_punct('.').is_none() {
            return Some(Self {
                from: None,
                to: first,
                with_last: false,
            });
        }
        input.take_punct('.')?;
        let with_last = input.take_punct('=').is_some();
        Some(Self {
            from: Some(first),
            to: Number::take(input)?,
            with_last,
        })
    }
}

/// Text with a unit, or a number of seconds.
pub(crate) enum Time {
    Text(Text),
    Seconds(Number),
}

impl Time {
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Text(text) => text.span(),
            Self::Seconds(seconds) => seconds.span(),
        }
    }
}

impl Value for Time {
    fn take(input: &mut Reader) -> Option<Self> {
        match Text::take(input) {
            Some(text) => Some(Self::Text(text)),
            None => Number::take(input).map(Self::Seconds),
        }
    }
}
