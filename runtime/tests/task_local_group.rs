//! `task::local_group`: children borrow, are waited for, end with the group, and are polled only when they were woken.

#[path = "task_support/mod.rs"]
mod support;

use leno::sync::{Notify, mpsc, oneshot};
use leno::task::{
    self, LocalChild, LocalGroup, Sendable, TryLocalGroup, local_group, local_group_send,
    try_local_group, try_local_group_send, yield_now,
};
use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use support::{everywhere, runtimes};

/// Runs a program whose future is not `Send` as a root of each kind of runtime, and as a task of a set in each.
fn everywhere_local<F: Future<Output = ()> + 'static>(program: impl Fn() -> F) {
    for (name, runtime) in runtimes() {
        eprintln!("on {name}: as its root, as a task of a set");
        runtime.block_on(program());
        let task = program();
        let set = task::LocalSet::new();
        set.block_on(&runtime, async { task::spawn_local(task).await })
            .unwrap();
    }
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn children_borrow_what_is_around() {
    everywhere_local(|| async {
        let words = [String::from("a"), String::from("group")];
        let shared = Cell::new(0);
        let mut exclusive = Vec::new();
        let measure = async |word: &str| {
            for _ in 0..3 {
                shared.set(shared.get() + 1);
                yield_now().await;
            }
            word.len()
        };
        let exclusively = &mut exclusive;
        let longest = local_group(async |group| {
            let (a, b) = (
                group.spawn(measure(&words[0])),
                group.spawn(measure(&words[1])),
            );
            let pushes = group.spawn(async move {
                exclusively.push(1);
                yield_now().await;
                exclusively.push(2);
            });
            let longest = a.await.max(b.await);
            pushes.await;
            longest
        })
        .await;
        assert_eq!((longest, shared.get(), exclusive), (5, 6, vec![1, 2]));
    });
}

#[test]
fn the_group_waits_for_the_children_that_are_left() {
    everywhere(|| async {
        let done = AtomicUsize::new(0);
        let output = local_group_send(async |group| {
            for rounds in 0..100 {
                let done = &done;
                group.spawn(async move {
                    for _ in 0..rounds % 5 {
                        yield_now().await;
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                });
            }
            "the body's"
        })
        .await;
        assert_eq!((output, done.load(Ordering::Relaxed)), ("the body's", 100));
        // Without any child, and without any await.
        assert_eq!(local_group_send(async |_| 3).await, 3);
    });
}

#[test]
fn it_can_be_spawned_and_its_children_may_wait_for_other_threads() {
    everywhere(|| async {
        const COUNT: usize = 300;
        let (senders, receivers): (Vec<_>, Vec<_>) =
            (0..COUNT).map(|_| oneshot::channel::<usize>()).unzip();
        for (index, sender) in senders.into_iter().enumerate() {
            leno::spawn(async move {
                if index % 2 == 0 {
                    yield_now().await;
                }
                sender.send(index).unwrap();
            });
        }
        let task = leno::spawn(async move {
            let offset = String::from("1000");
            local_group_send(async |group| {
                let mut children = Vec::new();
                for receiver in receivers {
                    let offset = &offset;
                    children.push(group.spawn(async move {
                        receiver.await.unwrap() + offset.parse::<usize>().unwrap()
                    }));
                }
                let mut sum = 0;
                for child in children {
                    sum += child.await;
                }
                sum
            })
            .await
        });
        assert_eq!(task.await.unwrap(), COUNT * (COUNT - 1) / 2 + COUNT * 1000);
    });
}

#[test]
fn children_spawn_children() {
    // Boxed, as an async function that spawns itself has no end.
    fn tree<'env>(
        group: LocalGroup<'env, Sendable>,
        count: &'env AtomicUsize,
        depth: usize,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'env>> {
        Box::pin(async move {
            count.fetch_add(1, Ordering::Relaxed);
            yield_now().await;
            if depth > 0 {
                for _ in 0..2 {
                    group.spawn(tree(group.clone(), count, depth - 1));
                }
            }
        })
    }
    everywhere(|| async {
        let count = AtomicUsize::new(0);
        local_group_send(|group| tree(group, &count, 8)).await;
        assert_eq!(count.load(Ordering::Relaxed), 511);
    });
}

