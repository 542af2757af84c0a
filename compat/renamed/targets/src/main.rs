//! The dependency is there on some platforms.

use rt::{main, test};

#[main]
async fn main() {
    assert_eq!(rt::spawn(async { 1 }).await.unwrap(), 1);
}

#[test]
async fn a_test() {
    rt::task::yield_now().await;
}

#[core::prelude::v1::test]
fn the_program() {
    main();
}
