//! Programs without a bug, by which it is measured what a run and a decision cost.

use leno::task::yield_now;

/// `tasks` tasks that yield `yields` times each, joined one after the other.
///
/// Two of three yields are what a run costs; ten of a hundred what a decision does.
pub async fn yields(tasks: usize, yields: usize) {
    let tasks: Vec<_> = (0..tasks)
        .map(|_| {
            leno::spawn(async move {
                for _ in 0..yields {
                    yield_now().await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("it does not panic");
    }
}
