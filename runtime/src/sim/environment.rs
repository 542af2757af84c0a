//! What the environment says about simulations.

use leno_sim::{Settings, Strategy, Trace};
use std::env;
use std::fmt::Display;
use std::io::{Write, stderr};
use std::path::{Path, PathBuf};

const REPLAY: &str = "LENO_SIM_REPLAY";

/// Lets the environment override `settings`; the strategy that it wants, if it wants one.
pub(super) fn read(settings: &mut Settings) -> Result<Option<Strategy>, String> {
    let variable = |name: &str| env::var(name).ok().filter(|_| name != REPLAY);
    let said = settings.read_variables(variable);
    said.map_err(|error| error.to_string())?;
    if let Some(file) = replay() {
        match trace_of_another(&file, &settings.test) {
            None => settings.replay = Some(file),
            Some(other) => say(format_args!(
                "{}: {REPLAY} is a trace of `{other}`, and left alone by this test",
                settings.test
            )),
        }
    }
    let strategy = settings.strategy.take().map(|text| text.parse());
    let strategy = strategy.transpose();
    strategy.map_err(|error: leno_sim::NotAStrategy| format!("LENO_SIM: {error}"))
}

/// True if a test of this name is to be simulated that does not say so itself.
pub(super) fn wants(test: &str) -> bool {
    env::var("LENO_SIM").is_ok_and(|text| !text.trim().is_empty())
        || replay().is_some_and(|file| trace_of_another(&file, test).is_none())
}

/// A line that is shown even if the test passes: what is printed by macros is kept back then.
pub(super) fn say(line: impl Display) {
    // Nobody is there to read it, so nobody misses it.
    let _ = writeln!(stderr(), "{line}");
}

/// The trace that is to be replayed.
fn replay() -> Option<PathBuf> {
    let name = env::var_os(REPLAY).filter(|name| !name.is_empty())?;
    Some(find(
        &env::current_dir().unwrap_or_default(),
        Path::new(&name),
    ))
}

/// The file of this name in `folder`, or further up: reports name traces from where the workspace is, and `cargo test` runs
/// tests in the folder of their package.
pub(super) fn find(folder: &Path, name: &Path) -> PathBuf {
    let files = folder.ancestors().map(|folder| folder.join(name));
    let found = files.into_iter().find(|file| file.exists());
    found.unwrap_or_else(|| folder.join(name))
}

/// The test that the trace in `file` is of, if that is not `test`. What is no trace is everybody's, so that it is told.
fn trace_of_another(file: &Path, test: &str) -> Option<String> {
    let trace = Trace::read(file).ok()?;
    (trace.test != test).then_some(trace.test)
}
