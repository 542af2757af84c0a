//! A scope ends when nobody is in it any more, and ends whoever is in when it is cancelled.
//!
//! loom does not see the counts of a node, which are std's: each model keeps one until its threads are joined, and counts
//! then what is left. A drop is noted in a cell without any order of its own, so that whoever may rely on it is seen to have
//! it ordered.

mod deadline;
mod entries;
mod members;

use super::block_on::block_on;
use super::explore;
use super::queue::{Flag, Queue};
use crate::kernel::scope::{Failed, Looks, Node, NodeKind};
use crate::kernel::task::{self, Apart, Failing, Given, Grouped, Id, JoinHandle, Origin, Reason};
use crate::prim::{Arc, Mutex, SelfArc, UnsafeCell};
use loom::thread;
use std::future::{Future, pending, poll_fn};
use std::panic::Location;
use std::task::{Context, Poll, Wake, Waker};

/// A scope as its owner has it.
struct Owner {
    node: SelfArc<Node>,
    /// So that it goes on this thread.
    kept: SelfArc<Node>,
}

impl Owner {
    fn begin(kind: NodeKind) -> Self {
        let node = Node::new(kind, Location::caller());
        node.begin(Node::current());
        Self {
            kept: node.clone(),
            node,
        }
    }

    fn begin_within(kind: NodeKind, around: &SelfArc<Node>) -> Self {
        let _within = around.inside();
        Self::begin(kind)
    }

    fn leave(&self) {
        // SAFETY: the models leave as the owner once.
        unsafe { Node::leave_as_owner(&self.node) };
    }

    /// Waits until nobody is in.
    fn end(&self) {
        self.leave();
        block_on(poll_fn(|cx| self.node.poll_end(cx)));
    }

    /// The owner's future is dropped.
    fn drop(&self) {
        self.node.cancel(&Reason::owner_dropped(Location::caller()));
        self.leave();
    }

    /// When all threads are joined: nobody is in, and the memory goes with this.
    fn go(self) {
        assert!(self.node.has_ended(), "somebody is in");
        drop(self.node);
        assert_eq!(SelfArc::strong_count(&self.kept), 1, "it leaks");
    }
}

fn leave(node: &SelfArc<Node>) {
    // SAFETY: the models leave what they have entered.
    unsafe { Node::leave(Node::pointer(node)) };
}

/// Says when something has been dropped.
#[derive(Clone)]
struct Drops(Arc<UnsafeCell<bool>>);

/// That.
struct Dropped(Drops);

impl Drops {
    fn new() -> (Self, Dropped) {
        let drops = Self(Arc::new(UnsafeCell::new(false)));
        (drops.clone(), Dropped(drops))
    }

    fn is_dropped(&self) -> bool {
        // SAFETY: a race is what loom is to find.
        self.0.with(|dropped| unsafe { *dropped })
    }
}

impl Drop for Dropped {
    fn drop(&mut self) {
        // SAFETY: as above.
        self.0.0.with_mut(|dropped| unsafe { *dropped = true });
    }
}

/// A task of the scope whose end is its own; `None` if it is refused.
fn spawn<F: Future + 'static>(
    queue: &Arc<Queue>,
    node: &SelfArc<Node>,
    future: F,
) -> Option<JoinHandle<F::Output>> {
    let member = Grouped::<Apart>::enter(node)?;
    let home = Queue::home(queue);
    Some(task::spawn_member(
        future,
        home,
        Id::next(),
        Origin::caller(),
        member,
    ))
}

/// A task of the scope that fails, or not.
fn spawn_failing<F: Future<Output = Result<(), u32>> + 'static>(
    queue: &Arc<Queue>,
    node: &SelfArc<Node>,
    future: F,
) -> Option<JoinHandle<Given<()>>> {
    let member = Grouped::<Failing<u32>>::enter(node)?;
    let home = Queue::home(queue);
    Some(task::spawn_member(
        future,
        home,
        Id::next(),
        Origin::caller(),
        member,
    ))
}

/// Sleeps for ever, after it has woken itself `yields` times.
async fn sleeps(dropped: Dropped, mut yields: usize) {
    poll_fn(|cx| {
        if yields > 0 {
            yields -= 1;
            cx.waker().wake_by_ref();
        }
        Poll::<()>::Pending
    })
    .await;
    drop(dropped);
}

fn requested(text: &str) -> Reason {
    Reason::requested(Location::caller(), text)
}

