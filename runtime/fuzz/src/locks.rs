//! `Semaphore`, `Mutex` and `RwLock`, against a number of permits and a queue in order of arrival.

use crate::many::Many;
use crate::polling::{Flag, poll_once};
use arbitrary::Arbitrary;
use leno::sync::{Mutex, RwLock, Semaphore, TryAcquireError};
use std::any::Any;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

#[derive(Arbitrary, Debug)]
pub struct Script {
    kind: Kind,
    steps: Many<Step>,
}

#[derive(Arbitrary, Debug)]
pub enum Kind {
    Semaphore { permits: u8 },
    Mutex,
    RwLock { readers: u8 },
}

#[derive(Arbitrary, Debug)]
pub enum Step {
    Acquire(u8),
    TryAcquire(u8),
    Poll(u8),
    Cancel(u8),
    Release(u8),
    // Of a semaphore:
    Add(u8),
    Forget(u8),
    Close,
}

/// Permits, or the guard of a lock.
type Guard = Box<dyn Any>;
/// `None` if it is closed.
type Acquiring = Pin<Box<dyn Future<Output = Option<Guard>>>>;

enum Lock {
    Semaphore(Arc<Semaphore>),
    Mutex(Arc<Mutex<()>>),
    ReadersAndWriters(Arc<RwLock<()>>, usize),
}

impl Lock {
    /// How many permits a request is for.
    fn size(&self, argument: u8) -> usize {
        match self {
            Lock::Semaphore(_) => usize::from(argument) % 8,
            Lock::Mutex(_) => 1,
            Lock::ReadersAndWriters(_, _) if argument % 2 == 0 => 1,
            Lock::ReadersAndWriters(_, readers) => *readers,
        }
    }

    fn is_read(argument: u8) -> bool {
        argument % 2 == 0
    }

    fn acquire(&self, argument: u8) -> Acquiring {
        let size = self.size(argument);
        match self {
            Lock::Semaphore(semaphore) => {
                let acquiring = semaphore.clone().acquire_many_owned(size as u32);
                Box::pin(async move { Some(Box::new(acquiring.await.ok()?) as Guard) })
            }
            Lock::Mutex(mutex) => {
                let locking = mutex.clone().lock_owned();
                Box::pin(async move { Some(Box::new(locking.await) as Guard) })
            }
            Lock::ReadersAndWriters(lock, _) if Self::is_read(argument) => {
                let locking = lock.clone().read_owned();
                Box::pin(async move { Some(Box::new(locking.await) as Guard) })
            }
            Lock::ReadersAndWriters(lock, _) => {
                let locking = lock.clone().write_owned();
                Box::pin(async move { Some(Box::new(locking.await) as Guard) })
            }
        }
    }

    fn try_acquire(&self, argument: u8) -> Option<Guard> {
        let size = self.size(argument);
        match self {
            Lock::Semaphore(semaphore) => {
                match semaphore.clone().try_acquire_many_owned(size as u32) {
                    Ok(permit) => Some(Box::new(permit)),
                    Err(TryAcquireError::Closed) => {
                        assert!(semaphore.is_closed());
                        None
                    }
                    Err(TryAcquireError::NoPermits) => {
                        assert!(!semaphore.is_closed());
                        None
                    }
                }
            }
            Lock::Mutex(mutex) => {
                let guard = mutex.clone().try_lock_owned().ok()?;
                Some(Box::new(guard))
            }
            Lock::ReadersAndWriters(lock, _) if Self::is_read(argument) => {
                let guard = lock.clone().try_read_owned().ok()?;
                Some(Box::new(guard))
            }
            Lock::ReadersAndWriters(lock, _) => {
                let guard = lock.clone().try_write_owned().ok()?;
                Some(Box::new(guard))
            }
        }
    }
}

/// Somebody who waits, or has been given what it waited for and has not looked yet.
struct Waiter {
    future: Acquiring,
    flag: Arc<Flag>,
    id: usize,
    wants: usize,
}

/// What a lock should do.
struct Model {
    free: usize,
    /// Who waits, with what it has and what it wants. The first is given all there is.
    queue: VecDeque<(usize, usize, usize)>,
    is_closed: bool,
}

impl Model {
    /// True if it is granted at once; otherwise it waits.
    fn acquire(&mut self, id: usize, wants: usize) -> bool {
        if self.take(wants) {
            return true;
        }
        self.queue.push_back((id, self.free, wants));
        self.free = 0;
        false
    }

    fn take(&mut self, wants: usize) -> bool {
        let is_there = !self.is_closed && wants <= self.free;
        if is_there {
            self.free -= wants;
        }
        is_there
    }

    fn give(&mut self, mut permits: usize) {
        if !self.is_closed {
            while let Some((_, has, wants)) = self.queue.front_mut() {
                let taken = permits.min(*wants - *has);
                *has += taken;
                permits -= taken;
                if has < wants {
                    return;
                }
                self.queue.pop_front();
            }
        }
        self.free += permits;
    }

