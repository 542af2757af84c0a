struct Mail;

#[leno::coroutine]
impl Mail {
    fn send(&self) {}
}

#[leno::coroutine]
mod inner {}

#[leno::coroutine]
struct Letter;

fn main() {}
