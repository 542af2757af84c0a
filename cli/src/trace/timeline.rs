//! What both formats show, in terms of neither: slices, moments and arrows on tracks.

use leno::trace::{Cause, Event, EventKind, Outcome, Snapshot, Worker};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// The characters of a slice's title, at most.
const LONGEST: usize = 120;

/// A whole trace.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    /// The runtimes, by number, and their names.
    pub(super) processes: BTreeMap<u64, String>,
    /// The workers of each, and their names.
    pub(super) tracks: BTreeMap<Place, String>,
    pub(super) entries: Vec<Entry>,
}

/// A worker of a runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub(super) runtime: u64,
    pub(super) worker: Worker,
}

/// Something that is on a track. In the order of the times at which they are over.
#[derive(Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) place: Place,
    /// When it began, and for how long it lasted; a moment if it did not.
    pub(super) start: Duration,
    pub(super) length: Option<Duration>,
    pub(super) title: String,
    pub(super) category: &'static str,
    /// What else there is to know.
    pub(super) details: Vec<(&'static str, String)>,
    /// The arrow that begins here, and those that end here.
    pub(super) leads_to: Option<u64>,
    pub(super) follows: Vec<u64>,
}

/// Makes a timeline of a snapshot.
pub(super) fn of(snapshot: &Snapshot) -> Timeline {
    let mut making = Making {
        snapshot,
        timeline: Timeline::default(),
        parked: HashMap::new(),
        arrows: HashMap::new(),
        last_arrow: 0,
    };
    for event in snapshot.events() {
        making.add(&event);
    }
    making.timeline
}

struct Making<'a> {
    snapshot: &'a Snapshot,
    timeline: Timeline,
    /// Since when workers have been asleep.
    parked: HashMap<Place, Duration>,
    /// Arrows to the next poll of each task.
    arrows: HashMap<u64, Vec<u64>>,
    last_arrow: u64,
}

impl Making<'_> {
    fn add(&mut self, event: &Event) {
        let place = Place {
            runtime: event.runtime,
            worker: event.worker,
        };
        self.name(place);
        let mut entry = Entry {
            place,
            start: event.time,
            length: None,
            title: String::new(),
            category: "moment",
            details: Vec::new(),
            leads_to: None,
            follows: Vec::new(),
        };
        if !event.is_exact {
            entry.details.push(("time", "estimated".to_owned()));
        }
        match &event.kind {
            EventKind::Poll {
                task,
                since,
                outcome,
            } => {
                entry.start = *since;
                entry.length = Some(event.time.saturating_sub(*since));
                entry.category = "poll";
                entry.title = self.title(*task);
                entry
                    .details
                    .push(("outcome", outcome_text(*outcome).to_owned()));
                entry.details.push(("task", self.snapshot.describe(*task)));
                entry.follows = self.arrows.remove(task).unwrap_or_default();
            }
            EventKind::Wake { task, by } => {
                entry.category = "wake";
                entry.title = format!("wakes {}", self.title(*task));
                entry.details.push(("by", self.cause(*by)));
                entry.details.push(("task", self.snapshot.describe(*task)));
                entry.leads_to = Some(self.arrow(*task));
            }
            EventKind::Spawn { task, .. } => {
                entry.category = "spawn";
                entry.title = format!("spawns {}", self.title(*task));
                entry.details.push(("task", self.snapshot.describe(*task)));
                entry.leads_to = Some(self.arrow(*task));
            }
            EventKind::Steal { task, from } => {
                entry.title = format!("steals from worker {from}");
                entry.details.push(("task", self.snapshot.describe(*task)));
            }
            EventKind::Park => {
                self.parked.insert(place, event.time);
                return;
            }
            EventKind::Unpark { woken } => {
                // What began before the record did is not shown.
                let Some(since) = self.parked.remove(&place) else {
                    return;
                };
                entry.start = since;
                entry.length = Some(event.time.saturating_sub(since));
                entry.category = "sleep";
                entry.title = "asleep".to_owned();
                entry.details.push(("woken", woken.to_string()));
            }
            EventKind::Io { woken } | EventKind::Timers { woken } if *woken == 0 => return,
            EventKind::Io { woken } => entry.title = format!("events wake {woken} tasks"),
            EventKind::Timers { woken } => entry.title = format!("timers wake {woken} tasks"),
            EventKind::BlockInPlace { task } => {
                entry.title = format!("{} blocks in place", self.title(*task));
                entry.details.push(("task", self.snapshot.describe(*task)));
            }
            EventKind::Slow { task, worker } => {
                entry.title = format!("worker {worker} has been polling for long");
                entry.details.push(("task", self.snapshot.describe(*task)));
            }
            EventKind::SpareStarts { worker } => entry.title = format!("spare {worker} starts"),
            EventKind::SpareLeaves { worker } => entry.title = format!("spare {worker} leaves"),
            EventKind::Mark { label, task } => {
                entry.category = "mark";
                entry.title.clone_from(label);
                let task = task.map(|task| self.snapshot.describe(task));
                entry.details.extend(task.map(|task| ("task", task)));
            }
            // That a worker looks around is seen by the gap.
            _ => return,
        }
        self.timeline.entries.push(entry);
    }

    fn name(&mut self, place: Place) {
        let snapshot = self.snapshot;
        let runtimes = &mut self.timeline.processes;
        runtimes.entry(place.runtime).or_insert_with(|| {
            let name = snapshot.runtime_name(place.runtime);
            name.unwrap_or_else(|| format!("runtime {}", place.runtime))
        });
        let tracks = &mut self.timeline.tracks;
        tracks.entry(place).or_insert_with(|| match place.worker {
            Worker::Number(number) => format!("worker {number}"),
            Worker::Outside => "other threads".to_owned(),
        });
    }

    /// What to call a task on its slices. The types of some futures have names of many lines: the whole is among the details.
    fn title(&self, task: u64) -> String {
        let mut title = match self.snapshot.task(task) {
            Some(task) => task.title(),
            None => self.snapshot.describe(task),
        };
        if let Some((end, _)) = title.char_indices().nth(LONGEST) {
            title.truncate(end);
            title.push('…');
        }
        title
    }

    fn cause(&self, cause: Cause) -> String {
        match cause {
            Cause::Task(task) => self.snapshot.describe(task),
            Cause::Io => "an event".to_owned(),
            Cause::Timer => "a timer".to_owned(),
            Cause::Outside => "a thread that is no worker".to_owned(),
            _ => "unknown".to_owned(),
        }
    }

    /// An arrow from here to the next poll of a task.
    fn arrow(&mut self, task: u64) -> u64 {
        self.last_arrow += 1;
        self.arrows.entry(task).or_default().push(self.last_arrow);
        self.last_arrow
    }
}

fn outcome_text(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Asleep => "asleep",
        Outcome::Woken => "woken meanwhile",
        Outcome::Done => "done",
        Outcome::Cancelled => "cancelled",
        _ => "unknown",
    }
}
