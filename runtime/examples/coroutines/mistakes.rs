//! A mistake in asynchronous code seldom ends a program: it waits, or does less than it should. leno looks for the classic
//! ones while the program runs, and prints a report of each. `LENO_DEBUG=1` has any program looked at in this way; here the
//! runtimes are told to, and the tour waits for the report, and checks its kind.

use leno::diagnostics::{self, Diagnostics, Report, ReportKind};
use leno::runtime::{Builder, Handle, Runtime};
use leno::sync::{Mutex, oneshot};
use leno::task::yield_now;
use leno::time::{Duration, sleep};
use std::future::pending;
use std::io;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Barrier, LazyLock};

use crate::tour::{Chapter, steps};

/// The environment could switch off what is shown here.
fn settings_from_outside() -> Option<&'static str> {
    let is_set = std::env::var_os("LENO_DIAGNOSTICS").is_some();
    is_set.then_some("LENO_DIAGNOSTICS has a say in what is looked for; unset it")
}

pub const CHAPTER: Chapter = Chapter {
    name: "mistakes",
    title: "The classic mistakes, and what leno says of them",
    guide: "guide/chapter_06_pitfalls.md",
    source: include_str!("mistakes.rs"),
    steps: steps![
        a_coroutine_that_is_never_awaited,
        a_panic_that_nobody_sees,
        an_error_that_nobody_sees,
        a_call_that_blocks,
        blocked_workers_hold_nobody_up,
        a_huge_future,
        two_tasks_that_wait_for_each_other,
        a_lock_that_comes_to_a_future_that_is_not_polled,
        a_lock_that_is_held_across_a_sleep,
        a_task_that_nothing_will_wake,
        where_every_task_stands,
        what_does_not_stop,
    ],
    obstacle: settings_from_outside,
};

/// Longer than any report takes.
const LONG: Duration = Duration::from_secs(60);

/// The reports, which would be printed to stderr otherwise.
static REPORTS: LazyLock<std::sync::Mutex<Receiver<Report>>> = LazyLock::new(|| {
    let (sender, reports) = channel();
    diagnostics::on_report(move |report| drop(sender.send(report.clone())));
    std::sync::Mutex::new(reports)
});

/// Waits for a report, prints it, and checks of what kind it is.
fn expect(kind: ReportKind) {
    let report = REPORTS.lock().unwrap().recv_timeout(LONG);
    let report = report.expect("there is a report");
    println!("leno: {report}");
    assert_eq!(report.kind(), kind);
}

/// A runtime that looks for everything, at once, but for slow polls: on a busy machine any poll may be one.
fn watched() -> Runtime {
    watched_for(None)
}

fn watched_for(slow_polls: Option<Duration>) -> Runtime {
    LazyLock::force(&REPORTS);
    let everything = Diagnostics::all()
        .slow_polls(slow_polls)
        .long_waits(Duration::from_millis(40))
        .socket(false)
        .recorder(false);
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .diagnostics(everything)
        .build()
        .unwrap()
}

#[leno::coroutine]
async fn send(mail: &str) -> io::Result<()> {
    println!("sent {mail}");
    Ok(())
}

/// The call has a name, so the compiler is silent. leno sees calls of functions that have the attribute.
fn a_coroutine_that_is_never_awaited() {
    watched().block_on(async {
        let _forgotten = send("the invoice");
    });
    expect(ReportKind::NeverAwaited);
}

/// The panic hook has said where it happened. The report says that the rest of the program does not know.
fn a_panic_that_nobody_sees() {
    println!("(a panic message follows on stderr: it belongs to the tour)");
    watched().block_on(async {
        let (ended, end) = oneshot::channel::<()>();
        drop(leno::spawn(async move {
            let _ended = ended;
            panic!("the queue is gone");
        }));
        end.await.unwrap_err();
    });
    expect(ReportKind::LostPanic);
}

/// The same, for a task that has returned an `Err`: its handle was dropped.
fn an_error_that_nobody_sees() {
    watched().block_on(async {
        let mail = leno::spawn(async { Err::<(), _>(io::Error::other("the mail server says no")) });
        // The end of the runtime would cancel it, and what is cancelled has not failed.
        while !mail.is_finished() {
            yield_now().await;
        }
    });
    expect(ReportKind::LostError);
}

/// A poll that takes long is reported while it lasts, with what the thread does, and its stack. This one waits for a
/// channel of std's, which is meant for threads.
fn a_call_that_blocks() {
    let runtime = watched_for(Some(Duration::from_millis(20)));
    let (release, released) = channel::<()>();
    let task = runtime.spawn(async move {
        // Meant for threads: nothing else of this worker runs meanwhile.
        released.recv().unwrap_err();
    });
    expect(ReportKind::SlowPoll);
    drop(release);
    runtime.block_on(task).unwrap();
}