/// What a cancelled task's handle tells.
fn told(handle: JoinHandle<()>) -> String {
    let error = block_on(handle).unwrap_err();
    assert!(error.is_cancelled());
    let reason = error.reason().expect("nobody has said why");
    reason.text().unwrap_or_default().to_owned()
}

/// A task is spawned, and goes to sleep, while its scope is cancelled: it is refused, ends instead of sleeping, or is found
/// and aborted. Whichever it is, the scope's end comes after that of its future, and the handle tells the reason.
// Mutations: scope.rs, `cancel` sets CANCELLED before it has the lock: the task ends without a reason; surroundings.rs,
// `link` or `is_cancelled` notes no reason: likewise; `cancel` puts the reason there after it has emptied the list: "deadlock",
// the task sleeps for ever (here, or in `a_cancel_reaches_the_nodes_within`); `attach` takes an ended node for one that can be
// attached: "it leaks".
#[test]
fn who_joins_is_not_missed_by_a_cancel() {
    for yields in [0, 1] {
        explore(3, move || {
            let queue = Queue::new();
            let owner = Owner::begin(NodeKind::Supervisor);
            let (drops, dropped) = Drops::new();
            let joins = thread::spawn({
                let (queue, node) = (queue.clone(), owner.node.clone());
                move || {
                    let handle = spawn(&queue, &node, sleeps(dropped, yields));
                    queue.run();
                    handle
                }
            });
            owner.node.cancel(&requested("enough"));
            queue.run();
            owner.end();
            let handle = joins.join().unwrap();
            assert!(drops.is_dropped());
            if let Some(handle) = handle {
                assert_eq!(told(handle), "enough");
            }
            owner.go();
        });
    }
}

/// The same of one that has been in before, so that the owner's end has to wait for it: what it did is there then.
// Mutation: run.rs, `cancel_started` leaves before it drops the future: "Causality violation", the owner goes on before the
// future is gone.
#[test]
fn the_end_comes_after_whoever_is_in() {
    for yields in [0, 1] {
        explore(3, move || {
            let queue = Queue::new();
            let owner = Owner::begin(NodeKind::Supervisor);
            let (drops, dropped) = Drops::new();
            let handle = spawn(&queue, &owner.node, sleeps(dropped, yields)).unwrap();
            let runs = thread::spawn({
                let queue = queue.clone();
                move || queue.run()
            });
            owner.node.cancel(&requested("enough"));
            queue.run();
            owner.end();
            assert!(drops.is_dropped());
            runs.join().unwrap();
            assert_eq!(told(handle), "enough");
            owner.go();
        });
    }
}

/// Two tasks end on two threads while the owner waits: it is woken by the last one, and sees what both did, their drops included.
#[test]
fn the_last_one_wakes_the_owner() {
    explore(3, || {
        let queue = Queue::new();
        let owner = Owner::begin(NodeKind::Supervisor);
        let mut drops = Vec::new();
        for _ in 0..2 {
            let (drop, dropped) = Drops::new();
            drops.push(drop);
            let handle = spawn(&queue, &owner.node, async move {
                let _dropped = dropped;
            });
            // The output is the task's to drop.
            drop_handle(handle);
        }
        let threads = [(), ()].map(|()| {
            let task = queue.pop().unwrap();
            thread::spawn(move || assert!(task.run().is_none()))
        });
        owner.end();
        assert!(drops.iter().all(Drops::is_dropped));
        for thread in threads {
            thread.join().unwrap();
        }
        owner.go();
    });
}

fn drop_handle<T>(handle: Option<JoinHandle<T>>) {
    drop(handle.unwrap());
}

/// An output that nobody has taken is dropped before the scope's end.
#[test]
fn an_output_is_gone_too() {
    explore(3, || {
        let queue = Queue::new();
        let owner = Owner::begin(NodeKind::Supervisor);
        let (drops, dropped) = Drops::new();
        let handle = spawn(&queue, &owner.node, async move { dropped });
        drop_handle(handle);
        let task = queue.pop().unwrap();
        let runs = thread::spawn(move || assert!(task.run().is_none()));
        owner.end();
        assert!(drops.is_dropped());
        runs.join().unwrap();
        owner.go();
    });
}

