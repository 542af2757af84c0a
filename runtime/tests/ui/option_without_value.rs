#[leno::main(worker_threads)]
async fn main() {}

#[leno::test(flavor)]
async fn no_flavor() {}

#[leno::test(current_thread)]
async fn no_name() {}
