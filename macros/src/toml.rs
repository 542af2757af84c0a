//! As much of TOML as a manifest of cargo's takes to find a dependency in it: which keys there are, and which of them have a string.
//!
//! All other values are passed over, and arrays with what is in them, so that what is no TOML may be taken for some: cargo has read the manifest before, and would
//! have refused it. A whole parser is five crates that everybody would wait for who writes `#[leno::main]`; the tests here
//! hold this one against it.

/// Each key that has a value, in full, and the value if that is a string. An empty table is a key without one.
///
/// `None` if it is no TOML.
pub(crate) fn keys(text: &str) -> Option<Vec<(Vec<String>, Option<String>)>> {
    let mut reader = Reader {
        rest: text.strip_prefix('\u{feff}').unwrap_or(text),
        keys: Vec::new(),
    };
    let (mut table, mut arrays) = (Vec::new(), Vec::new());
    loop {
        reader.skip_lines();
        if reader.rest.is_empty() {
            return Some(reader.keys);
        }
        if reader.take("[") {
            let is_array = reader.take("[");
            table = reader.key()?;
            reader.expect(if is_array { "]]" } else { "]" })?;
            reader.keys.push((table.clone(), None));
            if is_array {
                arrays.push(table.clone());
            }
        } else {
            let known = reader.keys.len();
            reader.pair(&table)?;
            if arrays.iter().any(|array| table.starts_with(array)) {
                reader.keys.truncate(known);
            }
        }
        reader.end_of_line()?;
    }
}

struct Reader<'t> {
    rest: &'t str,
    keys: Vec<(Vec<String>, Option<String>)>,
}

