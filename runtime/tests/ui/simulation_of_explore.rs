#[leno::test(explore, seeds = 1000)]
async fn with_seeds() {}

#[leno::test(explore, bound = 2, depth = 3)]
async fn with_a_depth() {}

#[leno::test(explore, strategy = "pct(3)")]
async fn with_a_strategy() {}

#[leno::test(explore = 2)]
async fn with_a_value() {}

fn main() {}
