//! The loop of a simulation: what it draws, what has its turn, what it says of programs that do not go on.

use leno::sim::{Builder, Failed, FailureKind, Isolate, Strategy, Summary};
use leno::sync::{Mutex, Notify, mpsc, oneshot};
use leno::task::LocalSet;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::Mutex as StdMutex;
use std::time::Duration;

fn builder() -> (Builder, tempfile::TempDir) {
    let traces = tempfile::tempdir().unwrap();
    let builder = Builder::new().seeds(0..200).traces(traces.path());
    (builder, traces)
}

#[track_caller]
fn passes<F: Future<Output = ()>>(program: impl Fn() -> F + Sync) -> Summary {
    let (builder, _traces) = builder();
    builder
        .run(program)
        .unwrap_or_else(|failed| panic!("{failed}"))
}

#[track_caller]
fn fails<F: Future<Output = ()>>(program: impl Fn() -> F + Sync) -> Box<Failed> {
    let (builder, _traces) = builder();
    builder.run(program).expect_err("some run fails")
}

fn kind(failed: &Failed) -> FailureKind {
    failed.found[0].failure.kind
}

/// What came of all runs.
#[derive(Default)]
struct Seen<T>(StdMutex<BTreeSet<T>>);

impl<T: Ord + Clone> Seen<T> {
    fn add(&self, value: T) {
        self.0.lock().unwrap().insert(value);
    }

    fn all(&self) -> Vec<T> {
        self.0.lock().unwrap().iter().cloned().collect()
    }
}

#[test]
fn tasks_have_their_turns_in_every_order() {
    let seen = Seen::default();
    passes(|| async {
        let order = Arc::new(StdMutex::new(String::new()));
        let tasks = ["a", "b", "c"].map(|name| {
            let order = Arc::clone(&order);
            leno::spawn(async move { order.lock().unwrap().push_str(name) })
        });
        for task in tasks {
            task.await.unwrap();
        }
        seen.add(order.lock().unwrap().clone());
    });
    assert_eq!(seen.all(), ["abc", "acb", "bac", "bca", "cab", "cba"]);
}

#[test]
fn an_await_that_would_not_suspend_is_a_point() {
    let seen = Seen::default();
    passes(|| async {
        let lock = Arc::new(Mutex::new(0));
        let other = leno::spawn({
            let lock = Arc::clone(&lock);
            async move { *lock.lock().await += 1 }
        });
        // Free both times, unless the other task comes in between.
        let before = *lock.lock().await;
        let after = *lock.lock().await;
        seen.add((before, after));
        other.await.unwrap();
    });
    assert_eq!(seen.all(), [(0, 0), (0, 1), (1, 1)]);
}

#[test]
fn unconstrained_code_is_not_held() {
    let seen = Seen::default();
    passes(|| async {
        let lock = Arc::new(Mutex::new(0));
        let other = leno::spawn({
            let lock = Arc::clone(&lock);
            async move { *lock.lock().await += 1 }
        });
        leno::task::yield_now().await;
        let both = leno::task::unconstrained(async {
            let before = *lock.lock().await;
            (before, *lock.lock().await)
        });
        seen.add(both.await);
        other.await.unwrap();
    });
    assert_eq!(seen.all(), [(0, 0), (1, 1)]);
}

/// Mutation: `Run::leaf` forgets that it has held in this poll → fails: the first branch is held, and the second one served.
#[test]
fn who_is_held_at_one_branch_is_held_at_all() {
    let seen = Seen::default();
    passes(|| async {
        let (first, mut first_end) = mpsc::channel(1);
        let (second, mut second_end) = mpsc::channel(1);
        first.send(1).await.unwrap();
        second.send(2).await.unwrap();
        let which = leno::select! {
            biased;
            _ = first_end.recv() => 1,
            _ = second_end.recv() => 2,
        };
        seen.add(which);
    });
    assert_eq!(seen.all(), [1]);
}

