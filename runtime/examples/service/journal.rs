//! Appending to the data file.
//!
//! What a caller is told is stored is in the file; what it is told has failed is taken out of it again, so that
//! the file holds whole records only, and at most one torn at its end if the process dies amid a write. All
//! is done with std's files, on the store's own thread: one write after another, each with its own error.

use crate::store::Change;
use crate::{compaction, record, report};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Where changes are appended. The file is locked as long as this lives.
pub struct Journal {
    pub file: File,
    /// The file's own path, with symbolic links followed.
    pub path: PathBuf,
    /// True if a change waits for the disk.
    pub sync: bool,
    /// How far the file is known to hold whole records.
    pub length: u64,
    /// The lines being written: empty between calls, kept for its memory.
    lines: Vec<u8>,
    /// True while there may be something behind `length`, from a write that failed.
    untidy: bool,
    /// Why nothing can be appended any more.
    closed: Option<String>,
    pub compaction: compaction::State,
}

impl Journal {
    pub fn new(file: File, path: PathBuf, sync: bool, length: u64) -> Self {
        Self {
            file,
            path,
            sync,
            length,
            lines: Vec::new(),
            untidy: false,
            closed: None,
            compaction: compaction::State::default(),
        }
    }

    /// Appends the changes with one write, and waits for the disk if the journal is a synchronous one.
    ///
    /// They are all in the file, or none is. What was written of them before an error, a full disk's for one, is
    /// cut off, now or before the next write: whichever is possible first. If the disk refuses what the file held
    /// already, this call fails and so does every later one.
    pub fn append<'a>(&mut self, changes: impl Iterator<Item = &'a Change>) -> Result<(), String> {
        if let Some(reason) = &self.closed {
            return Err(reason.clone());
        }
        self.tidy().map_err(|error| error.to_string())?;
        self.look_after()?;
        self.lines.clear();
        changes.for_each(|change| record::encode(change, &mut self.lines));
        if let Err(error) = self.file.write_all(&self.lines) {
            self.take_back();
            return Err(error.to_string());
        }
        if self.sync {
            if let Err(error) = self.file.sync_data() {
                self.take_back();
                // The kernel forgets what it could not write, so a second try would prove nothing.
                let reason = format!("{error}; start the service again to see what the disk holds");
                self.fail(reason.clone());
                return Err(reason);
            }
        }
        self.length += self.lines.len() as u64;
        Ok(())
    }

    /// Cuts off what has just been written; if that fails, it is tried again before the next write.
    fn take_back(&mut self) {
        self.untidy = true;
        let _ = self.tidy();
    }

    fn tidy(&mut self) -> io::Result<()> {
        if self.untidy {
            self.file.set_len(self.length)?;
            self.untidy = false;
        }
        Ok(())
    }

    /// Fails if others have removed or changed the file: what is appended to that could not be read again.
    pub fn look_after(&self) -> Result<(), String> {
        match is_at(&self.file, &self.path) {
            Ok(true) => {}
            Ok(false) => return Err("another file has taken its place".to_string()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err("it was removed or moved while it was in use".to_string());
            }
            Err(error) => return Err(error.to_string()),
        }
        let status = self.file.metadata().map_err(|error| error.to_string())?;
        if status.len() != self.length {
            return Err("something else has changed it while it was in use".to_string());
        }
        Ok(())
    }

    /// Goes on with a new file, which stands in the place of the old one and holds the same.
    pub fn replace(&mut self, new: File) -> io::Result<()> {
        self.length = new.metadata()?.len();
        self.file = new;
        self.untidy = false;
        Ok(())
    }

    /// Says that nothing is appended any more, and why.
    pub fn fail(&mut self, reason: String) {
        let path = self.path.display();
        report(format_args!(
            "{path}: no change is stored any more: {reason}"
        ));
        self.close(reason);
    }

    /// Appends nothing any more.
    pub fn close(&mut self, reason: String) {
        self.closed = Some(reason);
    }

    pub fn is_closed(&self) -> bool {
        self.closed.is_some()
    }
}

/// A new file that nobody else may read; fails if there is something under its name.
pub fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .append(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Makes the names in the directory of `path` as durable as its files are.
pub fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|parent| *parent != Path::new(""));
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

/// True if `path` names this very file.
pub fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let (here, there) = (file.metadata()?, path.metadata()?);
    Ok((here.dev(), here.ino()) == (there.dev(), there.ino()))
}

/// The path with something appended to its last name.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
