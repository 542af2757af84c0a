//! A soak: all that leno does, at once, for as many polls as are asked for; whatever is lost, hangs or grows is told.
//!
//! Each shape is a loop that ends when it is told to, counts its polls, and checks what it does: values come once and in
//! order, no sleep ends early, locks exclude, every future is dropped. A shape that makes no progress for a minute ends the soak
//! with where all tasks stand.

mod shapes;

use crate::services::process_figures::resident;
use leno::runtime::{Builder, Handle, Runtime};
use leno::task::JoinHandle;
use shapes::Shape;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// For how long a shape may stand still. Far more than a busy machine lets it.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often the polls are counted.
const LOOK: Duration = Duration::from_millis(200);

/// How often the number is told.
const TELL: Duration = Duration::from_secs(10);

/// The memory may grow by this and by half of what it was after a tenth of the polls: what an allocator keeps varies.
const GROWTH: u64 = 16 << 20;

/// `versus soak`.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// So many polls in all
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000_000_000)]
    pub polls: u64,
    /// Worker threads; 0 is the current-thread runtime
    #[arg(long, value_name = "NUMBER", default_value_t = 2)]
    pub workers: usize,
}

/// What the shapes share.
#[derive(Debug, Default)]
pub(crate) struct Soak {
    ends: AtomicBool,
}

impl Soak {
    /// The shapes come to their end.
    pub(crate) fn ends(&self) -> bool {
        // Ordering: Relaxed; it is asked again and again.
        self.ends.load(Ordering::Relaxed)
    }
}

/// A shape that runs.
struct Running {
    name: &'static str,
    polls: Arc<AtomicU64>,
    task: JoinHandle<()>,
    /// What was last counted, and when that was new.
    last: (u64, Instant),
}

/// Runs it: 0, or 1 if something was found. The error is a line for people.
pub fn run(options: &Options) -> Result<ExitCode, String> {
    let mut builder = match options.workers {
        0 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    if options.workers > 0 {
        builder.worker_threads(options.workers);
    }
    let runtime = builder
        .enable_all()
        .build()
        .map_err(|error| format!("cannot build a runtime: {error}"))?;
    Ok(match soak(&runtime, options.polls) {
        Ok(polls) => {
            say(&format!(
                "{polls} polls: nothing was lost, nothing hung, nothing grew"
            ));
            ExitCode::SUCCESS
        }
        Err(found) => {
            say(&found);
            // What hangs would hang the runtime's end too.
            runtime.shutdown_background();
            ExitCode::FAILURE
        }
    })
}

fn soak(runtime: &Runtime, polls: u64) -> Result<u64, String> {
    let soak = Arc::new(Soak::default());
    let handle = runtime.handle().clone();
    let mut running: Vec<Running> = shapes::all()
        .into_iter()
        .map(|Shape { name, start }| {
            let count = Arc::new(AtomicU64::new(0));
            let task = handle.spawn(start(Arc::clone(&soak), Arc::clone(&count)));
            Running {
                name,
                polls: count,
                task,
                last: (0, Instant::now()),
            }
        })
        .collect();
    // Whoever drives a current-thread runtime is not who looks.
    let looks = thread::spawn(move || {
        let result = watch(&handle, &soak, &mut running, polls);
        soak.ends.store(true, Ordering::Relaxed);
        (result, running)
    });
    let (result, running) = runtime.block_on(async {
        leno::task::spawn_blocking(|| looks.join())
            .await
            .map_err(|error| error.to_string())?
            .map_err(|_| "the one who looks has panicked".to_owned())
    })?;
    let polls = result?;
    for Running { name, task, .. } in running {
        runtime
            .block_on(async { leno::time::timeout(PATIENCE, task).await })
            .map_err(|_| format!("{name} does not come to its end"))?
            .map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(polls)
}

/// Counts until there are enough polls, or something is found.
fn watch(handle: &Handle, soak: &Soak, running: &mut [Running], polls: u64) -> Result<u64, String> {
    let (mut told, mut before) = (Instant::now(), None);
    loop {
        thread::sleep(LOOK);
        let now = Instant::now();
        let mut sum = 0;
        for shape in &mut *running {
            let count = shape.polls.load(Ordering::Relaxed);
            sum += count;
            if count != shape.last.0 {
                shape.last = (count, now);
            } else if shape.task.is_finished() {
                // Its panic is told where it happened.
                return Err(format!("{} has ended early", shape.name));
            } else if now - shape.last.1 > PATIENCE {
                return Err(stands_still(handle, shape.name));
            }
        }
        let resident = resident(std::process::id());
        if before.is_none() && sum >= polls / 10 {
            before = resident;
        }
        if now - told >= TELL {
            told = now;
            say(&format!("{sum} polls"));
        }
        if sum < polls && !soak.ends() {
            continue;
        }
        return match (before, resident) {
            (Some(before), Some(after)) if after > before + before / 2 + GROWTH => Err(format!(
                "it grew from {before} to {after} bytes between a tenth of the polls and the end"
            )),
            _ => Ok(sum),
        };
    }
}

fn stands_still(handle: &Handle, name: &str) -> String {
    // On a runtime of its own: the one that hangs cannot answer for itself.
    let dump = Builder::new_current_thread()
        .enable_all()
        .build()
        .and_then(|runtime| runtime.block_on(handle.dump(Duration::from_secs(5))));
    let where_all_stand = match dump {
        Ok(dump) => dump.to_string(),
        Err(error) => format!("where its tasks stand cannot be told: {error}"),
    };
    format!(
        "{name} has stood still for {} s\n{where_all_stand}",
        PATIENCE.as_secs()
    )
}

fn say(line: &str) {
    // There is nobody else to tell.
    let _ = writeln!(io::stdout(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_soak_finds_nothing() {
        for workers in [0, 2] {
            let options = Options {
                polls: 200_000,
                workers,
            };
            assert_eq!(run(&options), Ok(ExitCode::SUCCESS));
        }
    }
}
