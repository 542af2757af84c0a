//! The text of a trace, version 1: written by [`write`], read by [`parse`].
//!
//! A line is a keyword, blanks, and a value. A reader passes over keywords that it does not know, so that later writers of
//! version 1 can say more; what they cannot leave unsaid is version 2, which is refused.

use super::{NotATrace, Trace, choices};
use crate::actor::Key;
use crate::cause::{Cause, Named, Nth, Why};
use crate::record::{drawn, word};
use crate::report::grouped;
use crate::run::Hash;
use std::fmt::{self, Write};

/// How long a line of base64 is.
const WIDTH: usize = 96;

pub(super) fn write(trace: &Trace, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = String::new();
    body(trace, &mut text)?;
    let sum = sum(text.lines());
    writeln!(f, "{text}end      {sum:08x}")
}

fn body(trace: &Trace, text: &mut String) -> fmt::Result {
    writeln!(text, "leno-trace 1")?;
    writeln!(text, "test     {}", one_line(&trace.test))?;
    writeln!(text, "program  {}", one_line(&trace.program))?;
    let strategy = one_line(&trace.strategy);
    writeln!(text, "seed     {}   strategy {strategy}", trace.seed)?;
    write!(text, "failure  {}", trace.kind)?;
    if let Some(place) = &trace.place {
        write!(text, " at {}", word_or_quoted(place))?;
    }
    writeln!(text, " {}", quoted(&trace.message))?;
    if !trace.who.is_empty() {
        write!(text, "who     ")?;
        for key in &trace.who {
            write!(text, " {key}")?;
        }
        writeln!(text)?;
    }
    writeln!(text, "print    {}", trace.fingerprint)?;
    let record = &trace.record;
    writeln!(
        text,
        "run      {} decisions, hash {:016x}, ends at {} ns",
        grouped(record.decisions),
        record.hash,
        grouped(record.ended_at)
    )?;
    for why in &trace.why {
        write_why(why, text)?;
    }
    wrapped(text, "checks", &choices::write_checks(&record.checkpoints))?;
    wrapped(text, "all", &choices::write(&record.choices))
}

fn wrapped(text: &mut String, keyword: &str, value: &str) -> fmt::Result {
    let mut rest = value;
    while !rest.is_empty() {
        let (line, after) = rest.split_at(WIDTH.min(rest.len()));
        writeln!(text, "{keyword:8} {line}")?;
        rest = after;
    }
    Ok(())
}

fn write_why(why: &Why, text: &mut String) -> fmt::Result {
    write!(text, "why      ")?;
    let who = |key: &Key, named: &Named| {
        let mut text = key.to_string();
        let place = named.place.as_deref().map(word_or_quoted);
        let place_is_quoted = place.as_ref().is_some_and(|place| place.starts_with('"'));
        // The first text in quotes is the name, so a place in quotes needs one before it.
        if named.name.is_some() || place_is_quoted {
            text += " ";
            text += &quoted(named.name.as_deref().unwrap_or(""));
        }
        if let Some(place) = place {
            text += " ";
            text += &place;
        }
        text
    };
    match &why.cause {
        Cause::Hold { key, turn } => {
            writeln!(
                text,
                "hold {} from its {} turn",
                who(key, &why.who),
                Nth(*turn)
            )
        }
        Cause::Leaf { key, turn } => {
            writeln!(
                text,
                "leaf {} at its {} turn",
                who(key, &why.who),
                Nth(*turn)
            )
        }
        Cause::Ahead { key, of, turn } => writeln!(
            text,
            "next {} before the {} turn of {}",
            who(key, &why.who),
            Nth(*turn),
            who(of, &why.of)
        ),
        Cause::Draw {
            point,
            key,
            turn,
            nth,
            value,
        } => writeln!(
            text,
            "{} {} in its {} turn, the {} one: {value}",
            word(*point),
            who(key, &why.who),
            Nth(*turn),
            Nth(*nth)
        ),
        Cause::Other(other) => writeln!(text, "{}", one_line(other)),
    }
}

/// A sum over the lines, so that a file that was broken is not taken for a whole one. How lines end is left out: tools change
/// that.
fn sum<'a>(lines: impl Iterator<Item = &'a str>) -> u32 {
    let mut hash = Hash::new();
    for line in lines {
        hash.text(line.trim_end());
    }
    (hash.value() >> 32) as u32
}

/// `text` without what would begin a line, or be lost at its ends.
fn one_line(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    text.trim().to_owned()
}

