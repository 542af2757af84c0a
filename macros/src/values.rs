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

#[cfg(test)]
mod tests {
    use super::*;

    /// The value that a text is, if it is one and nothing else.
    fn take<V: Value>(text: &str) -> Option<V> {
        let mut input = Reader::new(text.parse().unwrap());
        let value = V::take(&mut input);
        value.filter(|_| input.peek().is_none())
    }

    #[test]
    fn texts_are_what_is_between_the_quotes() {
        for (literal, value) in [
            ("\"\"", ""),
            ("\"a b\"", "a b"),
            ("r\"a\"", "a"),
            ("r##\"a\"#b\"##", "a\"#b"),
        ] {
            let text: Text = take(literal).unwrap();
            assert_eq!(text.value(), value);
            assert_eq!(text.tokens().to_string(), literal);
        }
        for other in [
            "b\"a\"", "c\"a\"", "'a'", "a", "5", "true", "r#a", "", "(\"a\")",
        ] {
            assert!(take::<Text>(other).is_none(), "{other}");
        }
    }

    #[test]
    fn switches_are_two_words() {
        for is_on in [true, false] {
            let switch: Switch = take(&is_on.to_string()).unwrap();
            assert_eq!(switch.is_on, is_on);
        }
        for other in ["\"true\"", "yes", "1", ""] {
            assert!(take::<Switch>(other).is_none(), "{other}");
        }
    }

    #[test]
    fn numbers_are_written_as_in_programs() {
        for (literal, value) in [
            ("0", 0),
            ("1_000", 1000),
            ("7usize", 7),
            ("7_u8", 7),
            ("0xff", 255),
            ("0b1_01", 5),
            ("0o17i64", 15),
            ("18446744073709551615", u64::MAX),
        ] {
            let number: Number = take(literal).unwrap();
            assert_eq!(number.value::<u64>().ok(), Some(value), "{literal}");
            assert_eq!(number.to_string(), literal);
        }
        for other in [
            "1.5", "1e3", "1f32", "\"1\"", "a", "-", "", "'1'", "1 2", "b'1'",
        ] {
            assert!(take::<Number>(other).is_none(), "{other}");
        }
    }

    #[test]
    fn a_number_that_does_not_fit_says_why() {
        let why = |literal| {
            let number: Number = take(literal).unwrap();
            number.value::<u8>().unwrap_err().to_string()
        };
        assert_eq!(why("-1"), "it cannot be below 0");
        assert_eq!(why("256"), "this one is too large");
        assert_eq!(why("18446744073709551616"), "this one is too large");
    }

    #[test]
    fn ranges_have_two_numbers() {
        let range: Range = take("3").unwrap();
        assert!(range.from.is_none() && !range.with_last);
        for (text, with_last) in [("3..9", false), ("3 ..= 9", true)] {
            let range: Range = take(text).unwrap();
            let from = range.from.unwrap().value::<u8>();
            assert_eq!((from.ok(), range.to.value::<u8>().ok()), (Some(3), Some(9)));
            assert_eq!(range.with_last, with_last);
        }
        for other in ["3..", "..9", "3.9", "a..b", "3...9"] {
            assert!(take::<Range>(other).is_none(), "{other}");
        }
    }
}