/// The body's lane is free when it is done, and its child's child may have it.
#[test]
fn who_comes_after_the_body_is_waited_for() {
    everywhere(|| async {
        let done = AtomicUsize::new(0);
        let count = &done;
        local_group_send(async move |group| {
            let late = group.clone();
            group.spawn(async move {
                yield_now().await;
                for _ in 0..3 {
                    late.spawn(async {
                        yield_now().await;
                        count.fetch_add(1, Ordering::Relaxed);
                    });
                }
            });
        })
        .await;
        assert_eq!(done.load(Ordering::Relaxed), 3);
    });
}

#[test]
fn children_wait_for_children() {
    everywhere_local(|| async {
        let output = local_group(async |group| {
            let mut last: LocalChild<u32> = group.spawn(async {
                yield_now().await;
                1
            });
            for _ in 0..100 {
                last = group.spawn(async move { last.await + 1 });
            }
            last.await
        })
        .await;
        assert_eq!(output, 101);
    });
}

#[test]
fn only_those_woken_are_polled() {
    everywhere(|| async {
        let polls = AtomicUsize::new(0);
        let notifies: Vec<_> = (0..200).map(|_| Notify::new()).collect();
        let (polls, notifies) = (&polls, &notifies);
        local_group_send(async move |group| {
            let mut children = Vec::new();
            for notify in notifies {
                children.push(group.spawn(async move {
                    let mut notified = pin!(notify.notified());
                    poll_fn(|cx| {
                        polls.fetch_add(1, Ordering::Relaxed);
                        notified.as_mut().poll(cx)
                    })
                    .await;
                }));
            }
            while polls.load(Ordering::Relaxed) < 200 {
                yield_now().await;
            }
            for index in [199, 0, 64, 63] {
                notifies[index].notify_one();
                while !children[index].is_finished() {
                    yield_now().await;
                }
            }
            assert_eq!(polls.load(Ordering::Relaxed), 204);
            notifies.iter().for_each(Notify::notify_one);
        })
        .await;
        assert_eq!(polls.load(Ordering::Relaxed), 400);
    });
}

