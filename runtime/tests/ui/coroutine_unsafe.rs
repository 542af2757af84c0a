#[leno::coroutine]
async unsafe fn send() {}

#[leno::coroutine]
mod inner {
    async unsafe fn send() {}
}

fn main() {}
