//! Who enters in advance gives back what was not used, and nobody ends before or waits for ever.

use super::*;

/// A body spawns two tasks in one poll, which another thread runs meanwhile: one entry is left over. It ends as if there were none.
#[test]
fn what_is_spare_is_given_back() {
    explore(3, || {
        let queue = Queue::new();
        let owner = Owner::begin(NodeKind::Supervisor);
        let mut drops = Vec::new();
        let inside = owner.node.inside();
        for _ in 0..2 {
            let (is_dropped, dropped) = Drops::new();
            drops.push(is_dropped);
            drop_handle(spawn(&queue, &owner.node, async move { drop(dropped) }));
        }
        let runs = thread::spawn({
            let queue = queue.clone();
            move || queue.run()
        });
        drop(inside);
        owner.end();
        assert!(drops.iter().all(Drops::is_dropped));
        runs.join().unwrap();
        owner.go();
    });
}

/// A task does that, and ends with its poll: what it gives back after that may be all that is left of the node.
#[test]
fn a_member_gives_back_what_is_spare() {
    explore(3, || {
        let queue = Queue::new();
        let owner = Owner::begin(NodeKind::Supervisor);
        let (drops, dropped) = Drops::new();
        let spawns = spawn(&queue, &owner.node, {
            let (queue, node) = (queue.clone(), owner.node.clone());
            async move {
                let _dropped = dropped;
                for _ in 0..2 {
                    drop_handle(spawn(&queue, &node, async {}));
                }
            }
        });
        drop_handle(spawns);
        let task = queue.pop().unwrap();
        let polls = thread::spawn(move || assert!(task.run().is_none()));
        let runs = thread::spawn({
            let queue = queue.clone();
            move || queue.run()
        });
        owner.leave();
        polls.join().unwrap();
        queue.run();
        block_on(poll_fn(|cx| owner.node.poll_end(cx)));
        assert!(drops.is_dropped());
        runs.join().unwrap();
        owner.go();
    });
}

/// Whoever is in the node within is in the one around too, spare or not: that one ends when the last of them has left.
#[test]
fn what_is_spare_counts_around_too() {
    explore(3, || {
        let around = Owner::begin(NodeKind::Supervisor);
        let owner = Owner::begin_within(NodeKind::Supervisor, &around.node);
        let (drops, dropped) = Drops::new();
        let inside = owner.node.inside();
        // One, and two, and four: three of these are left over.
        for _ in 0..4 {
            assert!(owner.node.enter());
        }
        let leaves = thread::spawn({
            let node = owner.node.clone();
            move || {
                for _ in 0..3 {
                    leave(&node);
                }
                drop(dropped);
                leave(&node);
            }
        });
        drop(inside);
        owner.leave();
        around.end();
        assert!(drops.is_dropped());
        leaves.join().unwrap();
        owner.go();
        around.go();
    });
}

/// Spare entries are those of one node. Who enters another one in the middle enters that.
#[test]
fn nobody_takes_the_entries_of_another_node() {
    explore(3, || {
        let around = Owner::begin(NodeKind::Supervisor);
        let owner = Owner::begin_within(NodeKind::Supervisor, &around.node);
        let outside = around.node.inside();
        // One of these is left over.
        for _ in 0..2 {
            assert!(around.node.enter());
        }
        let inside = owner.node.inside();
        for _ in 0..2 {
            assert!(owner.node.enter());
        }
        drop(inside);
        let leaves = thread::spawn({
            let (around, node) = (around.node.clone(), owner.node.clone());
            move || {
                for node in [&node, &node, &around, &around] {
                    leave(node);
                }
            }
        });
        owner.end();
        drop(outside);
        around.end();
        leaves.join().unwrap();
        owner.go();
        around.go();
    });
}

/// A cancel meets entries that are spare: who comes after it is refused though there is one, and nobody waits for that.
#[test]
fn a_cancel_refuses_spare_entries_too() {
    explore(3, || {
        let queue = Queue::new();
        let owner = Owner::begin(NodeKind::Supervisor);
        let polls = thread::spawn({
            let (queue, node) = (queue.clone(), owner.node.clone());
            move || {
                let _inside = node.inside();
                let mut handles = Vec::new();
                for _ in 0..2 {
                    handles.extend(spawn(&queue, &node, pending::<()>()));
                }
                let was_cancelled = node.is_cancelled();
                let late = spawn(&queue, &node, pending::<()>());
                assert!(!was_cancelled || late.is_none(), "it was not refused");
                handles.extend(late);
                queue.run();
                handles
            }
        });
        owner.node.cancel(&requested("enough"));
        let handles = polls.join().unwrap();
        queue.run();
        owner.end();
        for handle in handles {
            assert_eq!(told(handle), "enough");
        }
        owner.go();
    });
}
