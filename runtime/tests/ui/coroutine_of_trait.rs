trait Send {
    async fn send(&self);
}

struct Mail;

#[leno::coroutine]
impl Send for Mail {
    async fn send(&self) {}
}

#[leno::coroutine]
trait Receive {
    async fn receive(&self);
}

fn main() {}
