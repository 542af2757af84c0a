//! What is left after the end of a runtime, told.

use super::Inner;
use super::ending::{End, Patience};
use crate::diagnostics::shutdown::{self, LeftClosure, ShutdownReport};
use crate::introspection;
use crate::kernel::task::{AbortHandle, Id, TaskInfo};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

impl Inner {
    /// As [`shutdown`](Self::shutdown), and reports what does not stop in time.
    #[track_caller]
    pub(in crate::runtime) fn shutdown_timeout(self: &Arc<Self>, duration: Duration) {
        if duration.is_zero() || !self.settings.wanted.still_running {
            return self.shutdown(Patience::Until(duration));
        }
        let running = self.handles_of_running();
        let end = self.end(Patience::Until(duration));
        let report = self.report(&end, &running);
        if end.waited && !report.is_clean() {
            report.tell(self.settings.built_at);
        }
        if end.waited {
            introspection::flush_at_end();
        }
    }

    /// As [`shutdown`](Self::shutdown), and tells what does not stop in time.
    #[track_caller]
    pub(in crate::runtime) fn shutdown_with_report(
        self: &Arc<Self>,
        grace: Duration,
    ) -> ShutdownReport {
        let running = self.handles_of_running();
        let end = self.end(Patience::Until(grace));
        if end.waited {
            introspection::flush_at_end();
        }
        self.report(&end, &running)
    }

    /// Those that may not stop: they are being polled as the end begins, which takes them out of the lists.
    fn handles_of_running(&self) -> Vec<AbortHandle> {
        if self.is_inherited() {
            return Vec::new();
        }
        self.register().handles_of_running()
    }

    /// What there is after the end.
    fn report(&self, end: &End, running: &[AbortHandle]) -> ShutdownReport {
        let mut report = ShutdownReport {
            runtime_name: self.settings.name.clone(),
            closing: end.closing,
            waiting: end.waiting,
            tasks: Vec::new(),
            other_tasks: 0,
            closures: Vec::new(),
        };
        if self.is_inherited() || end.has_ended {
            return report;
        }
        // Before those that are known, so that none counts which has ended meanwhile.
        let alive = usize::try_from(self.live_tasks()).unwrap_or(usize::MAX);
        // If nobody has come to close the lists, those that sleep are in there.
        report.tasks = self.register().tasks();
        let known: HashSet<Id> = report.tasks.iter().map(TaskInfo::id).collect();
        let told = running.iter().filter(|task| !task.is_finished());
        let told = told.map(AbortHandle::look);
        report
            .tasks
            .extend(told.filter(|task| !known.contains(&task.id())));
        report.other_tasks = alive.saturating_sub(report.tasks.len());
        report.tasks.append(&mut self.tasks_of_driven_sets());
        shutdown::sort(&mut report.tasks);
        let closures = self.blocking.running();
        report.closures = closures.iter().map(LeftClosure::new).collect();
        report
    }
}
