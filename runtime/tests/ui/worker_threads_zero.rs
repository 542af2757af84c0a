#[leno::main(worker_threads = 0)]
async fn main() {}

#[leno::test(flavor = "multi_thread", worker_threads = -1)]
async fn below_zero() {}
