#[leno::main(worker_threads = "4")]
async fn main() {}

#[leno::test(flavor = current_thread)]
async fn flavor_without_quotes() {}

#[leno::test(start_paused = "true")]
async fn paused_with_quotes() {}

#[leno::test(name = 5)]
async fn numbered() {}

const WORKERS: usize = 4;

#[leno::test(flavor = "multi_thread", worker_threads = WORKERS)]
async fn constant() {}
