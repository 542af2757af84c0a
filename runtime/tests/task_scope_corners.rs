//! Scopes where nobody would look for trouble: wakers and destructors that panic, scopes as deep as tasks spawn them, tasks that never sleep,
//! futures that are forgotten.

#![deny(warnings)]
#![forbid(unsafe_code)]

mod by_hand;
mod expected_reports;

use by_hand::Driven;
use expected_reports::expect;
use leno::diagnostics::ReportKind;
use leno::runtime::Builder;
use leno::sync::{mpsc, oneshot};
use leno::task::{self, LocalSet, TaskGroup};
use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// One of those that are alive.
struct Token(Arc<AtomicUsize>);

impl Token {
    fn new(alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(alive))
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Release);
    }
}

/// Groups in tasks of groups, as deep as that; the innermost is sent to whoever asks.
fn nest(
    depth: usize,
    alive: Arc<AtomicUsize>,
    innermost: mpsc::UnboundedSender<TaskGroup<()>>,
) -> Pin<Box<dyn Future<Output = Result<(), ()>> + Send>> {
    Box::pin(task::group(async move |group: &TaskGroup<()>| {
        let _token = Token::new(&alive);
        if depth == 0 {
            innermost.send(group.clone()).unwrap();
            pending::<()>().await;
        }
        group
            .spawn(nest(depth - 1, Arc::clone(&alive), innermost))
            .await;
        Ok(())
    }))
}

#[test]
fn as_deep_as_tasks_spawn_groups() {
    const DEPTH: usize = 4_000;
    /// So small that a call for each level would not fit.
    const STACK: usize = 256 * 1024;
    async fn ends() {
        let alive = Arc::new(AtomicUsize::new(0));
        let (sender, mut innermost) = mpsc::unbounded_channel();
        let outermost = leno::spawn(nest(DEPTH, Arc::clone(&alive), sender));
        let innermost = innermost.recv().await.unwrap();
        assert_eq!(alive.load(Ordering::Acquire), DEPTH + 1);
        assert!(!innermost.is_cancelled());
        assert!(outermost.cancel().await.is_none());
        while alive.load(Ordering::Acquire) > 0 {
            task::yield_now().await;
        }
        assert!(innermost.is_cancelled());
        // The last that refers to all those around it.
        drop(innermost);
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(STACK)
        .build()
        .unwrap();
    runtime.block_on(async { leno::spawn(ends()).await.unwrap() });
    let on_one_thread = std::thread::Builder::new().stack_size(STACK).spawn(|| {
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(ends());
    });
    on_one_thread.unwrap().join().unwrap();
}

/// A waker that panics when it is woken.
struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("a waker, on purpose");
    }
}

#[test]
fn a_waker_that_panics_keeps_nobody_from_being_cancelled() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let _entered = runtime.enter();
    let set = LocalSet::new();
    let alive = Rc::new(());
    let supervised = {
        let _entered = set.enter();
        let mut supervised = Driven::new(task::supervise(async |supervisor| {
            for _ in 0..40 {
                let alive = Rc::clone(&alive);
                drop(supervisor.spawn_local(async move {
                    pending::<()>().await;
                    drop(alive);
                }));
            }
            pending::<()>().await;
        }));
        assert!(supervised.poll().is_pending());
        supervised
    };
    {
        let mut running = pin!(set.run_until(pending::<()>()));
        let waker = Waker::from(Arc::new(Panics));
        // The tasks sleep after this.
        let polled = running.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
    }
    // The first task to be aborted wakes it.
    drop(supervised);
    runtime.block_on(set);
    assert_eq!(Rc::strong_count(&alive), 1);
}