/// Mutation: what was not ready is not given back → fails: the budget is over before the last leaf, and the second poll finds it.
#[test]
fn leaves_that_are_not_ready_cost_nothing() {
    let (builder, _traces) = builder();
    // The first seed is calm.
    let summary = builder.seeds(0..1).run(|| async {
        let (_kept, mut silent): (Vec<_>, Vec<_>) =
            (0..300).map(|_| oneshot::channel::<()>()).unzip();
        let (send, mut receive) = mpsc::channel(1);
        send.send(()).await.unwrap();
        leno::task::yield_now().await;
        let mut polls = 0;
        poll_fn(|cx| {
            polls += 1;
            for silent in &mut silent {
                assert!(Pin::new(silent).poll(cx).is_pending());
            }
            receive.poll_recv(cx)
        })
        .await;
        assert_eq!(polls, 1);
    });
    summary.unwrap_or_else(|failed| panic!("{failed}"));
}

#[test]
fn a_select_begins_anywhere() {
    let seen = Seen::default();
    passes(|| async {
        let which = leno::select! {
            () = async {} => 1,
            () = async {} => 2,
            () = async {} => 3,
        };
        seen.add(which);
    });
    assert_eq!(seen.all(), [1, 2, 3]);
}

#[test]
fn time_moves_when_nobody_can_go_on() {
    passes(|| async {
        let start = leno::time::Instant::now();
        let sleeps = [30, 10, 20].map(|minutes| {
            leno::spawn(async move {
                leno::time::sleep(Duration::from_secs(minutes * 60)).await;
                minutes
            })
        });
        let mut all = 0;
        for sleep in sleeps {
            all += sleep.await.unwrap();
        }
        assert_eq!(all, 60);
        assert_eq!(start.elapsed(), Duration::from_secs(30 * 60));
    });
}

#[test]
fn a_stall_lets_a_timeout_strike_early() {
    async fn quick() -> bool {
        let work = leno::spawn(async {
            for _ in 0..5 {
                leno::task::yield_now().await;
            }
        });
        leno::time::timeout(Duration::from_secs(1), work)
            .await
            .is_ok()
    }
    passes(|| async { assert!(quick().await) });
    let (builder, _traces) = builder();
    let failed = builder
        .stalls(true)
        .run(|| async { assert!(quick().await) })
        .expect_err("some run stalls");
    assert_eq!(kind(&failed), FailureKind::Panic);
}

#[test]
fn closures_that_block_have_turns_like_tasks() {
    let seen = Seen::default();
    passes(|| async {
        let order = Arc::new(StdMutex::new(String::new()));
        let (of_task, of_closure) = (Arc::clone(&order), Arc::clone(&order));
        let task = leno::spawn(async move { of_task.lock().unwrap().push('t') });
        let closure = leno::task::spawn_blocking(move || of_closure.lock().unwrap().push('c'));
        task.await.unwrap();
        closure.await.unwrap();
        seen.add(order.lock().unwrap().clone());
    });
    assert_eq!(seen.all(), ["ct", "tc"]);
}

#[test]
fn a_closure_that_waits_lets_the_others_go_on() {
    passes(|| async {
        let (send, receive) = oneshot::channel();
        let runtime = leno::runtime::Handle::current();
        let closure = leno::task::spawn_blocking(move || {
            let received: u32 = receive.blocking_recv().unwrap();
            runtime.block_on(leno::time::sleep(Duration::from_secs(5)));
            received
        });
        leno::time::sleep(Duration::from_secs(3)).await;
        send.send(7).unwrap();
        assert_eq!(closure.await.unwrap(), 7);
    });
}

#[test]
fn a_root_that_blocks_in_place_is_woken_meanwhile() {
    passes(|| async {
        let news = Arc::new(Notify::new());
        let teller = Arc::clone(&news);
        let mut told = pin!(news.notified());
        told.as_mut().enable();
        leno::task::block_in_place(|| {
            leno::runtime::Handle::current().block_on(async {
                leno::spawn(async move { teller.notify_waiters() })
                    .await
                    .unwrap();
            });
        });
        told.await;
    });
}

#[test]
fn a_blocking_call_that_never_ends_is_told() {
    let failed = fails(|| async {
        let (kept, receive) = oneshot::channel::<()>();
        let closure = leno::task::spawn_blocking(move || receive.blocking_recv());
        let _ = closure.await.unwrap();
        drop(kept);
    });
    assert_eq!(kind(&failed), FailureKind::Panic);
    assert!(
        failed.to_string().contains("this blocking call never ends"),
        "{failed}"
    );
}

