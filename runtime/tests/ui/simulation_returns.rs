#[leno::test(sim)]
async fn nothing_that_a_test_may_return() -> u32 {
    7
}

fn main() {}
