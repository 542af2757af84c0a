//! The data file: one record a line, only ever appended to.
//!
//! ```text
//! 5a3c09d1 ["greeting",{"text":"hello"}]      put
//! 0e77b2f4 ["greeting"]                       delete
//! ```
//!
//! Eight hexadecimal digits of CRC-32 over the JSON after the space. A process that is killed while it
//! appends leaves a *torn* last record: nobody was told that it is stored, so opening the file cuts it off
//! and says so. A bad record with others after it was not torn but damaged: opening fails and changes nothing.

use crate::store::{Change, JsonText, Map};
use serde_json::value::RawValue;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

/// A data file that has been read.
pub struct Opened {
    pub journal: Journal,
    pub map: Map,
    pub torn: Option<Torn>,
}

/// The torn last record that was cut off.
pub struct Torn {
    offset: u64,
    length: u64,
}

impl fmt::Display for Torn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Torn { offset, length } = self;
        write!(
            f,
            "cut off a torn last record of {length} bytes at offset {offset}"
        )
    }
}

/// Reads the file into a map, creates it if there is none, and makes it ready for appending.
pub fn open(path: &Path, sync: bool) -> io::Result<Opened> {
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let (map, length, torn) = replay(BufReader::new(&file))?;
    if torn.is_some() {
        file.set_len(length)?;
        file.sync_all()?;
    }
    if sync {
        // A new file is durable only if its name in the directory is.
        let directory = path.parent().filter(|parent| *parent != Path::new(""));
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    let journal = Journal {
        file,
        sync,
        length,
        lines: Vec::new(),
        broken: None,
    };
    Ok(Opened { journal, map, torn })
}

/// The map that the records make, the length of the good ones, and the torn one after them.
fn replay(mut input: impl BufRead) -> io::Result<(Map, u64, Option<Torn>)> {
    let mut map = Map::new();
    let mut offset = 0;
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = input.read_until(b'\n', &mut line)? as u64;
        if length == 0 {
            return Ok((map, offset, None));
        }
        match line.strip_suffix(b"\n").and_then(decode) {
            Some(change) => {
                change.apply(&mut map);
                offset += length;
            }
            None if input.fill_buf()?.is_empty() => {
                return Ok((map, offset, Some(Torn { offset, length })));
            }
            None => {
                let text = format!("corrupt record at offset {offset}, with others after it");
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            }
        }
    }
}

/// Where changes are appended.
pub struct Journal {
    file: File,
    sync: bool,
    /// How far the file is known to hold whole records.
    length: u64,
    /// The lines being written: empty between calls, kept for its memory.
    lines: Vec<u8>,
    /// Why nothing can be appended any more.
    broken: Option<String>,
}

impl Journal {
    /// Appends the changes with one write, and waits for the disk if the journal is a synchronous one.
    ///
    /// They are all in the file, or none is. If not even that can be had, because what was written of
    /// them cannot be taken back or because the disk refused what the file held already, then this
    /// call fails and so does every later one.
    pub fn append<'a>(&mut self, changes: impl Iterator<Item = &'a Change>) -> Result<(), String> {
        if let Some(reason) = &self.broken {
            return Err(reason.clone());
        }
        self.lines.clear();
        changes.for_each(|change| encode(change, &mut self.lines));
        if let Err(error) = self.file.write_all(&self.lines) {
            if let Err(second) = self.file.set_len(self.length) {
                self.broken = Some(format!("{second}, after: {error}"));
            }
            return Err(error.to_string());
        }
        self.length += self.lines.len() as u64;
        if self.sync {
            if let Err(error) = self.file.sync_data() {
                // The kernel forgets what it could not write, so a second try would prove nothing.
                self.broken = Some(error.to_string());
                return Err(error.to_string());
            }
        }
        Ok(())
    }
}

fn encode(change: &Change, lines: &mut Vec<u8>) {
    let start = lines.len();
    lines.extend_from_slice(b"checksum [");
    let payload = lines.len() - 1;
    let (Change::Put { key, .. } | Change::Delete { key }) = change;
    serde_json::to_writer(&mut *lines, key)
        .expect("a string is always JSON, a Vec always writable");
    if let Change::Put { value, .. } = change {
        lines.push(b',');
        lines.extend_from_slice(value.as_bytes());
    }
    lines.push(b']');
    let checksum = format!("{:08x}", crc32(&lines[payload..]));
    lines[start..payload - 1].copy_from_slice(checksum.as_bytes());
    lines.push(b'\n');
}

fn decode(line: &[u8]) -> Option<Change> {
    let (checksum, payload) = line.split_at_checked(9)?;
    let checksum = std::str::from_utf8(checksum).ok()?.strip_suffix(' ')?;
    if u32::from_str_radix(checksum, 16) != Ok(crc32(payload)) {
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

/// The checksum of Ethernet, gzip and PNG.
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut index = 0;
        while index < 256 {
            let mut remainder = index as u32;
            let mut bit = 0;
            while bit < 8 {
                let carry = remainder & 1 != 0;
                remainder >>= 1;
                if carry {
                    remainder ^= 0xEDB8_8320;
                }
                bit += 1;
            }
            table[index] = remainder;
            index += 1;
        }
        table
    };
    !bytes.iter().fold(!0, |crc, &byte| {
        TABLE[usize::from(crc as u8 ^ byte)] ^ (crc >> 8)
    })
}
