//! The runs: one that is left alone, and then one for each place to drop it at.

use super::cut::{Cut, Cuts};
use super::drive::{Drive, Watched};
use super::failure::{Failure, Part, Trouble};
use super::watch::Watch;
use crate::macros::abandoned::abandoned;
use crate::runtime::{Builder, LocalOptions};
use std::any::type_name;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::{Pin, pin};
use std::thread;
use std::time::Duration;

/// How long what a run has left on other threads is waited for. (What has not ended by then is reported, as of any runtime.)
const GRACE: Duration = Duration::from_secs(1);

/// What is run.
pub(super) struct Runs<M, R, C> {
    make: M,
    run: R,
    check: C,
    place: &'static Location<'static>,
}

impl<M, R, C> Runs<M, R, C> {
    pub(super) fn new(make: M, run: R, check: C, place: &'static Location<'static>) -> Self {
        Self {
            make,
            run,
            check,
            place,
        }
    }

    /// Runs all, as long as `goes_on` says that somebody waits for it. To be called on a thread that may wait.
    pub(super) fn all<S>(
        mut self,
        patience: Duration,
        goes_on: &dyn Fn() -> bool,
    ) -> Result<Cuts, Box<Failure>>
    where
        M: AsyncFnMut() -> S,
        R: AsyncFnMut(&mut S),
        C: AsyncFnMut(S, &Cut),
    {
        /// Also if this unwinds: the other thread is waited for.
        struct Over<'a>(&'a Watch);
        impl Drop for Over<'_> {
            fn drop(&mut self) {
                self.0.over();
            }
        }
        let watch = Watch::default();
        thread::scope(|threads| {
            threads.spawn(|| watch.look(patience));
            let _over = Over(&watch);
            let mut cuts = Cuts {
                awaits: self.one(None, None, &watch)?.number,
                tried: 0,
            };
            while goes_on() {
                let cut = self.one(Some(cuts.tried), Some(cuts.awaits), &watch)?;
                if cut.is_completed() {
                    break;
                }
                cuts.tried += 1;
            }
            Ok(cuts)
        })
    }

    /// One run, which is dropped at place `at`.
    fn one<S>(
        &mut self,
        at: Option<usize>,
        awaits: Option<usize>,
        watch: &Watch,
    ) -> Result<Cut, Box<Failure>>
    where
        M: AsyncFnMut() -> S,
        R: AsyncFnMut(&mut S),
        C: AsyncFnMut(S, &Cut),
    {
        let place = self.place;
        let failure = |part, trouble, cut: Option<&Cut>| {
            Box::new(Failure {
                part,
                trouble,
                cut: cut.cloned(),
                run: type_name::<R>(),
                place,
            })
        };
        let mut builder = Builder::new_current_thread();
        builder.enable_all().start_paused(true);
        let runtime = builder.build_local(LocalOptions::default());
        let runtime = runtime.expect("the system has no runtime for a run");
        let result = runtime.block_on(async {
            let made = Watched::new(pin!((self.make)()), watch).await;
            let mut state = made.map_err(|trouble| failure(Part::Make, trouble, None))?;
            let mut future = Box::pin((self.run)(&mut state));
            let driven = Drive::new(future.as_mut(), at, watch).await;
            let dropped = drop_it(future);
            let mut cut = driven.map_err(|trouble| failure(Part::Run, trouble, None))?;
            cut.awaits = awaits;
            dropped.map_err(|trouble| failure(Part::Drop, trouble, Some(&cut)))?;
            let checked = Watched::new(pin!((self.check)(state, &cut)), watch).await;
            checked.map_err(|trouble| failure(Part::Check, trouble, Some(&cut)))?;
            Ok(cut)
        });
        runtime.shutdown_timeout(GRACE);
        result
    }
}

/// What has not been awaited in there was not forgotten.
fn drop_it<F>(future: Pin<Box<F>>) -> Result<(), Trouble> {
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(abandoned(future))));
    dropped.map_err(|payload| Trouble::panicked(payload, Vec::new()))
}