#[test]
fn blocking_calls_that_need_two_stacks_are_not_called_a_deadlock() {
    let failed = fails(|| async {
        let (first, of_first) = oneshot::channel::<()>();
        let (second, of_second) = oneshot::channel::<()>();
        // The one that begins last ends after the other has gone on, which its stack is in the way of.
        let one = leno::task::spawn_blocking(move || {
            of_first.blocking_recv().unwrap();
            second.send(()).unwrap();
        });
        let other = leno::task::spawn_blocking(move || {
            first.send(()).unwrap();
            of_second.blocking_recv().unwrap();
        });
        one.await.unwrap();
        other.await.unwrap();
    });
    assert_eq!(kind(&failed), FailureKind::Refused);
    assert!(
        failed.to_string().contains("they share one stack"),
        "{failed}"
    );
}

#[test]
fn the_tasks_of_a_set_take_turns_with_others() {
    let seen = Seen::default();
    passes(|| async {
        let order = Rc::new(Cell::new(0_u32));
        let outside = Arc::new(Notify::new());
        let set = LocalSet::new();
        for number in 1..=3 {
            let order = Rc::clone(&order);
            set.spawn_local(async move { order.set(order.get() * 10 + number) });
        }
        let teller = Arc::clone(&outside);
        leno::spawn(async move { teller.notify_one() });
        set.await;
        outside.notified().await;
        seen.add(order.get());
    });
    assert_eq!(seen.all(), [123, 132, 213, 231, 312, 321]);
}

#[test]
fn ids_repeat() {
    let seen = Seen::default();
    passes(|| async {
        let task = leno::spawn(async {});
        seen.add(task.id().to_string());
        task.await.unwrap();
    });
    assert_eq!(seen.all(), ["1"]);
}

#[test]
fn a_deadlock_is_told_with_who_waits_for_whom() {
    async fn transfers() {
        let accounts = Arc::new((Mutex::new(10), Mutex::new(10)));
        let there = Arc::clone(&accounts);
        let task = leno::task::Builder::new()
            .name("transfer")
            .spawn(async move {
                let _from = there.0.lock().await;
                let _to = there.1.lock().await;
            });
        {
            let _from = accounts.1.lock().await;
            let _to = accounts.0.lock().await;
        }
        task.unwrap().await.unwrap();
    }
    let failed = fails(transfers);
    assert_eq!(kind(&failed), FailureKind::Deadlock);
    assert_eq!(failed.found[0].why.len(), 1, "{failed}");
    let report = failed.to_string();
    for text in [
        "the calm run passes. This one differs in",
        "for lock A, which is held by",
        "for lock B, which is held by",
        "← here it closes",
        "`transfer` (runtime/tests/sim_loop.rs:",
        "LENO_SIM_REPLAY=",
    ] {
        assert!(report.contains(text), "no `{text}` in\n{report}");
    }
}

#[test]
fn a_deadlock_in_a_set_is_told_with_who_waits_for_whom() {
    async fn transfers() {
        let accounts = Rc::new((Mutex::new(10), Mutex::new(10)));
        let transfer = |name| {
            let accounts = Rc::clone(&accounts);
            leno::task::Builder::new()
                .name(name)
                .spawn_local(async move {
                    let (from, to) = if name == "there" {
                        (&accounts.0, &accounts.1)
                    } else {
                        (&accounts.1, &accounts.0)
                    };
                    let _from = from.lock().await;
                    let _to = to.lock().await;
                })
        };
        LocalSet::new()
            .run_until(async {
                let tasks = [transfer("there").unwrap(), transfer("back").unwrap()];
                for task in tasks {
                    task.await.unwrap();
                }
            })
            .await;
    }
    let failed = fails(transfers);
    assert_eq!(kind(&failed), FailureKind::Deadlock);
    let report = failed.to_string();
    for text in [
        "for lock A, which is held by",
        "for lock B, which is held by",
        "← here it closes",
        "`there` (runtime/tests/sim_loop.rs:",
        "`back` (runtime/tests/sim_loop.rs:",
        "LENO_SIM_REPLAY=",
    ] {
        assert!(report.contains(text), "no `{text}` in\n{report}");
    }
}

