//! The JSON of Chrome's tracing ("Trace Event Format"): an object with a list of events, each with a phase: `X` for a slice, `i` for
//! a moment, `s` and `f` for the ends of an arrow, `M` for a name.

use super::timeline::{self, Entry, Place, Timeline};
use leno::trace::{Snapshot, Worker};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The number of the track for threads that are no workers.
const OUTSIDE: usize = 65535;

/// A snapshot as JSON.
pub fn encode(snapshot: &Snapshot) -> Vec<u8> {
    let timeline = timeline::of(snapshot);
    let mut events = names(&timeline);
    for entry in &timeline.entries {
        add(entry, &mut events);
    }
    let whole = json!({
        "displayTimeUnit": "ns",
        "otherData": { "process": snapshot.process() },
        "traceEvents": events,
    });
    whole.to_string().into_bytes()
}

fn names(timeline: &Timeline) -> Vec<Value> {
    let name = |kind: &str, runtime: u64, thread: usize, name: &str| json!({ "ph": "M", "name": kind, "pid": runtime, "tid": thread, "args": { "name": name } });
    let runtimes = timeline.processes.iter();
    let runtimes = runtimes.map(|(&runtime, text)| name("process_name", runtime, 0, text));
    let workers = timeline.tracks.iter();
    let workers =
        workers.map(|(place, text)| name("thread_name", place.runtime, thread(*place), text));
    runtimes.chain(workers).collect()
}

fn add(entry: &Entry, events: &mut Vec<Value>) {
    let (runtime, thread) = (entry.place.runtime, thread(entry.place));
    let details = entry.details.iter();
    let details: Map<String, Value> = details
        .map(|(name, text)| ((*name).to_owned(), text.as_str().into()))
        .collect();
    let start = microseconds(entry.start);
    let mut event = json!({
        "name": entry.title,
        "cat": entry.category,
        "pid": runtime,
        "tid": thread,
        "ts": start,
        "args": details,
    });
    match entry.length {
        Some(length) => {
            event["ph"] = "X".into();
            event["dur"] = microseconds(length).into();
        }
        None => {
            event["ph"] = "i".into();
            // As wide as the track.
            event["s"] = "t".into();
        }
    }
    events.push(event);
    let mut arrow = |phase: &str, number: u64| {
        let mut event = json!({
            "ph": phase,
            "name": "wake",
            "cat": "wake",
            "id": number,
            "pid": runtime,
            "tid": thread,
            "ts": start,
        });
        if phase == "f" {
            // It ends at the slice that is around this moment, and not at the next one.
            event["bp"] = "e".into();
        }
        events.push(event);
    };
    if let Some(number) = entry.leads_to {
        arrow("s", number);
    }
    for &number in &entry.follows {
        arrow("f", number);
    }
}

fn thread(place: Place) -> usize {
    match place.worker {
        Worker::Number(number) => number,
        Worker::Outside => OUTSIDE,
    }
}

fn microseconds(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1000.0
}
