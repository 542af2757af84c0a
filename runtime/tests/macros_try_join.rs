//! What `try_join!` promises, beyond `join!`.

#![deny(warnings)]
#![forbid(unsafe_code)]

mod by_hand;

use by_hand::{Driven, Gate, yield_now};
use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::{Ready, pending, ready};
use std::mem::size_of_val;
use std::rc::Rc;
use std::task::Poll;

fn ok<T>(value: T) -> Ready<Result<T, &'static str>> {
    ready(Ok(value))
}

#[leno::test]
async fn the_values_come_as_a_tuple_in_the_order_of_the_futures() {
    assert_eq!(Ok((1,)), leno::try_join!(ok(1)));
    assert_eq!(Ok((1,)), leno::try_join!(ok(1),));
    assert_eq!(Ok((1, "2")), leno::try_join!(ok(1), ok("2")));
    assert_eq!(Ok((1, "2")), leno::try_join!(biased; ok(1), ok("2"),));
}

#[leno::test]
async fn joining_nothing_is_ready_with_nothing() {
    assert_eq!(Ok::<(), ()>(()), leno::try_join!());
    assert_eq!(Ok::<(), ()>(()), leno::try_join!(biased;));
}

#[test]
fn it_is_ready_when_the_last_branch_is() {
    let (left, right) = (Gate::new(), Gate::new());
    let mut join = Driven::new(async { leno::try_join!(left.wait(), right.wait()) });
    assert!(join.poll().is_pending());
    right.open(Ok::<_, ()>(2));
    assert!(join.is_woken());
    assert!(join.poll().is_pending());
    left.open(Ok(1));
    assert!(join.is_woken());
    assert_eq!(Poll::Ready(Ok((1, 2))), join.poll());
}

#[test]
fn the_first_error_ends_it_and_drops_the_other_branches() {
    let alive = Rc::new(());
    let held = Rc::clone(&alive);
    let gate = Gate::new();
    let mut join = Driven::new(async {
        leno::try_join!(
            async move {
                pending::<()>().await;
                drop(held);
                Ok(())
            },
            ok(Rc::clone(&alive)),
            gate.wait(),
        )
        .map(drop)
    });
    assert!(join.poll().is_pending());
    assert_eq!(3, Rc::strong_count(&alive));
    gate.open(Err::<u32, _>("no"));
    assert!(join.is_woken());
    assert_eq!(Poll::Ready(Err("no")), join.poll());
    assert_eq!(1, Rc::strong_count(&alive));
}

#[leno::test]
async fn branches_after_an_error_are_not_polled() {
    let polled = Cell::new(false);
    let result = leno::try_join!(biased; ready(Err::<(), _>("no")), async {
        polled.set(true);
        Ok(())
    });
    assert_eq!(Err("no"), result);
    assert!(!polled.get());
}

async fn note_polls(log: &RefCell<Vec<u32>>, branch: u32) -> Result<(), Infallible> {
    for poll in 0..4 {
        log.borrow_mut().push(branch);
        if poll < 3 {
            yield_now().await;
        }
    }
    Ok(())
}

#[leno::test]
async fn every_poll_begins_with_the_next_branch() {
    let log = RefCell::default();
    let branch = |number| note_polls(&log, number);
    let Ok(_) = leno::try_join!(branch(1), branch(2), branch(3));
    assert_eq!(*log.borrow(), [1, 2, 3, 2, 3, 1, 3, 1, 2, 1, 2, 3]);
}

#[leno::test]
async fn every_poll_of_a_biased_join_begins_with_the_first_branch() {
    let log = RefCell::default();
    let branch = |number| note_polls(&log, number);
    let Ok(_) = leno::try_join!(biased; branch(1), branch(2), branch(3));
    assert_eq!(*log.borrow(), [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3]);
}

#[leno::test]
async fn types_without_values_make_no_warnings() {
    let result = leno::try_join!(async { Err::<Infallible, _>(1) }, async { Ok(2) });
    assert_eq!(Err(1), result);
    let result =
        leno::try_join!(biased; async { Ok::<_, i32>(1) }, async { Err::<Infallible, _>(2) });
    assert_eq!(Err(2), result);
    let result = leno::try_join!(async { Ok::<_, Infallible>(1) }, async { Ok(2) });
    assert_eq!(Ok((1, 2)), result);
    let result = leno::try_join!(async { Err::<Infallible, i32>(1) });
    assert_eq!(Err(1), result);
}

#[test]
fn it_costs_its_branches_and_little_more() {
    let one = async {
        let only = ok(0i32);
        leno::try_join!(only)
    };
    let branch = size_of_val(&ok(0i32));
    assert!(
        size_of_val(&one) <= 24 + 2 * branch,
        "{}",
        size_of_val(&one)
    );
}
