//! What `task_local!` and its keys promise.

#![deny(warnings)]
#![forbid(unsafe_code)]

mod by_hand;

use by_hand::{Driven, Gate, block_on, yield_now};
use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn};
use std::marker::PhantomPinned;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;

leno::task_local! {
    /// With a description.
    pub static NUMBER: u32;

    #[allow(unused)]
    static NAME: String
}

leno::task_local! {}

#[leno::test]
async fn there_is_no_value_outside_of_scopes() {
    assert!(NUMBER.try_with(|_| ()).is_err());
    let error = NUMBER.try_get().unwrap_err();
    assert_eq!("task-local value not set", error.to_string());
    NUMBER.scope(1, async {}).await;
    assert!(NUMBER.try_get().is_err());
}

#[test]
#[should_panic(expected = "cannot access a task-local storage value without setting it first")]
fn getting_what_is_not_there_panics() {
    NUMBER.get();
}

#[leno::test]
async fn a_future_sees_its_value_in_every_poll_and_nobody_else_does() {
    let count = |start: u32| {
        NUMBER.scope(start, async move {
            for _ in 0..3 {
                assert_eq!(start, NUMBER.get());
                assert_eq!(start, NUMBER.with(|number| *number));
                yield_now().await;
            }
        })
    };
    leno::join!(count(1), count(2), async {
        for _ in 0..3 {
            assert!(NUMBER.try_get().is_err());
            yield_now().await;
        }
    });
}

#[leno::test]
async fn the_innermost_scope_counts() {
    NUMBER
        .scope(1, async {
            NUMBER
                .scope(2, async {
                    assert_eq!(2, NUMBER.get());
                    yield_now().await;
                    assert_eq!(3, NUMBER.sync_scope(3, || NUMBER.get()));
                    assert_eq!(2, NUMBER.get());
                })
                .await;
            assert_eq!(1, NUMBER.get());
        })
        .await;
}

#[test]
fn keys_are_independent() {
    NUMBER.sync_scope(1, || {
        NAME.sync_scope("one".into(), || {
            assert_eq!(1, NUMBER.get());
            assert_eq!(3, NAME.with(String::len));
        });
        assert!(NAME.try_get().is_err());
    });
}

#[test]
fn a_panic_leaves_the_scope() {
    NUMBER.sync_scope(1, || {
        let panic = catch_unwind(|| NUMBER.sync_scope(2, || panic!("on purpose")));
        assert!(panic.is_err());
        assert_eq!(1, NUMBER.get());

        let mut future = Driven::new(NUMBER.scope(3, async { panic!("on purpose") }));
        assert!(catch_unwind(AssertUnwindSafe(|| future.poll())).is_err());
        assert_eq!(1, NUMBER.get());
    });
    assert!(NUMBER.try_get().is_err());
}

/// Reports the value that it sees when it is dropped.
struct AtDrop<'a>(&'a Cell<Option<u32>>);

impl Drop for AtDrop<'_> {
    fn drop(&mut self) {
        self.0.set(NUMBER.try_get().ok());
    }
}

#[test]
fn a_future_that_is_ready_is_dropped_at_once_with_its_value() {
    let seen = Cell::new(None);
    let at_drop = AtDrop(&seen);
    let mut future = Driven::new(NUMBER.scope(
        5,
        poll_fn(move |_| {
            let _ = &at_drop;
            Poll::Ready(())
        }),
    ));
    assert!(future.poll().is_ready());
    assert_eq!(Some(5), seen.get());
}

#[test]
fn a_future_that_is_cancelled_is_dropped_with_its_value() {
    let seen = Cell::new(None);
    let at_drop = AtDrop(&seen);
    let mut future = Driven::new(NUMBER.scope(5, async move {
        let _at_drop = at_drop;
        pending::<()>().await;
    }));
    assert!(future.poll().is_pending());
    assert_eq!(None, seen.get());
    drop(future);
    assert_eq!(Some(5), seen.get());
    assert!(NUMBER.try_get().is_err());
}

#[test]
fn a_future_that_is_dropped_while_the_key_is_borrowed_is_dropped_without_its_value() {
    let seen = Cell::new(None);
    let at_drop = AtDrop(&seen);
    let future = NUMBER.scope(5, async move {
        let _at_drop = at_drop;
    });
    NUMBER.sync_scope(1, || NUMBER.with(|_| drop(future)));
    // Borrowed for reading, so the destructor can read what is there.
    assert_eq!(Some(1), seen.get());
}

