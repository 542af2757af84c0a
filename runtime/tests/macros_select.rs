//! What `select!` promises.

#![deny(warnings)]
#![forbid(unsafe_code)]

mod by_hand;

use by_hand::{Driven, Gate, yield_now};
use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Future, IntoFuture, Ready, pending, poll_fn, ready};
use std::mem::size_of_val;
use std::task::Poll;

#[leno::test]
async fn a_branch_may_end_in_a_comma_in_nothing_or_be_a_block() {
    assert_eq!(1, leno::select! { x = ready(1) => x, });
    assert_eq!(2, leno::select! { x = ready(2) => x });
    assert_eq!(3, leno::select! { x = ready(3) => { x } });
    assert_eq!(4, leno::select! { x = ready(4) => { x }, });
    let x = leno::select! {
        _ = pending::<()>() => { 0 }
        _ = pending::<()>(), if true => { 0 }
        _ = pending::<()>(), if true => { 0 },
        x = ready(5), if true => x,
        else => 0
    };
    assert_eq!(5, x);
}

#[test]
fn without_branches_else_is_the_value() {
    assert_eq!(1, leno::select! { else => 1 });
    assert_eq!(2, leno::select! { else => 2, });
    assert_eq!(3, leno::select! { biased; else => { 3 } });
}

#[leno::test]
async fn the_first_ready_branch_wins_and_the_others_are_dropped_before_its_handler_runs() {
    struct CountDrop<'a>(&'a Cell<u32>);
    impl Drop for CountDrop<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    let dropped = Cell::new(0);
    let hold = || async {
        let _guard = CountDrop(&dropped);
        pending::<()>().await;
    };

    leno::select! {
        biased;
        _ = hold() => unreachable!(),
        _ = yield_now() => assert_eq!(2, dropped.get()),
        _ = hold() => unreachable!(),
    }
}

#[test]
fn a_pending_select_is_woken_by_each_of_its_branches() {
    let (left, right) = (Gate::new(), Gate::new());
    for open in [&left, &right] {
        let mut select = Driven::new(async {
            leno::select! {
                x = left.wait() => x,
                x = right.wait() => x,
            }
        });
        assert!(select.poll().is_pending());
        assert!(!select.is_woken());
        open.open(7);
        assert!(select.is_woken());
        assert_eq!(Poll::Ready(7), select.poll());
    }
}

#[leno::test]
async fn a_false_condition_disables_a_branch_but_its_future_is_still_made() {
    let made = Cell::new(false);
    let make = || {
        made.set(true);
        poll_fn(|_| -> Poll<()> { panic!("a disabled branch was polled") })
    };
    leno::select! {
        _ = make(), if false => unreachable!(),
        _ = ready(()) => {}
    }
    assert!(made.get());
}

#[leno::test]
async fn conditions_are_evaluated_once_before_all_futures() {
    let log = std::cell::RefCell::new(Vec::new());
    let note = |what| {
        log.borrow_mut().push(what);
        true
    };
    leno::select! {
        biased;
        _ = { note("first future"); yield_now() }, if note("first condition") => {}
        _ = { note("second future"); pending::<()>() }, if note("second condition") => {}
    }
    assert_eq!(
        *log.borrow(),
        [
            "first condition",
            "second condition",
            "first future",
            "second future"
        ]
    );
}

#[test]
fn an_output_that_does_not_match_disables_its_branch_for_good() {
    let gate = Gate::new();
    let mut polls = 0;
    let none = poll_fn(|_| {
        polls += 1;
        Poll::Ready(None::<u32>)
    });
    let mut select = Driven::new(async {
        leno::select! {
            Some(x) = none => x,
            x = gate.wait() => x,
        }
    });
    assert!(select.poll().is_pending());
    assert!(select.poll().is_pending());
    gate.open(3);
    assert_eq!(Poll::Ready(3), select.poll());
    drop(select);
    assert_eq!(1, polls);
}

