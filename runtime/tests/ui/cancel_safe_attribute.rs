//! What `#[leno::cancel_safe]` asks of a function.

use leno::io::{AsyncRead, AsyncReadExt};
use leno::sync::mpsc::{Receiver, Sender};

#[leno::cancel_safe]
async fn awaits_what_is_not(reader: &mut (impl AsyncRead + Unpin)) -> [u8; 4] {
    let mut frame = [0; 4];
    reader.read_exact(&mut frame).await.unwrap();
    frame
}

#[leno::cancel_safe]
async fn awaits_twice(one: &mut Receiver<u32>, two: &mut Receiver<u32>) -> Option<u32> {
    Some(one.recv().await? + two.recv().await?)
}

#[leno::cancel_safe]
async fn awaits_in_a_loop(numbers: &mut Receiver<u32>) -> u32 {
    let mut sum = 0;
    while let Some(number) = numbers.recv().await {
        sum += number;
    }
    sum
}

#[leno::cancel_safe]
async fn takes_a_value(sender: &Sender<String>, value: String) {
    if let Ok(permit) = sender.reserve().await {
        permit.send(value);
    }
}

#[leno::cancel_safe(because = "the buffer is the caller's")]
async fn a_reason_is_none_for_what_is_awaited(sender: &Sender<u32>, values: Vec<u32>) {
    for value in values {
        sender.send(value).await.unwrap();
    }
}

#[leno::cancel_safe]
async fn selects(one: &mut Receiver<u32>, two: &mut Receiver<u32>) -> Option<u32> {
    leno::select! {
        one = one.recv() => one,
        two = two.recv() => two,
    }
}

#[leno::cancel_safe]
async fn joins(one: &mut Receiver<u32>, two: &mut Receiver<u32>) {
    leno::join!(one.recv(), two.recv());
}

#[leno::cancel_safe]
fn is_not_async() {}

#[leno::cancel_safe(because = "")]
async fn says_nothing() {}

#[leno::cancel_safe]
#[leno::coroutine]
async fn is_a_coroutine() {}

trait Source {
    #[leno::cancel_safe]
    async fn next(&mut self);
}

fn main() {}