/// `text` in quotes, as Rust has it.
fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// A place, which is in quotes only if it has blanks or quotes.
fn word_or_quoted(text: &str) -> String {
    let plain = |letter: char| !letter.is_whitespace() && !letter.is_control() && letter != '"';
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

pub(super) fn parse(text: &str) -> Result<Trace, NotATrace> {
    let mut lines = (1..).zip(text.lines());
    let (_, first) = lines.next().unwrap_or((1, ""));
    begins(first)?;
    let mut trace = Trace::default();
    let mut seen = Seen::default();
    while let Some((number, line)) = lines.next() {
        let at = |text: String| NotATrace {
            line: Some(number),
            text,
        };
        let line = line.trim_end();
        let (keyword, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let value = value.trim();
        if keyword == "end" {
            ends(value, text, number).map_err(at)?;
            if let Some((number, line)) = lines.find(|(_, line)| !line.trim().is_empty()) {
                return Err(NotATrace {
                    line: Some(number),
                    text: format!("`{line}` stands after the end"),
                });
            }
            return seen.finish(trace, number);
        }
        keyword_is(keyword, value, &mut trace, &mut seen).map_err(at)?;
    }
    Err(NotATrace {
        line: Some(text.lines().count().max(1)),
        text: "the trace has no line `end`, so it is not whole".to_owned(),
    })
}

fn begins(first: &str) -> Result<(), NotATrace> {
    let text = match first.trim_end().strip_prefix("leno-trace ") {
        Some("1") => return Ok(()),
        Some(version) if version.trim().parse::<u32>().is_ok() => format!(
            "this trace is of version {version}, and leno-sim {} reads version 1: use the newer leno-sim that wrote it",
            env!("CARGO_PKG_VERSION")
        ),
        _ => "this is no trace: the first line of one is `leno-trace 1`".to_owned(),
    };
    Err(NotATrace {
        line: Some(1),
        text,
    })
}

fn ends(value: &str, text: &str, number: usize) -> Result<(), String> {
    if value.is_empty() {
        return Ok(());
    }
    let said = u32::from_str_radix(value, 16)
        .map_err(|_| format!("`{value}` is no sum: it is 8 hexadecimal digits, or left away"))?;
    if said == sum(text.lines().take(number - 1)) {
        return Ok(());
    }
    Err("the trace is not what was written: if it was changed on purpose, leave the number after `end` away".to_owned())
}

/// Which lines were there, and those parts that stand in several.
#[derive(Debug, Default)]
struct Seen {
    keywords: Vec<String>,
    checks: String,
    all: String,
}

impl Seen {
    fn finish(self, mut trace: Trace, end: usize) -> Result<Trace, NotATrace> {
        let at_end = |text: String| NotATrace {
            line: Some(end),
            text,
        };
        for needed in ["test", "seed", "failure", "print", "run"] {
            if !self.keywords.iter().any(|there| there == needed) {
                return Err(at_end(format!("the trace has no line `{needed}`")));
            }
        }
        trace.record.checkpoints = choices::read_checks(&self.checks)
            .ok_or_else(|| at_end("the lines `checks` are broken".to_owned()))?;
        trace.record.choices = choices::read(&self.all)
            .ok_or_else(|| at_end("the lines `all` are broken".to_owned()))?;
        Ok(trace)
    }
}

fn keyword_is(
    keyword: &str,
    value: &str,
    trace: &mut Trace,
    seen: &mut Seen,
) -> Result<(), String> {
    match keyword {
        "checks" => {
            seen.checks += value;
            return Ok(());
        }
        "all" => {
            seen.all += value;
            return Ok(());
        }
        "why" => {
            trace.why.push(read_why(value)?);
            return Ok(());
        }
        _ => {}
    }
    if seen.keywords.iter().any(|there| there == keyword) {
        return Err(format!("there is a second line `{keyword}`"));
    }
    match keyword {
        "test" => trace.test = value.to_owned(),
        "program" => trace.program = value.to_owned(),
        "seed" => {
            let (seed, rest) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
            trace.seed = number(seed).ok_or_else(|| format!("`{seed}` is no seed"))?;
            let strategy = rest.trim().strip_prefix("strategy").unwrap_or("");
            trace.strategy = strategy.trim().to_owned();
        }
        "failure" => {
            let mut words = Words(value);
            trace.kind = words.word()?;
            if words.eats("at ") {
                trace.place = Some(words.word()?);
            }
            trace.message = words.word()?;
        }
        "who" => {
            trace.who = value
                .split_whitespace()
                .map(|key| key.parse().map_err(|error| format!("{error}")))
                .collect::<Result<_, String>>()?;
        }
        "print" => {
            let is_print = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !is_print {
                return Err(format!(
                    "`{value}` is no fingerprint: it is hexadecimal digits"
                ));
            }
            trace.fingerprint = value.to_ascii_lowercase();
        }
        "run" => read_run(value, trace).ok_or_else(|| {
            format!("`{value}` is no run: it is `N decisions, hash H, ends at T ns`")
        })?,
        _ => return Ok(()),
    }
    seen.keywords.push(keyword.to_owned());
    Ok(())
}

fn number(text: &str) -> Option<u64> {
    text.replace(',', "").parse().ok()
}

fn read_run(value: &str, trace: &mut Trace) -> Option<()> {
    let (decisions, rest) = value.split_once(" decisions, hash ")?;
    let (hash, rest) = rest.split_once(", ends at ")?;
    trace.record.decisions = number(decisions)?;
    trace.record.hash = u64::from_str_radix(hash, 16).ok()?;
    trace.record.ended_at = number(rest.strip_suffix(" ns")?)?;
    Some(())
}

/// What is left of a line, word by word; a word may be in quotes.
struct Words<'a>(&'a str);

impl Words<'_> {
    fn eats(&mut self, word: &str) -> bool {
        match self.0.strip_prefix(word) {
            Some(rest) => {
                self.0 = rest.trim_start();
                true
            }
            None => false,
        }
    }

    /// The next word, without its quotes.
    fn word(&mut self) -> Result<String, String> {
        if self.0.starts_with('"') {
            return self.quoted();
        }
        let end = self.0.find(char::is_whitespace).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest.trim_start();
        if word.is_empty() {
            return Err("the line ends too early".to_owned());
        }
        Ok(word.to_owned())
    }

    fn quoted(&mut self) -> Result<String, String> {
        let mut text = String::new();
        let mut letters = self.0[1..].char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.0 = self.0[1 + at + 1..].trim_start();
                    return Ok(text);
                }
                '\\' => {
                    let escaped = match letters.next() {
                        Some((_, 'n')) => Some('\n'),
                        Some((_, 'r')) => Some('\r'),
                        Some((_, 't')) => Some('\t'),
                        Some((_, '0')) => Some('\0'),
                        Some((_, letter @ ('"' | '\'' | '\\'))) => Some(letter),
                        Some((_, 'u')) => {
                            let digits = letters.by_ref().map(|(_, letter)| letter);
                            let digits: String =
                                digits.take_while(|&letter| letter != '}').collect();
                            let digits = digits.strip_prefix('{');
                            digits
                                .and_then(|digits| u32::from_str_radix(digits, 16).ok())
                                .and_then(char::from_u32)
                        }
                        _ => None,
                    };
                    text.push(escaped.ok_or("there is a `\\` that escapes nothing")?);
                }
                letter => text.push(letter),
            }
        }
        Err("a text in quotes has no end".to_owned())
    }

    /// A key, then a name in quotes and a place, if they are there, up to the word `before`.
    fn who(&mut self, before: &[&str]) -> Result<(Key, Named), String> {
        let key = self.word()?;
        let key = key.parse().map_err(|error| format!("{error}"))?;
        let mut named = Named::default();
        let ends = |rest: &str| rest.is_empty() || before.iter().any(|word| rest.starts_with(word));
        if self.0.starts_with('"') {
            named.name = Some(self.word()?).filter(|name| !name.is_empty());
        }
        if !ends(self.0) {
            named.place = Some(self.word()?);
        }
        Ok((key, named))
    }

    /// `2nd`, as 2.
    fn nth(&mut self) -> Result<u32, String> {
        let word = self.word()?;
        let digits = word.trim_end_matches(|letter: char| !letter.is_ascii_digit());
        digits
            .parse()
            .map_err(|_| format!("`{word}` says not the how manieth, as `2nd` does"))
    }

    fn needs(&mut self, words: &str) -> Result<(), String> {
        if self.eats(words) {
            return Ok(());
        }
        Err(format!("`{words}` should stand where `{}` does", self.0))
    }
}