    fn is_waiting(&self, id: usize) -> bool {
        !self.is_closed && self.queue.iter().any(|waiting| waiting.0 == id)
    }

    /// Somebody goes away without having been told that it has something.
    fn forget(&mut self, id: usize, wants: usize) {
        let given = match self.queue.iter().position(|waiting| waiting.0 == id) {
            Some(place) => self.queue.remove(place).map_or(0, |waiting| waiting.1),
            None => wants,
        };
        self.give(given);
    }
}

impl super::Script for Script {
    fn run(self) {
        let (lock, free) = match self.kind {
            Kind::Semaphore { permits } => {
                let permits = usize::from(permits) % 8;
                (Lock::Semaphore(Arc::new(Semaphore::new(permits))), permits)
            }
            Kind::Mutex => (Lock::Mutex(Arc::default()), 1),
            Kind::RwLock { readers } => {
                let readers = usize::from(readers) % 4 + 1;
                let lock = RwLock::with_max_readers((), readers as u32);
                (Lock::ReadersAndWriters(Arc::new(lock), readers), readers)
            }
        };
        let mut model = Model {
            free,
            queue: VecDeque::new(),
            is_closed: false,
        };
        let mut waiters: Vec<Waiter> = Vec::new();
        let mut held: Vec<(Guard, usize)> = Vec::new();
        for (id, step) in self.steps.into_iter().enumerate() {
            perform(step, id, &lock, &mut model, &mut waiters, &mut held);
            for waiter in &waiters {
                assert!(
                    waiter.flag.is_woken() || model.is_waiting(waiter.id),
                    "{} has been answered, and sleeps on",
                    waiter.id
                );
            }
            if let (Lock::Semaphore(semaphore), false) = (&lock, model.is_closed) {
                assert_eq!(semaphore.available_permits(), model.free);
            }
        }
    }
}

fn perform(
    step: Step,
    id: usize,
    lock: &Lock,
    model: &mut Model,
    waiters: &mut Vec<Waiter>,
    held: &mut Vec<(Guard, usize)>,
) {
    match (step, lock) {
        (Step::Acquire(argument), _) => {
            let wants = lock.size(argument);
            let mut future = lock.acquire(argument);
            let (polled, flag) = poll_once(future.as_mut());
            match polled {
                Poll::Ready(Some(guard)) => {
                    assert!(model.take(wants), "acquired what is not there");
                    held.push((guard, wants));
                }
                Poll::Ready(None) => assert!(model.is_closed),
                Poll::Pending => {
                    assert!(
                        !model.is_closed && !model.acquire(id, wants),
                        "it need not wait"
                    );
                    waiters.push(Waiter {
                        future,
                        flag,
                        id,
                        wants,
                    });
                }
            }
        }
        (Step::TryAcquire(argument), _) => {
            let wants = lock.size(argument);
            let guard = lock.try_acquire(argument);
            assert_eq!(guard.is_some(), model.take(wants));
            held.extend(guard.map(|guard| (guard, wants)));
        }
        (Step::Poll(which), _) if !waiters.is_empty() => {
            let which = usize::from(which) % waiters.len();
            let waiter = &mut waiters[which];
            let (polled, flag) = poll_once(waiter.future.as_mut());
            match polled {
                Poll::Pending => {
                    assert!(model.is_waiting(waiter.id), "it has been answered");
                    waiter.flag = flag;
                }
                Poll::Ready(guard) => {
                    assert!(!model.is_waiting(waiter.id), "it has not been answered");
                    let waiter = waiters.swap_remove(which);
                    assert_eq!(guard.is_none(), model.is_closed);
                    match guard {
                        Some(guard) => held.push((guard, waiter.wants)),
                        // What it had is given back.
                        None => model.forget(waiter.id, waiter.wants),
                    }
                }
            }
        }
        (Step::Cancel(which), _) if !waiters.is_empty() => {
            let which = usize::from(which) % waiters.len();
            let waiter = waiters.swap_remove(which);
            drop(waiter.future);
            model.forget(waiter.id, waiter.wants);
        }
        (Step::Release(which), _) if !held.is_empty() => {
            let which = usize::from(which) % held.len();
            let (guard, size) = held.swap_remove(which);
            drop(guard);
            model.give(size);
        }
        (Step::Add(permits), Lock::Semaphore(semaphore)) => {
            let permits = usize::from(permits) % 8;
            semaphore.add_permits(permits);
            model.give(permits);
        }
        (Step::Forget(permits), Lock::Semaphore(semaphore)) if !model.is_closed => {
            let permits = usize::from(permits) % 8;
            let forgotten = permits.min(model.free);
            assert_eq!(semaphore.forget_permits(permits), forgotten);
            model.free -= forgotten;
        }
        (Step::Close, Lock::Semaphore(semaphore)) => {
            semaphore.close();
            model.is_closed = true;
        }
        _ => {}
    }
}
