//! `select!` polls several futures in one task. When one is ready its handler runs, and the others are dropped
//! where they stand: they are cancelled. Some lose nothing by that, they are cancel safe; others lose what they
//! have done so far. Which are which stands in the docs of each operation, and `safe;` has the compiler look.

use leno::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use leno::sync::{Mutex, mpsc};
use leno::time::{Duration, interval, sleep};
use std::io;

use crate::tour::{Chapter, steps};

pub const CHAPTER: Chapter = Chapter {
    name: "select",
    title: "select! and cancel safety",
    guide: "guide/chapter_09_select.md",
    source: include_str!("select.rs"),
    steps: steps![
        the_first_that_is_ready,
        in_a_loop_each_round_begins_anew,
        what_is_lost,
        nothing_is_lost_if_it_is_kept,
        a_function_that_is_cancel_safe,
        tested_at_every_await,
    ],
    obstacle: || None,
};

/// A loop that serves orders until there are no more, or none comes for a minute. To drop a `recv` loses no
/// order, as it takes one only when it is ready; so `safe;` has nothing against it.
#[leno::main(flavor = "current_thread")]
async fn the_first_that_is_ready() {
    let (sender, mut orders) = mpsc::channel(8);
    leno::spawn(async move {
        for order in ["tea", "bread"] {
            sender.send(order).await.unwrap();
        }
    });
    let mut served = Vec::new();
    loop {
        leno::select! {
            safe;
            order = orders.recv() => match order {
                Some(order) => served.push(order),
                None => break, // all senders are gone
            },
            () = sleep(Duration::from_secs(60)) => panic!("nobody has ordered for a minute"),
        }
    }
    println!("served {served:?}");
    assert_eq!(served, ["tea", "bread"]);
}

/// The `sleep` above is made in each round: a minute since the last order. For a limit to all rounds, make it
/// once, pin it, and pass `&mut`: then `select!` drops the reference only. (The clock of this step is paused, so
/// it is exact: ticks at 0, 10 and 20 ms.)
#[leno::main(flavor = "current_thread", start_paused = true)]
async fn in_a_loop_each_round_begins_anew() {
    let all = sleep(Duration::from_millis(25));
    leno::pin!(all);
    let mut ticks = interval(Duration::from_millis(10));
    let mut count = 0;
    loop {
        leno::select! {
            () = &mut all => break,
            _ = ticks.tick() => count += 1,
        }
    }
    println!("{count} ticks in 25 ms");
    assert_eq!(count, 3);
}

/// Sends "ab", "cd" and "efgh", with pauses.
async fn send(mut stream: DuplexStream) {
    for part in [&b"ab"[..], b"cd", b"efgh"] {
        stream.write_all(part).await.unwrap();
        sleep(Duration::from_millis(20)).await;
    }
}

/// `read_exact` fills the buffer bit by bit. Each round that the timer wins drops it with the two bytes that it
/// has taken, and the next begins at the front again: "abcd" was sent first, and "efgh" is what arrives.
#[leno::main(flavor = "current_thread", start_paused = true)]
async fn what_is_lost() {
    let (ours, mut theirs) = duplex(64);
    leno::spawn(send(ours));
    let mut message = [0; 4];
    loop {
        leno::select! {
            read = theirs.read_exact(&mut message) => {
                read.unwrap();
                break;
            }
            () = sleep(Duration::from_millis(15)) => println!("still waiting"),
        }
    }
    println!("the first message: {:?}", String::from_utf8_lossy(&message));
    assert_eq!(message, *b"efgh");
}

/// One way to mend it: the future is made once, outside of the loop, and what it has read stays with it.
#[leno::main(flavor = "current_thread", start_paused = true)]
async fn nothing_is_lost_if_it_is_kept() {
    let (ours, mut theirs) = duplex(64);
    leno::spawn(send(ours));
    let mut message = [0; 4];
    {
        let read = theirs.read_exact(&mut message);
        leno::pin!(read);
        loop {
            leno::select! {
                safe;
                read = &mut read => {
                    read.unwrap();
                    break;
                }
                () = sleep(Duration::from_millis(15)) => println!("still waiting"),
            }
        }
    }
    println!("the first message: {:?}", String::from_utf8_lossy(&message));
    assert_eq!(message, *b"abcd");
}

struct Messages {
    stream: DuplexStream,
    buffer: Vec<u8>,
}

impl Messages {
    #[leno::cancel_safe(because = "what was read is in `self.buffer`")]
    async fn next(&mut self) -> io::Result<Vec<u8>> {
        while self.buffer.len() < 4 {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.buffer.drain(..4).collect())
    }
}

/// Another way: what was done so far is in `self`, not in a local variable. `#[leno::cancel_safe]` says so, and
/// checks what the function awaits; `safe;` refuses a function without it.
#[leno::main(flavor = "current_thread", start_paused = true)]
async fn a_function_that_is_cancel_safe() {
    let (ours, stream) = duplex(64);
    leno::spawn(send(ours));
    let buffer = Vec::new();
    let mut messages = Messages { stream, buffer };
    let mut seen = Vec::new();
    while seen.len() < 2 {
        leno::select! {
            safe;
            message = messages.next() => seen.push(String::from_utf8(message.unwrap()).unwrap()),
            () = sleep(Duration::from_millis(15)) => println!("still waiting"),
        }
    }
    println!("the messages: {seen:?}");
    assert_eq!(seen, ["abcd", "efgh"]);
}

struct Bank {
    accounts: [Mutex<u32>; 2],
}

impl Bank {
    async fn transfer(&self, amount: u32) {
        // Whatever may have to wait comes first.
        let mut from = self.accounts[0].lock().await;
        let mut to = self.accounts[1].lock().await;
        *from -= amount;
        *to += amount;
    }
}

/// A test need not wait for the unlucky moment. This drops the operation at each of its awaits in turn, and
/// looks at what is left. Had `transfer` taken the money before it locks the second account, it would say where.
#[leno::main(flavor = "current_thread")]
async fn tested_at_every_await() {
    let cuts = leno::test::cancel_at_every_await(
        async || Bank {
            accounts: [Mutex::new(100), Mutex::new(100)],
        },
        async |bank| bank.transfer(50).await,
        async |bank, cut| {
            let sum = *bank.accounts[0].lock().await + *bank.accounts[1].lock().await;
            assert_eq!(sum, 200, "{cut}");
        },
    )
    .await;
    println!(
        "dropped at each of its {} awaits, no money was lost",
        cuts.awaits()
    );
    assert_eq!(cuts.awaits(), 2);
}
