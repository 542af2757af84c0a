//! The program `leno-sim`: puts together what many processes found.

#![forbid(unsafe_code)]

use leno_sim::Merged;
use std::env;
use std::io::{self, Write as _};
use std::process::ExitCode;

const USAGE: &str = "\
Puts together what explorations found that shared their seeds.

usage: leno-sim merge FILES…

FILES are what explorations wrote to the directory that LENO_SIM_OUT names, or that directory.

exit status:
  0  all seeds were run, and nothing failed
  1  something failed
  2  nothing failed, but something is missing, or cannot be read
";

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let wants_help = |argument: &std::ffi::OsString| argument == "--help" || argument == "-h";
    if arguments.iter().any(wants_help) {
        return say(USAGE, 0);
    }
    let files = match arguments.split_first() {
        Some((command, files)) if command == "merge" => files,
        Some((command, _)) => {
            eprintln!("leno-sim: there is no command {command:?}: there is `merge`\n\n{USAGE}");
            return ExitCode::from(2);
        }
        None => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    if files.is_empty() {
        eprintln!(
            "leno-sim: merge what? It takes files, or the directory in which they are\n\n{USAGE}"
        );
        return ExitCode::from(2);
    }
    match Merged::read(files) {
        Ok(merged) => say(&merged.to_string(), merged.status()),
        Err(error) => {
            eprintln!("leno-sim: {error}");
            ExitCode::from(2)
        }
    }
}

/// Writes `text`. Whoever reads it may stop reading, and the status still counts.
fn say(text: &str, status: u8) -> ExitCode {
    let _ = io::stdout().write_all(text.as_bytes());
    ExitCode::from(status)
}