/// The owner's future is dropped while the last task ends, or is cancelled by that: nobody is left, nor is the memory.
#[test]
fn the_owner_is_dropped() {
    for yields in [0, 1] {
        explore(3, move || {
            let queue = Queue::new();
            let owner = Owner::begin(NodeKind::Supervisor);
            let (drops, dropped) = Drops::new();
            let handle = spawn(&queue, &owner.node, async move {
                let _dropped = dropped;
                if yields > 0 {
                    pending::<()>().await;
                }
            });
            drop(handle.unwrap());
            let runs = thread::spawn({
                let queue = queue.clone();
                move || queue.run()
            });
            owner.drop();
            queue.run();
            runs.join().unwrap();
            assert!(drops.is_dropped());
            owner.go();
        });
    }
}

/// Two threads are the first to enter: the node counts for itself once.
// Mutation: `attach` does not hold its lock: "assertion failed: self.is_empty()".
#[test]
fn two_are_the_first_to_enter() {
    explore(3, || {
        let around = Owner::begin(NodeKind::Group);
        let owner = Owner::begin_within(NodeKind::Supervisor, &around.node);
        let enters = thread::spawn({
            let node = owner.node.clone();
            move || {
                assert!(node.enter());
                leave(&node);
            }
        });
        assert!(owner.node.enter());
        leave(&owner.node);
        enters.join().unwrap();
        owner.end();
        around.end();
        owner.go();
        around.go();
    });
}

/// The first to enter is somebody who is not in, while the owner leaves: refused, or waited for. The node around is left
/// either way.
#[test]
fn who_enters_first_meets_the_owners_end() {
    explore(3, || {
        let around = Owner::begin(NodeKind::Group);
        let owner = Owner::begin_within(NodeKind::Supervisor, &around.node);
        let (drops, dropped) = Drops::new();
        let enters = thread::spawn({
            let node = owner.node.clone();
            move || {
                let entered = node.enter();
                drop(dropped);
                if entered {
                    leave(&node);
                }
                entered
            }
        });
        owner.end();
        around.end();
        // Who has entered has been waited for; so has the node within, by the one around.
        assert!(owner.node.has_ended());
        if enters.join().unwrap() {
            assert!(drops.is_dropped());
        }
        owner.go();
        around.go();
    });
}

/// A node is cancelled while one within it gets its first member: that is cancelled with it, and ends before the node around
/// does.
#[test]
fn a_cancel_reaches_the_nodes_within() {
    explore(2, || {
        let queue = Queue::new();
        let around = Owner::begin(NodeKind::Supervisor);
        assert!(around.node.enter());
        let (drops, dropped) = Drops::new();
        // A member of the node around.
        let within = thread::spawn({
            let (queue, around) = (queue.clone(), around.node.clone());
            move || {
                let owner = Owner::begin_within(NodeKind::Supervisor, &around);
                let handle = spawn(&queue, &owner.node, sleeps(dropped, 0));
                queue.run();
                owner.leave();
                leave(&around);
                (owner, handle)
            }
        });
        around.node.cancel(&requested("enough"));
        queue.run();
        around.end();
        assert!(drops.is_dropped());
        let (owner, handle) = within.join().unwrap();
        if let Some(handle) = handle {
            assert_eq!(told(handle), "enough");
        }
        owner.go();
        around.go();
    });
}

/// Between the node that is cancelled and the one that gets its first member there is one that nobody has entered: it comes
/// to know of the cancel as it is entered, and tells its owner when no lock is held.
// Mutation: `attach` begins with the innermost node, and attaches the one around when it has the lock: "deadlock", the waker
// is called under it.
#[test]
fn a_cancel_reaches_through_a_node_that_was_empty() {
    /// A waker that asks the node how it is.
    struct Asks(SelfArc<Node>);
    impl Wake for Asks {
        fn wake(self: SelfArc<Self>) {
            assert!(self.0.reason().is_some());
            assert!(self.0.take_failures().is_empty());
        }
    }
    explore(2, || {
        let around = Owner::begin(NodeKind::Supervisor);
        let middle = Owner::begin_within(NodeKind::Supervisor, &around.node);
        let inner = Owner::begin_within(NodeKind::Supervisor, &middle.node);
        // The body in the middle sleeps; what it is woken by looks at the node within.
        let waker = Waker::from(SelfArc::new(Asks(inner.node.clone())));
        let _ = middle.node.poll_cancelled(&Context::from_waker(&waker));
        let enters = thread::spawn({
            let node = inner.node.clone();
            move || {
                if node.enter() {
                    leave(&node);
                }
            }
        });
        around.node.cancel(&requested("enough"));
        enters.join().unwrap();
        assert!(inner.node.reason().is_some());
        drop(waker);
        for owner in [&inner, &middle, &around] {
            owner.end();
        }
        inner.go();
        middle.go();
        around.go();
    });
}