#[leno::test]
async fn when_all_branches_are_disabled_else_is_the_value() {
    let x = leno::select! {
        Some(x) = ready(None) => x,
        x = ready(1), if false => x,
        else => 9,
    };
    assert_eq!(9, x);
}

#[leno::test]
#[should_panic(expected = "all branches are disabled and there is no else branch")]
async fn when_all_branches_are_disabled_without_else_it_panics() {
    leno::select! {
        Some(()) = ready(None) => {}
        _ = ready(()), if false => {}
    }
}

#[leno::test]
async fn a_biased_select_polls_from_the_top() {
    for _ in 0..50 {
        let x = leno::select! {
            biased;
            _ = pending::<()>() => 0,
            _ = ready(()) => 1,
            _ = ready(()) => 2,
        };
        assert_eq!(1, x);
    }
}

// In a simulation where it starts is a decision, and the calm one is always the first.
#[leno::test(sim = false)]
async fn an_unbiased_select_starts_anywhere() {
    let mut chosen = [0; 3];
    for _ in 0..1000 {
        let x = leno::select! {
            _ = ready(()) => 0,
            _ = ready(()) => 1,
            _ = ready(()) => 2,
        };
        chosen[x] += 1;
    }
    // Each is drawn 333 times on average, with a deviation of 15.
    assert!(chosen.iter().all(|&times| times > 200), "{chosen:?}");
}

#[leno::test]
async fn handlers_may_use_what_other_branches_borrowed() {
    async fn set(x: &mut u32) {
        *x = 1;
        pending::<()>().await;
    }
    let x = {
        let mut x = 0;
        leno::select! {
            biased;
            _ = set(&mut x) => {}
            _ = yield_now() => x += 10,
            else => x += 100,
        }
        x
    };
    assert_eq!(11, x);
}

#[leno::test]
async fn handlers_may_leave_the_loop_and_the_function_around_them_and_await() {
    async fn count() -> Result<u32, &'static str> {
        let mut rounds = 0;
        loop {
            leno::select! {
                _ = ready(()), if rounds == 0 => {
                    rounds += 1;
                    continue;
                }
                x = async { Ok::<u32, &str>(rounds) }, if rounds < 5 => rounds = x? + 1,
                _ = ready(()) => {
                    yield_now().await;
                    break;
                }
            }
        }
        leno::select! {
            _ = ready(()), if rounds == 5 => return Ok(rounds),
            x = ready(Err("not five")) => x?,
        }
        unreachable!()
    }
    let _ = count().await;
    assert!(matches!(count().await, Ok(5) | Err("not five")));
}

#[leno::test]
async fn one_future_may_be_polled_by_select_after_select() {
    let gate = Gate::new();
    let mut future = gate.wait();
    let x = {
        for _ in 0..3 {
            leno::select! {
                biased;
                _ = &mut future => unreachable!(),
                _ = ready(()) => {}
            }
        }
        gate.open(5);
        leno::select! { x = &mut future => x }
    };
    assert_eq!(5, x);
}

#[leno::test]
async fn selects_nest() {
    let x = leno::select! {
        x = async { leno::select! { x = ready(1) => x } } => leno::select! {
            y = ready(2) => x + y,
        },
    };
    assert_eq!(3, x);
}

#[leno::test]
async fn patterns_may_bind_in_every_way() {
    #[derive(Debug, PartialEq)]
    struct Name {
        first: String,
        last: Option<String>,
    }
    fn name() -> Ready<Option<Name>> {
        ready(Some(Name {
            first: "a".into(),
            last: Some("b".into()),
        }))
    }

    leno::select! {
        mut x = ready(String::from("x")) => {
            x.push('y');
            assert_eq!("xy", x);
        }
    }
    leno::select! {
        Some(mut x) = name() => {
            x.last = None;
            assert_eq!(None, x.last);
        }
    }
    leno::select! {
        Some(Name { ref first, ref mut last }) = name() => {
            *last = None;
            assert_eq!("a", first);
        }
    }
    leno::select! {
        Some(Name { first, last: Some(last) }) = name() => assert_eq!("ab", first + &last),
    }
    leno::select! {
        whole @ Some(Name { .. }) = name() => assert!(whole.is_some()),
    }
    leno::select! {
        Ok(x) | Err(x) = ready(Err::<u32, u32>(4)) => assert_eq!(4, x),
    }
    leno::select! {
        [first, .., last] = ready(["a".to_string(), "b".into(), "c".into()]) => {
            assert_eq!("ac", first + &last);
        }
    }
    leno::select! {
        1..=3 = ready(7) => unreachable!(),
        "x" = ready("x") => {}
    }
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
    assert_eq!(6, leno::select! { x = Later => x });
}

