//! Bug: two candidates ask a store who has the lease, and take it if nobody has: asking and taking are two messages, so both may lead.
//! Blind: it is not. The calm run fails, for both have asked before one takes.
//! Mended: the store is sent one message, which takes the lease if it is free.

use crate::Came;
use leno::sync::{mpsc, oneshot};

enum Request {
    Look,
    Take,
    TakeIfFree,
}

type Message = (Request, u32, oneshot::Sender<Option<u32>>);

/// Looks, then takes.
pub async fn broken() -> Came {
    elect(false).await
}

/// Takes if it is free.
pub async fn mended() -> Came {
    elect(true).await
}

async fn elect(at_once: bool) -> Came {
    let (send, mut requests) = mpsc::channel::<Message>(4);
    let store = leno::spawn(async move {
        let mut owner = None;
        while let Some((request, who, answer)) = requests.recv().await {
            match request {
                Request::Look => {}
                Request::Take => owner = Some(who),
                Request::TakeIfFree => owner = owner.or(Some(who)),
            }
            // A candidate that is gone needs no answer.
            let _ = answer.send(owner);
        }
    });
    let candidates: Vec<_> = (1..=2)
        .map(|who| {
            let send = send.clone();
            leno::spawn(async move {
                if at_once {
                    return ask(&send, Request::TakeIfFree, who).await == Some(who);
                }
                if ask(&send, Request::Look, who).await.is_some() {
                    return false;
                }
                ask(&send, Request::Take, who).await == Some(who)
            })
        })
        .collect();
    drop(send);
    let mut leaders = Vec::new();
    for (candidate, who) in candidates.into_iter().zip(1..) {
        if candidate.await.unwrap() {
            leaders.push(who);
        }
    }
    store.await.unwrap();
    Came::to(format!("{leaders:?}")).must(leaders.len() == 1, "not one leader")
}

async fn ask(store: &mpsc::Sender<Message>, request: Request, who: u32) -> Option<u32> {
    let (send, answer) = oneshot::channel();
    store.send((request, who, send)).await.ok()?;
    answer.await.unwrap()
}
