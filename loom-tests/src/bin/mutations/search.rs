//! Looks which model catches a mutation: of those that come to its place, one after the other, the quick ones first.

use crate::list::{Change, Known, List};
use crate::options::Options;
use crate::run::{self, End, With};
use crate::{chosen, copy};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// How long a model is watched to see where it comes.
const TRACE: u64 = 5;

/// How long a model has got to notice a mutation, in seconds.
const PATIENCE: u64 = 15;

/// How long the models of a mutation have got together. Nearly all that notice do at once.
const BUDGET: Duration = Duration::from_secs(90);

/// Searches, and writes what it finds after each mutation, so that an end in the middle loses nothing.
pub(crate) fn search(root: &Path, options: &Options) -> Result<bool, String> {
    let list = List::read(root)?;
    let wanted: Vec<usize> = {
        let chosen = chosen(&list, options)?;
        let chosen = chosen.into_iter().filter(|mutation| {
            let ordering = matches!(mutation.change, Change::Ordering { .. });
            ordering
                && (options.again || matches!(mutation.known, Known::Open(_) | Known::Unlisted))
        });
        let names: Vec<_> = chosen
            .map(|mutation| (&mutation.file, &mutation.name))
            .collect();
        let is_wanted = |index: &usize| {
            names.contains(&(&list.mutations[*index].file, &list.mutations[*index].name))
        };
        (0..list.mutations.len()).filter(is_wanted).collect()
    };
    if wanted.is_empty() {
        println!("nothing is open");
        list.write(root)?;
        return Ok(true);
    }
    let binary = copy::build(root, &list, None)?;
    let start = Instant::now();
    let traces = trace(&binary)?;
    println!("{} models traced in {:.1?}", traces.len(), start.elapsed());
    let (next, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (list, found) = (Mutex::new(list), Mutex::new((0, Vec::new())));
    let work = || -> Result<(), String> {
        while let Some(&index) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
            if options.is_over(start) {
                over.store(true, Ordering::Relaxed);
                break;
            }
            let (title, number, choice, known) = {
                let list = lock(&list);
                let mutation = &list.mutations[index];
                let title = format!("{} {}", mutation.file, mutation.name);
                (
                    title,
                    mutation.number,
                    mutation.choice(),
                    mutation.known.clone(),
                )
            };
            let mut coming: Vec<_> = traces
                .iter()
                .filter(|trace| trace.reached.contains(&number))
                .collect();
            if let Known::Caught(models) = &known {
                coming.sort_by_key(|trace| !models.contains(&trace.model));
            }
            let known = match try_all(&binary, &choice, &coming)? {
                Ok((model, cause)) => {
                    println!("caught    {title}  {model}: {cause}");
                    lock(&found).0 += 1;
                    Known::Caught(vec![model])
                }
                Err(words) => {
                    println!("survived  {title}  {words}");
                    lock(&found).1.push(format!("{title}: {words}"));
                    if let Known::Argued(_) = known {
                        known
                    } else {
                        Known::Open(format!("survived: {words}"))
                    }
                }
            };
            let mut list = lock(&list);
            list.mutations[index].known = known;
            list.write(root)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..options.jobs).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().expect("no worker panics"))
    })?;
    let (caught, survived) = &*lock(&found);
    println!();
    for survivor in survived {
        println!("survived: {survivor}");
    }
    let over = if over.load(Ordering::Relaxed) {
        "; the time is over, and the rest is as it was"
    } else {
        ""
    };
    println!("{caught} caught, {} survived{over}", survived.len());
    Ok(survived.is_empty())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no worker panics")
}

/// Runs the models with a mutation until one fails: which, and how; or what was looked at in vain.
fn try_all(
    binary: &Path,
    choice: &str,
    coming: &[&Trace],
) -> Result<Result<(String, String), String>, String> {
    let (begun, mut complete, mut stopped) = (Instant::now(), 0, 0);
    for trace in coming {
        if begun.elapsed() >= BUDGET {
            break;
        }
        let limit = Duration::from_secs(2 * PATIENCE);
        let with = With {
            mutation: Some(choice),
            seconds: Some(PATIENCE),
            limit,
        };
        match run::run(binary, &trace.model, with)?.end {
            End::Failed(cause) => return Ok(Ok((trace.model.clone(), cause))),
            End::Stopped => stopped += 1,
            End::Complete => complete += 1,
        }
    }
    Ok(Err(match coming.len() {
        0 => "no model comes there".into(),
        all => format!(
            "{all} models come there: {complete} were complete, {stopped} stopped by their bounds, {} not begun",
            all - complete - stopped,
        ),
    }))
}

struct Trace {
    model: String,
    reached: Vec<usize>,
    time: Duration,
}

/// Runs each model for a while to see where it comes; the quick ones first in what it returns. What it has found is kept beside the
/// copy, for the next search with the same models.
fn trace(binary: &Path) -> Result<Vec<Trace>, String> {
    let bytes = fs::read(binary).map_err(|error| format!("{}: {error}", binary.display()))?;
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let key = format!("{:016x}", hasher.finish());
    let kept = binary.with_file_name("traces");
    if let Some(traces) = fs::read_to_string(&kept)
        .ok()
        .and_then(|text| read(&text, &key))
    {
        return Ok(traces);
    }
    let mut traces = Vec::new();
    for model in run::models(binary)? {
        let limit = Duration::from_secs(20 * TRACE);
        let run = run::run(
            binary,
            &model,
            With {
                mutation: None,
                seconds: Some(TRACE),
                limit,
            },
        )?;
        if let End::Failed(cause) = run.end {
            return Err(format!(
                "the model {model} fails without any mutation: {cause}"
            ));
        }
        traces.push(Trace {
            model,
            reached: run.reached,
            time: run.time,
        });
    }
    traces.sort_by_key(|trace| trace.time);
    fs::write(&kept, written(&traces, &key))
        .map_err(|error| format!("{}: {error}", kept.display()))?;
    Ok(traces)
}

/// A line for each model: its name, its time in microseconds, and the numbers of the places.
fn written(traces: &[Trace], key: &str) -> String {
    let mut text = format!("{key}\n");
    for Trace {
        model,
        reached,
        time,
    } in traces
    {
        let reached: Vec<_> = reached.iter().map(usize::to_string).collect();
        text += &format!("{model} {} {}\n", time.as_micros(), reached.join(" "));
    }
    text
}

/// None if they are of other models, or are no traces.
fn read(text: &str, key: &str) -> Option<Vec<Trace>> {
    let mut lines = text.lines();
    if lines.next()? != key {
        return None;
    }
    let read = |line: &str| {
        let mut words = line.split_whitespace();
        let (model, time) = (words.next()?.to_owned(), words.next()?.parse().ok()?);
        let reached = words.map(|word| word.parse().ok()).collect::<Option<_>>()?;
        Some(Trace {
            model,
            reached,
            time: Duration::from_micros(time),
        })
    };
    lines.map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_are_read_as_they_are_written() {
        let trace = Trace {
            model: "m::x".into(),
            reached: vec![3, 17],
            time: Duration::from_micros(12),
        };
        let text = written(&[trace], "key");
        let read_back = read(&text, "key").unwrap();
        assert_eq!(read_back[0].model, "m::x");
        assert_eq!(
            (&read_back[0].reached[..], read_back[0].time),
            (&[3, 17][..], Duration::from_micros(12))
        );
        assert!(read(&text, "another").is_none());
        assert!(read("key\nno trace", "key").is_none());
    }
}
