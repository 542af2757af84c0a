#[leno::test(seeds = 10)]
async fn seeds() {}

#[leno::test(bound = 2)]
async fn a_bound() {}

#[leno::test(sim = false, stalls = true)]
async fn not_at_all() {}

fn main() {}