/// The owner of a node within is dropped while its task lives: the node around waits for the task.
#[test]
fn the_node_around_waits_for_what_is_within() {
    explore(3, || {
        let queue = Queue::new();
        let around = Owner::begin(NodeKind::Supervisor);
        let owner = Owner::begin_within(NodeKind::Supervisor, &around.node);
        let (drops, dropped) = Drops::new();
        drop(spawn(&queue, &owner.node, sleeps(dropped, 0)).unwrap());
        queue.run();
        owner.drop();
        let runs = thread::spawn({
            let queue = queue.clone();
            move || queue.run()
        });
        around.end();
        assert!(drops.is_dropped());
        runs.join().unwrap();
        owner.go();
        around.go();
    });
}

/// Two are in a node within, whose owner was dropped: the end of the node around comes after what both did.
#[test]
fn what_was_done_within_is_handed_on() {
    explore(3, || {
        let around = Owner::begin(NodeKind::Supervisor);
        let owner = Owner::begin_within(NodeKind::Supervisor, &around.node);
        let mut drops = Vec::new();
        let threads = [(), ()].map(|()| {
            assert!(owner.node.enter());
            let (drop_, dropped) = Drops::new();
            drops.push(drop_);
            let node = owner.node.clone();
            thread::spawn(move || {
                drop(dropped);
                leave(&node);
            })
        });
        owner.leave();
        around.end();
        assert!(drops.iter().all(Drops::is_dropped));
        for thread in threads {
            thread.join().unwrap();
        }
        owner.go();
        around.go();
    });
}

/// The owner of a node within, whose future is only lent, does not go; what is in its node does: the one around ends.
// Mutation: the owner is counted in the node around (`begin` enters it): "deadlock".
#[test]
fn an_owner_within_holds_nobody_up() {
    explore(3, || {
        let around = Owner::begin(NodeKind::Scope);
        let owner = Owner::begin_within(NodeKind::Group, &around.node);
        assert!(owner.node.enter());
        let leaves = thread::spawn({
            let node = owner.node.clone();
            move || leave(&node)
        });
        around.node.cancel(&requested("enough"));
        around.end();
        leaves.join().unwrap();
        assert!(!owner.node.has_ended());
        owner.end();
        owner.go();
        around.go();
    });
}

/// The node around is cancelled while the last member of the one within leaves it: who cancels finds it, or not, and its
/// memory in any case.
#[test]
fn a_cancel_meets_the_end_of_a_node_within() {
    explore(3, || {
        let around = Owner::begin(NodeKind::Supervisor);
        let owner = Owner::begin_within(NodeKind::Supervisor, &around.node);
        assert!(owner.node.enter());
        owner.leave();
        let leaves = thread::spawn({
            let node = owner.node.clone();
            move || leave(&node)
        });
        around.node.cancel(&requested("enough"));
        around.end();
        leaves.join().unwrap();
        owner.go();
        around.go();
    });
}

/// Two cancel at once, one of them the node around: whoever comes first, the task's handle, the node and whoever waits for
/// the cancel are told the same.
#[test]
fn the_first_reason_stays() {
    for from_around in [false, true] {
        explore(2, move || {
            let queue = Queue::new();
            let around = Owner::begin(NodeKind::Supervisor);
            let owner = Owner::begin_within(NodeKind::Supervisor, &around.node);
            let (_, dropped) = Drops::new();
            let handle = spawn(&queue, &owner.node, sleeps(dropped, 0)).unwrap();
            queue.run();
            let cancels = thread::spawn({
                let node = if from_around { &around } else { &owner }.node.clone();
                move || node.cancel(&requested("one"))
            });
            let first = owner.node.cancel(&requested("other"));
            let other_was_first = cancels.join().unwrap();
            assert!(from_around || first != other_was_first);
            queue.run();
            let reason = owner.node.reason().unwrap();
            assert_eq!(reason.text(), Some(if first { "other" } else { "one" }));
            assert_eq!(told(handle), reason.text().unwrap());
            owner.end();
            around.end();
            owner.go();
            around.go();
        });
    }
}

