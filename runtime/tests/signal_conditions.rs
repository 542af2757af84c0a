//! Signals in unusual conditions: nobody listens, the process has forked, stacks are small. Each test is a process of its
//! own.

#[cfg(unix)]
mod fork_support;

#[cfg(unix)]
fn main() {
    use tests::*;
    fork_support::run(&[
        (
            "a_gap_without_a_turn_loses_nothing",
            a_gap_without_a_turn_loses_nothing,
        ),
        (
            "an_old_signal_does_not_end_what_begins_later",
            an_old_signal_does_not_end_what_begins_later,
        ),
        ("a_pool_forgets_after_a_while", a_pool_forgets_after_a_while),
        (
            "handlers_run_on_the_stack_for_signals",
            handlers_run_on_the_stack_for_signals,
        ),
        (
            "a_handler_of_the_programs_own_stays_as_it_is",
            a_handler_of_the_programs_own_stays_as_it_is,
        ),
        (
            "a_signal_for_the_child_is_not_the_parents",
            a_signal_for_the_child_is_not_the_parents,
        ),
        (
            "a_signal_for_the_parent_is_not_the_childs",
            a_signal_for_the_parent_is_not_the_childs,
        ),
        (
            "what_the_parent_has_missed_is_not_the_childs",
            what_the_parent_has_missed_is_not_the_childs,
        ),
        (
            "parent_and_child_hear_their_own",
            parent_and_child_hear_their_own,
        ),
    ]);
}

