//! What hangs, with less patience than there is outside.

use super::cut::Cut;
use super::failure::NOTHING;
use super::runs::Runs;
use crate::sync::{Semaphore, mpsc};
use crate::task::yield_now;
use crate::time::sleep;
use std::panic::Location;
use std::time::Duration;

/// The text with which it fails.
fn fails<S>(
    make: impl AsyncFnMut() -> S,
    run: impl AsyncFnMut(&mut S),
    check: impl AsyncFnMut(S, &Cut),
) -> String {
    let runs = Runs::new(make, run, check, Location::caller());
    let outcome = runs.all(Duration::from_millis(50), &|| true);
    outcome.expect_err("nothing was found").to_string()
}

#[track_caller]
fn begins(text: &str, start: &str) {
    assert!(text.starts_with(start), "{text}");
}

#[test]
fn a_run_that_hangs() {
    let text = fails(
        async || mpsc::channel::<u8>(1),
        async |(_sender, receiver)| {
            receiver.recv().await;
        },
        async |_, _| (),
    );
    begins(
        &text,
        "Receiver::recv does not end, though it was not dropped",
    );
    assert!(text.ends_with(NOTHING), "{text}");
}

#[test]
fn a_run_that_hangs_while_a_task_goes_on_for_ever() {
    let text = fails(
        async || {
            crate::spawn(async {
                loop {
                    sleep(Duration::from_secs(1)).await;
                }
            });
        },
        async |()| std::future::pending().await,
        async |(), _| (),
    );
    assert!(text.ends_with(NOTHING), "{text}");
}

#[test]
fn a_run_that_hangs_while_a_closure_holds_the_clock() {
    let (_keep, ends) = std::sync::mpsc::channel::<()>();
    let ends = std::sync::Arc::new(std::sync::Mutex::new(ends));
    let text = fails(
        async move || {
            let ends = std::sync::Arc::clone(&ends);
            crate::task::spawn_blocking(move || {
                let _ = ends
                    .lock()
                    .unwrap()
                    .recv_timeout(Duration::from_millis(200));
            });
        },
        async |()| std::future::pending().await,
        async |(), _| (),
    );
    assert!(text.ends_with(NOTHING), "{text}");
}

#[test]
fn a_check_that_hangs() {
    let text = fails(
        async || Semaphore::new(1),
        async |semaphore| {
            semaphore.acquire().await.unwrap().forget();
            yield_now().await;
            semaphore.add_permits(1);
        },
        async |semaphore, _| drop(semaphore.acquire().await.unwrap()),
    );
    assert!(text.contains("is not cancel safe: dropped at its 2nd of 2 awaits, as it waited, the check does not end"), "{text}");
    assert!(text.ends_with(NOTHING), "{text}");
}

#[test]
fn a_check_without_an_end() {
    let text = fails(
        async || (),
        async |()| (),
        async |(), _| loop {
            yield_now().await;
        },
    );
    begins(&text, "the check of what is tested at ");
    assert!(
        text.contains("\n  it is at ") && text.contains("it has been pending 100000 times"),
        "{text}"
    );
}
