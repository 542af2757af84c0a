//! The dependency is the workspace's, which renames it, to a name with a hyphen.

#[inherited_runtime::main]
async fn main() {
    assert_eq!(inherited_runtime::spawn(async { 1 }).await.unwrap(), 1);
}

#[inherited_runtime::test]
async fn a_test() {
    inherited_runtime::task::yield_now().await;
}

#[test]
fn the_program() {
    main();
}
