//! Signals: who is told, how often, and what is refused.
#![cfg(unix)]

use leno::runtime::{Builder, Runtime};
use leno::signal::unix::{Signal, SignalKind, signal};
use std::process::Command;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Raises a signal on this thread: its handler has run when this returns.
///
/// Each test has signals of its own, since the tests of this file share a process.
fn raise(kind: SignalKind) {
    // SAFETY: raise(3) asks nothing of its caller. That the signal does not end the process is up to the listener
    // under test, which has installed a handler.
    let result = unsafe { libc::raise(kind.as_raw_value()) };
    assert_eq!(result, 0);
}

async fn received(signal: &mut Signal) {
    assert_eq!(signal.recv().await, Some(()));
}

/// Whether the listener has nothing to receive, once the reactor had its turn.
async fn is_quiet(listener: &mut Signal, kind: SignalKind) -> bool {
    // A second listener's signal is as late as the first's; when it is there, nothing else is on its way.
    let mut marker = signal(kind).unwrap();
    raise(kind);
    received(&mut marker).await;
    leno::select! {
        biased;
        _ = listener.recv() => false,
        () = leno::task::yield_now() => true,
    }
}

#[test]
fn every_listener_is_told_of_every_signal() {
    runtime().block_on(async {
        let kind = SignalKind::user_defined1();
        let mut listeners = [(); 3].map(|()| signal(kind).unwrap());
        for _ in 0..3 {
            raise(kind);
            for listener in &mut listeners {
                received(listener).await;
            }
        }
    });
}

#[test]
fn signals_between_two_receptions_are_one() {
    runtime().block_on(async {
        let kind = SignalKind::user_defined2();
        let mut listener = signal(kind).unwrap();
        // More than fits into the socket: the handler does not wait for room.
        for _ in 0..2_000 {
            raise(kind);
        }
        received(&mut listener).await;
        assert!(is_quiet(&mut listener, SignalKind::window_change()).await);
        raise(kind);
        received(&mut listener).await;
    });
}

#[test]
fn dropping_a_listener_leaves_the_others() {
    runtime().block_on(async {
        let kind = SignalKind::hangup();
        let first = signal(kind).unwrap();
        let mut second = signal(kind).unwrap();
        drop(first);
        raise(kind);
        received(&mut second).await;
        drop(second);
        // The default action, which would end this process, does not come back.
        raise(kind);
    });
}

#[test]
fn a_task_is_woken_by_a_signal() {
    let kind = SignalKind::alarm();
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (listening, is_listening) = leno::sync::oneshot::channel();
        let task = leno::spawn(async move {
            let mut listener = signal(kind).unwrap();
            listening.send(()).unwrap();
            listener.recv().await
        });
        is_listening.await.unwrap();
        raise(kind);
        assert_eq!(task.await.unwrap(), Some(()));
    });
}

#[test]
fn ctrl_c_is_sigint() {
    runtime().block_on(async {
        let mut first = signal(SignalKind::interrupt()).unwrap();
        // The listener is there, so a signal before the other's first poll does no harm.
        let raiser = async {
            leno::task::yield_now().await;
            raise(SignalKind::interrupt());
        };
        let (result, ()) = leno::join!(leno::signal::ctrl_c(), raiser);
        result.unwrap();
        received(&mut first).await;
    });
}

#[test]
fn a_child_process_can_send_one() {
    runtime().block_on(async {
        let mut listener = signal(SignalKind::terminate()).unwrap();
        let process = std::process::id().to_string();
        let status = Command::new("kill").args(["-s", "TERM", &process]).status();
        assert!(status.unwrap().success());
        received(&mut listener).await;
    });
}

#[test]
fn signals_that_cannot_be_handled_are_errors() {
    runtime().block_on(async {
        for number in [
            libc::SIGKILL,
            libc::SIGSTOP,
            libc::SIGILL,
            libc::SIGFPE,
            libc::SIGSEGV,
            0,
            -1,
            1_000,
        ] {
            assert!(signal(SignalKind::from_raw(number)).is_err(), "{number}");
        }
    });
}

#[test]
#[should_panic]
fn listening_off_a_runtime_panics() {
    let _ = signal(SignalKind::quit());
}