#[test]
fn a_value_is_dropped_with_its_future() {
    leno::task_local! { static SHARED: Rc<()>; }
    let shared = Rc::new(());
    let mut future = Driven::new(SHARED.scope(Rc::clone(&shared), async {
        assert_eq!(2, SHARED.with(Rc::strong_count));
    }));
    assert!(future.poll().is_ready());
    assert_eq!(2, Rc::strong_count(&shared));
    drop(future);
    assert_eq!(1, Rc::strong_count(&shared));
}

#[leno::test]
async fn the_value_can_be_taken_once_before_or_after_the_future_ran() {
    let mut before = Box::pin(NUMBER.scope(1, async { assert!(NUMBER.try_get().is_err()) }));
    assert_eq!(Some(1), before.as_mut().take_value());
    assert_eq!(None, before.as_mut().take_value());
    before.await;

    let mut after = Box::pin(NUMBER.scope(2, async { assert_eq!(2, NUMBER.get()) }));
    after.as_mut().await;
    assert_eq!(Some(2), after.as_mut().take_value());
}

#[test]
#[should_panic(
    expected = "cannot enter a task-local scope while the task-local storage is borrowed"
)]
fn a_scope_cannot_be_entered_while_the_value_is_borrowed() {
    NUMBER.sync_scope(1, || NUMBER.with(|_| NUMBER.sync_scope(2, || ())));
}

#[test]
#[should_panic(expected = "`TaskLocalFuture` polled after completion")]
fn polling_after_completion_panics() {
    let mut future = Driven::new(NUMBER.scope(1, async {}));
    assert!(future.poll().is_ready());
    let _ = future.poll();
}

#[test]
fn a_scope_in_the_destructor_of_a_thread_local_works_or_says_why_not() {
    leno::task_local! { static WITH_DESTRUCTOR: String; }
    struct AtThreadExit(mpsc::Sender<Option<String>>);
    impl Drop for AtThreadExit {
        fn drop(&mut self) {
            assert!(WITH_DESTRUCTOR.try_with(|_| ()).is_err());
            let panic = catch_unwind(|| WITH_DESTRUCTOR.sync_scope("y".into(), || ()));
            let text = panic
                .err()
                .map(|panic| panic.downcast_ref::<&str>().unwrap().to_string());
            self.0.send(text).unwrap();
        }
    }
    thread_local! {
        static EXIT: RefCell<Option<AtThreadExit>> = const { RefCell::new(None) };
    }

    // Which of two thread-locals goes first is up to the platform, so this does both.
    let (texts, received) = mpsc::channel();
    for exit_first in [false, true] {
        let texts = texts.clone();
        let thread = thread::spawn(move || {
            let mut texts = Some(texts);
            if exit_first {
                EXIT.set(texts.take().map(AtThreadExit));
            }
            WITH_DESTRUCTOR.sync_scope("x".into(), || ());
            if !exit_first {
                EXIT.set(texts.take().map(AtThreadExit));
            }
        });
        thread.join().unwrap();
        if let Some(text) = received.recv().unwrap() {
            assert!(
                text.contains("destruction of the underlying thread-local"),
                "{text}"
            );
        }
    }
}

#[test]
fn a_value_travels_with_its_future_from_thread_to_thread() {
    let mut future = Box::pin(NUMBER.scope(4, async {
        let here = NUMBER.get();
        yield_now().await;
        here + NUMBER.get()
    }));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut cx).is_pending());
    let sum = thread::spawn(move || block_on(future)).join().unwrap();
    assert_eq!(8, sum);
}

#[test]
fn futures_and_values_may_be_of_any_kind() {
    leno::task_local! { static CELL: Cell<u8>; }
    let gate = Gate::new();
    let mut future = Driven::new(CELL.scope(Cell::new(0), async {
        let _pinned = PhantomPinned;
        CELL.with(|cell| cell.set(1));
        let more: u8 = gate.wait().await;
        CELL.with(|cell| cell.get() + more)
    }));
    assert!(future.poll().is_pending());
    gate.open(2);
    assert_eq!(Poll::Ready(3), future.poll());
}

#[test]
fn debug_shows_the_value() {
    let scope: leno::task::futures::TaskLocalFuture<_, _> = NUMBER.scope(1, async {});
    let mut future = Box::pin(scope);
    assert_eq!("TaskLocalFuture { value: 1 }", format!("{future:?}"));
    future.as_mut().take_value();
    assert_eq!(
        "TaskLocalFuture { value: <missing> }",
        format!("{future:?}")
    );
    assert_eq!("LocalKey { .. }", format!("{NUMBER:?}"));
}
