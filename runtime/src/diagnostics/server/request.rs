//! What a client may ask: one flat JSON object on a line, such as `{"leno":1,"verb":"dump","patience":0.5}`.
//!
//! The reader takes no more than that, so what it does on a line is bounded by the line's length. Fields that it does not know
//! are passed over, for clients that are newer.

use std::str::Chars;
use std::time::Duration;

/// The version of the protocol.
pub(super) const VERSION: u64 = 1;

/// How long tasks may take to say where they stand, if the client does not say.
const USUAL_PATIENCE: Duration = Duration::from_secs(2);
/// The longest time that a client may ask for.
const MOST_TIME: Duration = Duration::from_secs(60);

#[derive(Debug, PartialEq)]
pub(super) enum Request {
    /// Which tasks there are.
    Ps,
    /// Where they stand.
    Dump(Duration),
    /// What is counted.
    Metrics,
    /// What was recorded, or is in the time that comes.
    Trace(Duration),
}

/// Why there is no answer, as programs read it, and as people do.
#[derive(Debug, PartialEq)]
pub(super) struct Refusal {
    pub(super) kind: &'static str,
    pub(super) text: String,
}

impl Refusal {
    pub(super) fn new(kind: &'static str, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
        }
    }
}

#[derive(Debug, PartialEq)]
enum Scalar {
    Text(String),
    Number(f64),
    Other,
}

impl Request {
    pub(super) fn parse(line: &[u8]) -> Result<Self, Refusal> {
        let fields = std::str::from_utf8(line).ok().and_then(fields);
        let fields = fields.ok_or_else(|| {
            Refusal::new(
                "request",
                "a request is a flat JSON object on one line, such as {\"leno\":1,\"verb\":\"ps\"}",
            )
        })?;
        let field = |wanted: &str| {
            let mut found = fields.iter().filter(|(name, _)| name == wanted);
            found.next_back().map(|(_, value)| value)
        };
        if field("leno") != Some(&Scalar::Number(VERSION as f64)) {
            return Err(Refusal::new(
                "version",
                format!(
                    "this process speaks version {VERSION} of the protocol: \"leno\":{VERSION}"
                ),
            ));
        }
        match field("verb") {
            Some(Scalar::Text(verb)) => match verb.as_str() {
                "ps" => Ok(Self::Ps),
                "dump" => time("patience", field("patience"), USUAL_PATIENCE).map(Self::Dump),
                "metrics" => Ok(Self::Metrics),
                "trace" => time("seconds", field("seconds"), Duration::ZERO).map(Self::Trace),
                _ => Err(unknown_verb()),
            },
            _ => Err(unknown_verb()),
        }
    }
}

fn unknown_verb() -> Refusal {
    Refusal::new("verb", "the verbs are ps, dump, metrics and trace")
}

fn time(name: &str, field: Option<&Scalar>, usual: Duration) -> Result<Duration, Refusal> {
    match field {
        None => Ok(usual),
        Some(Scalar::Number(seconds)) => Duration::try_from_secs_f64(*seconds)
            .map(|patience| patience.min(MOST_TIME))
            .map_err(|error| Refusal::new("request", format!("{name}: {error}"))),
        Some(_) => Err(Refusal::new(
            "request",
            format!("{name} is a number of seconds"),
        )),
    }
}

/// The fields of a flat object, or `None` if the text is something else.
fn fields(text: &str) -> Option<Vec<(String, Scalar)>> {
    let mut fields = Vec::new();
    let mut rest = after(text.trim(), '{')?;
    if let Some(end) = after(rest, '}') {
        return end.is_empty().then_some(fields);
    }
    loop {
        let (name, value) = string(rest.trim_start())?;
        let (value, end) = scalar(after(value, ':')?)?;
        fields.push((name, value));
        match after(end, ',') {
            Some(next) => rest = next,
            None => return after(end, '}')?.is_empty().then_some(fields),
        }
    }
}

/// What comes after a character, and the spaces around it.
fn after(text: &str, character: char) -> Option<&str> {
    Some(text.trim_start().strip_prefix(character)?.trim_start())
}

