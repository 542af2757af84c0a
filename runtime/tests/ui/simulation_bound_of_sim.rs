#[leno::test(sim, bound = 2)]
async fn a_test() {}

fn main() {}
