//! A closure as a task, whose future runs it in one poll: so its handle, panics and abort are a task's.

use crate::kernel::budget;
use crate::kernel::here;
use crate::kernel::task::{
    self, Header, Home, Id, JoinHandle, Membership, Origin, Runnable, Scheduler,
};
use crate::kernel::wanted::Wanted;
use crate::prim::asked;
use std::future::Future;
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll};

/// The home of a closure. It is polled once, by the thread that takes it from the queue, and is ready then: so
/// it is never scheduled by a wake, and never sleeps.
struct Elsewhere {
    wanted: &'static Wanted,
}

impl Scheduler for Elsewhere {
    fn schedule(&self, task: Runnable) {
        unreachable!("blocking task {} was queued twice", task.id());
    }

    unsafe fn schedule_unheld(this: NonNull<Self>, task: Runnable) {
        // SAFETY: the caller's: it is alive, and nothing is pushed.
        unsafe { this.as_ref() }.schedule(task);
    }

    unsafe fn link(&self, _: NonNull<Header>) -> Option<u16> {
        None
    }

    unsafe fn finished(&self, _: NonNull<Header>, _: Option<u16>) {}

    fn wanted(&self) -> &Wanted {
        self.wanted
    }
}

/// A closure as a future that is ready at its first poll.
struct Closure<F>(Option<F>);

impl<F> Unpin for Closure<F> {}

impl<F: FnOnce() -> R, R> Future for Closure<F> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<R> {
        let Some(closure) = self.0.take() else {
            unreachable!("a blocking task was polled after it had run");
        };
        // The closure may wait, so a budget that makes it yield would make no sense.
        here::with(|here| here.budget.set(budget::UNLIMITED));
        Poll::Ready(closure())
    }
}

/// A task that runs `closure`, to be submitted. `wanted` is what is to be looked for at it, `member` what it is besides.
pub(crate) fn task<F, R, M>(
    closure: F,
    origin: Origin,
    wanted: &'static Wanted,
    member: M,
) -> (Runnable, JoinHandle<M::Kept>)
where
    F: FnOnce() -> R + Send + 'static,
    M: Membership<R>,
{
    let id = Id::next();
    let home = Home::new(Elsewhere { wanted });
    let made = task::new_member(Closure(Some(closure)), home, id, origin, member);
    asked::is_closure(id.get());
    made
}

/// The handle of a task that is cancelled before it begins: its future is dropped here.
pub(crate) fn refused<F>(future: F, origin: Origin) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let home = Home::new(Elsewhere {
        wanted: &Wanted::NOTHING,
    });
    let (task, handle) = task::new(future, home, Id::next(), origin);
    task.cancel();
    handle
}
