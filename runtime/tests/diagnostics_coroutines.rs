//! Coroutines that nobody awaits are reported, once, and no others are; and they are what the async function was.

mod diagnostics_support;

use diagnostics_support::{
    all, catch, json, line, no_report, report, reports, runtimes, turn, with,
};
use leno::Coroutine;
use leno::diagnostics::ReportKind;
use leno::sync::oneshot;
use std::cell::Cell;
use std::fmt::Debug;
use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

#[leno::coroutine]
async fn send(text: &str) -> usize {
    leno::task::yield_now().await;
    text.len()
}

#[leno::coroutine]
async fn number() -> u32 {
    7
}

/// What it is, for the program and for the reader.
#[test]
fn one_that_nobody_awaits_is_told_of_once() {
    let _turn = turn();
    for runtime in runtimes() {
        let called_at = runtime.block_on(async {
            let coroutine = send("text");
            let line = line!() - 1;
            drop(coroutine);
            line
        });
        let report = report(ReportKind::NeverAwaited);
        assert_eq!(line(&report), called_at);
        let text = report.to_string();
        assert!(text.starts_with("`send` was called at "), "{text}");
        assert!(
            text.contains(", and never awaited: nothing of it was done"),
            "{text}"
        );
        let json = json(&report);
        assert_eq!(json["kind"], "never-awaited");
        assert_eq!(json["function"], "send");
        assert_eq!(json["place"]["line"], called_at);
        assert!(json["tasks"].as_array().unwrap().is_empty());
    }
    // Outside of a runtime too.
    drop(number());
    report(ReportKind::NeverAwaited);
}

#[test]
fn wherever_it_is_dropped_it_is_told_of() {
    let _turn = turn();
    for runtime in runtimes() {
        runtime.block_on(async {
            drop(number());
            report(ReportKind::NeverAwaited);
            drop(vec![number(), number()]);
            assert_eq!(reports().len(), 2);
            drop(Box::pin(async { number().await }));
            // That one was never called.
            no_report();
            let task = leno::spawn(async {
                let _forgotten = number();
            });
            task.await.unwrap();
            report(ReportKind::NeverAwaited);
            // It was an argument of one that was forgotten.
            #[leno::coroutine]
            async fn outer(inner: Coroutine<impl Future>) {
                inner.await;
            }
            drop(outer(number()));
            assert_eq!(json(&report(ReportKind::NeverAwaited))["function"], "outer");
        });
    }
}

#[test]
fn one_that_was_awaited_is_not_told_of() {
    let _turn = turn();
    for runtime in runtimes() {
        runtime.block_on(async {
            assert_eq!(send("text").await, 4);
            assert_eq!(leno::spawn(number()).await.unwrap(), 7);
            assert_eq!(leno::join!(number(), send("a")), (7, 1));
            let mut begun = pin!(send("text"));
            let mut cx = Context::from_waker(Waker::noop());
            assert!(begun.as_mut().poll(&mut cx).is_pending());
        });
        drop(runtime);
        no_report();
    }
}

#[test]
fn one_that_was_discarded_is_not_told_of() {
    let _turn = turn();
    for runtime in runtimes() {
        runtime.block_on(async { send("text").discard() });
        no_report();
    }
}

#[test]
fn one_that_is_given_up_with_others_is_not_told_of() {
    async fn fails() -> Result<(), ()> {
        Err(())
    }

    #[leno::coroutine]
    async fn works() -> Result<(), ()> {
        Ok(())
    }

    /// Holds one that it has still to await.
    #[leno::coroutine]
    async fn holds() {
        let later = number();
        pending::<()>().await;
        later.await;
    }

    let _turn = turn();
    for runtime in runtimes() {
        runtime.block_on(async {
            for biased in 0..64 {
                // Either of them may be chosen before the other is polled.
                leno::select! {
                    _ = number(), if biased % 2 == 0 => {}
                    _ = async { number().await } => {}
                    _ = Box::pin(number()) => {}
                }
                leno::select! { biased;
                    () = std::future::ready(()) => {}
                    _ = number() => unreachable!(),
                    _ = leno::time::timeout(leno::time::Duration::MAX, number()) => unreachable!(),
                }
            }
            // Disabled, and given up with the whole.
            let waits = leno::time::timeout(leno::time::Duration::from_millis(1), async {
                leno::select! {
                    _ = number(), if false => {}
                    () = pending() => {}
                }
            });
            assert!(waits.await.is_err());
            assert!(leno::try_join!(biased; fails(), works()).is_err());
            assert!(
                leno::time::timeout(leno::time::Duration::ZERO, holds())
                    .await
                    .is_err()
            );
        });
        drop(runtime);
        no_report();
    }
}

