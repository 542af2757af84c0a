//! A runtime for one run of a simulation.

use super::{Inner, Patience, Scheduler, Settings};
use crate::introspection;
use crate::kernel::blocking::{self, Blocking};
use crate::kernel::clock::Clock;
use crate::kernel::driver::Driver;
use crate::kernel::hooks::ParkHooks;
use crate::kernel::intervals::Intervals;
use crate::kernel::local::Local;
use crate::kernel::local::drawn::{Bounds, Line, Still, Stuck};
use crate::kernel::wanted::Wanted;
use crate::runtime::{Id, current};
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
use std::thread::{self, ThreadId};
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

impl How {
    fn owner(self) -> Option<ThreadId> {
        self.is_local.then(|| thread::current().id())
    }
}

impl Inner {
    /// A runtime whose clock stands still, without a reactor and without threads. `spare` is one that
    /// [is to spare](Self::spare_simulated), and was made in the same way.
    pub(crate) fn new_simulated(
        built_at: &'static Location<'static>,
        how: How,
        spare: Option<Arc<Self>>,
    ) -> Arc<Self> {
        spare
            .and_then(|spare| Self::renewed(spare, how))
            .unwrap_or_else(|| Self::make_simulated(built_at, how))
    }

    /// `spare` as another runtime.
    fn renewed(mut spare: Arc<Self>, how: How) -> Option<Arc<Self>> {
        let inner = Arc::get_mut(&mut spare)?;
        let id = Id::next();
        inner.id = id;
        #[cfg(any(target_os = "linux", target_os = "android"))]
        inner._found.set_id(id);
        inner.settings.owner = how.owner();
        if how.start_paused {
            inner.clock().pause();
        }
        introspection::begin(inner, false);
        Some(spare)
    }

    fn make_simulated(built_at: &'static Location<'static>, how: How) -> Arc<Self> {
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
            owner: how.owner(),
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
        line: &mut Option<Box<Line>>,
        stuck: impl FnOnce(Stuck, &Still<'_, '_>),
    ) -> Option<F::Output> {
        let Scheduler::Local { local, .. } = &self.scheduler else {
            unreachable!("a simulated runtime has one thread");
        };
        let future = self.roots.list(future, self.settings.built_at);
        let _current = current::set(Arc::clone(self));
        Local::run_drawn(local, future, bounds, line, stuck)
    }

    /// A runtime in which nothing is left, no task and no timer, and which nobody else knows, needs no end: it comes back as it was made.
    pub(crate) fn spare_simulated(mut self: Arc<Self>) -> Result<Arc<Self>, Arc<Self>> {
        if Arc::get_mut(&mut self).is_some_and(Self::renew) {
            Ok(self)
        } else {
            Err(self)
        }
    }

    /// Cancels what is left. Nobody is waited for: there are no threads.
    pub(crate) fn end_simulated(self: &Arc<Self>) {
        if self.is_inherited() {
            return self.shutdown(Patience::None);
        }
        // What `shutdown` does, without the clock readings that only matter to one that waits.
        self.close(Patience::None);
    }

    /// Puts it back to how it was made, but for what each has of its own; false, and it is as before, if it cannot be.
    fn renew(&mut self) -> bool {
        let is_inherited = self.is_inherited();
        let Self {
            id: _,
            #[cfg(any(target_os = "linux", target_os = "android"))]
                _found: _,
            scheduler,
            settings: _,
            blocking,
            roots,
            sets,
            waits,
            process: _,
        } = self;
        let is_empty = roots.is_as_new() && sets.is_as_new() && waits.get().is_none();
        if is_inherited || !is_empty || !blocking.is_as_new() {
            return false;
        }
        match scheduler {
            Scheduler::Local { local, home } => Local::renew(local, home),
            Scheduler::Pool { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::task::Origin;

    const HOW: How = How {
        is_local: false,
        start_paused: false,
        name: None,
    };

    fn made() -> Arc<Inner> {
        Inner::new_simulated(Location::caller(), HOW, None)
    }

    #[test]
    fn a_runtime_in_which_nothing_is_left_is_used_again() {
        let inner = made();
        let (address, id) = (Arc::as_ptr(&inner), inner.id());
        let begins = inner.clock().now();
        inner.clock().advance_to(begins + 1_000_000);
        let spare = inner.spare_simulated().unwrap();
        let inner = Inner::new_simulated(Location::caller(), HOW, Some(spare));
        assert_eq!(Arc::as_ptr(&inner), address);
        assert_ne!(inner.id(), id, "it is another one all the same");
        assert_eq!(inner.clock().now(), begins);
        let paused = How {
            start_paused: true,
            ..HOW
        };
        let spare = inner.spare_simulated().unwrap();
        let inner = Inner::new_simulated(Location::caller(), paused, Some(spare));
        assert!(inner.clock().is_paused_by_program());
        let spare = inner.spare_simulated().unwrap();
        assert!(!spare.clock().is_paused_by_program());
    }

    #[test]
    fn the_thread_is_that_of_the_run() {
        let local = How {
            is_local: true,
            ..HOW
        };
        let inner = Inner::new_simulated(Location::caller(), local, None);
        assert_eq!(inner.owner(), Some(thread::current().id()));
        let spare = inner.spare_simulated().unwrap();
        let elsewhere = thread::spawn(move || {
            let inner = Inner::new_simulated(Location::caller(), local, Some(spare));
            assert_eq!(inner.owner(), Some(thread::current().id()));
        });
        elsewhere.join().unwrap();
    }

    /// It stays as it is, and can be ended.
    #[track_caller]
    fn is_kept<T>(leave: impl FnOnce(&Arc<Inner>) -> T) {
        let inner = made();
        let left = leave(&inner);
        let inner = inner.spare_simulated().unwrap_err();
        inner.end_simulated();
        assert!(inner.is_closed());
        drop(left);
    }

    #[test]
    fn a_runtime_in_which_something_is_left_is_ended() {
        is_kept(Arc::clone);
        is_kept(Arc::downgrade);
        is_kept(|inner| inner.spawn(async {}, Origin::caller()));
        is_kept(|inner| inner.wheel().cloned());
        is_kept(|inner| Arc::clone(inner.clock()));
        is_kept(|inner| inner.hold_clock());
        is_kept(|inner| {
            inner.set_waits_thread(thread::current());
        });
        is_kept(|inner| inner.wait_elsewhere(|| {}));
        is_kept(|inner| introspection::begin(inner, true));
        is_kept(|inner| {
            inner.end_simulated();
        });
    }
}
