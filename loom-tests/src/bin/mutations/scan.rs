//! Where the orderings stand in a source file, and what each can be weakened to.
//!
//! A place is named by its function, the operation, and the ordering, so that its name outlives lines that move:
//! `close: fetch_or AcqRel`. Where one function says the same twice, the later ones are numbered in the order of the text.

use std::collections::HashMap;
use std::ops::Range;

/// An ordering that is not the weakest already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Site {
    /// `function: operation Ordering`, with ` on failure` for the second of an exchange, and ` #2` for a second one of that name.
    pub(crate) name: String,
    /// Where `Ordering::X` stands in the text.
    pub(crate) range: Range<usize>,
    /// The line, from 1, for the reader.
    pub(crate) line: usize,
    pub(crate) ordering: Written,
    pub(crate) is_fence: bool,
}

/// The orderings that can be weakened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    Acquire,
    Release,
    AcqRel,
    SeqCst,
}

impl Written {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "Acquire" => Self::Acquire,
            "Release" => Self::Release,
            "AcqRel" => Self::AcqRel,
            "SeqCst" => Self::SeqCst,
            _ => return None,
        })
    }
}

impl Site {
    /// What it becomes, one step down. A relaxed fence is none.
    pub(crate) fn weaker(&self) -> &'static [&'static str] {
        match self.ordering {
            Written::Acquire | Written::Release => &["Relaxed"],
            Written::AcqRel => &["Acquire", "Release"],
            Written::SeqCst => &["AcqRel"],
        }
    }
}

/// Finds the orderings of a file. Tests at its end are left out.
pub(crate) fn sites(source: &str) -> Result<Vec<Site>, String> {
    let blank = blanked(source);
    let blank = &blank[..blank.find("#[cfg(test)]\nmod ").unwrap_or(blank.len())];
    if blank.contains("Ordering::{") || blank.contains("Ordering::*") {
        return Err("imports the names of orderings: write `Ordering::Acquire` in full, or this command does not find it".into());
    }
    let mut sites = Vec::new();
    let mut named: HashMap<String, usize> = HashMap::new();
    for (start, _) in blank.match_indices("Ordering::") {
        let ordering = word_at(blank, start + "Ordering::".len());
        let Some(written) = Written::named(ordering) else {
            continue;
        };
        let (operation, argument) = operation(blank, start);
        let failure = match operation {
            "compare_exchange" | "compare_exchange_weak" => argument == 3,
            "fetch_update" => argument == 1,
            _ => false,
        };
        let function = function(blank, start);
        let failure = if failure { " on failure" } else { "" };
        let mut name = format!("{function}: {operation} {ordering}{failure}");
        let count = named.entry(name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            name.push_str(&format!(" #{count}"));
        }
        sites.push(Site {
            name,
            range: start..start + "Ordering::".len() + ordering.len(),
            line: 1 + blank[..start].matches('\n').count(),
            ordering: written,
            is_fence: operation == "fence",
        });
    }
    Ok(sites)
}

/// The text with comments, strings and characters made blank, byte for byte.
fn blanked(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match &bytes[at..] {
            [b'/', b'/', ..] => source[at..].find('\n').map_or(bytes.len(), |end| at + end),
            [b'/', b'*', ..] => end_of_block_comment(bytes, at),
            [b'r', b'#' | b'"', ..] if at == 0 || !is_of_word(bytes[at - 1]) => {
                match end_of_raw_string(source, at) {
                    Some(end) => end,
                    None => {
                        at += 1;
                        continue;
                    }
                }
            }
            [b'"', ..] => end_of_string(bytes, at),
            // A character, and not a lifetime.
            [b'\'', b'\\', _, ..] => at + 3 + source[at + 3..].find('\'').map_or(0, |end| end + 1),
            [b'\'', _, b'\'', ..] => at + 3,
            _ => {
                at += 1;
                continue;
            }
        };
        for byte in &mut out[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end;
    }
    String::from_utf8(out).expect("whole characters are made blank")
}

