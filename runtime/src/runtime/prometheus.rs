//! What runtimes count, in the text format of Prometheus.
//!
//! Names are those of OpenTelemetry's conventions with `_` for `.`: `leno.worker.busy_time` in seconds is
//! `leno_worker_busy_time_seconds_total`. Each family is told once, with the values of all runtimes below it, as the format wants
//! it; so several runtimes are written together.

use super::handle::Handle;
use super::histogram::DurationHistogram;
use super::metrics::RuntimeMetrics;
use crate::diagnostics;
use std::fmt::{self, Write};
use std::time::Duration;

impl RuntimeMetrics {
    /// All of it in the [text format](https://prometheus.io/docs/instrumenting/exposition_formats/) of Prometheus.
    ///
    /// Durations are in seconds. Each value has the label `leno_runtime_id`, and `leno_runtime_name` if the runtime has a name;
    /// those of a worker have `leno_worker_id`.
    ///
    /// ```
    /// let runtime = leno::runtime::Builder::new_multi_thread().name("main").worker_threads(2).build()?;
    /// let text = runtime.metrics().prometheus();
    /// assert!(text.contains("# TYPE leno_tasks_alive gauge\n"));
    /// assert!(text.contains("leno_runtime_name=\"main\"} 2\n"), "two workers: {text}");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "introspection")))]
    #[inline]
    pub fn prometheus(&self) -> String {
        text(std::slice::from_ref(self.handle()))
    }
}

/// What the runtimes count.
#[inline]
pub(crate) fn text(runtimes: &[Handle]) -> String {
    let mut text = Text(String::new());
    text.runtimes(
        runtimes,
        "leno_workers",
        "Threads that drive tasks.",
        |runtime| runtime.inner().workers() as u64,
    );
    text.runtimes(
        runtimes,
        "leno_worker_spares",
        "Spare workers that are there, for others are stuck.",
        |runtime| runtime.inner().spares().0 as u64,
    );
    text.runtimes(
        runtimes,
        "leno_tasks_alive",
        "Tasks that were spawned and have not finished.",
        |runtime| runtime.inner().live_tasks(),
    );
    text.runtimes(
        runtimes,
        "leno_queue_injected",
        "Tasks that wait in the queue for what comes from other threads.",
        |runtime| runtime.inner().injected() as u64,
    );
    text.runtimes(
        runtimes,
        "leno_blocking_threads",
        "Threads for blocking closures.",
        |runtime| runtime.inner().blocking_counts().0 as u64,
    );
    text.runtimes(
        runtimes,
        "leno_blocking_idle",
        "Threads for blocking closures that have none.",
        |runtime| runtime.inner().blocking_counts().1 as u64,
    );
    text.runtimes(
        runtimes,
        "leno_blocking_queue",
        "Blocking closures that wait for a thread.",
        |runtime| runtime.inner().blocking_counts().2 as u64,
    );
    text.workers(
        runtimes,
        "leno_worker_parks_total",
        "How often a worker went to sleep.",
        |runtime, worker| Number::Whole(runtime.inner().sleeps(worker).div_ceil(2)),
    );
    text.workers(
        runtimes,
        "leno_worker_busy_time_seconds_total",
        "For how long a worker was awake until it last went to sleep.",
        |runtime, worker| Number::Nanoseconds(runtime.inner().busy(worker)),
    );
    text.workers(
        runtimes,
        "leno_worker_stuck_time_seconds_total",
        "For how long a worker was seen in polls that held others up.",
        |runtime, worker| Number::Nanoseconds(runtime.inner().stuck_time(worker)),
    );
    text.workers(
        runtimes,
        "leno_worker_steal_operations_total",
        "How often a worker has taken tasks from another.",
        |runtime, worker| Number::Whole(runtime.inner().steals(worker).0),
    );
    text.workers(
        runtimes,
        "leno_worker_steals_total",
        "How many tasks a worker has taken from others.",
        |runtime, worker| Number::Whole(runtime.inner().steals(worker).1),
    );
    text.totals(
        runtimes,
        "leno_worker_spare_starts_total",
        "How often a spare worker was started.",
        |runtime| runtime.inner().spares().1,
    );
    text.totals(
        runtimes,
        "leno_io_events_total",
        "Events of sockets, pipes and the like that were delivered.",
        |runtime| runtime.inner().io_events(),
    );
    text.totals(
        runtimes,
        "leno_timers_fired_total",
        "Timers that have gone off.",
        |runtime| runtime.inner().timers_fired(),
    );
    text.histograms(
        runtimes,
        "leno_task_poll_time_seconds",
        "How long polls took, while the runtime was recorded.",
        RuntimeMetrics::poll_time_histogram,
    );
    text.histograms(
        runtimes,
        "leno_task_schedule_delay_seconds",
        "How long tasks that were woken waited for their poll, while the runtime was recorded: one of 64 wakes at most.",
        RuntimeMetrics::schedule_delay_histogram,
    );
    text.reports();
    text.0
}

