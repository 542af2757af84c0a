#![deny(unused_must_use)]

#[leno::coroutine]
async fn send() {}

#[leno::main]
async fn main() {
    send();
}
