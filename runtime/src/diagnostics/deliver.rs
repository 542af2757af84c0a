//! From the finding to the reader: a queue, and the thread `leno-diagnostics` that empties it.
//!
//! Who finds something pushes it under the queue's lock, which is held for that alone, and starts the thread if there is none.
//! If the system has no thread left the report is delivered at once, where it was found. A forked process has a queue and a
//! thread of its own.

use super::errors;
use super::report::{Report, ReportKind};
use crate::kernel::findings::{self, Finding, Once, Sink};
use crate::kernel::foreign;
use crate::prim::process::PerProcess;
use crate::trace;
use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt::Display;
use std::io::Write;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

/// So many findings may wait to be delivered; further ones are counted.
const MOST_WAITING: usize = 1000;

/// Reports of one kind and place that are printed.
const PRINTED: u64 = 3;

/// For how long the end of a runtime waits for reports to be read.
const AT_THE_END: Duration = Duration::from_secs(1);

/// And in all, since the first stack takes a second to be given its names, or more on a busy machine.
const AT_MOST: Duration = Duration::from_secs(10);

type Reader = Arc<dyn Fn(&Report) + Send + Sync>;

static READER: RwLock<Option<Reader>> = RwLock::new(None);
/// A report that nobody reads ends the process.
static ABORTS: AtomicBool = AtomicBool::new(false);

static QUEUE: PerProcess<Queue> = PerProcess::new();

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    /// There is a finding.
    came: Condvar,
    /// One has been delivered.
    delivered: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Item>,
    /// Findings that there was no room for.
    lost: u64,
    /// The one thread that delivers.
    thread: Option<ThreadId>,
    /// It makes a report of a finding, which ends: nobody reads that yet.
    makes: bool,
    /// How many have been queued, and how many of these delivered.
    queued: u64,
    delivered: u64,
    /// Of what there is to be one finding, and has been.
    mentioned: HashSet<Once>,
    /// How many reports of a kind and place there have been.
    seen: HashMap<(ReportKind, Option<&'static Location<'static>>), u64>,
}

/// What is to be delivered.
enum Item {
    Found(Finding),
    Made(Report),
}

/// Takes reports over: from now on `reader` is called with each, and nothing is printed, but for how many were lost if there was
/// no more room for them.
///
/// There is one reader for the process; this replaces the last. It is called on the thread `leno-diagnostics`, one report after
/// the other, and may take its time, and even block for ever: then reports wait. A panic in it is caught.
///
/// ```
/// leno::diagnostics::on_report(|report| println!("{}", report.to_json()));
/// ```
pub fn on_report(reader: impl Fn(&Report) + Send + Sync + 'static) {
    let reader: Reader = Arc::new(reader);
    let before = READER
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .replace(reader);
    // What it owns is the program's: outside the lock.
    drop(before);
}

/// Waits until all that was found so far has been delivered, or for `timeout`; true if it has.
///
/// In a function of [`on_report`] it returns at once.
pub fn flush(timeout: Duration) -> bool {
    flush_with(timeout, timeout)
}

/// As [`flush`]; the timeout stands still while a report is made, but `most` is all that this takes.
fn flush_with(timeout: Duration, most: Duration) -> bool {
    let queue = QUEUE.get();
    let start = Instant::now();
    let mut state = queue.lock();
    if state.thread == Some(thread::current().id()) {
        return false;
    }
    let so_far = state.queued;
    let mut since = start;
    while state.delivered < so_far {
        let mut left = most.saturating_sub(start.elapsed());
        if state.makes {
            since = Instant::now();
        } else {
            left = left.min(timeout.saturating_sub(since.elapsed()));
        }
        if left.is_zero() {
            return false;
        }
        state = queue
            .delivered
            .wait_timeout(state, left)
            .unwrap_or_else(PoisonError::into_inner)
            .0;
    }
    true
}

/// How many reports of each kind there have been; none of those that there have not.
pub(crate) fn counts() -> Vec<(ReportKind, u64)> {
    let state = QUEUE.get().lock();
    let mut counts: Vec<(ReportKind, u64)> = Vec::new();
    for (&(kind, _), times) in &state.seen {
        match counts.iter_mut().find(|(other, _)| *other == kind) {
            Some((_, count)) => *count += times,
            None => counts.push((kind, *times)),
        }
    }
    drop(state);
    counts.sort_unstable_by_key(|(kind, _)| kind.name());
    counts
}

/// [`flush`], for the end of a runtime.
pub(crate) fn flush_at_end() {
    flush_with(AT_THE_END, AT_MOST);
}

