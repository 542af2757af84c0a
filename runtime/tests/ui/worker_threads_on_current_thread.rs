#[leno::main(flavor = "current_thread", worker_threads = 4)]
async fn main() {}

#[leno::test(worker_threads = 4)]
async fn by_default() {}
