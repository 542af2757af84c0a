//! What `pin!` promises.

#![deny(warnings)]
#![forbid(unsafe_code)]

mod by_hand;

use std::future::Future;
use std::pin::Pin;

async fn number(n: u32) -> u32 {
    by_hand::yield_now().await;
    n
}

fn assert_pinned<F: Future>(_: &Pin<&mut F>) {}

#[leno::test]
async fn variables_are_pinned_under_their_names() {
    let one = number(1);
    let two = number(2);
    leno::pin!(one, two);
    assert_pinned(&one);
    assert_eq!(1, (&mut one).await);
    assert_eq!(2, two.await);
    let three = number(3);
    leno::pin!(three,);
    assert_eq!(3, three.await);
}

#[leno::test]
async fn variables_are_declared_and_pinned() {
    leno::pin! {
        let one = number(1);
        let two = number(2);
    }
    assert_pinned(&two);
    assert_eq!(1, (&mut one).await);
    assert_eq!(2, (&mut two).await);
}

#[test]
fn the_value_is_dropped_at_the_end_of_the_block() {
    let alive = std::rc::Rc::new(());
    {
        let held = std::rc::Rc::clone(&alive);
        leno::pin!(held);
        assert_eq!(2, std::rc::Rc::strong_count(&held));
    }
    assert_eq!(1, std::rc::Rc::strong_count(&alive));
}
