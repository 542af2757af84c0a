//! Who looks at what a thread is polling sees one poll whole, or none.

use super::explore;
use super::queue::Queue;
use crate::kernel::task::{Id, Origin, Polling};
use crate::prim::Arc;
use loom::thread;
use std::panic::Location;

/// A future of a type of its own for each number.
async fn numbered<const N: usize>() {}

struct Known {
    id: Id,
    place: &'static Location<'static>,
    type_name: &'static str,
}

#[track_caller]
fn spawn<const N: usize>(queue: &Arc<Queue>, name: Option<&str>) -> Known {
    let origin = match name {
        Some(name) => Origin::named(name),
        None => Origin::caller(),
    };
    let place = origin.place();
    let future = numbered::<N>();
    let type_name = std::any::type_name_of_val(&future);
    let handle = Queue::spawn_from(queue, future, origin);
    Known {
        id: handle.id(),
        place,
        type_name,
    }
}

fn check(names: [Option<&'static str>; 2]) {
    let queue = Queue::new();
    let known = [spawn::<1>(&queue, names[0]), spawn::<2>(&queue, names[1])];
    let tasks = [queue.pop().unwrap(), queue.pop().unwrap()];
    let polling = Arc::new(Polling::new());
    let other = thread::spawn({
        let polling = polling.clone();
        move || {
            let Some(poll) = polling.look() else {
                return;
            };
            let task = polling.task(&poll);
            let number = known.iter().position(|known| known.id == task.id());
            let number = number.expect("a task that there is");
            assert_eq!(task.type_name(), known[number].type_name);
            assert!(std::ptr::eq(task.spawned_at(), known[number].place));
            // The name may have gone with the poll, but no other is put in its place.
            assert!(task.name().is_none() || task.name() == names[number]);
            assert_eq!(poll.count, 2 * (number as u64 + 1));
        }
    });
    for task in &tasks {
        task.announce(&polling);
        polling.end();
    }
    other.join().unwrap();
    assert!(polling.look().is_none());
    for task in tasks {
        queue.poll(task);
    }
}

/// The words that are read with the same count before and after are of one poll.
// Mutations (each makes this fail): polling.rs, no fence in `write`, or none in `look`; `write` does not make the count odd
// before it writes, or `look` does not compare the counts: the id is of one task, the place of another; the second count is
// stored, or the first is loaded, with Relaxed: a new count with old words.
#[test]
fn a_poll_is_seen_whole_or_not_at_all() {
    explore(3, || check([None, None]));
}

/// The name is that of the task that is polled.
// Mutations (each makes this fail): polling.rs, `task` does not compare the ids: a name that is another task's.
#[test]
fn a_name_is_its_own_tasks() {
    explore(2, || check([Some("first"), None]));
    explore(2, || check([Some("first"), Some("second")]));
}
