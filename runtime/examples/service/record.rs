//! How the data file is written: a line that names it, then one change a line.
//!
//! ```text
//! leno-service-data 1
//! 5a3c09d1 ["greeting",{"text":"hello"}]      put
//! 0e77b2f4 ["greeting"]                       delete
//! ```
//!
//! The first line ends with the version of the format. Before each change stand eight hexadecimal digits: the
//! CRC-32 of the JSON after the space.

use crate::store::{Change, JsonText};
use serde_json::value::RawValue;

pub const FIRST_LINE: &str = "leno-service-data 1\n";

/// Appends the line of a change.
pub fn encode(change: &Change, lines: &mut Vec<u8>) {
    match change {
        Change::Put { key, value } => encode_put(key, value, lines),
        Change::Delete { key } => encode_parts(key, None, lines),
    }
}

/// Appends the line that puts `value` at `key`.
pub fn encode_put(key: &str, value: &JsonText, lines: &mut Vec<u8>) {
    encode_parts(key, Some(value), lines);
}

/// How long that line is.
pub fn put_length(key: &str, value: &JsonText) -> u64 {
    (b"checksum [,]\n".len() + json_string(key).len() + value.as_bytes().len()) as u64
}

fn encode_parts(key: &str, value: Option<&JsonText>, lines: &mut Vec<u8>) {
    let start = lines.len();
    lines.extend_from_slice(b"checksum [");
    let payload = lines.len() - 1;
    lines.extend_from_slice(json_string(key).as_bytes());
    if let Some(value) = value {
        lines.push(b',');
        lines.extend_from_slice(value.as_bytes());
    }
    lines.push(b']');
    let checksum = format!("{:08x}", crc32fast::hash(&lines[payload..]));
    lines[start..payload - 1].copy_from_slice(checksum.as_bytes());
    lines.push(b'\n');
}

fn json_string(text: &str) -> String {
    serde_json::to_string(text).expect("a string is always JSON")
}

/// The change that a line tells of, given without its end; none if the line is not as it was written.
pub fn decode(line: &[u8]) -> Option<Change> {
    let (checksum, payload) = line.split_at_checked(9)?;
    // Compared as text: there is one way to write a checksum, and a flipped bit must not make another.
    if checksum != format!("{:08x} ", crc32fast::hash(payload)).as_bytes() {
        return None;
    }
    let parts: Vec<&RawValue> = serde_json::from_slice(payload).ok()?;
    let (key, value) = match parts[..] {
        [key] => (key, None),
        [key, value] => (key, Some(value)),
        _ => return None,
    };
    let key = serde_json::from_str(key.get()).ok()?;
    Some(match value {
        Some(value) => Change::Put {
            key,
            value: JsonText::from(value),
        },
        None => Change::Delete { key },
    })
}

/// The version in a first line that is written like one of these.
pub fn version(start: &[u8]) -> Option<&str> {
    let rest = start.strip_prefix(b"leno-service-data ")?;
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (version, end) = rest.split_at(length);
    let version = std::str::from_utf8(version).ok()?;
    (end.starts_with(b"\n") && (1..10).contains(&length)).then_some(version)
}

/// True if this is, or is the beginning of, what looks like the line of a change.
pub fn begins_like_one(line: &[u8]) -> bool {
    let hexadecimal = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    line.split_at_checked(8)
        .is_some_and(|(checksum, rest)| hexadecimal(checksum) && rest.starts_with(b" [\""))
}
