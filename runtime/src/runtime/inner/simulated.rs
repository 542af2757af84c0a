//! A runtime for one run of a simulation.

use super::{Inner, Patience, Scheduler, Settings};
use crate::kernel::blocking::{self, Blocking};
use crate::kernel::clock::Clock;
use crate::kernel::driver::Driver;
use crate::kernel::hooks::ParkHooks;
use crate::kernel::intervals::Intervals;
use crate::kernel::local::Local;
use crate::kernel::local::drawn::{Bounds, Line, Still, Stuck};
use crate::kernel::wanted::Wanted;
use crate::runtime::current;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// What a test says about its runtime, as far as that means something in a simulation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct How {
    /// As a `LocalRuntime`: tasks need not be `Send`.
    pub(crate) is_local: bool,
    /// The program finds its clock paused.
    pub(crate) start_paused: bool,
    pub(crate) name: Option<&'static str>,
}

impl Inner {
    /// A runtime whose clock stands still, without a reactor and without threads.
    pub(crate) fn new_simulated(built_at: &'static Location<'static>, how: How) -> Arc<Self> {
        let clock = Arc::new(Clock::new_simulated());
        if how.start_paused {
            clock.pause();
        }
        let hooks = ParkHooks {
            on_park: None,
            on_unpark: None,
        };
        let intervals = Intervals {
            events: None,
            injected: None,
        };
        let local = Local::new(
            Driver::new(None),
            clock,
            hooks,
            intervals,
            how.is_local,
            Wanted::NOTHING,
        );
        let settings = Settings {
            name: how.name.map(Into::into),
            time: true,
            #[cfg(unix)]
            shown: false,
            owner: how.is_local.then(|| thread::current().id()),
            built_at,
            wanted: &Wanted::NOTHING,
        };
        let blocking = Blocking::new(blocking::Config {
            // Closures have their turns like tasks.
            max_threads: 1,
            keep_alive: Duration::from_secs(1),
            patience: Duration::from_millis(1),
            stack_size: None,
            name: Box::new(|| "leno-simulation".to_owned()),
            on_start: None,
            on_stop: None,
        });
        Self::new_local(local, settings, blocking)
    }

    /// Runs `future` as the root of a simulation that this thread has entered; see [`Local::run_drawn`].
    pub(crate) fn run_simulated<F: Future>(
        self: &Arc<Self>,
        future: F,
        bounds: Bounds,
        line: &mut Line,
        stuck: impl FnOnce(Stuck, &Still<'_, '_>),
    ) -> Option<F::Output> {
        let Scheduler::Local { local, .. } = &self.scheduler else {
            unreachable!("a simulated runtime has one thread");
        };
        let future = self.roots.list(future, self.settings.built_at);
        let _current = current::set(Arc::clone(self));
        Local::run_drawn(local, future, bounds, line, stuck)
    }

    /// Cancels what is left. Nobody is waited for: there are no threads.
    pub(crate) fn end_simulated(self: &Arc<Self>) {
        if self.is_inherited() {
            return self.shutdown(Patience::None);
        }
        // What `shutdown` does, without the clock readings that only matter to one that waits.
        self.close(Patience::None);
    }
}