/// Two tasks fail at once: both failures are there in the end, and the first is the one that the node was cancelled for.
// Mutation: `fail` puts the failure down under one lock, and the reason under another: they are of different tasks.
#[test]
fn two_fail_at_once() {
    explore(3, || {
        let queue = Queue::new();
        let owner = Owner::begin(NodeKind::Group);
        for error in [1, 2] {
            drop(spawn_failing(&queue, &owner.node, async move { Err(error) }).unwrap());
        }
        let runs = thread::spawn({
            let queue = queue.clone();
            move || queue.run()
        });
        queue.run();
        owner.end();
        let failures = owner.node.take_failures();
        // The second may have been cancelled before it began.
        assert!(!failures.is_empty());
        for failure in &failures {
            assert!(matches!(failure.failed, Failed::Error(_)));
        }
        let first = failures[0].task.as_ref().unwrap().id();
        assert_eq!(owner.node.reason().unwrap().by(), Some(first));
        runs.join().unwrap();
        owner.go();
    });
}

/// The handle of a task that has failed has the group, and so tells why there is no output, also when all others are done with it.
#[test]
fn a_handle_that_has_no_output_keeps_the_group() {
    explore(3, || {
        let queue = Queue::new();
        let owner = Owner::begin(NodeKind::Group);
        let handle = spawn_failing(&queue, &owner.node, async { Err(7) }).unwrap();
        let asks = thread::spawn(move || {
            let Ok(Given::Nothing(node)) = block_on(handle) else {
                panic!("a task that fails has no output");
            };
            assert!(node.reason().is_some());
        });
        queue.run();
        owner.end();
        assert_eq!(owner.node.take_failures().len(), 1);
        asks.join().unwrap();
        owner.go();
    });
}

/// Somebody begins to wait for a cancel while it comes; another gives up: the first is told, and no waker is left.
// Mutations: `poll_reason` does not look for a reason under the lock, or `cancel` does not wake who waits: "deadlock".
#[test]
fn who_waits_for_a_cancel_is_told() {
    explore(3, || {
        let around = Owner::begin(NodeKind::Scope);
        let owner = Owner::begin_within(NodeKind::Scope, &around.node);
        let waits = thread::spawn({
            let node = owner.node.clone();
            move || {
                let mut key = None;
                let reason = block_on(poll_fn(|cx| node.poll_reason(&mut key, cx)));
                assert_eq!(reason.text(), Some("enough"));
            }
        });
        let (_, waker) = Flag::new();
        let mut key = None;
        let given_up = owner
            .node
            .poll_reason(&mut key, &Context::from_waker(&waker));
        assert!(given_up.is_pending());
        owner.node.forget_waiter(key.unwrap());
        around.node.cancel(&requested("enough"));
        waits.join().unwrap();
        owner.end();
        around.end();
        owner.go();
        around.go();
    });
}

/// The body sleeps while its scope is cancelled: it is woken, or has seen it.
#[test]
fn a_body_is_woken_by_a_cancel() {
    explore(3, || {
        let owner = Owner::begin(NodeKind::Scope);
        let cancels = thread::spawn({
            let node = owner.node.clone();
            move || node.cancel(&requested("enough"))
        });
        block_on(poll_fn(|cx| match owner.node.poll_cancelled(cx) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }));
        assert_eq!(owner.node.reason().unwrap().text(), Some("enough"));
        assert!(cancels.join().unwrap());
        owner.end();
        owner.go();
    });
}

/// Two abort a task at once while a third polls it, with a look at what it inherits, which lies where the first of them puts
/// its reason: that stays, and the task's handle tells it as soon as the task is complete.
// Mutations: origin.rs, `note` Release → Relaxed, or `word` Acquire → Relaxed: "Causality violation" (in
// `a_cancel_meets_the_end_of_a_member` already); abort.rs, the reason is noted after the request: nobody has said why. (That
// `note` acquires what another has put there is not seen: a `OnceLock` is std's here.)
#[test]
fn the_first_abort_is_noted() {
    explore(1, || {
        let queue = Queue::new();
        let owner = Owner::begin(NodeKind::Supervisor);
        let (_, dropped) = Drops::new();
        let handle = spawn(&queue, &owner.node, sleeps(dropped, 1)).unwrap();
        let aborts = handle.abort_handle();
        let aborts = thread::spawn({
            let (queue, reason) = (queue.clone(), requested("one"));
            move || {
                aborts.abort_for(Some(&reason));
                queue.run();
            }
        });
        let other = handle.abort_handle();
        let joins = thread::spawn({
            let queue = queue.clone();
            move || {
                queue.run();
                told(handle)
            }
        });
        other.abort_for(Some(&requested("other")));
        queue.run();
        aborts.join().unwrap();
        let told = joins.join().unwrap();
        assert!(told == "one" || told == "other", "{told:?}");
        owner.end();
        owner.go();
    });
}
