//! Tasks that wait for each other are found, and no others.

#![cfg(target_os = "linux")]

mod own_diagnostics;

use leno::diagnostics::{self, Diagnostics, Report, ReportKind};
use leno::runtime::{Builder, Handle, Runtime};
use leno::sync::{Mutex, MutexGuard, RwLock, SetOnce, mpsc, oneshot};
use leno::task::{AbortHandle, JoinHandle, TaskInfo};
use std::future::{Future, pending, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, PoisonError};
use std::task::Poll;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

fn runtimes() -> [Runtime; 3] {
    own_diagnostics::only();
    let pool = |workers| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(workers).enable_all();
        builder.diagnostics(Diagnostics::off()).build().unwrap()
    };
    let mut local = Builder::new_current_thread();
    local.enable_all().diagnostics(Diagnostics::off());
    [pool(1), pool(2), local.build().unwrap()]
}

async fn deadlocks() -> Vec<Report> {
    let dump = Handle::current().dump(PATIENCE).await.unwrap();
    dump.deadlocks().to_vec()
}

/// Waits until there are reports, and there is nothing else to wait for.
async fn one_deadlock() -> Report {
    loop {
        let mut reports = deadlocks().await;
        assert!(reports.len() <= 1);
        if let Some(report) = reports.pop() {
            return report;
        }
    }
}

mod bank {
    use super::*;

    /// Takes both locks, and waits for the other task in between.
    pub async fn transfer(
        from: Arc<Mutex<u32>>,
        to: Arc<Mutex<u32>>,
        met: Arc<leno::sync::Barrier>,
    ) {
        let mut from = from.lock().await;
        met.wait().await;
        debit(&to).await;
        *from -= 1;
    }

    async fn debit(to: &Mutex<u32>) {
        *to.lock().await += 1;
    }
}

#[test]
fn two_tasks_that_lock_in_opposite_orders_are_named() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let (a, b) = (Arc::new(Mutex::new(1)), Arc::new(Mutex::new(1)));
            let met = Arc::new(leno::sync::Barrier::new(2));
            let spawn = |name, from: &Arc<Mutex<u32>>, to: &Arc<Mutex<u32>>| {
                let task = bank::transfer(from.clone(), to.clone(), met.clone());
                leno::task::Builder::new().name(name).spawn(task).unwrap()
            };
            let tasks = [spawn("a to b", &a, &b), spawn("b to a", &b, &a)];
            let behind = leno::spawn({
                let a = a.clone();
                async move { *a.lock().await }
            });
            let report = loop {
                let report = one_deadlock().await;
                if report.to_string().contains("1 more tasks wait behind") {
                    break report;
                }
            };
            assert_eq!(report.kind(), ReportKind::Deadlock);
            let mut names: Vec<_> = report.tasks().iter().map(|task| task.name()).collect();
            names.sort_unstable();
            assert_eq!(names, [Some("a to b"), Some("b to a")]);
            let text = report.to_string();
            assert!(
                text.starts_with("deadlock: 2 tasks wait for each other"),
                "{text}"
            );
            assert!(text.contains("at tests/diagnostics_waits.rs:"), "{text}");
            assert_eq!(text.matches(" holds the lock at 0x").count(), 2, "{text}");
            for task in tasks {
                task.abort();
            }
            behind.await.unwrap();
        });
    }
}

#[test]
fn who_locks_twice_waits_for_itself() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let mutex = Arc::new(Mutex::new(()));
            let task = leno::spawn(async move {
                let _first = mutex.lock().await;
                let _second = mutex.lock().await;
            });
            let report = one_deadlock().await;
            assert!(
                report
                    .to_string()
                    .contains("waits for a lock that it holds itself")
            );
            task.abort();
            let lock = Arc::new(RwLock::new(()));
            let task = leno::spawn(async move {
                let _first = lock.write().await;
                let _second = lock.read().await;
            });
            one_deadlock().await;
            task.abort();
        });
    }
}

/// RFD 609 of Oxide Computer: the loser of a `select!` is still there, and the lock comes to it.
async fn operate(mutex: Arc<Mutex<()>>, release: oneshot::Sender<()>, mended: bool) {
    let mut first = Box::pin(async { drop(mutex.lock().await) });
    let mut release = Some(release);
    leno::select! {
        biased;
        () = &mut first => unreachable!("somebody else holds the lock"),
        () = leno::task::yield_now() => {}
    }
    release.take().unwrap().send(()).unwrap();
    if mended {
        drop(first);
        drop(mutex.lock().await);
    } else {
        drop(mutex.lock().await);
        first.await;
    }
}