/// Timers, sockets and other tasks go on: a worker that stands still is noticed, and another thread takes its place.
/// Nothing is reported here: the step shows that the program goes on.
fn blocked_workers_hold_nobody_up() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .diagnostics(Diagnostics::off())
        .build()
        .unwrap();
    // Three threads at the door, on two workers; the fourth comes by a timer.
    let door = Arc::new(Barrier::new(4));
    let blocked: Vec<_> = (0..3)
        .map(|_| {
            let door = door.clone();
            runtime.spawn(async move {
                door.wait();
            })
        })
        .collect();
    let opens = runtime.spawn(async move {
        sleep(Duration::from_millis(1)).await;
        door.wait();
    });
    runtime.block_on(async {
        opens.await.unwrap();
        for task in blocked {
            task.await.unwrap();
        }
    });
    println!("the timer came, though both workers were blocked until then");
}

/// What is kept across an `.await` is a part of the future, which is moved about until it is a task.
fn a_huge_future() {
    watched().block_on(async {
        let copy = leno::spawn(async {
            let buffer = [0_u8; 64 * 1024];
            yield_now().await;
            buffer.len()
        });
        assert_eq!(copy.await.unwrap(), 64 * 1024);
    });
    expect(ReportKind::HugeFuture);
}

async fn transfer(from: Arc<Mutex<u32>>, to: Arc<Mutex<u32>>, both: Arc<leno::sync::Barrier>) {
    let mut from = from.lock().await;
    both.wait().await;
    *to.lock().await += 1;
    *from -= 1;
}

/// Each holds a lock that the other wants. They would wait for ever, and nothing else would show it.
fn two_tasks_that_wait_for_each_other() {
    let runtime = watched();
    let (a, b) = (Arc::new(Mutex::new(1)), Arc::new(Mutex::new(1)));
    let both = Arc::new(leno::sync::Barrier::new(2));
    runtime.spawn(transfer(a.clone(), b.clone(), both.clone()));
    runtime.spawn(transfer(b, a, both));
    expect(ReportKind::Deadlock);
}

async fn operate(lock: Arc<Mutex<()>>, ready: oneshot::Sender<()>) {
    let mut first = Box::pin(lock.lock());
    leno::select! {
        biased;
        _ = &mut first => unreachable!("somebody else holds the lock"),
        () = yield_now() => {}
    }
    ready.send(()).unwrap();
    // `first` has lost, but is still there: the lock comes to it, and nobody polls it any more.
    let _second = lock.lock().await;
    drop(first);
}

/// The lock is given to who has waited longest. Here that is a future which has lost in a `select!`, and is still there
/// ("futurelock").
fn a_lock_that_comes_to_a_future_that_is_not_polled() {
    let runtime = watched();
    runtime.block_on(async {
        let lock = Arc::new(Mutex::new(()));
        let guard = lock.clone().lock_owned().await;
        let (ready, is_ready) = oneshot::channel();
        leno::spawn(operate(lock, ready));
        is_ready.await.unwrap();
        drop(guard);
    });
    expect(ReportKind::Futurelock);
}

/// Whoever wants the lock waits for as long as its holder sleeps.
fn a_lock_that_is_held_across_a_sleep() {
    let runtime = watched();
    let cache = Arc::new(Mutex::new(0));
    let holder = cache.clone();
    runtime.block_on(async {
        let (held, is_held) = oneshot::channel();
        leno::spawn(async move {
            let _cache = holder.lock().await;
            held.send(()).unwrap();
            sleep(LONG).await; // as if it asked a slow server
        });
        is_held.await.unwrap();
        leno::spawn(async move { *cache.lock().await += 1 });
    });
    expect(ReportKind::HeldLock);
}

/// Nobody has its waker any more, so it can never go on.
fn a_task_that_nothing_will_wake() {
    let runtime = watched();
    drop(runtime.spawn(async { pending::<()>().await }));
    expect(ReportKind::AsleepForEver);
}

async fn serve(requests: oneshot::Receiver<()>) {
    next(requests).await;
}

async fn next(requests: oneshot::Receiver<()>) {
    let _ = requests.await;
}

/// A dump is for what no report is made of: the chain of awaits of each task, whenever one asks.
fn where_every_task_stands() {
    let runtime = watched();
    let (sender, receiver) = oneshot::channel();
    let named = leno::task::Builder::new().name("server");
    let server = named.spawn_on(serve(receiver), runtime.handle()).unwrap();
    let dump = runtime.block_on(async {
        yield_now().await;
        loop {
            let dump = Handle::current().dump(LONG).await.unwrap();
            if dump.task(server.id()).is_some() {
                break dump;
            }
        }
    });
    print!("{dump}");
    drop(sender);
}

/// A closure that blocks cannot be cancelled. `shutdown` waits for a while, and says what is left.
fn what_does_not_stop() {
    let runtime = watched();
    let (release, released) = channel::<()>();
    let (started, has_started) = channel();
    drop(runtime.spawn_blocking(move || {
        started.send(()).unwrap();
        released.recv().unwrap_err();
    }));
    has_started.recv().unwrap();
    let report = runtime.shutdown(Duration::from_millis(10));
    println!("leno: {report}");
    assert!(!report.is_clean());
    drop(release);
}
