#[leno::main(flavor = "multi_thread" worker_threads = 4)]
async fn main() {}

#[leno::test("current_thread")]
async fn without_a_name() {}
