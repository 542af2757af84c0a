//! Who looks at all tasks meets each that stays once, with the name that it was given, whatever comes and goes meanwhile.

use super::explore;
use super::queue::Queue;
use crate::kernel::task::{JoinHandle, Origin, Reason, TaskInfo};
use crate::prim::Arc;
use crate::prim::atomic::{AtomicBool, Ordering};
use loom::thread;
use std::future::pending;
use std::panic::Location;

/// Tasks that sleep, one for each name.
fn asleep<const N: usize>(queue: &Arc<Queue>, names: [&str; N]) -> [JoinHandle<()>; N] {
    let handles = names.map(|name| Queue::spawn_from(queue, pending::<()>(), Origin::named(name)));
    queue.run();
    handles
}

/// Ends a task that sleeps.
fn end(queue: &Queue, task: &JoinHandle<()>) {
    task.abort();
    queue.run();
}

/// How often a task with this name was met.
fn count(found: &[TaskInfo], name: &str) -> usize {
    let met = |found: &&TaskInfo| found.name() == Some(name);
    found.iter().filter(met).count()
}

/// Of three tasks one ends while they are looked at: the others are met once.
// Mutations (each makes this fail): owned.rs, `remove` does not look at `unseen`: the walk meets memory that is gone;
// `remove` gives the whole stretch up if an end goes: a task is not met; `walk` looks at a task when it has let the lock
// go: it meets memory that is gone.
#[test]
fn one_ends() {
    for ending in 0..3 {
        explore(3, move || {
            let queue = Queue::new();
            let names = ["first", "second", "third"];
            let mut handles = Vec::from(asleep(&queue, names));
            let ended = handles.remove(ending);
            let other = thread::spawn({
                let queue = queue.clone();
                move || end(&queue, &ended)
            });
            let found = queue.tasks(1);
            other.join().unwrap();
            for (number, name) in names.into_iter().enumerate() {
                let count = count(&found, name);
                assert!(
                    count == 1 || number == ending && count == 0,
                    "{name}: {count}"
                );
            }
            drop(handles);
            queue.close();
        });
    }
}

/// Of two tasks both end while they are looked at, one after the other.
#[test]
fn all_end() {
    for turned in [false, true] {
        explore(3, move || {
            let queue = Queue::new();
            let [first, second] = asleep(&queue, ["first", "second"]);
            let other = thread::spawn({
                let queue = queue.clone();
                move || {
                    let (one, then) = if turned {
                        (second, first)
                    } else {
                        (first, second)
                    };
                    end(&queue, &one);
                    end(&queue, &then);
                }
            });
            let found = queue.tasks(1);
            other.join().unwrap();
            assert!(count(&found, "first") <= 1 && count(&found, "second") <= 1);
            assert!(queue.tasks(1).is_empty());
        });
    }
}

/// A task that goes to sleep meanwhile is met at most once, and the walk ends.
#[test]
fn one_comes() {
    explore(3, || {
        let queue = Queue::new();
        let first = asleep(&queue, ["first"]);
        let other = thread::spawn({
            let queue = queue.clone();
            move || {
                let second = asleep(&queue, ["second"]);
                (queue, second)
            }
        });
        let found = queue.tasks(1);
        let second = other.join().unwrap();
        assert_eq!(count(&found, "first"), 1);
        assert!(count(&found, "second") <= 1);
        drop((first, second));
        queue.close();
    });
}

/// The last task ends, and another goes to sleep after that: it is not met by a walk that has begun before, so that a walk
/// ends however many come.
// Mutation: owned.rs, `without` leaves `last` as it is if that is the task that goes: the new one is met.
#[test]
fn what_comes_later_is_not_met() {
    explore(3, || {
        let queue = Queue::new();
        let [first, second, last] = asleep(&queue, ["first", "second", "last"]);
        let came = Arc::new(AtomicBool::new(false));
        let other = thread::spawn({
            let (queue, came) = (queue.clone(), came.clone());
            move || {
                end(&queue, &last);
                came.store(true, Ordering::Relaxed);
                let new = asleep(&queue, ["new"]);
                (queue, new)
            }
        });
        let found = queue.walk(|task, _| {
            let task = TaskInfo::look(task);
            (task, came.load(Ordering::Relaxed))
        });
        let new = other.join().unwrap();
        let (first_met, had_come) = &found[0];
        assert_eq!(first_met.name(), Some("first"));
        assert!(*had_come || found.iter().all(|(task, _)| task.name() != Some("new")));
        drop((first, second, new));
        queue.close();
    });
}

/// The end comes while the tasks are looked at: they are met at most once, and dropped.
#[test]
fn the_end_comes() {
    explore(3, || {
        let queue = Queue::new();
        drop(asleep(&queue, ["first", "second"]));
        let other = thread::spawn({
            let queue = queue.clone();
            move || queue.close()
        });
        let found = queue.tasks(1);
        other.join().unwrap();
        assert!(count(&found, "first") <= 1 && count(&found, "second") <= 1);
        assert!(queue.tasks(1).is_empty());
    });
}

/// Two look at once: each meets all.
// Mutation: owned.rs, `walk` does not wait for its turn: one of them misses a task.
#[test]
fn two_look() {
    explore(3, || {
        let queue = Queue::new();
        let handles = asleep(&queue, ["first", "second"]);
        let other = thread::spawn({
            let queue = queue.clone();
            move || queue.tasks(1)
        });
        let found = [queue.tasks(1), other.join().unwrap()];
        for found in found {
            assert_eq!(found.len(), 2);
            assert_eq!(count(&found, "first"), 1);
            assert_eq!(count(&found, "second"), 1);
        }
        drop(handles);
        queue.close();
    });
}

/// A task that is looked at in the middle of its end, by an abort and by the walk, tells its name to both.
#[test]
fn its_name_outlives_it() {
    explore(3, || {
        let queue = Queue::new();
        let [task] = asleep(&queue, ["first"]);
        let other = thread::spawn({
            let queue = queue.clone();
            move || {
                end(&queue, &task);
                super::block_on::block_on(task).unwrap_err()
            }
        });
        let found = queue.tasks(1);
        let error = other.join().unwrap();
        assert_eq!(error.name(), Some("first"));
        assert!(found.iter().all(|found| found.name() == Some("first")));
    });
}

/// Two note why a task ends, and a third asks: what it is told stays, and so does the place.
// Mutation: origin.rs, `note` puts its own extra in the place of another's: the second reason is told.
#[test]
fn the_first_reason_stays() {
    explore(3, || {
        let origin = Arc::new(Origin::caller());
        let place = origin.place();
        let reason = |text| Reason::requested(Location::caller(), text);
        let notes = thread::spawn({
            let (origin, reason) = (origin.clone(), reason("one"));
            move || origin.note(reason)
        });
        let asks = thread::spawn({
            let origin = origin.clone();
            move || {
                let told = origin.reason().cloned();
                assert_eq!(origin.place(), place);
                // What was copied is the same.
                let copy = Origin::clone(&origin);
                (told, copy)
            }
        });
        origin.note(reason("other"));
        let first = origin.reason().cloned().unwrap();
        notes.join().unwrap();
        let (told, copy) = asks.join().unwrap();
        assert_eq!(origin.reason().unwrap().text(), first.text());
        assert!(told.is_none_or(|told| told.text() == first.text()));
        assert!(copy.reason().is_none_or(|told| told.text() == first.text()));
        assert_eq!(origin.place(), place);
    });
}
