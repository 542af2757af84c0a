//! `#[leno::test]` and simulation: the attribute's options, and what the environment makes of tests that have none.
//!
//! Tests whose names begin with `program_` are run once more, by children of this process with an environment of their own. Run as
//! usual each of them passes.

use leno::sync::{Mutex, mpsc, oneshot};
use leno::task::{JoinSet, spawn_blocking, spawn_local, yield_now};
use leno::time::{self, Duration, Instant, sleep, timeout};
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};

/// What two tasks make of a number if each adds one to what it has seen: 2, or less if one overtakes the other.
async fn sum_of_two() -> u32 {
    let number = Arc::new(Mutex::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..2 {
        let number = Arc::clone(&number);
        tasks.spawn(async move {
            let seen = *number.lock().await;
            *number.lock().await = seen + 1;
        });
    }
    tasks.join_all().await;
    *number.lock().await
}

// ----- options -------------------------------------------------------------------------------------------

#[leno::test(sim)]
#[should_panic(expected = "an update is lost")]
async fn seeds_find_what_the_usual_run_does_not() {
    assert_eq!(sum_of_two().await, 2, "an update is lost");
}

#[leno::test(explore, bound = 1)]
#[should_panic(expected = "an update is lost")]
async fn so_does_one_delay() {
    assert_eq!(sum_of_two().await, 2, "an update is lost");
}

#[leno::test(explore, bound = 0)]
async fn without_a_delay_there_is_the_calm_run() {
    assert_eq!(sum_of_two().await, 2);
}

/// The bound leaves the bug out; the time that is left finds it.
#[leno::test(explore, bound = 0, time = "60s")]
#[should_panic(expected = "an update is lost")]
async fn what_the_bound_leaves_out_is_looked_for_by_chance() {
    assert_eq!(sum_of_two().await, 2, "an update is lost");
}

#[leno::test(sim, seeds = 5..10, strategy = "pct(2)", polls = 1000, virtual_time = 7200, isolate = "never")]
async fn all_that_can_be_said_of_seeds() {
    sleep(Duration::from_secs(7000)).await;
}

#[leno::test(sim, seeds = 0..=3, depth = 3)]
async fn a_depth_is_that_of_pct() {
    yield_now().await;
}

#[leno::test(sim = true, seeds = 3, flavor = "local", name = "mine")]
async fn a_simulation_may_be_local_and_have_a_name() {
    let cell = Rc::new(Cell::new(0));
    let task = spawn_local({
        let cell = Rc::clone(&cell);
        async move { cell.set(leno::runtime::Handle::current().name().map_or(0, str::len)) }
    });
    task.await.unwrap();
    assert_eq!(cell.get(), 4);
}

#[leno::test(sim, seeds = 10, virtual_time = "1s")]
#[should_panic(expected = "a run may take 1s of virtual time")]
async fn virtual_time_is_bounded() {
    sleep(Duration::from_secs(2)).await;
}

#[leno::test(sim, seeds = 10, polls = 100)]
#[should_panic(expected = "100 turns were taken, and")]
async fn polls_are_bounded() {
    loop {
        yield_now().await;
    }
}

/// One that makes no progress for as long as a channel is silent, which is for ever.
#[leno::test(sim)]
#[should_panic(expected = "nobody can go on")]
async fn a_deadlock_is_a_failure() {
    let (_sender, receiver) = oneshot::channel::<()>();
    receiver.await.unwrap();
}

async fn answers_in_time() -> bool {
    let (sender, receiver) = oneshot::channel();
    let answer = leno::spawn(async move {
        yield_now().await;
        sender.send(())
    });
    let in_time = timeout(Duration::from_secs(1), receiver).await.is_ok();
    drop(answer);
    in_time
}

#[leno::test(sim, stalls = true)]
#[should_panic(expected = "late")]
async fn a_timeout_strikes_early_if_time_may_stall() {
    assert!(answers_in_time().await, "late");
}

#[leno::test(sim)]
async fn and_else_it_does_not() {
    assert!(answers_in_time().await);
}

/// A timer that is far away is there, and another one is gone: neither is a moment to move to.
#[leno::test(sim, stalls = true)]
async fn nor_does_time_move_to_where_no_run_may_come() {
    let far = leno::spawn(sleep(Duration::from_secs(100_000)));
    for _ in 0..5 {
        drop(timeout(Duration::from_secs(1), yield_now()).await);
        yield_now().await;
    }
    far.abort();
}

/// The program's own pause rules.
#[leno::test(sim, stalls = true, start_paused = true)]
async fn nor_on_a_paused_clock() {
    assert!(answers_in_time().await);
}

#[leno::test(sim, seeds = 10)]
#[should_panic(expected = "of a task")]
async fn the_panic_of_a_task_fails_the_run() {
    let _ = leno::spawn(async { panic!("of a task") }).await;
}

#[leno::test(sim, seeds = 10, tolerate_panics = true)]
async fn unless_that_is_tolerated() {
    let task = leno::spawn(async { panic!("of a task") });
    assert!(task.await.unwrap_err().is_panic());
}

/// A task that waits for what nobody can do any more.
async fn forgets_a_task() {
    let forgotten = leno::spawn(std::future::pending::<()>());
    yield_now().await;
    drop(forgotten);
    yield_now().await;
}

#[leno::test(sim, seeds = 10)]
#[should_panic(expected = "asleep")]
async fn a_task_that_is_forgotten_fails_the_run() {
    forgets_a_task().await;
}

#[leno::test(sim, seeds = 10, tolerate_sleepers = true)]
async fn unless_that_is_tolerated_too() {
    forgets_a_task().await;
}

thread_local! {
    static RUNS: Cell<u32> = const { Cell::new(0) };
}

#[leno::test(sim, seeds = 10, isolate = "thread")]
async fn each_run_may_have_a_thread() {
    RUNS.set(RUNS.get() + 1);
    assert_eq!(RUNS.get(), 1);
}

#[leno::test(sim, seeds = 10)]
async fn a_result_may_be_returned() -> Result<(), String> {
    yield_now().await;
    Ok(())
}

#[derive(Debug)]
struct Wrong(#[expect(dead_code, reason = "it is shown")] u32);

#[leno::test(sim, seeds = 10)]
#[should_panic(expected = "the test returned an error: Wrong(7)")]
async fn an_error_fails_the_run() -> Result<(), Wrong> {
    yield_now().await;
    Err(Wrong(7))
}

#[leno::test(sim, seeds = 10)]
#[should_panic(expected = "the test returned no success")]
async fn so_does_a_code() -> std::process::ExitCode {
    std::process::ExitCode::FAILURE
}

#[leno::test(sim, seeds = 10)]
#[should_panic(expected = "the test returned no success")]
async fn and_what_only_says_that_it_can_be_one() -> impl std::process::Termination {
    std::process::ExitCode::from(3)
}

#[leno::test(sim, seeds = 10)]
#[should_panic(expected = "never comes back")]
async fn a_simulation_may_never_return() -> ! {
    yield_now().await;
    panic!("never comes back");
}

#[leno::test(sim, replay = "tests/traces/lost_update.trace")]
#[should_panic(expected = "replayed from")]
async fn a_trace_is_kept() {
    assert_eq!(sum_of_two().await, 2, "an update is lost");
}

#[leno::test(sim, replay = "tests/traces/none.trace")]
#[should_panic(expected = "the trace cannot be replayed")]
async fn a_trace_that_is_not_there_is_a_failure() {}

#[leno::test(sim, strategy = "pct(0)")]
#[should_panic(expected = "PCT takes a depth from 1 to 64")]
async fn a_strategy_says_what_it_takes() {}

// ----- the clock -----------------------------------------------------------------------------------------

#[leno::test(sim, seeds = 20)]
async fn the_clock_is_the_programs_to_stop() {
    time::pause();
    let start = Instant::now();
    time::advance(Duration::from_secs(1)).await;
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(start.elapsed(), Duration::from_secs(2));
    time::resume();
    time::pause();
    time::resume();
}

#[leno::test(sim, seeds = 5)]
#[should_panic(expected = "the clock is paused already")]
async fn to_stop_it_twice_is_a_mistake_as_ever() {
    time::pause();
    time::pause();
}

#[leno::test(sim, seeds = 5, start_paused = true)]
#[should_panic(expected = "the clock is paused already")]
async fn a_clock_that_was_paused_at_the_start_is_paused() {
    time::pause();
}

#[leno::test(sim, seeds = 5)]
#[should_panic(expected = "the clock is not paused")]
async fn one_that_was_not_cannot_be_resumed() {
    time::resume();
}

#[leno::test(sim, seeds = 5)]
#[should_panic(expected = "the clock is not paused")]
async fn nor_advanced() {
    time::advance(Duration::from_secs(1)).await;
}

// ----- programs for children -----------------------------------------------------------------------------

/// Passes as usual, fails in a simulation.
#[leno::test]
async fn program_loses_an_update() {
    assert_eq!(sum_of_two().await, 2, "an update is lost");
}

#[leno::test]
async fn program_returns_nothing_wrong() -> Result<(), String> {
    let (sender, mut receiver) = mpsc::channel(1);
    let task = leno::spawn(async move { sender.send(leno::sim::is_running()).await });
    println!("simulated: {}", receiver.recv().await.unwrap());
    task.await.unwrap().map_err(|error| error.to_string())
}

/// What a test of today does: its task may panic.
#[leno::test(flavor = "multi_thread", worker_threads = 2)]
async fn program_tolerates_panics() {
    let task = leno::spawn(async { panic!("of a task") });
    assert!(task.await.unwrap_err().is_panic());
}

#[leno::test(flavor = "local")]
async fn program_spawns_locally() {
    let cell = Rc::new(Cell::new(0));
    let inner = Rc::clone(&cell);
    spawn_local(async move { inner.set(1) }).await.unwrap();
    assert_eq!(cell.get(), 1);
}

#[leno::test(start_paused = true)]
async fn program_starts_paused() {
    let start = Instant::now();
    time::advance(Duration::from_secs(1)).await;
    assert_eq!(start.elapsed(), Duration::from_secs(1));
}

#[leno::test]
async fn program_blocks() {
    let (sender, receiver) = oneshot::channel();
    let closure = spawn_blocking(move || receiver.blocking_recv());
    sender.send(1).unwrap();
    assert_eq!(closure.await.unwrap(), Ok(1));
}

#[leno::test]
async fn program_has_sockets() {
    let bound = leno::spawn(leno::net::TcpListener::bind("127.0.0.1:0"));
    assert!(bound.await.unwrap().is_ok());
}

#[cfg(unix)]
#[leno::test]
async fn program_has_a_child() {
    let mut command = leno::process::Command::new("true");
    assert!(command.status().await.unwrap().success());
}

#[cfg(unix)]
#[leno::test]
async fn program_has_signals() {
    use leno::signal::unix::{SignalKind, signal};
    assert!(signal(SignalKind::user_defined1()).is_ok());
}

/// Waits for a thread, which is started by who waits already.
async fn woken_by_a_thread() {
    let (sender, receiver) = oneshot::channel();
    let mut receiver = pin!(receiver);
    let is_there = poll_fn(|cx| Poll::Ready(receiver.as_mut().poll(cx).is_ready()));
    assert!(!is_there.await);
    let thread = std::thread::spawn(move || sender.send(1));
    assert_eq!(receiver.await, Ok(1));
    thread.join().unwrap().unwrap();
}

#[leno::test]
async fn program_has_a_thread_that_wakes_its_root() {
    woken_by_a_thread().await;
}

#[leno::test]
async fn program_has_a_thread_that_wakes_a_task() {
    leno::spawn(woken_by_a_thread()).await.unwrap();
}

#[leno::test]
async fn program_has_a_thread_that_wakes_a_closure() {
    let handle = leno::runtime::Handle::current();
    let closure = spawn_blocking(move || handle.block_on(woken_by_a_thread()));
    closure.await.unwrap();
}

/// What a simulation does not see decides here.
#[leno::test]
async fn program_is_not_the_same_again() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    for _ in 0..RUNS.fetch_add(1, Ordering::Relaxed) {
        yield_now().await;
    }
}

#[leno::test]
async fn program_waits_for_time_to_pass() {
    let busy = timeout(Duration::from_millis(1), async {
        loop {
            sleep(Duration::ZERO).await;
        }
    });
    let ends: Result<(), _> = busy.await;
    assert!(ends.is_err());
}

/// A hold would be seen: by hand it is polled once.
#[leno::test]
async fn program_polls_by_hand() {
    for _ in 0..100 {
        let mutex = Mutex::new(0);
        let mut lock = pin!(mutex.lock());
        let mut cx = Context::from_waker(Waker::noop());
        assert!(lock.as_mut().poll(&mut cx).is_ready());
    }
}

#[leno::test(sim = false)]
async fn program_stays_out() {
    assert!(!leno::sim::is_running());
}

/// How often its body has run is what it prints.
#[leno::test(sim, seeds = 7)]
async fn program_says_how_often() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    println!("run {}", RUNS.fetch_add(1, Ordering::Relaxed) + 1);
}