impl Reader<'_> {
    fn take(&mut self, start: &str) -> bool {
        match self.rest.strip_prefix(start) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, start: &str) -> Option<()> {
        self.skip_spaces();
        self.take(start).then_some(())
    }

    fn next(&mut self) -> Option<char> {
        let mut letters = self.rest.chars();
        let letter = letters.next();
        self.rest = letters.as_str();
        letter
    }

    /// Takes what comes as long as it is of a kind.
    fn take_while(&mut self, is_of: impl Fn(char) -> bool) -> String {
        let end = self.rest.find(|letter| !is_of(letter));
        let (taken, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        taken.to_owned()
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    /// Skips empty lines and comments.
    fn skip_lines(&mut self) {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
            if !self.take("#") {
                return;
            }
            self.take_while(|letter| letter != '\n');
        }
    }

    fn end_of_line(&mut self) -> Option<()> {
        self.skip_spaces();
        if self.rest.starts_with('#') {
            self.take_while(|letter| letter != '\n');
        }
        (self.rest.is_empty() || self.take("\n") || self.take("\r\n")).then_some(())
    }

    /// `a."b c".d`
    fn key(&mut self) -> Option<Vec<String>> {
        let mut key = Vec::new();
        loop {
            self.skip_spaces();
            let part = if self.take("\"") {
                self.basic("\"")?
            } else if self.take("'") {
                self.literal("'")?
            } else {
                let is_bare =
                    |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
                self.take_while(is_bare)
            };
            key.push(part);
            self.skip_spaces();
            if !self.take(".") {
                return Some(key);
            }
        }
    }

    /// `key = value`
    fn pair(&mut self, table: &[String]) -> Option<()> {
        let key = [table, &self.key()?].concat();
        self.expect("=")?;
        self.skip_spaces();
        self.value(key)
    }

    fn value(&mut self, key: Vec<String>) -> Option<()> {
        if self.take("{") {
            return self.inline_table(&key);
        }
        let value = if self.take("[") {
            self.array()?;
            None
        } else {
            self.scalar()?
        };
        self.keys.push((key, value));
        Some(())
    }

    /// A string, or `None` of a number, a date or a word.
    fn scalar(&mut self) -> Option<Option<String>> {
        if self.take("\"\"\"") {
            self.take_first_line_end();
            self.basic("\"\"\"").map(Some)
        } else if self.take("'''") {
            self.take_first_line_end();
            self.literal("'''").map(Some)
        } else if self.take("\"") {
            self.basic("\"").map(Some)
        } else if self.take("'") {
            self.literal("'").map(Some)
        } else {
            // A date may have a space before its time.
            let word = self.take_while(|letter| !",]}#\r\n".contains(letter));
            (!word.trim().is_empty()).then_some(None)
        }
    }

    fn inline_table(&mut self, key: &[String]) -> Option<()> {
        self.keys.push((key.to_vec(), None));
        loop {
            self.skip_lines();
            if self.take("}") {
                return Some(());
            }
            self.pair(key)?;
            self.skip_lines();
            if !self.take(",") {
                return self.take("}").then_some(());
            }
        }
    }

    /// Passes over an array, and what is in there.
    fn array(&mut self) -> Option<()> {
        let known = self.keys.len();
        loop {
            self.skip_lines();
            if self.take("]") {
                break;
            }
            self.value(Vec::new())?;
            self.skip_lines();
            if !self.take(",") {
                self.expect("]")?;
                break;
            }
        }
        self.keys.truncate(known);
        Some(())
    }

    /// A line's end that follows the three quotes is none of the string's.
    fn take_first_line_end(&mut self) {
        let _ = self.take("\n") || self.take("\r\n");
    }

    /// The rest of a string without escapes, up to `end`.
    fn literal(&mut self, end: &str) -> Option<String> {
        let (text, rest) = self.rest.split_once(end)?;
        self.rest = rest;
        let mut text = text.to_owned();
        self.quotes_before_the_end(end, &mut text);
        Some(text)
    }

    /// The rest of a string with escapes, up to `end`.
    fn basic(&mut self, end: &str) -> Option<String> {
        let mut text = String::new();
        while !self.take(end) {
            match self.next()? {
                '\\' => self.escape(&mut text)?,
                letter => text.push(letter),
            }
        }
        self.quotes_before_the_end(end, &mut text);
        Some(text)
    }

    /// A string in three quotes may end with up to two of its own.
    fn quotes_before_the_end(&mut self, end: &str, text: &mut String) {
        let quote = &end[..1];
        for _ in 1..end.len() {
            if self.take(quote) {
                text.push_str(quote);
            }
        }
    }

    fn escape(&mut self, text: &mut String) -> Option<()> {
        let code = |reader: &mut Self, digits| {
            let (code, rest) = reader.rest.split_at_checked(digits)?;
            reader.rest = rest;
            char::from_u32(u32::from_str_radix(code, 16).ok()?)
        };
        text.push(match self.next()? {
            'b' => '\u{8}',
            't' => '\t',
            'n' => '\n',
            'f' => '\u{c}',
            'r' => '\r',
            'e' => '\u{1b}',
            letter @ ('"' | '\\') => letter,
            'x' => code(self, 2)?,
            'u' => code(self, 4)?,
            'U' => code(self, 8)?,
            ' ' | '\t' | '\r' | '\n' => {
                // The line goes on where there is something again.
                self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
                return Some(());
            }
            _ => return None,
        });
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::keys;
    use toml::de::{DeTable, DeValue};

    /// The keys that have a string by the crate `toml`, in order.
    fn strings(table: &DeTable<'_>, prefix: &[String], found: &mut Vec<(Vec<String>, String)>) {
        for (key, value) in table {
            let key = [prefix, &[key.get_ref().clone().into_owned()]].concat();
            match value.get_ref() {
                DeValue::Table(table) => strings(table, &key, found),
                DeValue::String(text) => found.push((key, text.clone().into_owned())),
                _ => {}
            }
        }
    }

    #[track_caller]
    fn check(text: &str) {
        let table = DeTable::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let mut expected = Vec::new();
        strings(table.get_ref(), &[], &mut expected);
        expected.sort();
        let found = keys(text).unwrap_or_else(|| panic!("refused: {text}"));
        let mut found: Vec<_> = found
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
            .collect();
        found.sort();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn it_finds_the_strings_that_a_whole_parser_finds() {
        for text in [
            "",
            "# nothing",
            "a = \"b\" # c = \"d\"\r\ne.f = 'g'\n",
            "[a]\nb = 'c'\n[a.d] # e\nf = \"\"\n",
            "[ a . 'b c' . \"d\\u00e9\" ]\ne-f_1 = \"x\"",
            "a = { b = 'c', d.e = \"f\", g = { h = 'i' }, j = [{ k = 'l' }, 2] }\nm = 'n'",
            "a = [ # [\n  \"]\", 'x', [1, 2,], # b = 'c'\n]\nd = 'e'",
            "a = \"\"\"\n  b\\\n    c \"\" d = 'e'\\n\"\"\"\"\"\nf = '''\ng'h''''\ni = 'j'",
            "a = \"# \\\"b\\\" = \\\\ \\U0001F600\"\nb = '#\\'",
            "a = 1\nb = 1.5e3\nc = true\nd = 1979-05-27 07:32:00\ne = -inf\nf = 'g'",
            "a = {}\n[b]\n[c.d]\n",
            "\u{feff}a = 'b'",
            include_str!("../Cargo.toml"),
        ] {
            check(text);
        }
    }

    #[test]
    fn it_reads_the_manifests_that_are_here() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut read = 0;
        for folder in [
            "",
            "runtime",
            "reactor",
            "cli",
            "benches",
            "sim",
            "loom-tests",
        ] {
            if let Ok(text) = std::fs::read_to_string(root.join(folder).join("Cargo.toml")) {
                check(&text);
                read += 1;
            }
        }
        // A package by itself has its own, and none beside it.
        println!("read {read} manifests");
    }

    #[test]
    fn tables_are_keys_without_a_string() {
        let found = keys("[a.b]\nc = {}\n[[d]]\ne = [1]").unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|(key, value)| (key.join("."), value))
            .collect();
        let expected = ["a.b", "a.b.c", "d"];
        assert_eq!(found, expected.map(|key| (key.to_owned(), &None)));
    }

    #[test]
    fn what_is_no_toml_is_refused() {
        for text in [
            "a",
            "a =",
            "a = \"b",
            "a = '''b''",
            "a = [1, 2",
            "a = { b = 1",
            "[a",
            "[[a]\nb = 1",
            "a = 'b' 'c'",
            "a = \"\\q\"",
            "a = \"\\u12\"",
        ] {
            assert_eq!(keys(text), None, "{text}");
            assert!(DeTable::parse(text).is_err(), "{text}");
        }
    }
}
