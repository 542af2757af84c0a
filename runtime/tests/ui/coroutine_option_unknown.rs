#[leno::coroutine(name = "send")]
async fn send() {}

fn main() {}
