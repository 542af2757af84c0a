#[leno::coroutine]
fn send() {}

fn main() {}
