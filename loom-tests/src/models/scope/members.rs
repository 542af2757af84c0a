//! A member is in its scope's list from its first sleep until it is about to complete, and counts until it is complete.

use super::*;
use crate::kernel::context::{Context as Inherited, Value as InheritedValue, Within};

/// A task that sleeps is woken, and ends, while a cancel takes it out of the list and aborts it: its memory is there for that.
// Mutation: `cancel` makes the tasks' handles when it has let the lock go: memory that is gone.
#[test]
fn a_cancel_meets_the_end_of_a_member() {
    explore(3, || {
        let queue = Queue::new();
        let owner = Owner::begin(NodeKind::Supervisor);
        let first: Arc<Mutex<Option<Waker>>> = Arc::new(Mutex::new(None));
        let (drops, dropped) = Drops::new();
        let handle = spawn(&queue, &owner.node, {
            let (first, mut dropped, mut polled) = (first.clone(), Some(dropped), false);
            poll_fn(move |cx| {
                if std::mem::replace(&mut polled, true) {
                    drop(dropped.take());
                    return Poll::Ready(());
                }
                *first.lock() = Some(cx.waker().clone());
                Poll::Pending
            })
        });
        drop(handle.unwrap());
        queue.run();
        let waker = first.lock().take().unwrap();
        let ends = thread::spawn({
            let queue = queue.clone();
            move || {
                waker.wake();
                queue.run();
            }
        });
        owner.node.cancel(&requested("enough"));
        queue.run();
        owner.end();
        assert!(drops.is_dropped());
        ends.join().unwrap();
        owner.go();
    });
}

/// Who walks through the list of tasks meets the end of one: as long as it is in there it has not left its scope, which can be
/// counted; and what is counted can be looked at when the lock is gone.
#[test]
fn whoever_looks_meets_the_end_of_a_member() {
    explore(3, || {
        let queue = Queue::new();
        let owner = Owner::begin(NodeKind::Supervisor);
        let first: Arc<Mutex<Option<Waker>>> = Arc::new(Mutex::new(None));
        let handle = spawn(&queue, &owner.node, {
            let (first, mut polled) = (first.clone(), false);
            poll_fn(move |cx| {
                if std::mem::replace(&mut polled, true) {
                    return Poll::Ready(());
                }
                *first.lock() = Some(cx.waker().clone());
                Poll::Pending
            })
        });
        drop(handle.unwrap());
        queue.run();
        let waker = first.lock().take().unwrap();
        // The task is the last one.
        owner.leave();
        let ends = thread::spawn({
            let queue = queue.clone();
            move || {
                waker.wake();
                queue.run();
            }
        });
        let found = queue.walk(|_, member| {
            let member = member.expect("a task of a scope is a member");
            assert!(
                !member.scope().has_ended(),
                "a task that is listed has left"
            );
            Node::of_member(member)
        });
        assert!(found.len() <= 1);
        for node in &found {
            assert!(Looks::new().look(node).live() <= 1);
        }
        drop(found);
        ends.join().unwrap();
        owner.go();
    });
}

/// A task of the scope goes to sleep for the first time while its scheduler closes: it ends, and is in no list of the scope that a
/// later cancel would find.
#[test]
fn a_member_that_its_scheduler_refuses_is_in_no_list() {
    explore(3, || {
        let queue = Queue::new();
        let owner = Owner::begin(NodeKind::Supervisor);
        let (drops, dropped) = Drops::new();
        drop_handle(spawn(&queue, &owner.node, sleeps(dropped, 0)));
        let closes = thread::spawn({
            let queue = queue.clone();
            move || {
                queue.close();
                queue.run();
            }
        });
        let runs = thread::spawn({
            let queue = queue.clone();
            move || queue.run()
        });
        closes.join().unwrap();
        runs.join().unwrap();
        queue.run();
        owner.node.cancel(&requested("too late"));
        owner.end();
        assert!(drops.is_dropped());
        owner.go();
    });
}

/// A task of the scope that has inherited a value sleeps, is woken, and ends, while a cancel takes it out of the list and aborts it.
/// It is the last to have the value, which is gone when the scope has ended.
#[test]
fn an_heir_leaves_nothing_behind() {
    /// A value that says when it is dropped.
    struct Value(#[allow(dead_code, reason = "it is dropped")] Dropped);
    // SAFETY: it is only dropped, by whoever is the last to have it.
    unsafe impl Send for Value {}
    // SAFETY: as above.
    unsafe impl Sync for Value {}

    explore(3, || {
        let queue = Queue::new();
        let owner = Owner::begin(NodeKind::Supervisor);
        let first: Arc<Mutex<Option<Waker>>> = Arc::new(Mutex::new(None));
        let (drops, dropped) = Drops::new();
        let inherited = Inherited::with(1, InheritedValue::new(Value(dropped)));
        let handle = {
            let _within = Within::context(&inherited);
            spawn(&queue, &owner.node, {
                let (first, mut polled) = (first.clone(), false);
                poll_fn(move |cx| {
                    if std::mem::replace(&mut polled, true) {
                        return Poll::Ready(());
                    }
                    *first.lock() = Some(cx.waker().clone());
                    Poll::Pending
                })
            })
        };
        drop(inherited);
        drop(handle.unwrap());
        queue.run();
        let waker = first.lock().take().unwrap();
        let ends = thread::spawn({
            let queue = queue.clone();
            move || {
                waker.wake();
                queue.run();
            }
        });
        owner.node.cancel(&requested("enough"));
        queue.run();
        owner.end();
        assert!(drops.is_dropped());
        ends.join().unwrap();
        owner.go();
    });
}
