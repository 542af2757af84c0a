//! Where and how a run was made.

use crate::record::Environment;
use std::time::SystemTime;

/// Looks at the machine.
pub fn capture() -> Environment {
    let started = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let processors = std::thread::available_parallelism();
    Environment {
        started: started.map_or(0, |since| since.as_secs()),
        processors: processors.map_or(1, |number| number.get() as u32),
        ..Environment::default()
    }
}
