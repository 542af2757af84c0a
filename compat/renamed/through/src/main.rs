//! leno is not among the dependencies: it comes through another crate.

use leno_compat_facade::tokio;

#[tokio::main]
async fn main() {
    assert_eq!(tokio::spawn(async { 1 }).await.unwrap(), 1);
}

#[leno_compat_facade::tokio::test]
async fn a_test() {
    tokio::task::yield_now().await;
}

#[test]
fn the_program() {
    main();
}