#[test]
fn a_lock_that_went_to_a_future_nobody_polls_is_told_so() {
    async fn futurelock() {
        let lock = Arc::new(Mutex::new(()));
        let held = Arc::clone(&lock);
        leno::spawn(async move {
            let guard = held.lock().await;
            leno::time::sleep(Duration::from_secs(5)).await;
            drop(guard);
        });
        let mut first = pin!(lock.lock());
        leno::select! {
            biased;
            _ = &mut first => return,
            () = leno::time::sleep(Duration::from_secs(1)) => {}
        }
        let _second = lock.lock().await;
    }
    let failed = fails(futurelock);
    assert_eq!(kind(&failed), FailureKind::Deadlock);
    let report = failed.to_string();
    assert!(
        report.contains("promised to a future that has not been polled since"),
        "{report}"
    );
}

#[test]
fn turns_without_end_are_a_livelock() {
    let (builder, _traces) = builder();
    let failed = builder
        .polls_at_once(1000)
        .run(|| async {
            loop {
                leno::task::yield_now().await;
            }
        })
        .unwrap_err();
    assert_eq!(kind(&failed), FailureKind::Livelock);
    let report = failed.to_string();
    assert!(
        report.contains("busiest: the test's future, at "),
        "{report}"
    );
}

#[test]
fn a_livelock_names_who_was_at_work() {
    async fn spin(rounds: u32) {
        for _ in 0..rounds {
            leno::task::yield_now().await;
        }
    }
    let (builder, _traces) = builder();
    let failed = builder
        .polls_at_once(1000)
        .run(|| async {
            let named = |name: &'static str| leno::task::Builder::new().name(name);
            let idle = named("idle").spawn(spin(1)).unwrap();
            let busy = ["first", "second"].map(|name| named(name).spawn(spin(u32::MAX)).unwrap());
            idle.await.unwrap();
            for task in busy {
                task.await.unwrap();
            }
        })
        .unwrap_err();
    assert_eq!(kind(&failed), FailureKind::Livelock);
    let report = failed.to_string();
    let lines = report
        .lines()
        .filter(|line| line.contains(" points of the schedule"));
    let lines: Vec<_> = lines.collect();
    assert_eq!(lines.len(), 2, "{report}");
    assert!(
        lines[0].trim_start().starts_with("busiest: task "),
        "{report}"
    );
    for name in ["`first`", "`second`"] {
        assert_eq!(
            lines.iter().filter(|line| line.contains(name)).count(),
            1,
            "{report}"
        );
    }
}

#[test]
fn time_without_end_is_a_livelock() {
    let (builder, _traces) = builder();
    let failed = builder
        .virtual_time(Duration::from_secs(60))
        .run(|| async {
            loop {
                leno::time::sleep(Duration::from_secs(7)).await;
            }
        })
        .unwrap_err();
    assert_eq!(kind(&failed), FailureKind::Livelock);
    assert!(
        failed.to_string().contains("60s of virtual time"),
        "{failed}"
    );
}

#[test]
fn a_failure_is_told_of_with_its_moment() {
    let failed = fails(|| async {
        leno::time::sleep(Duration::from_secs(7)).await;
        panic!("seven seconds after the start");
    });
    let report = failed.to_string();
    assert!(report.contains("panic at 7 s"), "{report}");
    assert!(report.contains("time moves to 7s"), "{report}");
}

#[test]
fn a_task_that_nothing_can_wake_is_told_unless_that_is_tolerated() {
    async fn forgets() {
        leno::spawn(async { std::future::pending::<()>().await });
        leno::task::yield_now().await;
    }
    let failed = fails(forgets);
    assert_eq!(kind(&failed), FailureKind::Asleep);
    let (builder, _traces) = builder();
    builder.tolerate_sleepers(true).run(forgets).unwrap();
}

