//! Groups of tasks: leno's, and tokio's set of tasks, which is the nearest that it has.

use super::{Leno, Tokio};
use crate::peer::Groups;
use std::convert::Infallible;
use std::future::{Future, pending};
use std::time::Duration;

/// What the tasks that are cancelled would return.
type Never = Result<Infallible, ()>;

impl Groups for Leno {
    async fn join_group(tasks: u64) -> u64 {
        let sum: Result<u64, Infallible> = leno::task::group(async |group| {
            let children: Vec<_> = (0..tasks).map(|_| group.spawn(async { Ok(1) })).collect();
            let mut sum = 0;
            for child in children {
                sum += child.await;
            }
            Ok(sum)
        })
        .await;
        let Ok(sum) = sum;
        sum
    }

    async fn run_group<F: Future<Output = u64> + Send + 'static>(
        futures: impl Iterator<Item = F> + Send,
    ) -> u64 {
        leno::task::supervise(async |tasks| {
            let handles: Vec<_> = futures.map(|future| tasks.spawn(future)).collect();
            let mut sum = 0;
            for handle in handles {
                sum += handle.await.expect("the task ran");
            }
            sum
        })
        .await
    }

    async fn cancel_group(tasks: u64, asleep: impl Future<Output = ()> + Send) {
        let cancelled: Never = leno::task::group(async |group| {
            for _ in 0..tasks {
                drop(group.spawn(pending::<Never>()));
            }
            asleep.await;
            Err(())
        })
        .await;
        let Err(()) = cancelled;
    }

    async fn within_deadline<F: Future<Output: Send> + Send>(
        limit: Duration,
        future: F,
    ) -> Option<F::Output> {
        let scope = leno::task::Scope::new().timeout(limit);
        scope.run(future).await.ok()
    }
}

impl Groups for Tokio {
    async fn join_group(tasks: u64) -> u64 {
        let mut set = tokio::task::JoinSet::new();
        for _ in 0..tasks {
            set.spawn(async { 1 });
        }
        let mut sum = 0;
        while let Some(output) = set.join_next().await {
            sum += output.expect("the task ran");
        }
        sum
    }

    async fn run_group<F: Future<Output = u64> + Send + 'static>(
        futures: impl Iterator<Item = F> + Send,
    ) -> u64 {
        let mut set: tokio::task::JoinSet<u64> = futures.collect();
        let mut sum = 0;
        while let Some(output) = set.join_next().await {
            sum += output.expect("the task ran");
        }
        sum
    }

    async fn cancel_group(tasks: u64, asleep: impl Future<Output = ()> + Send) {
        let mut set = tokio::task::JoinSet::new();
        for _ in 0..tasks {
            set.spawn(pending::<()>());
        }
        asleep.await;
        set.shutdown().await;
    }

    async fn within_deadline<F: Future<Output: Send> + Send>(
        limit: Duration,
        future: F,
    ) -> Option<F::Output> {
        tokio::time::timeout(limit, future).await.ok()
    }
}