#[inline]
fn nanoseconds(duration: Duration) -> Number {
    Number::Nanoseconds(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}

struct Text(String);

enum Number {
    Whole(u64),
    /// To be written as seconds.
    Nanoseconds(u64),
}

impl Text {
    /// A gauge of each runtime.
    fn runtimes(
        &mut self,
        runtimes: &[Handle],
        name: &str,
        help: &str,
        value: impl Fn(&Handle) -> u64,
    ) {
        self.family(runtimes, name, "gauge", help, value);
    }

    /// A counter of each runtime.
    fn totals(
        &mut self,
        runtimes: &[Handle],
        name: &str,
        help: &str,
        value: impl Fn(&Handle) -> u64,
    ) {
        self.family(runtimes, name, "counter", help, value);
    }

    #[inline]
    fn family(
        &mut self,
        runtimes: &[Handle],
        name: &str,
        kind: &str,
        help: &str,
        value: impl Fn(&Handle) -> u64,
    ) {
        self.head(name, kind, help);
        for runtime in runtimes {
            self.sample(name, runtime, None, &Number::Whole(value(runtime)));
        }
    }

    /// A counter of each worker.
    fn workers(
        &mut self,
        runtimes: &[Handle],
        name: &str,
        help: &str,
        value: impl Fn(&Handle, usize) -> Number,
    ) {
        self.head(name, "counter", help);
        for runtime in runtimes {
            for worker in 0..runtime.inner().workers() {
                self.sample(name, runtime, Some(worker), &value(runtime, worker));
            }
        }
    }

    /// A histogram of each runtime.
    fn histograms(
        &mut self,
        runtimes: &[Handle],
        name: &str,
        help: &str,
        histogram: impl Fn(&RuntimeMetrics) -> DurationHistogram,
    ) {
        self.head(name, "histogram", help);
        for runtime in runtimes {
            let histogram = histogram(&runtime.metrics());
            let mut sum = 0;
            for (end, count) in histogram.buckets() {
                sum += count;
                let end = end.map_or_else(|| "+Inf".to_owned(), |end| nanoseconds(end).to_string());
                self.write(format_args!("{name}_bucket{{"));
                self.labels(runtime, None);
                self.write(format_args!(",le=\"{end}\"}} {sum}\n"));
            }
            let total = nanoseconds(histogram.sum());
            self.sample(&format!("{name}_sum"), runtime, None, &total);
            let count = Number::Whole(sum);
            self.sample(&format!("{name}_count"), runtime, None, &count);
        }
    }

    /// How many reports there have been of each kind, in the whole process.
    #[inline]
    fn reports(&mut self) {
        let name = "leno_diagnostics_reports_total";
        self.head(
            name,
            "counter",
            "Reports of what is wrong with the program.",
        );
        for (kind, count) in diagnostics::counts() {
            self.write(format_args!("{name}{{kind=\"{kind}\"}} {count}\n"));
        }
    }

    #[inline]
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.write(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    #[inline]
    fn sample(&mut self, name: &str, runtime: &Handle, worker: Option<usize>, value: &Number) {
        self.write(format_args!("{name}{{"));
        self.labels(runtime, worker);
        self.write(format_args!("}} {value}\n"));
    }

    #[inline]
    fn labels(&mut self, runtime: &Handle, worker: Option<usize>) {
        self.write(format_args!("leno_runtime_id=\"{}\"", runtime.id()));
        if let Some(name) = runtime.name() {
            self.0.push_str(",leno_runtime_name=\"");
            self.escape(name);
            self.0.push('"');
        }
        if let Some(worker) = worker {
            self.write(format_args!(",leno_worker_id=\"{worker}\""));
        }
    }

    /// Writes what stands in a label.
    #[inline]
    fn escape(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '\\' => self.0.push_str("\\\\"),
                '"' => self.0.push_str("\\\""),
                '\n' => self.0.push_str("\\n"),
                other => self.0.push(other),
            }
        }
    }

    #[inline]
    fn write(&mut self, text: fmt::Arguments<'_>) {
        // A string takes whatever there is.
        let _ = self.0.write_fmt(text);
    }
}

impl fmt::Display for Number {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Whole(number) => write!(f, "{number}"),
            Number::Nanoseconds(number) => {
                let (seconds, rest) = (number / 1_000_000_000, number % 1_000_000_000);
                write!(f, "{seconds}.{rest:09}")
            }
        }
    }
}
