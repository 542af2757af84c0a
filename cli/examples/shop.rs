//! A program to try `leno` on: it says what to type, and waits.

use leno::sync::{Mutex, oneshot};
use leno::task;
use leno::time::{Duration, sleep};
use std::sync::Arc;

async fn debit(account: &Mutex<u64>, amount: u64) {
    *account.lock().await -= amount;
}

async fn transfer(from: Arc<Mutex<u64>>, to: Arc<Mutex<u64>>) {
    // It holds one account, and waits for the other: two of these in opposite directions wait for each other.
    let _target = to.lock().await;
    sleep(Duration::from_millis(50)).await;
    debit(&from, 10).await;
}

async fn report(transfers: Vec<task::JoinHandle<()>>) {
    for transfer in transfers {
        transfer.await.expect("it was not aborted");
    }
}

#[leno::main]
async fn main() -> std::io::Result<()> {
    let (a, b) = (Arc::new(Mutex::new(100)), Arc::new(Mutex::new(100)));
    let there = task::Builder::new().name("transfer a→b");
    let there = there.spawn(transfer(Arc::clone(&a), Arc::clone(&b)))?;
    let back = task::Builder::new().name("transfer b→a");
    let back = back.spawn(transfer(b, a))?;
    leno::spawn(report(vec![there, back]));
    let (_sender, receiver) = oneshot::channel::<()>();
    leno::spawn(receiver);
    println!("try: leno ps {}", std::process::id());
    leno::signal::ctrl_c().await
}
