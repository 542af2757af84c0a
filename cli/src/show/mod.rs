//! What is put on the screen.

pub(crate) mod plain;
pub(crate) mod style;
pub(crate) mod table;

use std::io::{self, Write};

/// Prints it. That nobody reads any more is no mistake.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    let printed = output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush());
    match printed {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
