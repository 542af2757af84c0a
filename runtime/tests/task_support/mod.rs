//! What the tests of tasks and runtimes share.
#![allow(dead_code)]

use leno::runtime::{Builder, Runtime};
use std::future::poll_fn;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Makes of each of these functions, which get the name of their runtime, a test for each kind of runtime: with 1, 2 and 8 workers.
///
/// A simulation has one thread, so it is made of one of them alone.
#[allow(unused_macros)]
macro_rules! on_each_runtime {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            #[leno::test]
            async fn current_thread() {
                super::$test("current-thread").await;
            }

            #[leno::test(flavor = "multi_thread", worker_threads = 1, sim = false)]
            async fn one_worker() {
                super::$test("1 worker").await;
            }

            #[leno::test(flavor = "multi_thread", worker_threads = 2, sim = false)]
            async fn two_workers() {
                super::$test("2 workers").await;
            }

            #[leno::test(flavor = "multi_thread", worker_threads = 8, sim = false)]
            async fn eight_workers() {
                super::$test("8 workers").await;
            }
        }
    )+};
}
#[allow(unused_imports)]
pub(crate) use on_each_runtime;

/// A runtime of each kind, with 1, 2 and 8 workers.
pub fn runtimes() -> Vec<(String, Runtime)> {
    let mut runtimes = vec![("current-thread".to_owned(), current_thread())];
    for workers in [1, 2, 8] {
        runtimes.push((format!("{workers} workers"), multi_thread(workers)));
    }
    runtimes
}

pub fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

pub fn multi_thread(workers: usize) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .unwrap()
}

/// Something that happens once, and can be awaited by tasks and by threads.
#[derive(Clone, Default)]
pub struct Event(Arc<(Mutex<Happened>, Condvar)>);

#[derive(Default)]
struct Happened {
    yes: bool,
    wakers: Vec<Waker>,
}

impl Event {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn set(&self) {
        let wakers = {
            let mut happened = self.0.0.lock().unwrap();
            happened.yes = true;
            std::mem::take(&mut happened.wakers)
        };
        self.0.1.notify_all();
        wakers.into_iter().for_each(Waker::wake);
    }

    pub fn is_set(&self) -> bool {
        self.0.0.lock().unwrap().yes
    }

    pub async fn wait(&self) {
        poll_fn(|cx| {
            let mut happened = self.0.0.lock().unwrap();
            if happened.yes {
                return Poll::Ready(());
            }
            happened.wakers.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    pub fn block(&self) {
        let mut happened = self.0.0.lock().unwrap();
        while !happened.yes {
            happened = self.0.1.wait(happened).unwrap();
        }
    }
}

/// Calls a closure when it is dropped.
pub struct OnDrop<F: FnMut()>(pub F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Panics when it is dropped.
pub struct PanicOnDrop;

impl Drop for PanicOnDrop {
    fn drop(&mut self) {
        panic!("a destructor panics on purpose");
    }
}

/// A future that is ready at once, and whose destructor panics.
pub struct ReadyThenPanicOnDrop(pub PanicOnDrop);

impl Future for ReadyThenPanicOnDrop {
    type Output = u32;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u32> {
        Poll::Ready(1)
    }
}

/// A waker that panics when it is woken.
pub fn panicking_waker() -> Waker {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("a waker panics on purpose");
        }
    }
    Waker::from(Arc::new(Panics))
}

/// A waker that counts how often it is woken.
#[derive(Default)]
pub struct Count(pub std::sync::atomic::AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}

/// A panic: what it said, and in which file and line.
#[derive(Debug)]
pub struct Caught {
    pub text: String,
    pub file: String,
    pub line: u32,
}

/// Calls `f`, which panics, and tells with what. One test at a time: the panic hook is the process's.
#[track_caller]
pub fn catch(f: impl FnOnce()) -> Caught {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    static LAST: Mutex<Option<Caught>> = Mutex::new(None);
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let thread = std::thread::current().id();
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() != thread {
            return;
        }
        let location = info.location().unwrap();
        let text = info
            .payload()
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| {
                info.payload()
                    .downcast_ref::<&str>()
                    .map(|text| (*text).to_owned())
            });
        *LAST.lock().unwrap() = Some(Caught {
            text: text.unwrap_or_default(),
            file: location.file().to_owned(),
            line: location.line(),
        });
    }));
    let result = panic::catch_unwind(AssertUnwindSafe(f));
    panic::set_hook(before);
    assert!(result.is_err(), "there was no panic");
    LAST.lock().unwrap().take().unwrap()
}

/// Runs `program` as the root and as a task of a runtime of each kind, and as a task of a `LocalSet`.
pub fn everywhere<F>(program: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    for (name, runtime) in runtimes() {
        eprintln!("on {name}: as its root, as a task, as one of a set");
        runtime.block_on(program());
        let task = program();
        runtime.block_on(async { leno::spawn(task).await }).unwrap();
        let task = program();
        let set = leno::task::LocalSet::new();
        set.block_on(&runtime, async { leno::task::spawn_local(task).await })
            .unwrap();
    }
}

/// Runs `test`, which may borrow, on one worker, on several and on the current thread, in a `LocalSet` on each, and on a
/// `LocalRuntime`.
pub fn on_all_runtimes<F>(test: impl Fn() -> F)
where
    F: Future<Output = ()>,
{
    let workers = |count| {
        Builder::new_multi_thread()
            .worker_threads(count)
            .enable_all()
            .build()
    };
    let current_thread = || Builder::new_current_thread().enable_all().build();
    for runtime in [workers(1), workers(4), current_thread()] {
        let runtime = runtime.unwrap();
        runtime.block_on(test());
        leno::task::LocalSet::new().block_on(&runtime, test());
    }
    let options = leno::runtime::LocalOptions::default();
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build_local(options);
    runtime.unwrap().block_on(test());
}
