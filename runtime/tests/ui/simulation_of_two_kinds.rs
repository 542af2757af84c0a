#[leno::test(sim, explore)]
async fn both() {}

#[leno::test(sim, seeds = 10, depth = 2, strategy = "pct(2)")]
async fn two_depths() {}

#[leno::test(sim, seeds = 10, replay = "a.trace")]
async fn seeds_and_a_trace() {}

#[leno::test(sim, sim)]
async fn twice() {}

#[leno::test(explore, explore)]
async fn twice_too() {}

#[leno::test(sim, seeds = 1, seeds = 2)]
async fn seeds_twice() {}

fn main() {}