// ----- and the children ----------------------------------------------------------------------------------

mod children {
    use std::fs;
    use std::path::Path;
    use std::process::{Command, Output};

    /// A run of one of the tests above, in this environment alone.
    fn run(test: &str, variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--nocapture"]);
        for name in [
            "LENO_SIM",
            "LENO_SIM_REPLAY",
            "LENO_SIM_OUT",
            "LENO_SIM_SHARD",
        ] {
            command.env_remove(name);
        }
        command.env_remove("JOB_COMPLETION_INDEX");
        command.env_remove("SLURM_ARRAY_TASK_ID");
        command.envs(variables.iter().copied());
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("running 1 test"), "{test}: {text}");
        output
    }

    fn stdout(output: &Output) -> String {
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn stderr(output: &Output) -> String {
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    #[track_caller]
    fn passes(test: &str, variables: &[(&str, &str)]) -> (String, String) {
        let output = run(test, variables);
        let (out, err) = (stdout(&output), stderr(&output));
        assert!(output.status.success(), "{test}: {out}{err}");
        (out, err)
    }

    #[track_caller]
    fn fails(test: &str, variables: &[(&str, &str)]) -> String {
        let output = run(test, variables);
        let (out, err) = (stdout(&output), stderr(&output));
        assert!(!output.status.success(), "{test}: {out}{err}");
        err
    }

    const SEEDS: (&str, &str) = ("LENO_SIM", "seeds=0..100");

    #[test]
    fn tests_that_exist_are_simulated_if_the_environment_says_so() {
        let test = "program_returns_nothing_wrong";
        let (out, _) = passes(test, &[]);
        assert_eq!(out.matches("simulated: false").count(), 1, "{out}");
        let (out, err) = passes(test, &[SEEDS]);
        assert!(!out.contains("simulated: false"), "{out}");
        assert!(
            out.contains(&format!("{test}: 100 runs (portfolio)")),
            "{out}"
        );
        assert!(!err.contains("not simulated"), "{err}");
        for test in [
            "program_tolerates_panics",
            "program_spawns_locally",
            "program_starts_paused",
            "program_blocks",
            "program_polls_by_hand",
        ] {
            let (out, err) = passes(test, &[SEEDS]);
            assert!(out.contains(&format!("{test}: 100 runs")), "{out}");
            assert!(!err.contains("not simulated"), "{err}");
        }
    }

    #[test]
    fn what_is_found_is_kept_by_the_attribute_that_the_test_has() {
        let err = fails("program_loses_an_update", &[SEEDS]);
        let keep = "keep it:       #[leno::test(sim, replay = \"";
        assert!(err.contains(keep), "{err}");
    }

    #[test]
    fn the_environment_says_how() {
        let (out, _) = passes("program_says_how_often", &[]);
        assert!(out.contains("7 runs (portfolio)"), "{out}");
        // The first run is done twice.
        assert!(out.contains("run 8") && !out.contains("run 9"), "{out}");
        let (out, _) = passes(
            "program_says_how_often",
            &[("LENO_SIM", "seeds=3,strategy=pct(2)")],
        );
        assert!(out.contains("3 runs (pct(2))"), "{out}");
        let err = fails("program_blocks", &[("LENO_SIM", "sedes=3")]);
        assert!(err.contains("no setting `sedes`"), "{err}");
        let err = fails("program_blocks", &[("LENO_SIM", "strategy=chance")]);
        assert!(err.contains("`chance` is no strategy: there are"), "{err}");
    }

    #[test]
    fn a_failure_is_told_written_down_and_done_again() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let test = "program_loses_an_update";
        passes(test, &[]);
        let variables = [
            SEEDS,
            ("CARGO_TARGET_DIR", folder.path().to_str().unwrap()),
            ("LENO_SIM_OUT", out.to_str().unwrap()),
        ];
        let err = fails(test, &variables);
        let told = format!("{test}: panic at ");
        assert!(
            err.contains(&told) && err.contains("an update is lost"),
            "{err}"
        );
        let lines: Vec<_> = fs::read_dir(&out).unwrap().collect();
        assert_eq!(lines.len(), 1, "{lines:?}");

        let trace = fs::read_dir(folder.path().join("leno-sim")).unwrap();
        let trace = trace.map(|entry| entry.unwrap().path()).next().unwrap();
        let replay = ("LENO_SIM_REPLAY", trace.to_str().unwrap());
        let name = trace.file_name().unwrap().to_str().unwrap();
        assert!(err.contains(name), "{err}");
        let err = fails(test, &[replay]);
        assert!(err.contains("replayed from"), "{err}");
        assert!(err.contains("the run is the trace's, to the last"), "{err}");

        // Others leave it alone, whether they are simulations or not.
        let (out, _) = passes("program_returns_nothing_wrong", &[replay]);
        assert!(out.contains("simulated: false"), "{out}");
        let (out, err) = passes("program_says_how_often", &[replay]);
        assert!(out.contains("7 runs (portfolio)"), "{out}");
        let line = format!("LENO_SIM_REPLAY is a trace of `{test}`, and left alone by this test");
        assert!(err.contains(&line), "{err}");
    }

    #[test]
    fn a_trace_is_looked_for_further_up() {
        let name = "runtime/tests/traces/lost_update.trace";
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(package.join("..").join(name).exists());
        // It is the trace of another test.
        let (_, err) = passes("program_says_how_often", &[("LENO_SIM_REPLAY", name)]);
        assert!(err.contains("left alone by this test"), "{err}");
        let err = fails("program_blocks", &[("LENO_SIM_REPLAY", "nowhere.trace")]);
        assert!(
            err.contains("nowhere.trace: the trace cannot be read"),
            "{err}"
        );
    }

    #[test]
    fn a_shard_has_its_seeds() {
        let shard = [("LENO_SIM", "seeds=0..10"), ("LENO_SIM_SHARD", "1/5")];
        let (out, _) = passes("program_returns_nothing_wrong", &shard);
        assert!(
            out.contains("2 runs") && out.contains("of shard 1/5"),
            "{out}"
        );
    }

    #[test]
    fn what_a_simulation_does_not_have_is_run_as_usual() {
        // Whether the thread is seen, or is only why two runs differ, is a matter of who is faster.
        let thread = "";
        let mut programs = vec![
            ("program_has_sockets", "this simulation has no sockets"),
            ("program_has_a_thread_that_wakes_its_root", thread),
            ("program_has_a_thread_that_wakes_a_task", thread),
            ("program_has_a_thread_that_wakes_a_closure", thread),
            (
                "program_is_not_the_same_again",
                "seed 0 is not deterministic",
            ),
            (
                "program_waits_for_time_to_pass",
                "the program goes on and on while no time passes",
            ),
            ("program_stays_out", "the test has `sim = false`"),
        ];
        if cfg!(unix) {
            programs.push(("program_has_a_child", "this simulation has no sockets"));
            programs.push(("program_has_signals", "this simulation has no sockets"));
        }
        for (test, why) in programs {
            let (_, err) = passes(test, &[SEEDS]);
            let line = format!("{test}: not simulated: {why}");
            assert_eq!(err.matches(&line).count(), 1, "{err}");
        }
    }
}