#[leno::test]
async fn a_reference_to_a_temporary_future_is_awaited() {
    assert_eq!(6, leno::select! { x = &mut ready(6) => x });
}

#[leno::test]
async fn branches_that_never_return_make_no_warnings() {
    async fn never() -> Infallible {
        pending().await
    }
    let x = leno::select! {
        _ = never() => 0,
        x = ready(1) => x,
    };
    assert_eq!(1, x);
}

#[leno::test]
async fn names_of_its_user_are_no_trouble() {
    mod std {}
    mod core {}
    #[allow(dead_code, non_camel_case_types, clippy::upper_case_acronyms)]
    #[derive(Clone, Copy)]
    enum Shadow {
        Some,
        None,
        Ok,
        Err,
        Ready,
        Pending,
        _0,
    }
    #[allow(unused_imports)]
    use Shadow::*;
    #[allow(dead_code)]
    struct Option;
    #[allow(dead_code)]
    struct Result;
    #[allow(dead_code)]
    struct Poll;
    #[allow(dead_code)]
    struct Future;
    #[allow(dead_code)]
    struct Pin;
    #[allow(unused_macros)]
    macro_rules! panic {
        () => {};
    }
    #[allow(unused_macros)]
    macro_rules! unreachable {
        () => {};
    }
    #[allow(dead_code)]
    struct Output;

    async fn work() -> u32 {
        1
    }
    let x = leno::select! {
        x = work(), if true => x,
        Shadow::Ready = async { Shadow::Some } => 0,
        else => 2,
    };
    assert_eq!(1, x);
    assert_eq!((1, 1), leno::join!(work(), work()));
    let pair = leno::try_join!(async { ::core::result::Result::Ok::<_, ()>(1) });
    assert_eq!(::core::option::Option::Some((1,)), pair.ok());
    let nothing: ::core::result::Result<(), ()> = leno::try_join!();
    assert!(nothing.is_ok());
    leno::task_local! { static KEY: u32; }
    KEY.sync_scope(1, || assert_eq!(1, KEY.get()));

    let future = work();
    leno::pin!(future);
    assert_eq!(1, future.await);
}

