//! The attributes in a test of its own, alone and as others' attributes and macros write them.

#[tokio::test]
async fn a_test() {
    assert_eq!(tokio::spawn(async { 1 }).await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_test_whose_clock_stands_still() {
    tokio::time::sleep(tokio::time::Duration::from_secs(3600)).await;
}

#[cfg_attr(all(), tokio::test)]
async fn under_a_condition() {
    tokio::task::yield_now().await;
}

#[::tokio::test]
async fn by_its_full_path() {
    tokio::task::yield_now().await;
}

macro_rules! tests {
    ($(#[$attribute:meta] $name:ident)*) => {$(
        #[$attribute]
        async fn $name() {
            tokio::task::yield_now().await;
        }
    )*};
}

tests! {
    #[tokio::test] from_a_macro
    #[tokio::test(flavor = "local")] from_a_macro_with_options
}
