#[leno::test(sim, flavor = "multi_thread")]
async fn a_pool() {}

#[leno::test(explore, worker_threads = 2)]
async fn workers() {}

fn main() {}