#[test]
fn a_panic_of_a_task_fails_the_run_unless_that_is_tolerated() {
    async fn panics() {
        let panics = leno::spawn(async { panic!("as it says") });
        assert!(panics.await.is_err());
    }
    let failed = fails(panics);
    assert_eq!(kind(&failed), FailureKind::Panic);
    assert!(failed.to_string().contains("as it says"), "{failed}");
    let (builder, _traces) = builder();
    builder.tolerate_panics(true).run(panics).unwrap();
}

#[test]
fn what_should_be_true_in_some_run_is_looked_for() {
    let order = |name: &'static str| {
        move || async move {
            let first = Arc::new(StdMutex::new(None));
            let tasks = [1, 2].map(|number| {
                let first = Arc::clone(&first);
                leno::spawn(async move {
                    first.lock().unwrap().get_or_insert(number);
                })
            });
            for task in tasks {
                task.await.unwrap();
            }
            let first = first.lock().unwrap().unwrap();
            leno::sim::sometimes(first == if name == "two" { 2 } else { 3 }, "it comes first");
        }
    };
    passes(order("two"));
    assert_eq!(kind(&fails(order("three"))), FailureKind::Never);
}

#[test]
fn what_must_be_true_always_fails_the_run_in_which_it_is_not() {
    let failed = fails(|| async {
        let drawn = leno::sim::choose(5);
        leno::sim::always(drawn != 3, "it is not three");
    });
    assert_eq!(kind(&failed), FailureKind::Broken);
    assert!(failed.to_string().contains("it is not three"), "{failed}");
}

#[test]
fn a_wake_from_a_thread_outside_is_refused() {
    let failed = fails(|| async {
        let (send, receive) = oneshot::channel();
        let task = leno::spawn(receive);
        leno::task::yield_now().await;
        std::thread::spawn(move || send.send(()).unwrap())
            .join()
            .unwrap();
        let _ = task.await;
    });
    assert_eq!(kind(&failed), FailureKind::Refused, "{failed}");
}

#[test]
fn sockets_are_refused() {
    let failed = fails(|| async {
        let _ = leno::net::TcpListener::bind("127.0.0.1:0").await;
    });
    assert_eq!(kind(&failed), FailureKind::Refused);
    assert!(failed.to_string().contains("leno::io::duplex"), "{failed}");
}

#[test]
fn what_a_thread_keeps_is_found_and_kept_apart() {
    thread_local! {
        static RUNS: Cell<u32> = const { Cell::new(0) };
    }
    async fn counts() {
        let before = RUNS.replace(RUNS.get() + 1);
        for _ in 0..before {
            leno::sim::choose(2);
        }
    }
    let summary = passes(counts);
    let notes = summary.notes().join("\n");
    assert!(notes.contains("a thread of its own"), "{notes}");
    let (builder, _traces) = builder();
    let failed = builder.isolate(Isolate::Never).run(counts).unwrap_err();
    assert_eq!(kind(&failed), FailureKind::Differs);
}

#[test]
fn a_simulation_within_one_is_refused() {
    let failed = fails(|| async {
        let _ = Builder::new().run(|| async {});
    });
    assert!(
        failed
            .to_string()
            .contains("a simulation within a simulation"),
        "{failed}"
    );
}

#[test]
fn outside_of_a_simulation_nothing_is_drawn() {
    assert!(!leno::sim::is_running());
    assert_eq!(leno::sim::choose(7), 0);
    assert!(!leno::sim::chance(0.9));
    leno::sim::always(false, "nobody looks");
    passes(|| async { assert!(leno::sim::is_running()) });
    assert!(!leno::sim::is_running());
}

#[test]
fn a_systematic_search_says_what_it_has_covered() {
    let count = StdMutex::new(0);
    let (builder, _traces) = builder();
    let summary = builder
        .strategy(Strategy::exhaustive())
        .run(|| async {
            *count.lock().unwrap() += 1;
            let tasks = [0; 3].map(|_| leno::spawn(async {}));
            for task in tasks {
                task.await.unwrap();
            }
        })
        .unwrap_or_else(|failed| panic!("{failed}"));
    let claim = summary.to_string();
    assert!(claim.contains("all "), "{claim}");
    assert!(summary.runs() >= 6, "{claim}");
}
