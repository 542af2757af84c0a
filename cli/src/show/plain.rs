//! Text of programs that are looked at, on one line and with nothing in it that moves the cursor or turns the line around.

use unicode_width::UnicodeWidthStr;

/// The text with control characters, and those that change the direction of writing, written out.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => plain.push_str("\\n"),
            '\r' => plain.push_str("\\r"),
            '\t' => plain.push_str("\\t"),
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                plain.extend(character.escape_unicode());
            }
            _ if character.is_control() => plain.extend(character.escape_unicode()),
            _ => plain.push(character),
        }
    }
    plain
}

/// How many columns it takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The text, or as much of it as fits into so many columns, with a mark where it is cut.
pub(crate) fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut cut = String::new();
    for character in text.chars() {
        cut.push(character);
        if width(&cut) >= columns {
            cut.pop();
            break;
        }
    }
    if columns > 0 {
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_breaks_the_line() {
        let name = "a\nb\r\t\u{1b}[31m\u{202e}é\u{7f}\u{9b}";
        let shown = plain(name);
        assert_eq!(shown, "a\\nb\\r\\t\\u{1b}[31m\\u{202e}é\\u{7f}\\u{9b}");
        assert!(!shown.chars().any(char::is_control));
    }

    #[test]
    fn what_is_cut_fits() {
        assert_eq!(fit("short", 5), "short");
        assert_eq!(fit("longer", 5), "long…");
        assert_eq!(fit("転送転送", 8), "転送転送");
        for columns in 0..8 {
            let cut = fit("転送転送", columns);
            assert!(width(&cut) <= columns, "{cut:?} in {columns}");
        }
        assert_eq!(fit("転送転送", 6), "転送…");
    }
}
