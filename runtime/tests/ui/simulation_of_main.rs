#[leno::main(sim, seeds = 10)]
async fn main() {}

#[leno::main(explore)]
async fn another() {}

#[leno::main(sim = false)]
async fn and_one_more() {}
