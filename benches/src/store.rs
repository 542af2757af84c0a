//! Records in files: read with an eye on what may be wrong with them, written so that a kill loses nothing.
//!
//! Errors are lines for people.

use crate::record::{FORMAT, Record};
use serde_json::Value;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Reads a record.
pub fn read(path: &Path) -> Result<Record, String> {
    let name = path.display();
    let text = fs::read_to_string(path).map_err(|error| format!("cannot read {name}: {error}"))?;
    let value: Value =
        serde_json::from_str(&text).map_err(|error| format!("{name} is not JSON: {error}"))?;
    match value.get("format").map(Value::as_u64) {
        Some(Some(format)) if format == u64::from(FORMAT) => {}
        Some(Some(format)) => {
            return Err(format!(
                "{name} is of format {format}, and this program reads format {FORMAT}"
            ));
        }
        None | Some(None) => return Err(format!("{name} is not a record of `versus run`")),
    }
    // From the text and not from the value, so that an error has a line.
    serde_json::from_str(&text).map_err(|error| format!("{name} is not a valid record: {error}"))
}

/// A file to be: nothing is there, or an older version, until a whole new one is.
#[derive(Debug)]
pub struct Output {
    target: PathBuf,
    /// Where it is written before it takes its name; `None` for what is no file, like a pipe.
    draft: Option<PathBuf>,
}

impl Output {
    /// Checks that it can be written, so that one learns it before the hours of measuring.
    pub fn new(path: &Path) -> Result<Self, String> {
        let cannot = |error: &dyn std::fmt::Display| {
            let name = path.display();
            format!("cannot write {name}: {error}")
        };
        // A link stays one: what it leads to is replaced.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        match fs::metadata(&target) {
            Ok(found) if found.is_dir() => return Err(cannot(&"it is a directory")),
            Ok(found) if found.is_file() => {
                // The directory would allow to replace it, but whoever made it read-only meant something.
                OpenOptions::new()
                    .append(true)
                    .open(&target)
                    .map_err(|error| cannot(&error))?;
            }
            Ok(_) => {
                let draft = None;
                return Ok(Self { target, draft });
            }
            Err(_) => {}
        }
        let file = target
            .file_name()
            .ok_or_else(|| cannot(&"it has no name"))?;
        let mut name = OsString::from(".");
        name.push(file);
        name.push(format!(".{}", std::process::id()));
        let draft = target.with_file_name(name);
        File::create(&draft).map_err(|error| cannot(&error))?;
        // It is made anew when there is something to write.
        fs::remove_file(&draft).map_err(|error| cannot(&error))?;
        let draft = Some(draft);
        Ok(Self { target, draft })
    }

    /// Replaces what is there with `text`.
    pub fn write(&self, text: &str) -> Result<(), String> {
        self.replace(|file| file.write_all(text.as_bytes()))
    }

    /// Replaces what is there with the record.
    pub fn write_record(&self, record: &Record) -> Result<(), String> {
        self.replace(|file| {
            serde_json::to_writer(&mut *file, record)?;
            file.write_all(b"\n")
        })
    }

    fn replace(
        &self,
        write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
    ) -> Result<(), String> {
        let path = self.draft.as_ref().unwrap_or(&self.target);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        let written = options
            .open(path)
            .and_then(|file| {
                let mut file = BufWriter::new(file);
                write(&mut file)?;
                file.flush()
            })
            .and_then(|()| match &self.draft {
                Some(draft) => fs::rename(draft, &self.target),
                None => Ok(()),
            });
        written.map_err(|error| {
            if let Some(draft) = &self.draft {
                // Half a file is of no use; if it cannot go either, it stays.
                let _ = fs::remove_file(draft);
            }
            format!("cannot write {}: {error}", self.target.display())
        })
    }
}
