#[leno::coroutine]
const async fn send() {}

fn main() {}