#[test]
fn failures_that_panic_as_they_are_dropped() {
    for kind in [ReportKind::UnreadResult, ReportKind::LostPanic] {
        expect(kind, "all but the first are lost");
    }
    /// An error whose destructor panics.
    #[derive(Debug)]
    struct Fails(Arc<AtomicUsize>);

    impl Drop for Fails {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Release);
            panic!("an error's destructor, on purpose");
        }
    }

    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let dropped = Arc::new(AtomicUsize::new(0));
        let fails = || {
            let mut fails = Some(Fails(Arc::clone(&dropped)));
            poll_fn(move |_| Poll::Ready(Err::<(), _>(fails.take().unwrap())))
        };
        // Three at once, and nobody takes them: the owner is gone.
        let mut group = Box::pin(task::group(async |group: &TaskGroup<Fails>| {
            for _ in 0..3 {
                drop(group.spawn(fails()));
            }
            pending::<()>().await;
            Ok(())
        }));
        let polled = poll_fn(|cx| Poll::Ready(group.as_mut().poll(cx).is_pending()));
        assert!(polled.await);
        // All three tasks have failed, or were cancelled, once this has a turn again.
        for _ in 0..3 {
            task::yield_now().await;
        }
        let failed = catch_unwind(AssertUnwindSafe(|| drop(group)));
        assert!(failed.is_ok());
        assert!(dropped.load(Ordering::Acquire) >= 1);
    });
}

#[test]
fn a_task_that_never_sleeps_is_cancelled() {
    for runtime in [
        Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap(),
        Builder::new_current_thread().build().unwrap(),
    ] {
        runtime.block_on(async {
            let (begun, begins) = oneshot::channel();
            let result: Result<(), &str> = task::group(async |group| {
                drop(group.spawn::<(), _>(async move {
                    begun.send(()).unwrap();
                    loop {
                        task::yield_now().await;
                    }
                }));
                begins.await.unwrap();
                Err("enough")
            })
            .await;
            assert_eq!(result, Err("enough"));
        });
    }
}

#[test]
fn a_group_that_is_forgotten_lets_its_tasks_go_on() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (go_on, goes_on) = oneshot::channel::<()>();
        let (done, is_done) = oneshot::channel();
        let mut group = Box::pin(task::group(async |group: &TaskGroup<()>| {
            drop(group.spawn(async move {
                goes_on.await.unwrap();
                done.send(7).unwrap();
                Ok(())
            }));
            pending::<()>().await;
            Ok(())
        }));
        let polled = poll_fn(|cx| Poll::Ready(group.as_mut().poll(cx).is_pending()));
        assert!(polled.await);
        let _forgotten = std::mem::ManuallyDrop::new(group);
        go_on.send(()).unwrap();
        assert_eq!(is_done.await.unwrap(), 7);
    });
}

#[test]
fn a_shield_without_time_is_cut_short_at_once() {
    expect(ReportKind::CutShort, "it has no time");
    for runtime in [
        Builder::new_multi_thread()
            .worker_threads(2)
            .enable_time()
            .build()
            .unwrap(),
        Builder::new_current_thread().enable_time().build().unwrap(),
    ] {
        runtime.block_on(async {
            let alive = Arc::new(AtomicUsize::new(0));
            for nanoseconds in [0, 1, 1_000].repeat(100) {
                let token = Token::new(&alive);
                let result: Result<(), &str> = task::group(async |_| {
                    let shielded = async move {
                        pending::<()>().await;
                        drop(token);
                    };
                    let mut shield =
                        Box::pin(task::shield(Duration::from_nanos(nanoseconds), shielded));
                    let polled = poll_fn(|cx| Poll::Ready(shield.as_mut().poll(cx).is_pending()));
                    assert!(polled.await);
                    Err("enough")
                })
                .await;
                assert_eq!(result, Err("enough"));
                assert_eq!(alive.load(Ordering::Acquire), 0);
            }
        });
    }
}

/// An error that looks at its group as it is printed, and spawns into it.
struct Busy(TaskGroup<Self>);

impl std::fmt::Debug for Busy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        drop(self.0.spawn(async { Ok(()) }));
        write!(f, "cancelled: {}", self.0.is_cancelled())
    }
}

impl std::fmt::Display for Busy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Busy {}

#[test]
fn an_error_may_use_its_group_as_it_is_printed() {
    leno::diagnostics::errors_of::<(), Busy>();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let text = runtime.block_on(async {
        let result = task::group(async |group: &TaskGroup<Busy>| {
            let own = group.clone();
            drop(group.spawn(async move { Err::<(), _>(Busy(own)) }));
            pending::<Result<(), Busy>>().await
        });
        result.await.unwrap_err().to_string()
    });
    assert_eq!(text, "cancelled: true");
}