#[test]
fn a_futurelock_is_named_and_the_mended_program_is_not() {
    for runtime in runtimes() {
        for mended in [false, true] {
            runtime.block_on(async {
                let mutex = Arc::new(Mutex::new(()));
                let (release, released) = oneshot::channel();
                let guard = mutex.clone().lock_owned().await;
                let task = leno::spawn(operate(mutex.clone(), release, mended));
                released.await.unwrap();
                drop(guard);
                if mended {
                    task.await.unwrap();
                    assert_eq!(deadlocks().await.len(), 0);
                } else {
                    let report = one_deadlock().await;
                    assert_eq!(report.kind(), ReportKind::Futurelock);
                    assert!(report.to_string().starts_with("futurelock: task "));
                    task.abort();
                }
            });
        }
    }
}

#[test]
fn tasks_that_wait_for_each_others_end_are_named() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let (to_first, handle) = oneshot::channel::<JoinHandle<()>>();
            let first = leno::spawn(async move { handle.await.unwrap().await.unwrap() });
            let abort = first.abort_handle();
            let second = leno::spawn(async move { first.await.unwrap() });
            to_first.send(second).unwrap();
            let report = one_deadlock().await;
            assert!(report.to_string().contains("waits for the end of task"));
            abort.abort();
        });
    }
}

#[test]
fn who_can_still_go_on_is_not_named() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let (a, b) = (Arc::new(Mutex::new(1)), Arc::new(Mutex::new(1)));
            let met = Arc::new(leno::sync::Barrier::new(2));
            // This one gives up some time.
            let patient = leno::spawn(leno::time::timeout(
                Duration::from_secs(3600),
                bank::transfer(a.clone(), b.clone(), met.clone()),
            ));
            let other = leno::spawn(bank::transfer(b.clone(), a.clone(), met.clone()));
            // A guard that is owned may be anywhere by now.
            let moved = leno::spawn({
                let c = Arc::new(Mutex::new(()));
                async move {
                    let guard = c.clone().lock_owned().await;
                    leno::spawn(async move {
                        let _guard = guard;
                        pending::<()>().await;
                    });
                    drop(c.lock().await);
                }
            });
            // Whoever has the semaphore may add permits.
            let semaphore = leno::spawn(async {
                let semaphore = leno::sync::Semaphore::new(1);
                let _one = semaphore.acquire().await.unwrap();
                let _another = semaphore.acquire().await.unwrap();
            });
            for _ in 0..20 {
                assert_eq!(deadlocks().await.len(), 0);
            }
            for task in [patient.abort_handle(), other.abort_handle()] {
                task.abort();
            }
            moved.abort();
            semaphore.abort();
        });
    }
}

#[test]
fn who_may_have_given_its_guard_away_is_only_suspected() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let mutex = Arc::new(Mutex::new(()));
            let task = leno::spawn(async move {
                let _first = mutex.lock().await;
                leno::spawn(std::future::ready(Box::new(1)));
                let _second = mutex.lock().await;
            });
            let report = loop {
                let dump = Handle::current().dump(PATIENCE).await.unwrap();
                assert_eq!(dump.deadlocks().len(), 0);
                if let Some(report) = dump.suspected_deadlocks().first() {
                    break report.clone();
                }
            };
            assert_eq!(report.kind(), ReportKind::SuspectedDeadlock);
            let text = report.to_string();
            assert!(text.starts_with("probably a deadlock: task "), "{text}");
            assert!(text.contains("It is none if the guard"), "{text}");
            task.abort();
        });
    }
}

/// What a task of a random program does, one after the other.
#[derive(Debug, Clone)]
enum Step {
    /// Locks, and keeps it to the end.
    Lock(usize),
    /// Locks, and unlocks at once.
    Pass(usize),
    /// Polls the future of a lock once, and keeps it to the end.
    Half(usize),
    /// Locks whichever of the two comes first.
    Either(usize, usize),
    /// Waits for the end of another task.
    Join(usize),
    Yield,
    /// Gives its last guard to a task that it spawns.
    Spawn,
    /// Sends its last guard to the keeper of guards.
    Send,
    /// Begins a future that locks, and spawns it.
    Begin(usize),
    /// Spawns a task that has nothing of its.
    Part,
}

