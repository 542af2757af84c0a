//! Tests by tokio's attribute are simulated as those by leno's, for they are.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// What two tasks make of a number if each adds one to what it has seen.
async fn sum_of_two() -> u32 {
    let number = Arc::new(Mutex::new(0));
    let add = || {
        let number = Arc::clone(&number);
        tokio::spawn(async move {
            let seen = *number.lock().await;
            *number.lock().await = seen + 1;
        })
    };
    let (first, second) = tokio::join!(add(), add());
    first.and(second).unwrap();
    *number.lock().await
}

/// Passes as usual, and is run once more by the tests below.
#[tokio::test]
async fn program_loses_an_update() {
    assert_eq!(sum_of_two().await, 2, "an update is lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn program_sleeps() {
    if tokio::sim::is_running() {
        tokio::time::sleep(Duration::from_secs(3600)).await;
    }
}

#[tokio::test(sim)]
#[should_panic(expected = "an update is lost")]
async fn the_options_are_the_same() {
    assert_eq!(sum_of_two().await, 2, "an update is lost");
}

fn run(test: &str) -> (bool, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]);
    let output = command.env("LENO_SIM", "seeds=0..100").output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    (output.status.success(), out + &err)
}

#[test]
fn the_environment_simulates_what_has_no_option() {
    let (passes, text) = run("program_loses_an_update");
    assert!(!passes && text.contains("an update is lost"), "{text}");
    // As the test has it, and can be copied.
    let keep = "keep it:       #[tokio::test(sim, replay = \"";
    assert!(text.contains(keep), "{text}");
    let (passes, text) = run("program_sleeps");
    assert!(
        passes && text.contains("program_sleeps: 100 runs"),
        "{text}"
    );
}
