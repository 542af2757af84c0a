#[leno::coroutine]
async fn run() -> ! {
    loop {}
}

fn main() {}
