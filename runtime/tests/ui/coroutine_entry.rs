#[leno::coroutine]
#[leno::main]
async fn main() {}
