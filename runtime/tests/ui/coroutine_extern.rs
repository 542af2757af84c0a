#[leno::coroutine]
async extern "C" fn send() {}

fn main() {}
