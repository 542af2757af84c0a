//! `Notify`, against a permit and a queue.

use crate::many::Many;
use crate::polling::{Flag, poll_once};
use arbitrary::Arbitrary;
use leno::sync::Notify;
use leno::sync::futures::OwnedNotified;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

#[derive(Arbitrary, Debug)]
pub struct Script {
    steps: Many<Step>,
}

#[derive(Arbitrary, Debug)]
pub enum Step {
    Make,
    Enable(u8),
    Poll(u8),
    Cancel(u8),
    NotifyOne,
    NotifyLast,
    NotifyWaiters,
}

/// What a future has been told.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// Not polled yet: it has no place in the queue.
    Made,
    /// Waiting, since that step.
    Queued(usize),
    /// By one who means one: dropped, it hands that on.
    Notified(Which),
    /// With all others.
    Called,
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Which {
    Oldest,
    Newest,
}

struct Waiter {
    future: Pin<Box<OwnedNotified>>,
    /// There once it has been polled.
    flag: Option<Arc<Flag>>,
    state: State,
}

#[derive(Default)]
struct World {
    permit: bool,
    waiters: Vec<Waiter>,
}

impl World {
    fn notify(&mut self, which: Which) {
        let since = |waiter: &Waiter| match waiter.state {
            State::Queued(since) => Some(since),
            _ => None,
        };
        let queued = self.waiters.iter().filter_map(since);
        let chosen = match which {
            Which::Oldest => queued.min(),
            Which::Newest => queued.max(),
        };
        match self
            .waiters
            .iter_mut()
            .find(|waiter| chosen.is_some() && since(waiter) == chosen)
        {
            Some(waiter) => waiter.state = State::Notified(which),
            None => self.permit = true,
        }
    }

    /// Whether a future is ready that is polled, or enabled, in that step.
    fn polled(&mut self, which: usize, step: usize) -> bool {
        let waiter = &mut self.waiters[which];
        if waiter.state == State::Made {
            waiter.state = match std::mem::take(&mut self.permit) {
                true => State::Done,
                false => State::Queued(step),
            };
        }
        if !matches!(waiter.state, State::Queued(_)) {
            waiter.state = State::Done;
        }
        waiter.state == State::Done
    }
}

impl super::Script for Script {
    fn run(self) {
        let notify = Arc::new(Notify::new());
        let mut world = World::default();
        for (number, step) in self.steps.into_iter().enumerate() {
            let count = world.waiters.len();
            let index = |which: u8| usize::from(which) % count;
            match step {
                Step::Make => world.waiters.push(Waiter {
                    future: Box::pin(notify.clone().notified_owned()),
                    flag: None,
                    state: State::Made,
                }),
                Step::Enable(which) if count > 0 => {
                    let which = index(which);
                    let is_ready = world.waiters[which].future.as_mut().enable();
                    assert_eq!(is_ready, world.polled(which, number));
                }
                Step::Poll(which) if count > 0 => {
                    let which = index(which);
                    let (polled, flag) = poll_once(world.waiters[which].future.as_mut());
                    assert_eq!(polled == Poll::Ready(()), world.polled(which, number));
                    world.waiters[which].flag = Some(flag);
                }
                Step::Cancel(which) if count > 0 => {
                    let waiter = world.waiters.swap_remove(index(which));
                    drop(waiter.future);
                    if let State::Notified(which) = waiter.state {
                        world.notify(which);
                    }
                }
                Step::NotifyOne => {
                    notify.notify_one();
                    world.notify(Which::Oldest);
                }
                Step::NotifyLast => {
                    notify.notify_last();
                    world.notify(Which::Newest);
                }
                Step::NotifyWaiters => {
                    notify.notify_waiters();
                    for waiter in &mut world.waiters {
                        if matches!(waiter.state, State::Made | State::Queued(_)) {
                            waiter.state = State::Called;
                        }
                    }
                }
                _ => {}
            }
            for waiter in &world.waiters {
                let is_told = matches!(waiter.state, State::Notified(_) | State::Called);
                if let (true, Some(flag)) = (is_told, &waiter.flag) {
                    assert!(flag.is_woken(), "it has been notified, and sleeps on");
                }
            }
        }
    }
}
