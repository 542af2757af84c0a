//! Writing the data file anew without its garbage, while changes go on.
//!
//! Records of values that were replaced or deleted are garbage. When there is more of it than of what
//! counts, a thread writes the map into a file beside the data file, which then takes its place:
//!
//! 1. The length of the data file is noted between two changes: the map is what the records up to there make.
//! 2. The map is written piece by piece, while it changes: each piece is as it is when its turn comes.
//! 3. With the journal locked, so that nothing is appended, the records from the noted length on are copied behind
//!    that. They make up for what step 2 has missed and repeat what it has seen: of each key the last record counts.
//! 4. The new file, locked and on the disk, is renamed over the old one.
//!
//! A process that dies before the rename leaves the old file, and a leftover that the next start removes; one that
//! dies after it leaves the new file, which is whole. An error costs the attempt: it is reported, and the old
//! file goes on.
//!
//! Who moves the data file away lets another service begin under the old name, while this one still compacts. The name of
//! the new file may be that one's then. So a file is renamed or removed only by whoever has it: its lock tells.

use crate::journal::{Journal, beside, create_private, is_at, sync_directory};
use crate::opening::lock;
use crate::record::{self, FIRST_LINE};
use crate::report;
use crate::store::{Map, lock_journal, read};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::Path;
use std::sync::{Arc, Mutex, RwLock};
use std::thread;

/// Less garbage than this is let be.
const MINIMUM: u64 = 1024 * 1024;
/// How much of the map is written at a time.
const PIECE: usize = 256 * 1024;
/// What the name of the new file has behind that of the data file.
const ENDING: &str = ".compacting";

/// Why something that is not of a compaction stays.
const FOREIGN: &str = "it is not of this service, move it away";

/// Whether a journal is being compacted.
#[derive(Default)]
pub struct State {
    /// The file that is being written, if the journal is being compacted.
    new: Option<File>,
    /// After an attempt that has failed, the file grows to this before the next one.
    not_below: u64,
}

/// Begins a compaction if one is due. Called by the thread that makes the changes, between two of them.
pub fn tend(shared: &Arc<Mutex<Journal>>, map: &Arc<RwLock<Map>>) {
    let live = read(map, Map::live_bytes);
    let mut journal = lock_journal(shared);
    let garbage = journal.length.saturating_sub(live);
    let State { new, not_below } = &journal.compaction;
    if new.is_some()
        || journal.is_closed()
        || garbage <= live.max(MINIMUM)
        || journal.length < *not_below
    {
        return;
    }
    let begun = create(&journal).and_then(|new| {
        let known = new.try_clone()?;
        let (shared, map, from) = (shared.clone(), map.clone(), journal.length);
        thread::Builder::new()
            .name("compaction".to_string())
            .spawn(move || {
                let written = write_map(&new, &map);
                let mut journal = lock_journal(&shared);
                let done = written.and_then(|()| take_over(&mut journal, new, from));
                end(&mut journal, done);
            })?;
        Ok(known)
    });
    match begun {
        Ok(known) => journal.compaction.new = Some(known),
        Err(error) => end(&mut journal, Err(error)),
    }
}

/// Gives up the compaction that may be under way, since the service stops.
pub fn abandon(journal: &mut Journal) {
    journal.close("the service is stopping".to_string());
    if let Some(new) = &journal.compaction.new {
        let path = beside(&journal.path, ENDING);
        if is_at(new, &path).is_ok_and(|is_there| is_there) {
            let _ = fs::remove_file(path);
        }
    }
}

fn end(journal: &mut Journal, done: io::Result<()>) {
    journal.compaction = State::default();
    if let Err(error) = done {
        journal.compaction.not_below = journal.length + journal.length / 4 + MINIMUM;
        // What is there and not ours stays there.
        let _ = remove_leftover(&journal.path);
        if !journal.is_closed() {
            let path = journal.path.display();
            report(format_args!(
                "{path}: cannot be compacted, and goes on growing: {error}"
            ));
        }
    }
}

/// An empty file beside the data file, locked and with its owner and permissions before it can take its place.
fn create(journal: &Journal) -> io::Result<File> {
    remove_leftover(&journal.path)?;
    let new = create_private(&beside(&journal.path, ENDING))?;
    lock(&new).map_err(io::Error::other)?;
    let (old, status) = (journal.file.metadata()?, new.metadata()?);
    if (old.uid(), old.gid()) != (status.uid(), status.gid()) {
        fchown(&new, Some(old.uid()), Some(old.gid()))?;
    }
    new.set_permissions(old.permissions())?;
    Ok(new)
}

fn write_map(mut new: &File, map: &RwLock<Map>) -> io::Result<()> {
    new.write_all(FIRST_LINE.as_bytes())?;
    let mut lines = Vec::new();
    let mut last = None;
    loop {
        // A piece at a time, so that changes and their readers wait for the lock no longer than for a copy.
        last = read(map, |map| {
            for (key, value) in map.after(last.as_deref()) {
                record::encode_put(key, value, &mut lines);
                if lines.len() >= PIECE {
                    return Some(key.clone());
                }
            }
            None
        });
        new.write_all(&lines)?;
        lines.clear();
        if last.is_none() {
            // Most of it is on the disk before the journal is locked.
            return new.sync_data();
        }
    }
}

/// Puts the new file in the place of the old one, with what was appended to that since it was `from` long.
fn take_over(journal: &mut Journal, mut new: File, from: u64) -> io::Result<()> {
    if journal.is_closed() {
        return Err(ErrorKind::Interrupted.into());
    }
    journal.look_after().map_err(io::Error::other)?;
    let mut old = &journal.file;
    old.seek(SeekFrom::Start(from))?;
    io::copy(&mut old.take(journal.length - from), &mut new)?;
    new.sync_all()?;
    let path = beside(&journal.path, ENDING);
    if !is_at(&new, &path)? {
        return Err(io::Error::other(format!(
            "another file has taken the place of {}",
            path.display()
        )));
    }
    fs::rename(path, &journal.path)?;
    journal.replace(new)?;
    if journal.sync {
        if let Err(error) = sync_directory(&journal.path) {
            // A power failure could bring the old file back, and with it lose all that is stored from now on.
            journal.fail(format!("its directory cannot be synced: {error}"));
        }
    }
    Ok(())
}

/// Removes what a compaction has left that was killed; fails if something else has its name, or somebody is writing it.
pub fn remove_leftover(path: &Path) -> io::Result<()> {
    let leftover = beside(path, ENDING);
    let reason = match leftover.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(status) if status.is_file() => {
            let file = File::open(&leftover)?;
            match (is_ours(&file)?, lock(&file)) {
                (true, Ok(())) if is_at(&file, &leftover)? => return fs::remove_file(leftover),
                (true, Ok(())) => "somebody has just replaced it".to_owned(),
                (true, Err(reason)) => reason,
                (false, _) => FOREIGN.to_owned(),
            }
        }
        Ok(_) => FOREIGN.to_owned(),
    };
    Err(io::Error::other(format!(
        "{} is in the way: {reason}",
        leftover.display()
    )))
}

/// True of the name of a file that is being written.
pub fn is_leftover_name(path: &Path) -> bool {
    path.as_os_str()
        .as_encoded_bytes()
        .ends_with(ENDING.as_bytes())
}

fn is_ours(file: &File) -> io::Result<bool> {
    let mut start = Vec::new();
    file.take(FIRST_LINE.len() as u64).read_to_end(&mut start)?;
    Ok(FIRST_LINE.as_bytes().starts_with(&start))
}
