//! The second part of the tour: the classic mistakes, and what leno says of each while the program runs.

use leno::diagnostics::{self, Diagnostics, Report, ReportKind};
use leno::runtime::{Builder, Handle, Runtime};
use leno::sync::{Mutex, oneshot};
use leno::task::yield_now;
use leno::time::{Duration, sleep};
use std::future::pending;
use std::io;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Barrier};

/// Longer than any report takes.
const LONG: Duration = Duration::from_secs(60);

/// Reads the reports, which would be printed otherwise.
pub struct Reports(Receiver<Report>);

pub fn all() {
    println!("\n10. The classic mistakes, and what leno says of them");
    if std::env::var_os("LENO_DIAGNOSTICS").is_some() {
        // It could switch off what is shown here.
        println!("(not shown: LENO_DIAGNOSTICS has a say in what is looked for; unset it)");
        return;
    }
    let (sender, receiver) = channel();
    diagnostics::on_report(move |report| drop(sender.send(report.clone())));
    let reports = Reports(receiver);
    a_coroutine_that_is_never_awaited(&reports);
    a_panic_that_nobody_sees(&reports);
    an_error_that_nobody_sees(&reports);
    a_call_that_blocks(&reports);
    blocked_workers_hold_nobody_up();
    a_huge_future(&reports);
    two_tasks_that_wait_for_each_other(&reports);
    a_lock_that_comes_to_a_future_that_is_not_polled(&reports);
    a_lock_that_is_held_across_a_sleep(&reports);
    a_task_that_nothing_will_wake(&reports);
    where_every_task_stands();
    what_does_not_stop();
}

impl Reports {
    /// Waits for a report, prints it, and checks of what kind it is.
    fn expect(&self, kind: ReportKind) {
        let report = self.0.recv_timeout(LONG).expect("there is a report");
        println!("leno: {report}");
        assert_eq!(report.kind(), kind);
    }
}

/// Looks for everything, at once.
fn watched() -> Runtime {
    let everything = Diagnostics::all()
        .slow_polls(Duration::from_millis(20))
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

fn a_coroutine_that_is_never_awaited(reports: &Reports) {
    println!("\n   a. A coroutine that is never awaited");
    watched().block_on(async {
        let _forgotten = send("the invoice");
    });
    reports.expect(ReportKind::NeverAwaited);
}

fn a_panic_that_nobody_sees(reports: &Reports) {
    println!("\n   b. A panic that nobody sees");
    println!("(a panic message follows on stderr: it belongs to the tour)");
    watched().block_on(async {
        let (ended, end) = oneshot::channel::<()>();
        drop(leno::spawn(async move {
            let _ended = ended;
            panic!("the queue is gone");
        }));
        end.await.unwrap_err();
    });
    reports.expect(ReportKind::LostPanic);
}

fn an_error_that_nobody_sees(reports: &Reports) {
    println!("\n   c. An error that nobody sees");
    watched().block_on(async {
        let mail = leno::spawn(async { Err::<(), _>(io::Error::other("the mail server says no")) });
        // The end of the runtime would cancel it, and what is cancelled has not failed.
        while !mail.is_finished() {
            yield_now().await;
        }
    });
    reports.expect(ReportKind::LostError);
}

fn a_call_that_blocks(reports: &Reports) {
    println!("\n   d. A call that blocks its worker");
    let runtime = watched();
    let (release, released) = channel::<()>();
    let task = runtime.spawn(async move {
        // Meant for threads: nothing else of this worker runs meanwhile.
        released.recv().unwrap_err();
    });
    reports.expect(ReportKind::SlowPoll);
    drop(release);
    runtime.block_on(task).unwrap();
}

fn blocked_workers_hold_nobody_up() {
    println!("\n   e. If all workers are blocked, spare ones take over");
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

fn a_huge_future(reports: &Reports) {
    println!("\n   f. A future that is moved around with a large buffer in it");
    watched().block_on(async {
        let copy = leno::spawn(async {
            let buffer = [0_u8; 64 * 1024];
            yield_now().await;
            buffer.len()
        });
        assert_eq!(copy.await.unwrap(), 64 * 1024);
    });
    reports.expect(ReportKind::HugeFuture);
}

async fn transfer(from: Arc<Mutex<u32>>, to: Arc<Mutex<u32>>, both: Arc<leno::sync::Barrier>) {
    let mut from = from.lock().await;
    both.wait().await;
    *to.lock().await += 1;
    *from -= 1;
}

fn two_tasks_that_wait_for_each_other(reports: &Reports) {
    println!("\n   g. Two tasks that wait for each other");
    let runtime = watched();
    let (a, b) = (Arc::new(Mutex::new(1)), Arc::new(Mutex::new(1)));
    let both = Arc::new(leno::sync::Barrier::new(2));
    runtime.spawn(transfer(a.clone(), b.clone(), both.clone()));
    runtime.spawn(transfer(b, a, both));
    reports.expect(ReportKind::Deadlock);
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

fn a_lock_that_comes_to_a_future_that_is_not_polled(reports: &Reports) {
    println!("\n   h. A lock that comes to a future which is no longer polled (futurelock)");
    let runtime = watched();
    runtime.block_on(async {
        let lock = Arc::new(Mutex::new(()));
        let guard = lock.clone().lock_owned().await;
        let (ready, is_ready) = oneshot::channel();
        leno::spawn(operate(lock, ready));
        is_ready.await.unwrap();
        drop(guard);
    });
    reports.expect(ReportKind::Futurelock);
}

fn a_lock_that_is_held_across_a_sleep(reports: &Reports) {
    println!("\n   i. A lock that is held while its task sleeps");
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
    reports.expect(ReportKind::HeldLock);
}

fn a_task_that_nothing_will_wake(reports: &Reports) {
    println!("\n   j. A task that nothing will ever wake");
    let runtime = watched();
    drop(runtime.spawn(async { pending::<()>().await }));
    reports.expect(ReportKind::AsleepForEver);
}

async fn serve(requests: oneshot::Receiver<()>) {
    next(requests).await;
}

async fn next(requests: oneshot::Receiver<()>) {
    let _ = requests.await;
}

fn where_every_task_stands() {
    println!("\n   k. Where every task stands, when one asks");
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

fn what_does_not_stop() {
    println!("\n   l. What does not stop with its runtime");
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
