//! Bug: a state machine that two tasks move on reaches its bad state if they alternate six times, with no step of either in between.
//! Blind: it is not, for both yield after each step. It is what priorities are blind to: who yields must let the other one go first.
//! Mended: a task takes all its steps before it gives way.

use crate::Came;
use leno::task::yield_now;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Gives way after each step.
pub async fn broken() -> Came {
    alternate(true).await
}

/// Takes its steps before it gives way.
pub async fn mended() -> Came {
    alternate(false).await
}

async fn alternate(gives_way: bool) -> Came {
    let state = Arc::new(AtomicU32::new(0));
    let tasks: Vec<_> = (0..2)
        .map(|own| {
            let state = Arc::clone(&state);
            leno::spawn(async move {
                for step in 0..3 {
                    let from = 2 * step + own;
                    // If it is not the other one that came before, the state stays as it is.
                    let _ =
                        state.compare_exchange(from, from + 1, Ordering::SeqCst, Ordering::SeqCst);
                    if gives_way {
                        yield_now().await;
                    }
                }
                yield_now().await;
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let state = state.load(Ordering::SeqCst);
    Came::to(state).must(state < 6, "the bad state is reached")
}
