//! Bug: two services send each other requests over bounded channels, and read only when they have sent: both are full, both wait.
//! Blind: it is not. The calm run fails, once each has sent more than the other's channel takes.
//! Mended: each reads while it sends.

use crate::Came;
use leno::sync::mpsc::{self, Receiver, Sender};

const REQUESTS: u32 = 3;

/// Sends all, then reads all.
pub async fn broken() -> Came {
    talk(|send, mut receive| async move {
        for number in 0..REQUESTS {
            send.send(number).await.unwrap();
        }
        let mut sum = 0;
        for _ in 0..REQUESTS {
            sum += receive.recv().await.unwrap();
        }
        sum
    })
    .await
}

/// Reads while it sends.
pub async fn mended() -> Came {
    talk(|send, mut receive| async move {
        let (mut sent, mut received, mut sum) = (0, 0, 0);
        while sent < REQUESTS || received < REQUESTS {
            leno::select! {
                biased;
                place = send.reserve(), if sent < REQUESTS => {
                    place.unwrap().send(sent);
                    sent += 1;
                }
                number = receive.recv(), if received < REQUESTS => {
                    sum += number.unwrap();
                    received += 1;
                }
            }
        }
        sum
    })
    .await
}

async fn talk<F>(service: impl Fn(Sender<u32>, Receiver<u32>) -> F) -> Came
where
    F: Future<Output = u32> + Send + 'static,
{
    let (to_other, from_one) = mpsc::channel(1);
    let (to_one, from_other) = mpsc::channel(1);
    let other = leno::spawn(service(to_one, from_one));
    let one = service(to_other, from_other).await;
    let other = other.await.unwrap();
    Came::to(format!("{one} {other}"))
}
