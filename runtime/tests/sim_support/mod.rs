//! What tests of the simulation share.

use leno::sim::choose;
use leno::task::yield_now;
use std::future::Future;

/// Polls `future`, and drops it after a number of turns that is drawn, if it is not done by then.
pub async fn perhaps<F: Future>(future: F) -> Option<F::Output> {
    let turns = choose(3);
    let patience = async {
        for _ in 0..=turns {
            yield_now().await;
        }
    };
    leno::select! {
        output = future => Some(output),
        () = patience => None,
    }
}
