use std::rc::Rc;

#[leno::coroutine]
async fn count(counter: Rc<u32>) -> u32 {
    leno::task::yield_now().await;
    *counter
}

#[leno::main]
async fn main() {
    leno::spawn(async {
        count(Rc::new(1)).await;
    });
}