#[test]
fn one_that_loses_a_race_is_not_told_of() {
    let _turn = turn();
    for runtime in runtimes() {
        runtime.block_on(async {
            let mut race = pin!(leno::task::race((number(), send("text"))));
            assert!(race.as_mut().next().await.is_some());
            assert_eq!(race.len(), 1);
        });
        no_report();
    }
}

#[test]
fn one_of_a_task_that_is_cancelled_is_not_told_of() {
    let _turn = turn();
    for runtime in runtimes() {
        let (sleeps, asleep) = oneshot::channel();
        runtime.block_on(async {
            let fresh = leno::spawn(number());
            fresh.abort();
            let _ = fresh.await;
            leno::spawn(async move {
                let later = number();
                sleeps.send(()).unwrap();
                pending::<()>().await;
                later.await;
            });
            asleep.await.unwrap();
        });
        let handle = runtime.handle().clone();
        // Asleep, or not even started.
        runtime.spawn(number());
        drop(runtime);
        handle.spawn(number());
        no_report();
    }
}

#[test]
fn who_unwinds_tells_nothing() {
    let _turn = turn();
    catch(|| {
        let _coroutine = number();
        panic!("on purpose");
    });
    no_report();
}

#[test]
fn a_runtime_that_does_not_want_it_tells_nothing() {
    let _turn = turn();
    for runtime in with(&all().never_awaited(false)) {
        let _entered = runtime.enter();
        drop(number());
        no_report();
    }
}

#[test]
fn its_debug_tells_how_far_it_is() {
    let _turn = turn();
    let mut coroutine = Box::pin(send("text"));
    let line = line!() - 1;
    let text = |coroutine: &dyn Debug| format!("{coroutine:?}");
    let expected = format!(
        "Coroutine {{ name: \"send\", called_at: {}:{line}:",
        file!()
    );
    assert!(text(&coroutine).starts_with(&expected), "{coroutine:?}");
    assert!(
        text(&coroutine).ends_with("state: created }"),
        "{coroutine:?}"
    );
    let mut cx = Context::from_waker(Waker::noop());
    assert!(coroutine.as_mut().poll(&mut cx).is_pending());
    assert!(
        text(&coroutine).ends_with("state: suspended }"),
        "{coroutine:?}"
    );
    assert_eq!(coroutine.as_mut().poll(&mut cx), Poll::Ready(4));
    assert!(text(&coroutine).ends_with("state: done }"), "{coroutine:?}");
}

// What it is made of.

mod shapes {
    pub struct Account<T> {
        pub value: T,
    }

    #[leno::coroutine]
    impl<T: Clone + Send> Account<T> {
        /// A method by reference, with a borrowed output.
        pub async fn get(&self) -> &T {
            leno::task::yield_now().await;
            &self.value
        }

        pub async fn set(&mut self, value: T) -> Result<(), std::io::Error> {
            std::fs::metadata(".")?;
            self.value = value;
            Ok(())
        }

        pub async fn into_value(mut self) -> T
        where
            T: Default,
        {
            std::mem::take(&mut self.value)
        }

        pub async fn pick<'a>(&self, first: &'a str, _second: &str) -> &'a str {
            let _ = &self.value;
            first
        }

        pub fn plain(&self) -> usize {
            1
        }

        pub async fn of_type() -> Self
        where
            T: Default,
        {
            Self {
                value: T::default(),
            }
        }
    }
}

#[leno::coroutine]
mod module {
    use std::fmt::Display;

    pub async fn print(what: impl Display + Send, mut times: u32) -> String {
        let mut text = String::new();
        while times > 0 {
            text += &what.to_string();
            times -= 1;
        }
        text
    }

    pub async fn opaque((a, b): (u32, u32), [c, ..]: [u32; 2], _: &str) -> impl Display + use<> {
        a + b + c
    }

