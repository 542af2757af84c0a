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
//! *The crowd.* News need a descriptor, and a program that starts many others and lets go of them has a better use for those
//! that it may open. So a few orphans have one. The others, and those that have none for other reasons, are looked at by the
//! reaper, all at once. The more there are the seldomer that is, whatever signals come: a crowd of 10,000 once a second.
//!
//! A mutex per orphan keeps the child; it is never held while another one is taken, other than the reaper's, and nothing is
//! called under it that wakes. The list of all of them has its own, and so has the crowd. Under that one no system call is
//! made for each child: who looks at the crowd takes it out meanwhile.

use super::exit::Watched;
use super::reaper;
use crate::prim::Mutex;
use crate::prim::process::PerProcess;
use crate::runtime::current;
use std::collections::BTreeMap;
use std::mem;
use std::ops::Bound;
use std::process::Child;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// How many orphans are asked when a child is started: more than one that is added.
const ASKED: usize = 2;

/// How many orphans have a descriptor.
const WITH_DESCRIPTOR: usize = 32;

static ORPHANS: PerProcess<Mutex<Orphans>> = PerProcess::new();
static CROWD: PerProcess<Mutex<Crowd>> = PerProcess::new();

/// Those of which there are news.
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
    /// `None` once it has been waited for, or is in the crowd.
    child: Mutex<Option<Watched>>,
}

/// Those that are looked at.
#[derive(Debug, Default)]
struct Crowd {
    /// By their process' number.
    children: BTreeMap<u32, Child>,
    /// Whether a look is due some time, or under way.
    has_look: bool,
}

/// Sees to it that the child is waited for.
pub(super) fn adopt(mut child: Watched) {
    if !matches!(child.try_wait(), Ok(None)) {
        return;
    }
    if let Some(reactor) = current::try_reactor() {
        child.prefer(reactor);
    }
    let id = child.id();
    let mut orphans = ORPHANS.get().lock();
    if !child.has_descriptor() || orphans.all.len() >= WITH_DESCRIPTOR {
        drop(orphans);
        Crowd::add(child);
        return;
    }
    let orphan = Arc::new(Orphan {
        id,
        child: Mutex::new(Some(child)),
    });
    let previous = orphans.all.insert(id, Arc::clone(&orphan));
    drop(orphans);
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
            break;
        };
        let orphan = Arc::clone(orphan);
        orphans.last = orphan.id;
        drop(orphans);
        orphan.look();
    }
    Crowd::remember();
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
        let goes_on = loop {
            let news = child.poll_news(&mut cx);
            if !matches!(child.try_wait(), Ok(None)) {
                break false;
            }
            match news {
                Poll::Pending => return,
                Poll::Ready(Ok(())) if child.has_descriptor() => {}
                // The reactor is gone. That of the reaper may be as well, as there was nothing to do: there will be another.
                Poll::Ready(Err(_)) if refused < 2 => {
                    refused += 1;
                    let Some(reactor) = reaper::reactor() else {
                        break true;
                    };
                    child.prefer(reactor);
                }
                Poll::Ready(_) => break true,
            }
        };
        let child = place.take();
        drop(place);
        let listed = self.forget();
        if let Some(child) = child.filter(|_| goes_on) {
            Crowd::add(child);
        }
        drop(listed);
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

impl Crowd {
    fn add(child: Watched) {
        let child = child.into_process();
        let mut crowd = CROWD.get().lock();
        crowd.children.insert(child.id(), child);
        if !crowd.has_look {
            crowd.look_later();
        }
    }

    /// Looks if nobody else does, as the system had no thread for that.
    fn remember() {
        let mut crowd = CROWD.get().lock();
        let is_forgotten = !crowd.has_look && !crowd.children.is_empty();
        crowd.has_look |= is_forgotten;
        drop(crowd);
        if is_forgotten {
            Self::look();
        }
    }

    /// Waits for all of them without waiting. The caller sees to it that nobody else does.
    fn look() {
        let mut children = mem::take(&mut CROWD.get().lock().children);
        children.retain(|_, child| matches!(child.try_wait(), Ok(None)));
        let mut crowd = CROWD.get().lock();
        let added = mem::replace(&mut crowd.children, children);
        crowd.children.extend(added);
        crowd.look_later();
    }

    fn look_later(&mut self) {
        let size = self.children.len();
        self.has_look = size > 0 && reaper::look_at_crowd(size, Waker::from(Arc::new(Due))).is_ok();
    }
}

/// It is time to look at the crowd.
#[derive(Debug)]
struct Due;

impl Wake for Due {
    fn wake(self: Arc<Self>) {
        Crowd::look();
    }
}
