#[leno::main(start_paused = true)]
async fn main() {}

#[leno::test(flavor = "multi_thread", start_paused = false)]
async fn told_to() {}
