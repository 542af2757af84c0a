//! Opening the data file: whose it is, that nobody else has it, and what it holds.
//!
//! Nothing is destroyed. A file that does not begin with the service's own first line is not touched. Of two
//! services the second is refused, by a lock on the file itself that ends with its process. A process that is
//! killed while it appends leaves a last line without an end, a *torn* record: nobody was told that it is
//! stored, so it is cut off, after it has been copied to a file beside. Every other record that cannot be read
//! was damaged, and somebody may have been told that it is stored: opening fails and changes nothing.

use crate::journal::{Journal, beside, create_private, is_at, sync_directory};
use crate::record::{self, FIRST_LINE};
use crate::store::Map;
use crate::{compaction, report};
use rustix::fs::FlockOperation;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Reads the file into a map, creates it if there is none, and makes it ready for appending.
pub fn open(path: &Path, sync: bool) -> Result<(Journal, Map), String> {
    let (file, path) = open_locked(path)?;
    if file.metadata().map_err(text)?.nlink() > 1 {
        return Err(
            "it has several names (hard links), which would come to mean different files: \
             leave it one, or copy it"
                .to_string(),
        );
    }
    let mut input = BufReader::new(&file);
    if !read_first_line(&mut input)? {
        write_first_line(&file)
            .map_err(|error| format!("its first line cannot be written: {error}"))?;
    }
    let (map, length, torn) = replay(input)?;
    if !torn.is_empty() {
        cut_off(&file, &path, length, &torn)
            .map_err(|error| format!("its torn last record cannot be saved: {error}"))?;
    }
    if sync {
        // A new file is durable only if its name in the directory is.
        file.sync_all().map_err(text)?;
        sync_directory(&path).map_err(text)?;
    }
    if let Err(error) = compaction::remove_leftover(&path) {
        report(error);
    }
    Ok((Journal::new(file, path, sync, length), map))
}

/// The file, which nobody else has, and its path with symbolic links followed.
fn open_locked(path: &Path) -> Result<(File, PathBuf), String> {
    refuse_leftover(path)?;
    loop {
        // Opening a device or a pipe can do things by itself, so this comes first.
        match path.metadata() {
            Ok(status) if status.is_dir() => return Err("it is a directory".to_string()),
            Ok(status) if !status.is_file() => return Err("it is not a regular file".to_string()),
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(text(error)),
            _ => {}
        }
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(text)?;
        let found = path.canonicalize().map_err(text)?;
        refuse_leftover(&found)?;
        lock(&file)?;
        // A compaction may have put a new file in its place before the lock was there.
        if is_at(&file, &found).map_err(text)? {
            return Ok((file, found));
        }
    }
}

fn refuse_leftover(path: &Path) -> Result<(), String> {
    match compaction::is_leftover_name(path) {
        true => Err("a name with this ending is for the service's own use: \
             to look at what is in the file, copy it"
            .to_string()),
        false => Ok(()),
    }
}

/// Keeps others out until the file is closed, or fails because they keep us out.
pub fn lock(file: &File) -> Result<(), String> {
    rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive).map_err(|error| {
        match io::Error::from(error) {
            error if error.kind() == ErrorKind::WouldBlock => {
                "another process is using it; two services cannot share a file".to_string()
            }
            error => format!("it cannot be locked: {error}"),
        }
    })
}

/// Reads the line that says whose file it is; false if the file is empty, as a new one is.
///
/// What else it holds is not shown: it may not be for everybody who reads the message.
fn read_first_line(input: &mut impl BufRead) -> Result<bool, String> {
    let start = input.fill_buf().map_err(text)?;
    if start.is_empty() {
        return Ok(false);
    }
    let (expected, length) = (FIRST_LINE.trim_end(), FIRST_LINE.len());
    if start.starts_with(FIRST_LINE.as_bytes()) {
        input.consume(length);
        return Ok(true);
    }
    if let Some(version) = record::version(start) {
        return Err(format!(
            "it is of version {version} of this service's data files, and another than {expected:?} is not read"
        ));
    }
    if record::begins_like_one(start) {
        return Err(format!(
            "it lacks the first line that such files have by now; if it is of an earlier version, write a new file: \
             (echo {expected}; cat FILE) > NEW"
        ));
    }
    if start.get(length..).is_some_and(record::begins_like_one) {
        return Err(format!(
            "its first line is damaged; nothing was changed. Bring back a copy of the file, or write one with \
             that line: (echo {expected}; tail -c +{} FILE) > NEW",
            length + 1
        ));
    }
    Err(format!(
        "it is not a data file of this service, for it does not begin with {expected:?}; \
         it was left as it is: name another file"
    ))
}

fn write_first_line(mut file: &File) -> io::Result<()> {
    file.write_all(FIRST_LINE.as_bytes()).inspect_err(|_| {
        // A part of it would not be known again.
        let _ = file.set_len(0);
    })
}

/// The map that the records make, the length of the file without a torn one, and the torn one.
fn replay(mut input: impl BufRead) -> Result<(Map, u64, Vec<u8>), String> {
    let mut map = Map::default();
    let mut offset = FIRST_LINE.len() as u64;
    let mut line = Vec::new();
    for number in 2_u64.. {
        line.clear();
        let length = input.read_until(b'\n', &mut line).map_err(text)? as u64;
        let whole = line.strip_suffix(b"\n");
        match whole.and_then(record::decode) {
            Some(change) => {
                map.apply(change);
                offset += length;
            }
            None if whole.is_none() && !lacks_only_its_end(&line) => break,
            None => {
                return Err(format!(
                    "the record at offset {offset}, line {number}, is damaged; nothing was changed. \
                     Bring back a copy of the file, or write one without this record: \
                     sed {number}d FILE > NEW"
                ));
            }
        }
    }
    Ok((map, offset, line))
}

/// True if a whole record is followed by one byte in the place of its end of line: that was damaged, not torn.
fn lacks_only_its_end(line: &[u8]) -> bool {
    line.split_last()
        .is_some_and(|(_, record)| record::decode(record).is_some())
}

/// Cuts off the torn record, when a copy of it is on the disk.
fn cut_off(file: &File, path: &Path, length: u64, torn: &[u8]) -> io::Result<()> {
    let (mut copy, copy_path) = new_file_beside(path)?;
    let copied = copy.write_all(torn).and_then(|()| copy.sync_all());
    copied.inspect_err(|_| {
        // A part of a copy is of no use to anybody, and the next try would leave another.
        let _ = fs::remove_file(&copy_path);
    })?;
    sync_directory(&copy_path)?;
    file.set_len(length)?;
    file.sync_all()?;
    report(format_args!(
        "{}: cut off a torn last record of {} bytes at offset {length}, which is kept in {}",
        path.display(),
        torn.len(),
        copy_path.display()
    ));
    Ok(())
}

/// A file under the first name that is free, which never replaces an older copy.
fn new_file_beside(path: &Path) -> io::Result<(File, PathBuf)> {
    let mut number = 1_u64;
    loop {
        let name = beside(path, &format!(".torn-{number}"));
        match create_private(&name) {
            Ok(copy) => return Ok((copy, name)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

fn text(error: io::Error) -> String {
    error.to_string()
}
