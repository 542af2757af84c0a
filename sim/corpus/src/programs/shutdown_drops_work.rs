//! Bug: a worker ends at once when it is told to stop, though work that was accepted is still in its queue.
//! Blind: it is not. The calm run fails, for the word to stop is there before the worker has run at all.
//! Mended: told to stop, it closes the queue and works off what is left.

use crate::Came;
use leno::sync::{mpsc, watch};

/// Stops at once.
pub async fn broken() -> Came {
    serve(false).await
}

/// Works off what was accepted.
pub async fn mended() -> Came {
    serve(true).await
}

async fn serve(drains: bool) -> Came {
    let (accept, mut queue) = mpsc::channel(8);
    let (stop, mut stopped) = watch::channel(false);
    let worker = leno::spawn(async move {
        let mut done = 0;
        loop {
            leno::select! {
                biased;
                _ = stopped.changed() => break,
                work = queue.recv() => match work {
                    Some(work) => done += work,
                    None => return done,
                },
            }
        }
        if drains {
            queue.close();
            while let Some(work) = queue.recv().await {
                done += work;
            }
        }
        done
    });
    for work in 1..=3 {
        accept.send(work).await.unwrap();
    }
    stop.send(true).unwrap();
    let done = worker.await.unwrap();
    Came::to(done).must(done == 6, "accepted work is lost")
}
