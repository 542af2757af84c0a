//! The next slot: its owner puts and takes, thieves take.

use super::explore;
use super::queue::{Queue, waits_for};
use crate::kernel::slot::Slot;
use crate::prim::Arc;
use loom::thread;

/// Each task that is put in comes out once, at its owner or at a thief, with what was done to it before.
#[test]
fn each_task_is_taken_once() {
    explore(3, || {
        let queue = Queue::new();
        let slot = Arc::new(Slot::new());
        let thieves = [(), ()].map(|()| {
            thread::spawn({
                let (slot, queue) = (slot.clone(), queue.clone());
                move || {
                    if let Some(task) = slot.steal(slot.peek()) {
                        queue.poll(task);
                    }
                }
            })
        });
        let handles = [(), ()].map(|()| {
            let handle = Queue::spawn(&queue, async {});
            // The slot is taken: the newcomer goes elsewhere.
            if let Err(task) = slot.put(queue.pop().unwrap()) {
                queue.poll(task);
            }
            handle
        });
        if let Some(task) = slot.take() {
            queue.poll(task);
        }
        for thief in thieves {
            thief.join().unwrap();
        }
        assert!(slot.take().is_none());
        assert!(handles.iter().all(|handle| handle.is_finished()), "lost");
    });
}

/// A thief that looks away meanwhile may find a later claim to the same task: it takes that one, or none.
#[test]
fn a_task_that_comes_again_is_taken_once_each_time() {
    explore(3, || {
        let task = waits_for(1, 2);
        let slot = Arc::new(Slot::new());
        let thief = thread::spawn({
            let (slot, queue) = (slot.clone(), task.queue.clone());
            move || {
                let seen = slot.peek();
                thread::yield_now();
                if let Some(task) = slot.steal(seen) {
                    queue.poll(task);
                    queue.run();
                }
            }
        });
        while let Some(claim) = task.queue.pop() {
            slot.put(claim).expect("there is one claim");
            if let Some(claim) = slot.take() {
                task.queue.poll(claim);
            }
        }
        thief.join().unwrap();
        assert!(slot.take().is_none());
        task.sender()();
        assert!(task.end(), "cancelled");
    });
}
