//! `kernel::children`: whoever is brought by another thread is polled, or given back.

use super::block_on::block_on;
use super::explore;
use crate::kernel::children::{Children, Member, Next};

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

type Child = dyn Future<Output = ()> + Send;

/// Polls the body, which is `body`, and the children, as the owner of a group does. True when all are done.
fn poll(
    children: &Children<Child>,
    mut body: impl FnMut(&mut Context<'_>) -> Poll<()>,
    cx: &mut Context<'_>,
) -> bool {
    let mut poller = children.begin(cx.waker()).expect("it has not ended");
    let own = |waker: Option<Waker>| waker.expect("nobody tells");
    loop {
        match poller.next() {
            Next::Poll(Member::Child(lane, mut child), waker) => {
                let waker = own(waker);
                match child.as_mut().poll(&mut Context::from_waker(&waker)) {
                    Poll::Pending => poller.put_back(lane, child),
                    Poll::Ready(()) => poller.remove(lane),
                }
            }
            Next::Poll(Member::Body, waker) => {
                let waker = own(waker);
                if body(&mut Context::from_waker(&waker)).is_ready() {
                    poller.remove_body();
                }
            }
            Next::Sleep(is_last) => return is_last,
            Next::Yield => unreachable!("there are few"),
        }
    }
}

/// A child that counts itself, and pends once.
fn child(polled: &Arc<AtomicUsize>) -> Pin<Box<Child>> {
    let polled = polled.clone();
    let mut waits = true;
    Box::pin(poll_fn(move |cx| {
        if std::mem::take(&mut waits) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        polled.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(())
    }))
}

/// The owner sleeps until another thread has brought two children, and both are done. Nobody wakes it but who brings them.
///
/// Mutation: `take_over` looks at `is_polled` before it has a lane → fails with a deadlock.
#[test]
fn a_child_that_comes_is_polled() {
    explore(3, || {
        let children = Arc::new(Children::<Child>::new());
        let polled = Arc::new(AtomicUsize::new(0));
        let (brings, counts) = (children.clone(), polled.clone());
        let thread = thread::spawn(move || {
            for _ in 0..2 {
                assert!(brings.take_over(child(&counts)).is_ok());
            }
        });
        block_on(poll_fn(|cx| {
            let are_gone = poll(&children, |_| Poll::Pending, cx);
            if are_gone && polled.load(Ordering::Relaxed) == 2 {
                return Poll::Ready(());
            }
            Poll::Pending
        }));
        thread.join().unwrap();
        assert_eq!(children.left(), 0);
    });
}

/// A child that comes as the group ends is among those that are dropped, or is given back: never is one left behind.
#[test]
fn a_child_that_comes_at_the_end_is_given_back_or_dropped() {
    explore(3, || {
        let children = Arc::new(Children::<Child>::new());
        let alive = Arc::new(AtomicUsize::new(0));
        let (brings, counts) = (children.clone(), alive.clone());
        let thread = thread::spawn(move || brings.take_over(child(&counts)).is_err());
        let taken = children.end().into_iter().flatten().count();
        let was_given_back = thread.join().unwrap();
        assert_eq!(taken + usize::from(was_given_back), 1);
        assert_eq!(children.end().into_iter().flatten().count(), 0);
        assert!(children.begin(Waker::noop()).is_none());
    });
}