fn end_of_block_comment(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn end_of_raw_string(source: &str, start: usize) -> Option<usize> {
    let hashes = source[start + 1..]
        .bytes()
        .take_while(|&byte| byte == b'#')
        .count();
    let quote = start + 1 + hashes;
    if source.as_bytes().get(quote) != Some(&b'"') {
        return None;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let length = source[quote + 1..].find(&end)?;
    Some(quote + 1 + length + end.len())
}

fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn word_at(text: &str, start: usize) -> &str {
    let length = text[start..]
        .bytes()
        .take_while(|&byte| is_of_word(byte))
        .count();
    &text[start..start + length]
}

fn word_before(text: &str, end: usize) -> &str {
    let length = text[..end]
        .bytes()
        .rev()
        .take_while(|&byte| is_of_word(byte))
        .count();
    &text[end - length..end]
}

/// The call whose argument stands at `at`, and the argument's number from 0.
fn operation(text: &str, at: usize) -> (&str, usize) {
    let (mut depth, mut argument) = (0, 0);
    for (index, byte) in text[..at].bytes().enumerate().rev() {
        match byte {
            b')' | b']' | b'}' => depth += 1,
            b'(' if depth == 0 => return (word_before(text, index), argument),
            b'(' | b'[' | b'{' if depth > 0 => depth -= 1,
            b'[' | b'{' => break,
            b',' if depth == 0 => argument += 1,
            _ => {}
        }
    }
    ("", 0)
}

/// The innermost function around `at`.
fn function(text: &str, at: usize) -> &str {
    let bytes = text.as_bytes();
    let mut around: Vec<(&str, usize)> = Vec::new();
    let (mut depth, mut declared) = (0, None);
    let mut index = 0;
    while index < at {
        match bytes[index] {
            b'{' => {
                depth += 1;
                around.extend(declared.take().map(|name| (name, depth)));
            }
            b'}' => {
                around.retain(|&(_, inside)| inside < depth);
                depth -= 1;
            }
            // A declaration without a body.
            b';' => declared = None,
            byte if is_of_word(byte) => {
                let word = word_at(text, index);
                index += word.len();
                if word == "fn" {
                    let name = word_at(text, index + 1);
                    declared = (!name.is_empty()).then_some(name).or(declared);
                }
                continue;
            }
            _ => {}
        }
        index += 1;
    }
    around.last().map_or("", |&(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(source: &str) -> Vec<String> {
        sites(source)
            .unwrap()
            .into_iter()
            .map(|site| site.name)
            .collect()
    }

    #[test]
    fn a_place_is_named_by_its_function_and_operation() {
        let source = r##"
            // Ordering::Acquire, and fn comment() {
            impl Word {
                fn text() -> &'static str { "Ordering::Acquire {" }
                fn raw() -> &'static str { r#"Ordering::Acquire" {"# }
                fn character() -> [char; 3] { ['{', '\'', '"'] }
                fn close(&self) {
                    self.0.fetch_or(f(1, [2, 3]), Ordering::AcqRel);
                    self.0.load(Ordering::Relaxed);
                    self.0.load(Ordering::Acquire); self.0.load(Ordering::Acquire);
                }
                fn take(&self) {
                    let inner = |word: &u64| fence(Ordering::SeqCst);
                    fn nested() { X.store(1, Ordering::Release); }
                    self.0.compare_exchange(
                        seen(1, 2),
                        next,
                        Ordering::AcqRel,
                        Ordering::Acquire,
                    );
                    a.cmp(b) == std::cmp::Ordering::Less;
                }
            }
            #[cfg(test)]
mod tests { fn look() { X.load(Ordering::Acquire); } }
        "##;
        assert_eq!(
            names(source),
            [
                "close: fetch_or AcqRel",
                "close: load Acquire",
                "close: load Acquire #2",
                "take: fence SeqCst",
                "nested: store Release",
                "take: compare_exchange AcqRel",
                "take: compare_exchange Acquire on failure",
            ]
        );
    }

    #[test]
    fn each_is_weakened_one_step() {
        let source = "fn f() { x.swap(1, Ordering::AcqRel); fence(Ordering::SeqCst); x.load(Ordering::Acquire); }";
        let sites = sites(source).unwrap();
        let weaker: Vec<_> = sites.iter().map(Site::weaker).collect();
        assert_eq!(
            weaker,
            [&["Acquire", "Release"][..], &["AcqRel"], &["Relaxed"]]
        );
        assert_eq!(sites[1].line, 1);
        assert!(sites[1].is_fence && !sites[0].is_fence);
        assert_eq!(&source[sites[0].range.clone()], "Ordering::AcqRel");
    }

    #[test]
    fn names_that_hide_an_ordering_are_refused() {
        let error = sites("use std::sync::atomic::Ordering::{Acquire, Release};").unwrap_err();
        assert!(error.contains("in full"), "{error}");
    }
}