fn scalar(text: &str) -> Option<(Scalar, &str)> {
    if text.starts_with('"') {
        let (text, rest) = string(text)?;
        return Some((Scalar::Text(text), rest));
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let value = match word {
        "true" | "false" | "null" => Scalar::Other,
        _ if word.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
            Scalar::Number(word.parse().ok()?)
        }
        _ => return None,
    };
    Some((value, rest))
}

fn string(text: &str) -> Option<(String, &str)> {
    let mut characters = text.strip_prefix('"')?.chars();
    let mut string = String::new();
    loop {
        string.push(match characters.next()? {
            '"' => return Some((string, characters.as_str())),
            '\\' => escaped(&mut characters)?,
            '\0'..='\x1f' => return None,
            character => character,
        });
    }
}

fn escaped(characters: &mut Chars<'_>) -> Option<char> {
    Some(match characters.next()? {
        character @ ('"' | '\\' | '/') => character,
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => match unit(characters)? {
            // The halves of a pair: what is outside of the first plane.
            high @ 0xd800..=0xdbff => {
                if (characters.next()?, characters.next()?) != ('\\', 'u') {
                    return None;
                }
                let low = unit(characters)?.checked_sub(0xdc00)?;
                char::from_u32(0x10000 + ((high - 0xd800) << 10) + low).filter(|_| low < 0x400)?
            }
            unit => char::from_u32(unit)?,
        },
        _ => return None,
    })
}

fn unit(characters: &mut Chars<'_>) -> Option<u32> {
    let digits = characters.as_str().get(..4)?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    *characters = characters.as_str()[4..].chars();
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(line: &str) -> &'static str {
        Request::parse(line.as_bytes()).unwrap_err().kind
    }

    #[test]
    fn a_request_is_read_whoever_wrote_it() {
        for line in [
            r#"{"leno":1,"verb":"ps"}"#,
            " {\t\"verb\" : \"ps\" , \"leno\" : 1 }\r",
            r#"{"leno":1.0,"verb":"\u0070s","new":null,"other":"\ud83d\ude00","more":-1e3}"#,
        ] {
            assert_eq!(Request::parse(line.as_bytes()), Ok(Request::Ps), "{line}");
        }
        let written =
            serde_json::json!({"leno": 1, "verb": "dump", "patience": 0.25, "é\n\"\u{1}": true});
        let dump = Request::parse(written.to_string().as_bytes());
        assert_eq!(dump, Ok(Request::Dump(Duration::from_millis(250))));
        let trace = |line: &str| Request::parse(line.as_bytes());
        assert_eq!(
            trace(r#"{"leno":1,"verb":"trace"}"#),
            Ok(Request::Trace(Duration::ZERO))
        );
        assert_eq!(
            trace(r#"{"leno":1,"verb":"trace","seconds":5}"#),
            Ok(Request::Trace(Duration::from_secs(5)))
        );
        let long = Request::parse(br#"{"leno":1,"verb":"dump","patience":1e9}"#);
        assert_eq!(long, Ok(Request::Dump(MOST_TIME)));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for line in [
            "",
            "{",
            "ps",
            "{}x",
            "[1]",
            "{\"leno\"}",
            "{\"leno\":}",
            "{\"leno\":1,}",
            "{\"leno\":1",
            "{\"a\":\"\\x\"}",
            "{\"a\":{}}",
            "{\"a\":[]}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"\\ud800\\u0041\"}",
            "{\"a\":\"\\u00é\"}",
            "{\"a\":1 2}",
            "{\"a\":nul}",
            "{\"a\":infinity}",
            "{'a':1}",
        ] {
            assert_eq!(kind(line), "request", "{line}");
        }
        assert_eq!(
            Request::parse(b"{\"leno\":1,\"verb\":\"\xff\"}")
                .unwrap_err()
                .kind,
            "request"
        );
        assert_eq!(kind("{}"), "version");
        assert_eq!(kind(r#"{"leno":2,"verb":"ps"}"#), "version");
        assert_eq!(kind(r#"{"leno":"1","verb":"ps"}"#), "version");
        assert_eq!(kind(r#"{"leno":1,"verb":"reboot"}"#), "verb");
        assert_eq!(kind(r#"{"leno":1}"#), "verb");
        assert_eq!(kind(r#"{"leno":1,"verb":"dump","patience":-1}"#), "request");
        assert_eq!(
            kind(r#"{"leno":1,"verb":"dump","patience":"long"}"#),
            "request"
        );
    }
}