fn read_why(value: &str) -> Result<Why, String> {
    let mut words = Words(value);
    let kind = words.word()?;
    let mut other = Named::default();
    let (cause, who) = match &kind[..] {
        "hold" => {
            let (key, who) = words.who(&["from its "])?;
            words.needs("from its")?;
            let turn = words.nth()?;
            words.needs("turn")?;
            (Cause::Hold { key, turn }, who)
        }
        "leaf" => {
            let (key, who) = words.who(&["at its "])?;
            words.needs("at its")?;
            let turn = words.nth()?;
            words.needs("turn")?;
            (Cause::Leaf { key, turn }, who)
        }
        "next" => {
            let (key, who) = words.who(&["before the "])?;
            words.needs("before the")?;
            let turn = words.nth()?;
            words.needs("turn of")?;
            let (of, named) = words.who(&[])?;
            other = named;
            (Cause::Ahead { key, of, turn }, who)
        }
        drawn_word => match drawn(drawn_word) {
            None => (Cause::Other(value.to_owned()), Named::default()),
            Some(point) => {
                let (key, who) = words.who(&["in its "])?;
                words.needs("in its")?;
                let turn = words.nth()?;
                words.needs("turn, the")?;
                let nth = words.nth()?;
                words.needs("one:")?;
                let value = words.word()?;
                let cause = Cause::Draw {
                    point,
                    key,
                    turn,
                    nth,
                    value: value
                        .parse()
                        .map_err(|_| format!("`{value}` is no value of a draw"))?,
                };
                (cause, who)
            }
        },
    };
    if !matches!(cause, Cause::Other(_)) && !words.0.is_empty() {
        return Err(format!("`{}` stands where the line should end", words.0));
    }
    Ok(Why {
        cause,
        who,
        of: other,
    })
}
