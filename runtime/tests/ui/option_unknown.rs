#[leno::main(threads = 4)]
async fn main() {}

#[leno::test(core_threads = 4)]
async fn renamed() {}
