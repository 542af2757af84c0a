//! Bug: a transfer locks the account it takes from, then the one it gives to; a transfer the other way does it the other way round.
//! Blind: both locks are free when the first transfer starts, so it has both before the other one runs.
//! Mended: the account of the lower number is locked first, whichever way the money goes.

use crate::Came;
use leno::sync::Mutex;
use std::sync::Arc;

type Accounts = Arc<[Mutex<i64>; 2]>;

/// Locks in the order of the transfer.
pub async fn broken() -> Came {
    both(|accounts, from, to, amount| async move {
        let mut from = accounts[from].lock().await;
        let mut to = accounts[to].lock().await;
        *from -= amount;
        *to += amount;
    })
    .await
}

/// Locks in the order of the accounts.
pub async fn mended() -> Came {
    both(|accounts, from, to, amount| async move {
        let mut lower = accounts[from.min(to)].lock().await;
        let mut higher = accounts[from.max(to)].lock().await;
        let sign = if from < to { 1 } else { -1 };
        *lower -= sign * amount;
        *higher += sign * amount;
    })
    .await
}

async fn both<F>(transfer: impl Fn(Accounts, usize, usize, i64) -> F) -> Came
where
    F: Future<Output = ()> + Send + 'static,
{
    let accounts = Accounts::new([Mutex::new(10), Mutex::new(10)]);
    let other = leno::spawn(transfer(Arc::clone(&accounts), 0, 1, 3));
    transfer(Arc::clone(&accounts), 1, 0, 4).await;
    other.await.unwrap();
    let (a, b) = (*accounts[0].lock().await, *accounts[1].lock().await);
    Came::to(format!("{a} {b}")).must((a, b) == (11, 9), "money is lost")
}
