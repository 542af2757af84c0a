//! What `join!` promises.

#![deny(warnings)]
#![forbid(unsafe_code)]

mod by_hand;

use by_hand::{Driven, Gate, yield_now};
use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{IntoFuture, Ready, pending, ready};
use std::mem::size_of_val;
use std::rc::Rc;
use std::task::Poll;

#[leno::test]
async fn the_outputs_come_as_a_tuple_in_the_order_of_the_futures() {
    assert_eq!((1,), leno::join!(ready(1)));
    assert_eq!((1,), leno::join!(ready(1),));
    assert_eq!((1, "2"), leno::join!(ready(1), ready("2")));
    assert_eq!((1, "2"), leno::join!(biased; ready(1), ready("2"),));
}

#[leno::test]
#[allow(clippy::unit_cmp, reason = "that it is `()` is the point")]
async fn joining_nothing_is_ready_with_nothing() {
    assert_eq!((), leno::join!());
    assert_eq!((), leno::join!(biased;));
}

#[test]
fn it_is_ready_when_the_last_branch_is() {
    let (left, right) = (Gate::new(), Gate::new());
    let mut join = Driven::new(async { leno::join!(left.wait(), right.wait()) });
    assert!(join.poll().is_pending());

    right.open(2);
    assert!(join.is_woken());
    assert!(join.poll().is_pending());
    assert!(!join.is_woken());

    left.open(1);
    assert!(join.is_woken());
    assert_eq!(Poll::Ready((1, 2)), join.poll());
}

/// Three branches that are polled four times each, and what was polled when.
async fn note_polls(log: &RefCell<Vec<u32>>, branch: u32) {
    for poll in 0..4 {
        log.borrow_mut().push(branch);
        if poll < 3 {
            yield_now().await;
        }
    }
}

#[leno::test]
async fn every_poll_begins_with_the_next_branch() {
    let log = RefCell::default();
    let branch = |number| note_polls(&log, number);
    leno::join!(branch(1), branch(2), branch(3));
    assert_eq!(*log.borrow(), [1, 2, 3, 2, 3, 1, 3, 1, 2, 1, 2, 3]);
}

#[leno::test]
async fn every_poll_of_a_biased_join_begins_with_the_first_branch() {
    let log = RefCell::default();
    let branch = |number| note_polls(&log, number);
    leno::join!(biased; branch(1), branch(2), branch(3));
    assert_eq!(*log.borrow(), [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3]);
}

#[test]
fn a_branch_that_is_ready_is_dropped_at_once_and_not_polled_again() {
    let alive = Rc::new(());
    let held = Rc::clone(&alive);
    let gate = Gate::new();
    let mut join = Driven::new(async {
        leno::join!(
            async move {
                drop(held);
                7
            },
            gate.wait()
        )
    });
    assert!(join.poll().is_pending());
    assert_eq!(1, Rc::strong_count(&alive));
    assert!(join.poll().is_pending());
    gate.open(8);
    assert_eq!(Poll::Ready((7, 8)), join.poll());
}

#[test]
fn dropping_it_drops_branches_and_outputs() {
    let alive = Rc::new(());
    let (output, held) = (Rc::clone(&alive), Rc::clone(&alive));
    let mut join = Driven::new(async {
        leno::join!(ready(output), async move {
            pending::<()>().await;
            drop(held);
        })
    });
    assert!(join.poll().is_pending());
    assert_eq!(3, Rc::strong_count(&alive));
    drop(join);
    assert_eq!(1, Rc::strong_count(&alive));
}

#[leno::test]
async fn whatever_becomes_a_future_is_awaited() {
    struct Later;
    impl IntoFuture for Later {
        type Output = u32;
        type IntoFuture = Ready<u32>;
        fn into_future(self) -> Ready<u32> {
            ready(6)
        }
    }
    assert_eq!((6,), leno::join!(Later));
}

#[test]
fn branches_that_never_return_make_no_warnings() {
    let mut join = Driven::new(async { leno::join!(pending::<Infallible>(), ready(1)) });
    assert!(join.poll().is_pending());
    let mut join = Driven::new(async { leno::join!(biased; ready(1), pending::<Infallible>()) });
    assert!(join.poll().is_pending());
    let mut join = Driven::new(async { leno::join!(pending::<Infallible>()) });
    assert!(join.poll().is_pending());
}

#[leno::test]
async fn joins_and_selects_nest() {
    let all = leno::join!(async { leno::join!(ready(1), ready(2)) }, async {
        leno::select! { x = ready(3) => x }
    },);
    assert_eq!(((1, 2), 3), all);
}

#[leno::test]
async fn many_branches_fit() {
    #[rustfmt::skip]
    let all = leno::join!(
            ready(0), ready(1), ready(2), ready(3), ready(4), ready(5), ready(6), ready(7),
            ready(0), ready(1), ready(2), ready(3), ready(4), ready(5), ready(6), ready(7),
            ready(0), ready(1), ready(2), ready(3), ready(4), ready(5), ready(6), ready(7),
            ready(0), ready(1), ready(2), ready(3), ready(4), ready(5), ready(6), ready(7),
            ready(0), ready(1), ready(2), ready(3), ready(4), ready(5), ready(6), ready(7),
            ready(0), ready(1), ready(2), ready(3), ready(4), ready(5), ready(6), ready(7),
            ready(0), ready(1), ready(2), ready(3), ready(4), ready(5), ready(6), ready(7),
            ready(0), ready(1), ready(2), ready(3), ready(4), ready(5), ready(6), ready(77),
        );
    assert_eq!(77, all.63);
}

#[test]
fn it_costs_its_branches_and_little_more() {
    let one = async {
        let only = ready(0i32);
        leno::join!(only)
    };
    assert!(size_of_val(&one) <= 32, "{}", size_of_val(&one));
    let two = async {
        let (first, second) = (ready(0i32), ready(0i32));
        leno::join!(first, second)
    };
    assert!(size_of_val(&two) <= 48, "{}", size_of_val(&two));
    let biased = async {
        let (first, second) = (ready(0i32), ready(0i32));
        leno::join!(biased; first, second)
    };
    assert!(size_of_val(&biased) <= 40, "{}", size_of_val(&biased));
}

#[leno::test]
async fn the_future_is_send_if_its_branches_are() {
    fn assert_send<T: Send>(future: T) -> T {
        future
    }
    let both = assert_send(async { leno::join!(ready(1), yield_now()) }).await;
    assert_eq!((1, ()), both);
}