#[leno::test]
async fn sixty_four_branches_fit() {
    let x = leno::select! {
        biased;
        _ = pending::<()>() => 0, _ = pending::<()>() => 1, _ = pending::<()>() => 2,
        _ = pending::<()>() => 3, _ = pending::<()>() => 4, _ = pending::<()>() => 5,
        _ = pending::<()>() => 6, _ = pending::<()>() => 7, _ = pending::<()>() => 8,
        _ = pending::<()>() => 9, _ = pending::<()>() => 10, _ = pending::<()>() => 11,
        _ = pending::<()>() => 12, _ = pending::<()>() => 13, _ = pending::<()>() => 14,
        _ = pending::<()>() => 15, _ = pending::<()>() => 16, _ = pending::<()>() => 17,
        _ = pending::<()>() => 18, _ = pending::<()>() => 19, _ = pending::<()>() => 20,
        _ = pending::<()>() => 21, _ = pending::<()>() => 22, _ = pending::<()>() => 23,
        _ = pending::<()>() => 24, _ = pending::<()>() => 25, _ = pending::<()>() => 26,
        _ = pending::<()>() => 27, _ = pending::<()>() => 28, _ = pending::<()>() => 29,
        _ = pending::<()>() => 30, _ = pending::<()>() => 31, _ = pending::<()>() => 32,
        _ = pending::<()>() => 33, _ = pending::<()>() => 34, _ = pending::<()>() => 35,
        _ = pending::<()>() => 36, _ = pending::<()>() => 37, _ = pending::<()>() => 38,
        _ = pending::<()>() => 39, _ = pending::<()>() => 40, _ = pending::<()>() => 41,
        _ = pending::<()>() => 42, _ = pending::<()>() => 43, _ = pending::<()>() => 44,
        _ = pending::<()>() => 45, _ = pending::<()>() => 46, _ = pending::<()>() => 47,
        _ = pending::<()>() => 48, _ = pending::<()>() => 49, _ = pending::<()>() => 50,
        _ = pending::<()>() => 51, _ = pending::<()>() => 52, _ = pending::<()>() => 53,
        _ = pending::<()>() => 54, _ = pending::<()>() => 55, _ = pending::<()>() => 56,
        _ = pending::<()>() => 57, _ = pending::<()>() => 58, _ = pending::<()>() => 59,
        _ = pending::<()>() => 60, _ = pending::<()>() => 61, _ = pending::<()>() => 62,
        _ = ready(()) => 63,
        else => 64,
    };
    assert_eq!(63, x);
}

#[test]
fn it_costs_its_futures_and_little_more() {
    fn size<F: Future>(future: F) -> usize {
        size_of_val(&future)
    }
    let one = size(async {
        let only = ready(0i32);
        leno::select! { _ = only => {} }
    });
    let three = size(async {
        let (first, second, third) = (ready(0i32), ready(0i32), ready(0i32));
        leno::select! { _ = first => {}, _ = second => {}, _ = third => {} }
    });
    // A pointer, a flag per branch, the state; and the futures, 8 bytes each.
    assert!(one <= 32, "{one}");
    assert!(three <= 48, "{three}");
}

#[leno::test]
async fn the_future_is_send_if_its_branches_are() {
    fn assert_send<T: Send>(future: T) -> T {
        future
    }
    let x = assert_send(async {
        leno::select! {
            x = ready(1) => x,
            _ = yield_now() => 1,
        }
    })
    .await;
    assert_eq!(1, x);
}

/// `safe;` changes nothing but what compiles, wherever `biased;` is.
#[leno::test]
async fn safe_branches_are_selected_as_others() {
    let (sender, mut receiver) = leno::sync::mpsc::channel(4);
    let mut seen = Vec::new();
    for number in 0..3 {
        sender.send(number).await.unwrap();
    }
    drop(sender);
    let mut pinned = std::pin::pin!(std::future::pending::<()>());
    loop {
        leno::select! {
            biased;
            safe;
            Some(number) = receiver.recv() => seen.push(number),
            () = pinned.as_mut(), if seen.is_empty() => unreachable!(),
            else => break,
        }
    }
    assert_eq!(seen, [0, 1, 2]);
    let first = leno::select! {
        safe;
        biased;
        () = leno::task::assert_cancel_safe(std::future::ready(())) => 1,
        () = std::future::pending() => 2,
    };
    assert_eq!(first, 1);
    let other = leno::select! { safe; else => 3 };
    assert_eq!(other, 3);
    // A name like any other, if it is not followed by a semicolon.
    let safe = leno::select! { safe = std::future::ready(4) => safe };
    assert_eq!(safe, 4);
}

/// As many branches as without it.
#[leno::test]
async fn sixty_four_safe_branches_are_not_too_many() {
    macro_rules! select_all {
        ($($number:literal)*) => {
            leno::select! {
                safe;
                $(number = leno::task::assert_cancel_safe(std::future::ready($number)) => number,)*
            }
        };
    }
    let number = select_all!(
        0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40
        41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63
    );
    assert!((0..64).contains(&number));
}
