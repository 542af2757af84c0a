//! What the commands have in common: how they end, and how they read what they are told.

use std::process::ExitCode;

/// Reads the arguments and does the work: fails if that finds something, and says what is wrong if it cannot be done.
pub(crate) fn run<O>(
    name: &str,
    help: &str,
    options: Result<Option<O>, String>,
    work: impl FnOnce(&O) -> Result<bool, String>,
) -> ExitCode {
    let done = match options {
        Ok(Some(options)) => work(&options),
        Ok(None) => {
            print!("{help}");
            Ok(true)
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{name}: {error}");
            ExitCode::from(2)
        }
    }
}

/// What comes behind an argument that needs a value.
pub(crate) fn value(
    argument: &str,
    rest: &mut impl Iterator<Item = String>,
) -> Result<String, String> {
    rest.next()
        .ok_or_else(|| format!("{argument} needs a value; see --help"))
}

/// The same, as a number.
pub(crate) fn number(
    argument: &str,
    rest: &mut impl Iterator<Item = String>,
) -> Result<u64, String> {
    let value = value(argument, rest)?;
    value
        .parse()
        .map_err(|_| format!("{argument} {value}: a number is needed"))
}

/// How many are to run at a time.
pub(crate) fn jobs(rest: &mut impl Iterator<Item = String>) -> Result<usize, String> {
    match number("--jobs", rest)? {
        jobs @ 1..=64 => Ok(jobs as usize),
        _ => Err("--jobs must be from 1 to 64".into()),
    }
}