    /// Goes on calling itself.
    pub async fn factorial(n: u64) -> u64 {
        if n == 0 {
            return 1;
        }
        n * Box::pin(factorial(n - 1)).await
    }

    pub async fn generic<const N: usize, T>(values: [T; N]) -> usize
    where
        T: Send,
    {
        drop(values);
        N
    }

    #[cfg(any())]
    pub async fn is_not_there() -> NoSuchType {}

    pub mod inner {
        pub async fn nothing() {}
    }
}

fn is_coroutine<F>(coroutine: Coroutine<F>, name: &str) -> Coroutine<F> {
    assert_eq!(coroutine.name(), name);
    coroutine
}

#[test]
fn functions_of_all_shapes_are_what_they_were() {
    use module::*;
    use shapes::Account;

    let _turn = turn();
    for runtime in runtimes() {
        runtime.block_on(async {
            let mut account = Account { value: 1u32 };
            assert_eq!(*is_coroutine(account.get(), "Account::get").await, 1);
            account.set(2).await.unwrap();
            let picked = account.pick("first", "second").await;
            assert_eq!((account.plain(), picked), (1, "first"));
            assert_eq!(account.into_value().await, 2);
            assert_eq!(Account::<u32>::of_type().await.value, 0);
            assert_eq!(is_coroutine(print("ab", 2), "print").await, "abab");
            assert_eq!(opaque((1, 2), [3, 4], "").await.to_string(), "6");
            assert_eq!(factorial(5).await, 120);
            assert_eq!(generic([(); 3]).await, 3);
            is_coroutine(inner::nothing(), "nothing").await;
            leno::spawn(print("c", 1)).await.unwrap();
        });
        drop(runtime);
        no_report();
    }
}

/// Also those that are not used, and in the order of an async function.
#[test]
fn arguments_are_dropped_after_the_body_the_last_first() {
    static DROPPED: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    struct Witness(&'static str);
    impl Drop for Witness {
        fn drop(&mut self) {
            DROPPED.lock().unwrap().push(self.0);
        }
    }

    macro_rules! function {
        ($($attribute:tt)*) => {
            $($attribute)*
            async fn function(a: Witness, _: Witness, (_b, _): (Witness, Witness), _d: Witness) {
                DROPPED.lock().unwrap().push("body");
                drop(a);
            }
        };
    }
    fn call<F: Future>(make: impl FnOnce(Witness, Witness, (Witness, Witness), Witness) -> F) {
        let pair = (Witness("b"), Witness("c"));
        let future = make(Witness("a"), Witness("ignored"), pair, Witness("d"));
        DROPPED.lock().unwrap().push("called");
        let polled = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_ready());
    }

    let _turn = turn();
    call({
        function! {}
        function
    });
    let expected = std::mem::take(&mut *DROPPED.lock().unwrap());
    call({
        function! { #[leno::coroutine] }
        function
    });
    assert_eq!(*DROPPED.lock().unwrap(), expected);
    assert_eq!(expected[..2], ["called", "body"]);
}

#[test]
fn it_is_send_sync_and_unpin_as_its_future_is() {
    #[leno::coroutine]
    async fn sends(text: String) -> String {
        leno::task::yield_now().await;
        text
    }

    #[leno::coroutine]
    async fn does_not_send(cell: &Cell<u32>) -> u32 {
        leno::task::yield_now().await;
        cell.get()
    }

    /// True if `T` is `Send`: by the method that is found first.
    struct Is<T>(T);
    trait Otherwise {
        fn is_send(&self) -> bool {
            false
        }
    }
    impl<T> Otherwise for &Is<T> {}
    impl<T: Send + Sync> Is<T> {
        fn is_send(&self) -> bool {
            true
        }
    }

    let _turn = turn();
    let cell = Cell::new(1);
    let (one, other) = (Is(sends(String::new())), Is(does_not_send(&cell)));
    assert!(one.is_send() && !(&other).is_send());
    one.0.discard();
    other.0.discard();
}

/// The caller's place, not that of the function that the macro makes.
#[test]
fn methods_know_their_callers() {
    let _turn = turn();
    let account = shapes::Account { value: 1 };
    let (coroutine, line) = (account.get(), line!());
    assert_eq!(coroutine.called_at().line(), line);
    coroutine.discard();
}