const LOCKS: usize = 3;

type Locks = [Mutex<()>; LOCKS];

/// A program, in which guards may move from task to task.
fn program(random: &mut u64, moves: bool) -> Vec<Vec<Step>> {
    let mut below = |bound: usize| {
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        (*random % bound as u64) as usize
    };
    let tasks = 1 + below(5);
    (0..tasks)
        .map(|_| {
            (0..1 + below(4))
                .map(|_| match below(if moves { 17 } else { 12 }) {
                    0..3 => Step::Lock(below(LOCKS)),
                    3 => Step::Pass(below(LOCKS)),
                    4 | 5 => Step::Half(below(LOCKS)),
                    6 | 7 => Step::Either(below(LOCKS), below(LOCKS)),
                    8 => Step::Join(below(tasks)),
                    12 | 13 => Step::Spawn,
                    14 => Step::Send,
                    15 => Step::Begin(below(LOCKS)),
                    16 => Step::Part,
                    _ => Step::Yield,
                })
                .collect()
        })
        .collect()
}

type Handles = Arc<Mutex<Vec<Option<JoinHandle<()>>>>>;

/// Where guards go that a task of a random program gives away: they are dropped when the gate opens.
#[derive(Clone)]
struct Elsewhere {
    gate: Arc<SetOnce<()>>,
    keeper: mpsc::UnboundedSender<MutexGuard<'static, ()>>,
}

impl Elsewhere {
    fn new() -> Self {
        let gate = Arc::new(SetOnce::new());
        let (keeper, mut guards) = mpsc::unbounded_channel();
        let opened = gate.clone();
        leno::spawn(async move {
            opened.wait().await;
            while let Some(guard) = guards.recv().await {
                drop(guard);
            }
        });
        Self { gate, keeper }
    }
}

async fn run(steps: Vec<Step>, locks: &'static Locks, handles: Handles, elsewhere: Elsewhere) {
    let mut guards: Vec<MutexGuard<'_, ()>> = Vec::new();
    let mut halves: Vec<Pin<Box<dyn Future<Output = MutexGuard<'_, ()>> + Send + '_>>> = Vec::new();
    for step in steps {
        match step {
            Step::Lock(lock) => guards.push(locks[lock].lock().await),
            Step::Pass(lock) => drop(locks[lock].lock().await),
            Step::Half(lock) => {
                let mut half: Pin<Box<dyn Future<Output = _> + Send>> =
                    Box::pin(locks[lock].lock());
                match poll_fn(|cx| Poll::Ready(half.as_mut().poll(cx))).await {
                    Poll::Ready(guard) => guards.push(guard),
                    Poll::Pending => halves.push(half),
                }
            }
            Step::Either(one, other) => {
                let (mut one, mut other) = (pin!(locks[one].lock()), pin!(locks[other].lock()));
                let guard = poll_fn(|cx| match one.as_mut().poll(cx) {
                    Poll::Pending => other.as_mut().poll(cx),
                    ready => ready,
                });
                guards.push(guard.await);
            }
            Step::Join(task) => {
                // Only one can wait for it.
                let handle = handles.try_lock().unwrap()[task].take();
                if let Some(handle) = handle {
                    handle.await.unwrap();
                }
            }
            Step::Yield => leno::task::yield_now().await,
            Step::Spawn => {
                let (guard, gate) = (guards.pop(), elsewhere.gate.clone());
                leno::spawn(async move {
                    gate.wait().await;
                    drop(guard);
                });
            }
            Step::Send => {
                if let Some(guard) = guards.pop() {
                    elsewhere.keeper.send(guard).unwrap();
                }
            }
            Step::Begin(lock) => {
                let gate = elsewhere.gate.clone();
                let mut begun = Box::pin(async move {
                    let guard = locks[lock].lock().await;
                    gate.wait().await;
                    drop(guard);
                });
                if poll_fn(|cx| Poll::Ready(begun.as_mut().poll(cx)))
                    .await
                    .is_pending()
                {
                    leno::spawn(begun);
                }
            }
            Step::Part => {
                leno::spawn({
                    let gate = elsewhere.gate.clone();
                    async move { _ = gate.wait().await }
                });
            }
        }
    }
    drop(halves);
}