#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
mod tests {
    use crate::fork_support::*;
    use leno::runtime::Runtime;
    use leno::signal::ctrl_c;
    use leno::signal::unix::{Signal, SignalKind, signal};
    use leno::task::{spawn_blocking, yield_now};
    use leno::time::sleep;
    use std::future::Future;
    use std::mem::{MaybeUninit, size_of_val};
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Waker};
    use std::time::Duration;

    /// Raises a signal on this thread: its handler has run when this returns.
    fn raise(kind: SignalKind) {
        // SAFETY: takes no pointers.
        assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0);
    }

    fn is_pending(future: impl Future) -> bool {
        pin!(future)
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    }

    /// Whether there is nothing to receive, now that another listener has received what came later.
    async fn is_quiet(listener: &mut Signal) -> bool {
        let mut marker = signal(SignalKind::window_change()).unwrap();
        raise(SignalKind::window_change());
        marker.recv().await.unwrap();
        yield_now().await;
        is_pending(listener.recv())
    }

    pub fn a_gap_without_a_turn_loses_nothing() {
        fork(|| {
            current_thread().block_on(async {
                let kind = SignalKind::interrupt();
                drop(signal(kind).unwrap());
                raise(kind);
                // However long: nothing else has had its turn.
                std::thread::sleep(Duration::from_millis(100));
                ctrl_c().await.unwrap();
                raise(kind);
                signal(kind).unwrap().recv().await.unwrap();
            });
        })
        .succeeds();
    }

    pub fn an_old_signal_does_not_end_what_begins_later() {
        for kind in KINDS {
            fork(|| {
                kind().block_on(async {
                    let kind = SignalKind::interrupt();
                    drop(signal(kind).unwrap());
                    raise(kind);
                    sleep(Duration::from_millis(60)).await;
                    let mut later = signal(kind).unwrap();
                    assert!(is_quiet(&mut later).await);
                    drop(later);
                    raise(kind);
                    sleep(Duration::from_millis(60)).await;
                    let later = ctrl_c();
                    let mut later = pin!(later);
                    assert!(is_pending(&mut later));
                    let mut marker = signal(SignalKind::window_change()).unwrap();
                    raise(SignalKind::window_change());
                    marker.recv().await.unwrap();
                    assert!(is_pending(&mut later));
                    raise(kind);
                    later.await.unwrap();
                });
            })
            .succeeds();
        }
    }

    pub fn a_pool_forgets_after_a_while() {
        fork(|| {
            multi_thread().block_on(async {
                let kind = SignalKind::user_defined1();
                drop(signal(kind).unwrap());
                raise(kind);
                // While this waits, nobody has a reason to turn the reactor.
                spawn_blocking(|| std::thread::sleep(Duration::from_millis(60)))
                    .await
                    .unwrap();
                let mut later = signal(kind).unwrap();
                assert!(is_quiet(&mut later).await);
            });
        })
        .succeeds();
    }

    fn action(kind: SignalKind) -> libc::sigaction {
        let mut action = MaybeUninit::zeroed();
        // SAFETY: nothing is installed, and what is may be written there; zeros are one.
        unsafe {
            let number = kind.as_raw_value();
            assert_eq!(
                libc::sigaction(number, std::ptr::null(), action.as_mut_ptr()),
                0
            );
            action.assume_init()
        }
    }

    static CALLS: AtomicUsize = AtomicUsize::new(0);
    static CALLS_ON_ITS_STACK: AtomicUsize = AtomicUsize::new(0);

    extern "C" fn note_the_stack(_: libc::c_int) {
        let mut stack = MaybeUninit::<libc::stack_t>::zeroed();
        // SAFETY: nothing is changed, and what there is may be written there; zeros are one.
        let stack = unsafe {
            libc::sigaltstack(std::ptr::null(), stack.as_mut_ptr());
            stack.assume_init()
        };
        CALLS.fetch_add(1, Ordering::Relaxed);
        let is_on_it = stack.ss_flags & libc::SS_ONSTACK != 0;
        CALLS_ON_ITS_STACK.fetch_add(is_on_it.into(), Ordering::Relaxed);
    }

    fn note_the_stack_at(kind: SignalKind) {
        let handler = note_the_stack as extern "C" fn(libc::c_int) as libc::sighandler_t;
        // SAFETY: the handler does nothing but what a handler may do.
        let result = unsafe { libc::signal(kind.as_raw_value(), handler) };
        assert_ne!(result, libc::SIG_ERR);
    }

    pub fn handlers_run_on_the_stack_for_signals() {
        for runtime in KINDS {
            fork(|| {
                let mut stack = vec![0_u8; 1 << 16];
                let new = libc::stack_t {
                    ss_sp: stack.as_mut_ptr().cast(),
                    ss_flags: 0,
                    ss_size: size_of_val(&*stack),
                };
                // SAFETY: the memory is there until the end of the process, which is that of the closure.
                let result = unsafe { libc::sigaltstack(&raw const new, std::ptr::null_mut()) };
                assert_eq!(result, 0);
                let kinds = [
                    SignalKind::user_defined2(),
                    SignalKind::interrupt(),
                    SignalKind::child(),
                ];
                // Ours calls it, on its stack.
                kinds.into_iter().for_each(note_the_stack_at);
                runtime().block_on(async {
                    for kind in kinds {
                        let mut listener = signal(kind).unwrap();
                        let _second = signal(kind).unwrap();
                        let flags = action(kind).sa_flags;
                        assert_ne!(flags & libc::SA_ONSTACK, 0);
                        assert_ne!(flags & libc::SA_RESTART, 0);
                        raise(kind);
                        let calls = (
                            CALLS.load(Ordering::Relaxed),
                            CALLS_ON_ITS_STACK.load(Ordering::Relaxed),
                        );
                        assert!(calls.0 != 0 && calls.0 == calls.1, "{calls:?}");
                        listener.recv().await.unwrap();
                    }
                });
                drop(stack);
            })
            .succeeds();
        }
    }

    pub fn a_handler_of_the_programs_own_stays_as_it_is() {
        fork(|| {
            current_thread().block_on(async {
                let kind = SignalKind::user_defined1();
                let _first = signal(kind).unwrap();
                note_the_stack_at(kind);
                let before = action(kind);
                let _second = signal(kind).unwrap();
                let after = action(kind);
                assert_eq!(
                    (before.sa_sigaction, before.sa_flags),
                    (after.sa_sigaction, after.sa_flags)
                );
                raise(kind);
                assert_eq!(CALLS.load(Ordering::Relaxed), 1);
            });
        })
        .succeeds();
    }

    pub fn a_signal_for_the_child_is_not_the_parents() {
        for runtime in KINDS {
            let kind = SignalKind::user_defined1();
            let parent = runtime();
            let listener = parent.block_on(async { signal(kind) }).unwrap();
            let (child, mut listener) = fork_with(listener, |mut inherited| {
                raise(kind);
                let own = runtime();
                own.block_on(async {
                    // Nobody in this process has it.
                    assert_eq!(inherited.recv().await, None);
                    let mut own = signal(kind).unwrap();
                    assert!(is_quiet(&mut own).await);
                    raise(kind);
                    own.recv().await.unwrap();
                    drop(inherited);
                    raise(kind);
                    own.recv().await.unwrap();
                });
            });
            child.succeeds();
            parent.block_on(async {
                assert!(is_quiet(&mut listener).await);
                raise(kind);
                listener.recv().await.unwrap();
            });
        }
    }

    pub fn a_signal_for_the_parent_is_not_the_childs() {
        let kind = SignalKind::user_defined1();
        let parent = current_thread();
        let listener = parent.block_on(async { signal(kind) }).unwrap();
        // Comes before the fork, and is received after it.
        raise(kind);
        let (child, mut listener) = fork_with(listener, |mut inherited| {
            current_thread().block_on(async {
                assert_eq!(inherited.recv().await, None);
                let mut own = signal(kind).unwrap();
                assert!(is_quiet(&mut own).await);
            });
        });
        child.succeeds();
        parent.block_on(listener.recv()).unwrap();
    }

    pub fn what_the_parent_has_missed_is_not_the_childs() {
        let kind = SignalKind::user_defined2();
        let parent = current_thread();
        parent.block_on(async { drop(signal(kind).unwrap()) });
        raise(kind);
        fork(|| {
            current_thread().block_on(async {
                let mut own = signal(kind).unwrap();
                assert!(is_quiet(&mut own).await);
                // What it has missed itself is.
                drop(own);
                raise(kind);
                signal(kind).unwrap().recv().await.unwrap();
            });
        })
        .succeeds();
        parent
            .block_on(async { signal(kind).unwrap().recv().await })
            .unwrap();
    }

    fn rounds(runtime: &Runtime) {
        runtime.block_on(async {
            let kind = SignalKind::user_defined1();
            let mut own = signal(kind).unwrap();
            for _ in 0..50 {
                raise(kind);
                own.recv().await.unwrap();
                assert!(is_quiet(&mut own).await);
            }
        });
    }

    pub fn parent_and_child_hear_their_own() {
        for runtime in KINDS {
            let parent = runtime();
            rounds(&parent);
            let children = KINDS.map(|runtime| fork(|| rounds(&runtime())));
            rounds(&parent);
            children.into_iter().for_each(Child::succeeds);
        }
    }
}
