//! A record that outlives its process: the rings are in a file.
//!
//! `LENO_BLACKBOX=DIRECTORY` has the process make `DIRECTORY/leno-PID.blackbox`, or `leno-PID-2.blackbox` and so on, and write to it by writing to memory. What it has
//! written is the system's then, and stays when the process is killed, by whatever; not when the machine is. What cannot be made is
//! told once, on the standard error, and the program goes on without it.

use super::format::{SEGMENT_HEAD, STRINGS};
use super::recording;
use crate::kernel::observe::store::Memory;
use crate::kernel::observe::strings::{self, Strings};
use crate::prim::words::Words;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

/// Says where to put it.
const VARIABLE: &str = "LENO_BLACKBOX";

/// How many black boxes processes of one number may leave.
const BOXES: u32 = 16;

/// How many tracks there may be before those of runtimes that have ended are used again.
const TRACKS: usize = 64;

/// The file of this process.
#[derive(Debug)]
pub(super) struct BlackBox {
    strings: Words,
    parts: Arc<Parts>,
}

#[derive(Debug)]
struct Parts {
    file: system::File,
    path: PathBuf,
    tracks: Mutex<Tracks>,
}

#[derive(Debug, Default)]
struct Tracks {
    /// Those that nobody writes any more, the oldest first.
    free: std::collections::VecDeque<Words>,
    made: usize,
    failed: bool,
}

impl BlackBox {
    /// The one that the environment asks for. If it cannot be made, that is told.
    pub(super) fn of_environment() -> Option<Self> {
        let directory = std::env::var_os(VARIABLE).filter(|value| !value.is_empty())?;
        let pid = std::process::id();
        let mut number = 1;
        loop {
            let name = match number {
                1 => format!("leno-{pid}.blackbox"),
                _ => format!("leno-{pid}-{number}.blackbox"),
            };
            let path = Path::new(&directory).join(name);
            match Self::create(&path) {
                Ok(black_box) => return Some(black_box),
                // Of an earlier process: in a container all may have the same number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < BOXES => {
                    number += 1;
                }
                Err(error) => {
                    eprintln!(
                        "leno: there will be no black box: {} cannot be made: {error}",
                        path.display()
                    );
                    return None;
                }
            }
        }
    }

    fn create(path: &Path) -> io::Result<Self> {
        let file = system::create(path)?;
        let made = Self::fill(path, file);
        if made.is_err() {
            // What has come of it is of no use.
            let _ = std::fs::remove_file(path);
        }
        made
    }

    fn fill(path: &Path, file: system::File) -> io::Result<Self> {
        let (head, segment) = (recording::clock(), SEGMENT_HEAD + strings::HEAD);
        let (_, words) = system::append(&file, super::format::HEAD)?;
        let (place, strings) = system::append(&file, segment + recording::STRINGS)?;
        // Ordering: Release, and the first word last, so that a reader who sees that sees the rest.
        for (word, value) in words.iter().zip(head.head(place as usize / 8)).rev() {
            word.store(value, Ordering::Release);
        }
        strings[1].store(strings.len() as u64, Ordering::Release);
        strings[0].store(STRINGS, Ordering::Release);
        Ok(Self {
            strings: strings.part(SEGMENT_HEAD..strings.len()),
            parts: Arc::new(Parts {
                file,
                path: path.to_owned(),
                tracks: Mutex::default(),
            }),
        })
    }

    /// The table of strings in the file.
    pub(super) fn strings(&self) -> Strings {
        Strings::new(self.strings.clone())
    }

    /// Where tracks in the file come from.
    pub(super) fn memory(&self) -> impl Memory + use<> {
        InFile(Arc::clone(&self.parts))
    }
}

struct InFile(Arc<Parts>);

impl Memory for InFile {
    fn take(&self, words: usize) -> Words {
        let parts = &*self.0;
        let mut tracks = parts
            .tracks
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if tracks.made >= TRACKS {
            if let Some(words) = tracks.free.pop_front() {
                return words;
            }
        }
        match system::append(&parts.file, words) {
            Ok((_, words)) => {
                tracks.made += 1;
                words
            }
            Err(error) => {
                if !std::mem::replace(&mut tracks.failed, true) {
                    eprintln!(
                        "leno: the black box {} has no room for another worker: {error}",
                        parts.path.display()
                    );
                }
                Words::zeroed(words)
            }
        }
    }

    fn give_back(&self, words: Words) {
        if words.is_mapped() {
            let mut tracks = self
                .0
                .tracks
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            tracks.free.push_back(words);
        }
    }
}

#[cfg(unix)]
mod system {
    use crate::prim::shared_file::SharedFile;
    use crate::prim::words::Words;
    use std::io;
    use std::path::Path;

    pub(super) type File = SharedFile;

    pub(super) fn create(path: &Path) -> io::Result<File> {
        SharedFile::create(path)
    }

    pub(super) fn append(file: &File, words: usize) -> io::Result<(u64, Words)> {
        file.append(words)
    }
}

#[cfg(not(unix))]
mod system {
    use crate::prim::words::Words;
    use std::convert::Infallible;
    use std::io;
    use std::path::Path;

    pub(super) type File = Infallible;

    pub(super) fn create(_path: &Path) -> io::Result<File> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "files are not shared with memory on this system",
        ))
    }

    pub(super) fn append(file: &File, _words: usize) -> io::Result<(u64, Words)> {
        match *file {}
    }
}