/// Starts the tasks of a program, and lets them do what they can.
async fn start(program: &[Vec<Step>], elsewhere: &Elsewhere) -> Vec<AbortHandle> {
    // A guard of a lock that is there for ever can go anywhere.
    let locks: &'static Locks = Box::leak(Box::default());
    let handles: Handles = Arc::default();
    let tasks: Vec<_> = program
        .iter()
        .map(|steps| {
            let task = run(steps.clone(), locks, handles.clone(), elsewhere.clone());
            leno::spawn(task)
        })
        .collect();
    let aborts = tasks.iter().map(JoinHandle::abort_handle).collect();
    *handles.lock().await = tasks.into_iter().map(Some).collect();
    rest().await;
    aborts
}

/// Each task has so few steps that it has made all it can by then.
async fn rest() {
    for _ in 0..200 {
        leno::task::yield_now().await;
    }
}

/// When all has come to rest, a program of locks and joins alone has ended, or is stuck: then all that has not ended is in a
/// circle, or behind one.
#[test]
fn random_programs_are_stuck_exactly_if_it_is_said() {
    let mut random = 0x9e37_79b9_7f4a_7c15;
    let (mut ended, mut stuck, mut handed) = (0, 0, 0);
    own_diagnostics::only();
    for _ in 0..200 {
        let program = program(&mut random, false);
        let mut builder = Builder::new_current_thread();
        let runtime = builder.diagnostics(Diagnostics::off()).build().unwrap();
        runtime.block_on(async {
            let aborts = start(&program, &Elsewhere::new()).await;
            let left = aborts.iter().filter(|task| !task.is_finished()).count();
            let reports = deadlocks().await;
            let mut said = 0;
            for report in &reports {
                let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
                said += report.tasks().len() + json["behind"].as_u64().unwrap() as usize;
                handed += usize::from(report.kind() == ReportKind::Futurelock);
            }
            assert_eq!(said, left, "{program:#?}\n{reports:#?}");
            ended += usize::from(left == 0);
            stuck += usize::from(left > 0);
            for task in aborts {
                task.abort();
            }
        });
    }
    // It is a test of either.
    assert!(
        ended > 25 && stuck > 25 && handed > 0,
        "{ended} {stuck} {handed}"
    );
}

/// Guards move to other tasks, which drop them when the gate opens: what was certain before that stays as it is, and what stays is
/// suspected at least.
#[test]
fn what_is_certain_is_true_wherever_guards_have_gone() {
    let mut random = 0x2545_f491_4f6c_dd1d;
    let (mut certain, mut wrong) = (0, 0);
    own_diagnostics::only();
    for _ in 0..400 {
        let program = program(&mut random, true);
        let mut builder = Builder::new_current_thread();
        let runtime = builder.diagnostics(Diagnostics::off()).build().unwrap();
        runtime.block_on(async {
            let elsewhere = Elsewhere::new();
            let aborts = start(&program, &elsewhere).await;
            let dump = Handle::current().dump(PATIENCE).await.unwrap();
            elsewhere.gate.set(()).unwrap();
            rest().await;
            let left: Vec<_> = aborts.iter().filter(|task| !task.is_finished()).collect();
            let is_left = |task: &TaskInfo| left.iter().any(|left| left.id() == task.id());
            for report in dump.deadlocks() {
                assert!(report.tasks().iter().all(is_left), "{program:#?}\n{report}");
                certain += 1;
            }
            for report in dump.suspected_deadlocks() {
                assert_eq!(report.kind(), ReportKind::SuspectedDeadlock);
                wrong += usize::from(!report.tasks().iter().any(is_left));
            }
            // Nothing is elsewhere any more.
            let dump = Handle::current().dump(PATIENCE).await.unwrap();
            let said = dump.deadlocks().len() + dump.suspected_deadlocks().len();
            assert!(left.is_empty() || said > 0, "{program:#?}");
            for task in aborts {
                task.abort();
            }
        });
    }
    // It is a test of either.
    assert!(certain > 25 && wrong > 10, "{certain} {wrong}");
}

/// Programs that go on all the time, on two workers: nothing is ever said.
#[test]
fn a_program_that_goes_on_is_never_said_to_be_stuck() {
    own_diagnostics::only();
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).diagnostics(Diagnostics::off());
    let runtime = builder.build().unwrap();
    runtime.block_on(async {
        let locks: Arc<Locks> = Arc::default();
        let tasks: Vec<_> = (0..8)
            .map(|number| {
                let locks = locks.clone();
                leno::spawn(async move {
                    // Always in the same order.
                    for round in 0..2000 {
                        let first = locks[number % 2].lock().await;
                        if round % 7 == 0 {
                            leno::task::yield_now().await;
                        }
                        let second = locks[2].lock().await;
                        drop((first, second));
                    }
                })
            })
            .collect();
        while tasks.iter().any(|task| !task.is_finished()) {
            let reports = deadlocks().await;
            assert_eq!(reports.len(), 0, "{reports:#?}");
        }
    });
}

