//! leno, by a name that is a keyword, beside the package named `tokio`, which is renamed too.

#[r#async::main]
async fn main() {
    // They are one runtime.
    assert_eq!(
        tokio1::spawn(r#async::task::yield_now()).await.ok(),
        Some(())
    );
}

#[tokio1::test]
async fn a_test() {
    tokio1::task::yield_now().await;
}

#[test]
fn the_program() {
    main();
}