/// Counts who is alive, and notes the order in which they go.
#[derive(Clone, Default)]
struct Alive(Arc<std::sync::Mutex<Vec<&'static str>>>, Arc<()>);

struct Token(&'static str, Alive);

impl Alive {
    fn token(&self, name: &'static str) -> Token {
        Token(name, self.clone())
    }

    fn count(&self) -> usize {
        Arc::strong_count(&self.1) - 1
    }

    fn gone(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().clone()
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.1.0.lock().unwrap().push(self.0);
    }
}

#[test]
fn who_is_dropped_drops_the_body_and_then_the_children() {
    everywhere(|| async {
        let alive = Alive::default();
        let tokens = alive.clone();
        let mut group = Box::pin(local_group_send(async move |group| {
            for _ in 0..3 {
                let token = tokens.token("child");
                group.spawn(async move {
                    let _token = token;
                    pending::<()>().await;
                });
            }
            let _token = tokens.token("body");
            drop(tokens);
            pending::<()>().await;
        }));
        assert!(poll_once(group.as_mut()).is_pending());
        assert_eq!(alive.count(), 4);
        drop(group);
        assert_eq!(alive.count(), 0);
        assert_eq!(alive.gone(), ["body", "child", "child", "child"]);
    });
}

#[test]
fn a_childs_panic_goes_on_in_the_parent_when_all_are_gone() {
    everywhere(|| async {
        let alive = Alive::default();
        let tokens = alive.clone();
        let task = leno::spawn(async move {
            local_group_send(async |group| {
                let _token = tokens.token("body");
                let token = tokens.token("sibling");
                group.spawn(async move {
                    let _token = token;
                    pending::<()>().await;
                });
                let fails: LocalChild<()> = group.spawn(async {
                    yield_now().await;
                    panic!("of the child");
                });
                fails.await;
                unreachable!("the body was dropped at its await");
            })
            .await
        });
        let error = task.await.unwrap_err();
        assert_eq!(
            error.into_panic().downcast_ref::<&str>(),
            Some(&"of the child")
        );
        assert_eq!(alive.gone(), ["body", "sibling"]);
    });
}

#[test]
fn a_panic_of_the_body_drops_the_children() {
    let alive = Alive::default();
    let mut group = Box::pin(local_group(async |group| {
        let token = alive.token("child");
        group.spawn(async move {
            let _token = token;
            pending::<()>().await;
        });
        yield_now().await;
        panic!("of the body");
    }));
    assert!(poll_once(group.as_mut()).is_pending());
    let panic = std::panic::catch_unwind(AssertUnwindSafe(|| poll_once(group.as_mut()))).map(drop);
    assert_eq!(
        panic.unwrap_err().downcast_ref::<&str>(),
        Some(&"of the body")
    );
    assert_eq!(alive.gone(), ["child"]);
    let again = std::panic::catch_unwind(AssertUnwindSafe(|| poll_once(group.as_mut()))).map(drop);
    let again = again.unwrap_err();
    assert!(
        again
            .downcast_ref::<&str>()
            .unwrap()
            .contains("after it was done")
    );
}

#[test]
fn the_first_error_ends_all() {
    async fn fails(text: &str) -> Result<u32, String> {
        yield_now().await;
        Err(text.to_owned())
    }
    everywhere(|| async {
        let alive = Alive::default();
        let text = String::from("of the child");
        let result: Result<(), String> = try_local_group_send(async |group| {
            let _token = alive.token("body");
            let token = alive.token("sibling");
            group.spawn(async move {
                let _token = token;
                pending::<Result<(), String>>().await
            });
            let number = group.spawn(fails(&text)).await;
            unreachable!("the body was dropped at its await, without {number}");
        })
        .await;
        assert_eq!(result, Err("of the child".to_owned()));
        assert_eq!(alive.gone(), ["body", "sibling"]);

        // After the body.
        let result = try_local_group_send(async |group| {
            group.spawn(fails(&text));
            group.spawn(pending::<Result<(), _>>());
            Ok(())
        })
        .await;
        assert_eq!(result, Err("of the child".to_owned()));

        // Of the body itself.
        let result: Result<(), _> = try_local_group_send(async |group| {
            let token = alive.token("cut off");
            group.spawn(async move {
                let _token = token;
                pending::<Result<(), String>>().await
            });
            Err(fails("of the body").await.unwrap_err())
        })
        .await;
        assert_eq!(result, Err("of the body".to_owned()));
        assert_eq!(alive.gone().last(), Some(&"cut off"));
        assert_eq!(alive.count(), 0);

        // And without any.
        let result: Result<usize, String> = try_local_group_send(async |group| {
            let length = group.spawn(async { Ok(text.len()) });
            Ok(length.await)
        })
        .await;
        assert_eq!(result, Ok(12));
    });
}

#[test]
fn errors_and_outputs_need_not_be_send_or_static() {
    everywhere_local(|| async {
        let text = String::from("borrowed");
        let result: Result<(), Rc<&str>> = try_local_group(async |group: TryLocalGroup<'_, _>| {
            let part = group.spawn(async { Ok(Rc::new(&text[..3])) }).await;
            group.spawn(async move { Err::<(), _>(part) });
            Ok(())
        })
        .await;
        assert_eq!(*result.unwrap_err(), "bor");
    });
}

#[test]
fn who_comes_too_late_is_dropped_and_awaiting_it_panics() {
    let alive = Alive::default();
    let smuggled = RefCell::new(None);
    let handle = RefCell::new(None);
    {
        let mut group = pin!(local_group(async |group| {
            *handle.borrow_mut() = Some(group.clone());
            *smuggled.borrow_mut() = Some(group.spawn(pending::<()>()));
            yield_now().await;
            group.spawn(pending::<()>());
        }));
        assert!(poll_once(group.as_mut()).is_pending());
    }
    // The group has been dropped; a clone of its handle is there still.
    let token = alive.token("late");
    let handle = handle.into_inner().unwrap();
    assert!(format!("{handle:?}").contains("children: 0"));
    let late = handle.spawn(async move {
        let _token = token;
    });
    assert_eq!(alive.gone(), ["late"]);
    for mut child in [late, smuggled.into_inner().unwrap()] {
        assert!(child.is_finished());
        let poll = AssertUnwindSafe(|| poll_once(Pin::new(&mut child)));
        let panic = std::panic::catch_unwind(poll).unwrap_err();
        let text = panic.downcast_ref::<&str>().unwrap();
        assert!(text.contains("was dropped with its group"), "{text}");
    }
}

/// A destructor that spawns, when its own group ends.
#[test]
fn a_destructor_may_spawn() {
    struct Spawns<'env>(LocalGroup<'env>, &'env Cell<u32>);
    impl Drop for Spawns<'_> {
        fn drop(&mut self) {
            self.1.set(self.1.get() + 1);
            let counter = self.1;
            self.0.spawn(async move { counter.set(100) });
        }
    }
    let dropped = Cell::new(0);
    {
        let mut group = pin!(local_group(async |group| {
            for _ in 0..3 {
                let spawns = Spawns(group.clone(), &dropped);
                group.spawn(async move {
                    let _spawns = spawns;
                    pending::<()>().await;
                });
            }
            pending::<()>().await;
        }));
        assert!(poll_once(group.as_mut()).is_pending());
    }
    assert_eq!(dropped.get(), 3);
}