/// Tests with the one reader of reports take turns.
fn turn() -> (
    std::sync::MutexGuard<'static, ()>,
    std::sync::mpsc::Receiver<Report>,
) {
    own_diagnostics::only();
    static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (sender, receiver) = std::sync::mpsc::channel();
    diagnostics::on_report(move |report| drop(sender.send(report.clone())));
    (turn, receiver)
}

fn watched() -> [Runtime; 2] {
    let diagnostics = Diagnostics::off().long_waits(Duration::from_millis(20));
    let [pool, local] = [Builder::new_multi_thread(), Builder::new_current_thread()];
    [pool, local].map(|mut builder| {
        builder.worker_threads(2).enable_all();
        builder.diagnostics(diagnostics.clone()).build().unwrap()
    })
}

#[test]
fn a_deadlock_is_found_without_being_asked_for() {
    let (_turn, reports) = turn();
    for runtime in watched() {
        let (a, b) = (Arc::new(Mutex::new(1)), Arc::new(Mutex::new(1)));
        let met = Arc::new(leno::sync::Barrier::new(2));
        let first = runtime.spawn(bank::transfer(a.clone(), b.clone(), met.clone()));
        let second = runtime.spawn(bank::transfer(b, a, met));
        let found = drive_until_report(&runtime, &reports);
        assert_eq!(found.kind(), ReportKind::Deadlock, "{found}");
        let mut ids: Vec<_> = found.tasks().iter().map(|task| task.id()).collect();
        ids.sort_unstable();
        let mut expected = [first.id(), second.id()];
        expected.sort_unstable();
        assert_eq!(ids, expected);
        drop(runtime);
        // Once is enough.
        assert!(reports.try_recv().is_err());
    }
}

#[test]
fn a_lock_that_is_held_across_a_sleep_is_told() {
    let (_turn, reports) = turn();
    for runtime in watched() {
        let mutex = Arc::new(Mutex::new(()));
        let (done, end) = oneshot::channel::<()>();
        let (holds, held) = oneshot::channel::<()>();
        let holder = runtime.spawn({
            let mutex = mutex.clone();
            async move {
                let _guard = mutex.lock().await;
                holds.send(()).unwrap();
                end.await.unwrap();
            }
        });
        let waiter = runtime.spawn({
            let mutex = mutex.clone();
            async move {
                held.await.unwrap();
                drop(mutex.lock().await);
            }
        });
        let found = drive_until_report(&runtime, &reports);
        assert_eq!(found.kind(), ReportKind::HeldLock, "{found}");
        assert_eq!(found.tasks()[0].id(), holder.id());
        assert_eq!(found.tasks()[1].id(), waiter.id());
        done.send(()).unwrap();
        runtime.block_on(async {
            holder.await.unwrap();
            waiter.await.unwrap();
        });
    }
}

#[test]
fn a_task_that_nothing_can_wake_is_told() {
    let (_turn, reports) = turn();
    for runtime in watched() {
        let task = runtime.spawn(async { pending::<()>().await });
        let id = task.id();
        drop(task);
        // This one has a handle, and that one a waker.
        let handle = runtime.spawn(pending::<()>());
        runtime.spawn(leno_sleep());
        let found = drive_until_report(&runtime, &reports);
        assert_eq!(found.kind(), ReportKind::AsleepForEver);
        assert_eq!(found.tasks()[0].id(), id);
        handle.abort();
        drop(runtime);
        assert!(reports.try_recv().is_err());
    }
}

async fn leno_sleep() {
    leno::time::sleep(Duration::from_secs(3600)).await;
}

/// Drives the runtime until there is a report.
fn drive_until_report(runtime: &Runtime, reports: &std::sync::mpsc::Receiver<Report>) -> Report {
    runtime.block_on(async {
        loop {
            match reports.try_recv() {
                Ok(report) => return report,
                Err(_) => leno::time::sleep(Duration::from_millis(1)).await,
            }
        }
    })
}
