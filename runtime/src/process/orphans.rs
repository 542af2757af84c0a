//! Children whose handle was dropped before they were waited for.
//!
//! Somebody has to wait for them, or the system keeps them as zombies. Nobody is there to be woken, so an orphan is a waker
//! itself: when there are [news](super::exit) of it, whoever turns the reactor asks how it has ended, and that is all. It
//! takes no task and no thread. The reactor is that of the runtime that is there when the handle is dropped, or else of the
//! one that the child was started on. When that ends, or there is none, it is the [`reaper`]'s.
//!
//! A reactor that nobody turns, that of a current-thread runtime whose thread does something else, has no news. So that
//! zombies do not pile up meanwhile, whoever starts a child asks two of the orphans.
//!
//! A mutex per orphan keeps the child; it is never held while another one is taken, other than the reaper's, and nothing is
//! called under it that wakes. The list of all of them has its own.

use super::exit::Watched;
use super::reaper;
use crate::prim::Mutex;
use crate::prim::process::PerProcess;
use crate::runtime::current;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// How many orphans are asked when a child is started: more than one that is added.
const ASKED: usize = 2;

static ORPHANS: PerProcess<Mutex<Orphans>> = PerProcess::new();

#[derive(Debug, Default)]
struct Orphans {
    /// By their process' number.
    all: BTreeMap<u32, Arc<Orphan>>,
    /// Which was asked last.
    last: u32,
}

#[derive(Debug)]
struct Orphan {
    id: u32,
    /// `None` once it has been waited for.
    child: Mutex<Option<Watched>>,
}

/// Sees to it that the child is waited for.
pub(super) fn adopt(mut child: Watched) {
    if !is_running(&mut child) {
        return;
    }
    if let Some(reactor) = current::try_reactor() {
        child.prefer(reactor);
    }
    let id = child.id();
    let orphan = Arc::new(Orphan {
        id,
        child: Mutex::new(Some(child)),
    });
    let previous = ORPHANS.get().lock().all.insert(id, Arc::clone(&orphan));
    // Somebody else has waited for it, and the system has given its number away.
    drop(previous);
    orphan.look();
}

/// Asks some of the orphans, in turn: nobody may turn their reactor, or the system may have had no thread for them.
pub(super) fn remember() {
    for _ in 0..ASKED {
        let mut orphans = ORPHANS.get().lock();
        let after = (Bound::Excluded(orphans.last), Bound::Unbounded);
        let next = orphans.all.range(after).next();
        let Some((_, orphan)) = next.or_else(|| orphans.all.iter().next()) else {
            return;
        };
        let orphan = Arc::clone(orphan);
        orphans.last = orphan.id;
        drop(orphans);
        orphan.look();
    }
}

/// False if it has ended, and is now waited for, or somebody else has done so.
fn is_running(child: &mut Watched) -> bool {
    matches!(child.try_wait(), Ok(None))
}

impl Orphan {
    /// Waits for it without waiting; subscribes to news of it if it goes on.
    fn look(self: &Arc<Self>) {
        let waker = Waker::from(Arc::clone(self));
        let mut cx = Context::from_waker(&waker);
        let mut place = self.child.lock();
        let Some(child) = place.as_mut() else {
            return;
        };
        let mut refused = 0;
        loop {
            let news = child.poll_news(&mut cx, reaper::reactor);
            if !is_running(child) {
                break;
            }
            match news {
                Poll::Ready(Ok(())) => {}
                // The reaper's reactor has just gone, as there was nothing to do: there will be another.
                Poll::Ready(Err(_)) if refused == 0 => refused = 1,
                // No reactor has it.
                Poll::Ready(Err(_)) if refused == 1 => {
                    refused = 2;
                    child.look_instead();
                }
                // The next child that is started tries again.
                Poll::Ready(Err(_)) | Poll::Pending => return,
            }
        }
        let ended = place.take();
        drop(place);
        let listed = self.forget();
        drop((ended, listed));
    }

    /// Takes it off the list, unless that has another of its number.
    fn forget(self: &Arc<Self>) -> Option<Arc<Self>> {
        let mut orphans = ORPHANS.get().lock();
        let is_listed = orphans
            .all
            .get(&self.id)
            .is_some_and(|listed| Arc::ptr_eq(listed, self));
        is_listed.then(|| orphans.all.remove(&self.id)).flatten()
    }
}

impl Wake for Orphan {
    fn wake(self: Arc<Self>) {
        self.look();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.look();
    }
}