/// What is forgotten is not polled any more, and nothing dangles.
#[test]
fn a_group_may_be_forgotten() {
    let (sender, mut receiver) = mpsc::channel::<u32>(1);
    let text = String::from("borrowed");
    let mut group = Box::pin(local_group(async |group| {
        group
            .spawn(async {
                receiver.recv().await;
                unreachable!("nobody polls it any more: {text}");
            })
            .await
    }));
    assert!(poll_once(group.as_mut()).is_pending());
    let _forgotten = std::mem::ManuallyDrop::new(group);
    // Its waker is in the channel.
    sender.try_send(1).unwrap();
    drop((sender, text));
}

#[test]
fn a_handle_on_another_thread_wakes_the_group() {
    everywhere(|| async {
        let sum = Arc::new(AtomicUsize::new(0));
        let (added, mut adds) = mpsc::channel(1);
        let total = sum.clone();
        local_group_send(async move |group| {
            let group = group.clone();
            let spawning = leno::spawn(async move {
                for number in 0..50 {
                    let (sum, added) = (sum.clone(), added.clone());
                    group.spawn(async move {
                        sum.fetch_add(number, Ordering::Relaxed);
                        added.send(()).await.unwrap();
                    });
                    if number % 3 == 0 {
                        yield_now().await;
                    }
                }
            });
            for _ in 0..50 {
                adds.recv().await.unwrap();
            }
            spawning.await.unwrap();
        })
        .await;
        assert_eq!(total.load(Ordering::Relaxed), 1225);
    });
}

/// Neither a body that yields for ever nor its children keep each other from their turns, nor the task other tasks.
#[test]
fn nobody_starves() {
    everywhere(|| async {
        let (sender, receiver) = oneshot::channel();
        let task = leno::spawn(async move {
            local_group_send(async move |group| {
                for _ in 0..200 {
                    group.spawn(async {
                        for _ in 0..20 {
                            yield_now().await;
                        }
                    });
                }
                let received = group.spawn(receiver);
                while !received.is_finished() {
                    yield_now().await;
                }
                received.await
            })
            .await
        });
        sender.send(7).unwrap();
        assert_eq!(task.await.unwrap(), Ok(7));
    });
}

#[test]
fn groups_nest_and_wait_in_timeouts() {
    everywhere(|| async {
        let base = 10;
        let sum = local_group_send(async |outer| {
            let base = &base;
            let inner = outer.spawn(local_group_send(async move |inner| {
                let (a, b) = (
                    inner.spawn(async move { base + 1 }),
                    inner.spawn(async move { base + 2 }),
                );
                a.await + b.await
            }));
            inner.await
        })
        .await;
        assert_eq!(sum, 23);
    });
}

/// Tells of a type that is known here whether it is `Send`.
macro_rules! is_send {
    ($value:expr) => {{
        struct Of<T>(std::marker::PhantomData<T>);
        #[allow(dead_code, reason = "of one of the two kinds")]
        impl<T: Send> Of<T> {
            fn is_send(&self) -> bool {
                true
            }
        }
        #[allow(dead_code, reason = "of one of the two kinds")]
        trait NotSend {
            fn is_send(&self) -> bool {
                false
            }
        }
        impl<T> NotSend for &Of<T> {}
        fn of<T>(_: &T) -> Of<T> {
            Of(std::marker::PhantomData)
        }
        (&of(&$value)).is_send()
    }};
}

#[test]
fn the_future_is_send_if_the_group_says_so() {
    assert!(!is_send!(local_group(async |group| group
        .spawn(async { 1 })
        .await)));
    assert!(is_send!(local_group_send(async |group| group
        .spawn(async { 1 })
        .await)));
    assert!(is_send!(try_local_group_send(async |group| {
        let number = group.spawn(async { "1".parse::<u32>() });
        Ok(number.await)
    })));
}

/// In all schedules in which somebody is held up, each child is waited for.
#[leno::test(explore, bound = 2)]
async fn no_schedule_loses_a_child() {
    let (sender, receiver) = oneshot::channel();
    leno::spawn(async move { sender.send(2) });
    let base = 1;
    let sum = local_group(async |group| {
        let (handle, base) = (group.clone(), &base);
        let received = group.spawn(async move {
            let late = handle.spawn(async move { base + 10 });
            receiver.await.unwrap() + late.await
        });
        received.await
    })
    .await;
    assert_eq!(sum, 13);
}
