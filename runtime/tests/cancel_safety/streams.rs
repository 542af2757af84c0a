//! Streams from which bytes come one by one, and that take them so.

use crate::support::{Seen, kept};
use leno::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use leno::task::JoinHandle;
use leno::time::{Duration, sleep};

/// A stream from which bytes come one a second, and then its end.
pub(crate) struct Inflow {
    pub(crate) near: DuplexStream,
    /// What a run has read.
    pub(crate) got: Vec<u8>,
    pub(crate) is_done: bool,
    all: Vec<u8>,
}

impl Inflow {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let (near, mut far) = duplex(64);
        let all = bytes.to_vec();
        let coming = all.clone();
        leno::spawn(async move {
            for byte in coming {
                sleep(Duration::from_secs(1)).await;
                if far.write_all(&[byte]).await.is_err() {
                    break;
                }
            }
        })
        .detach();
        Self {
            near,
            got: Vec::new(),
            is_done: false,
            all,
        }
    }

    /// What was read, and what is still to come, is all there is.
    pub(crate) async fn comes(mut self) -> Seen {
        self.near.read_to_end(&mut self.got).await.unwrap();
        kept(self.got == self.all)
    }
}

/// A stream with room for one byte, which is taken for a second. Then they are taken out one a second.
pub(crate) struct Outflow {
    pub(crate) near: DuplexStream,
    /// How much a run has written.
    pub(crate) written: usize,
    pub(crate) is_done: bool,
    pub(crate) taken: Taken,
}

/// What has been taken out of a stream, when that has ended.
pub(crate) struct Taken(JoinHandle<Vec<u8>>);

impl Taken {
    /// Just these bytes, after one that was there before.
    pub(crate) async fn are(self, bytes: &[u8]) -> Seen {
        let taken = self.0.await.unwrap();
        kept(taken[0] == b'-' && taken[1..] == *bytes)
    }
}

impl Outflow {
    pub(crate) fn new() -> Self {
        let (mut near, mut far) = duplex(1);
        assert!(now(near.write_all(b"-")));
        let taken = leno::spawn(async move {
            let mut taken = Vec::new();
            loop {
                sleep(Duration::from_secs(1)).await;
                match far.read_u8().await {
                    Ok(byte) => taken.push(byte),
                    Err(_) => return taken,
                }
            }
        });
        Self {
            near,
            written: 0,
            is_done: false,
            taken: Taken(taken),
        }
    }

    /// What has been written is just this.
    pub(crate) async fn arrives(self, bytes: &[u8]) -> Seen {
        drop(self.near);
        self.taken.are(bytes).await
    }
}

/// True if it has come to its end in one poll.
pub(crate) fn now(future: impl Future) -> bool {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    std::pin::pin!(future).poll(&mut cx).is_ready()
}