/// From now on a report that is printed ends the process.
pub(super) fn abort_from_now_on() {
    // Ordering: Relaxed, a switch.
    ABORTS.store(true, Ordering::Relaxed);
}

/// From now on the kernel's findings are delivered.
pub(super) fn start() {
    findings::set_sink(Sink {
        tell: push,
        read: errors::read,
    });
}

/// Queues a finding. Any thread, also one that drives tasks.
pub(super) fn push(finding: Finding) {
    push_item(Item::Found(finding));
}

/// Queues a report.
pub(super) fn push_report(report: Report) {
    push_item(Item::Made(report));
}

fn push_item(item: Item) {
    let queue = QUEUE.get();
    let once = match &item {
        Item::Found(finding) => finding.once(),
        Item::Made(_) => None,
    };
    let mut state = queue.lock();
    if once.is_some_and(|once| state.mentioned.contains(&once)) {
        return;
    }
    if state.waiting.len() >= MOST_WAITING {
        state.lost += 1;
        return;
    }
    // Not if it is lost: it would never be mentioned.
    state.mentioned.extend(once);
    state.waiting.push_back(item);
    state.queued += 1;
    queue.came.notify_one();
    if state.thread.is_none() {
        let builder = thread::Builder::new().name("leno-diagnostics".to_owned());
        match builder.spawn(|| QUEUE.get().run()) {
            Ok(thread) => state.thread = Some(thread.thread().id()),
            Err(_) => {
                // What others find meanwhile goes this way too, and so does what the reader finds.
                state.thread = Some(thread::current().id());
                queue.deliver_all(state).thread = None;
            }
        }
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Delivers for ever.
    fn run(&'static self) {
        let mut state = self.lock();
        loop {
            state = self.deliver_all(state);
            state = self
                .came
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn deliver_all<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        while let Some(item) = state.waiting.pop_front() {
            let lost = std::mem::take(&mut state.lost);
            state.makes = true;
            drop(state);
            if lost > 0 {
                print(&format_args!(
                    "{lost} more reports were made faster than they could be read, and are lost"
                ));
            }
            // Names are the program's, and so is the reader.
            foreign::call(|| {
                let mut report = match item {
                    Item::Found(finding) => Report::of(finding),
                    Item::Made(report) => report,
                };
                self.is_made();
                let times = self.count(&report);
                report.set_times(times);
                if times == 1 && report.kind().has_a_history() {
                    let traces = trace::write();
                    if !traces.is_empty() {
                        report.traces(&traces);
                    }
                }
                deliver(&report);
            });
            state = self.lock();
            state.makes = false;
            state.delivered += 1;
            self.delivered.notify_all();
        }
        state
    }

    /// There is a report, to be read.
    fn is_made(&self) {
        self.lock().makes = false;
        self.delivered.notify_all();
    }

    fn count(&self, report: &Report) -> u64 {
        let mut state = self.lock();
        let times = state
            .seen
            .entry((report.kind(), report.place()))
            .or_default();
        *times += 1;
        *times
    }
}

fn deliver(report: &Report) {
    let reader = READER
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    match reader {
        Some(reader) => return reader(report),
        None if becomes_event(report) => {}
        None if report.times() < PRINTED => print(report),
        None if report.times() == PRINTED => {
            print(&format_args!(
                "{report}\n      (more of this kind from this place are not printed)"
            ));
        }
        None => {}
    }
    // Ordering: Relaxed, as above.
    if ABORTS.load(Ordering::Relaxed) {
        print(&"LENO_DIAGNOSTICS, or Diagnostics::abort, says that a report ends the process");
        std::process::abort();
    }
}

fn print(text: &dyn Display) {
    // In one piece: a panic's message, or another process, would come between the pieces.
    let line = format!("leno: {text}\n");
    // Nobody is left to tell if this fails.
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// With the feature `tracing`: makes an event of the report, if the program has a subscriber for this thread.
#[cfg(feature = "tracing")]
fn becomes_event(report: &Report) -> bool {
    use tracing::{dispatcher, subscriber::NoSubscriber};
    let is_heard = dispatcher::get_default(|subscriber| !subscriber.is::<NoSubscriber>());
    if is_heard {
        let place = report.place().map(ToString::to_string);
        tracing::warn!(
            target: "leno::diagnostics",
            kind = report.kind().name(),
            place,
            times = report.times(),
            "{report}"
        );
    }
    is_heard
}

#[cfg(not(feature = "tracing"))]
fn becomes_event(_report: &Report) -> bool {
    false
}
