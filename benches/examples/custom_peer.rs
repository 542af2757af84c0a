//! `versus` with a peer that somebody else wrote: the same program, with one more runtime to take turns with.
//!
//! The runtime is as plain as one can be: one queue, one lock, threads that take from it. It offers nothing beyond
//! tasks, so what needs timers, channels or sockets says "not offered".
//!
//! `cargo run --profile bench -p leno-bench --example custom_peer -- run --quick --peers plain,tokio`

use leno_bench::Peer;
use leno_bench::peers::{Leno, Tokio};
use leno_bench::workload::Runtime;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

/// What the threads share.
#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    tasks: VecDeque<Arc<Task>>,
    closed: bool,
    /// The future that `block_on` waits for was woken.
    woken: bool,
}

thread_local! {
    /// The queue of the runtime that this thread runs tasks of.
    static HERE: RefCell<Option<Arc<Queue>>> = const { RefCell::new(None) };
}

impl Queue {
    fn push(&self, task: Arc<Task>) {
        let mut state = self.state.lock().expect("no task runs under it");
        if !state.closed {
            state.tasks.push_back(task);
            drop(state);
            // Whoever blocks on a future sleeps here too, and may not want tasks.
            self.changed.notify_all();
        }
    }

    /// Runs tasks until the queue is closed.
    fn work(self: &Arc<Self>) {
        HERE.set(Some(self.clone()));
        loop {
            let mut state = self.state.lock().expect("no task runs under it");
            let task = loop {
                match state.tasks.pop_front() {
                    _ if state.closed => return,
                    Some(task) => break task,
                    None => state = self.changed.wait(state).expect("no task runs under it"),
                }
            };
            drop(state);
            task.run();
        }
    }
}

/// Wakes whoever is in `block_on`.
struct Outside(Arc<Queue>);

impl Wake for Outside {
    fn wake(self: Arc<Self>) {
        self.0.state.lock().expect("no task runs under it").woken = true;
        self.0.changed.notify_all();
    }
}

/// A future that is run, and the queue that it comes to when it is woken.
struct Task {
    queue: Arc<Queue>,
    future: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
}

impl Task {
    fn run(self: Arc<Self>) {
        let waker = Waker::from(self.clone());
        // A task that is woken while it runs is queued a second time, and that run waits for this one.
        let mut future = self.future.lock().expect("workloads do not panic");
        if let Some(running) = future.as_mut() {
            let polled = running.as_mut().poll(&mut Context::from_waker(&waker));
            if polled.is_ready() {
                *future = None;
            }
        }
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.queue.clone().push(self);
    }
}

/// A task's output, or who waits for it.
enum Outcome<T> {
    Awaited(Option<Waker>),
    Ready(Option<T>),
}

/// Waits for a task.
struct Join<T>(Arc<Mutex<Outcome<T>>>);

impl<T> Future for Join<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let mut outcome = self.0.lock().expect("nothing panics under it");
        match &mut *outcome {
            Outcome::Ready(output) => Poll::Ready(output.take().expect("polled once it was ready")),
            Outcome::Awaited(waker) => {
                *waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// The runtime.
struct Plain {
    queue: Arc<Queue>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Peer for Plain {
    const NAME: &'static str = "plain";
    type Join<T: Send + 'static> = Join<T>;

    fn start(workers: usize) -> Self {
        let queue = Arc::new(Queue::default());
        let thread = |_| {
            let queue = queue.clone();
            thread::spawn(move || queue.work())
        };
        Self {
            threads: (0..workers).map(thread).collect(),
            queue,
        }
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        let waker = Waker::from(Arc::new(Outside(self.queue.clone())));
        let mut future = pin!(future);
        // Without threads of its own, the runtime runs its tasks here.
        let alone = self.threads.is_empty();
        let before = HERE.replace(Some(self.queue.clone()));
        let output = loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                break output;
            }
            let mut state = self.queue.state.lock().expect("no task runs under it");
            while !state.woken {
                let task = match alone {
                    true => state.tasks.pop_front(),
                    false => None,
                };
                match task {
                    Some(task) => {
                        drop(state);
                        task.run();
                        state = self.queue.state.lock().expect("no task runs under it");
                    }
                    None => {
                        let changed = &self.queue.changed;
                        state = changed.wait(state).expect("no task runs under it");
                    }
                }
            }
            state.woken = false;
        };
        HERE.set(before);
        output
    }

    fn spawn<F>(future: F) -> Join<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let queue = HERE.with_borrow(|queue| queue.clone().expect("called inside a task"));
        spawn_on(queue, future)
    }

    fn spawn_from_outside<F>(&self, future: F) -> Join<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        spawn_on(self.queue.clone(), future)
    }

    async fn yield_now() {
        let mut yielded = false;
        std::future::poll_fn(|context| {
            if yielded {
                return Poll::Ready(());
            }
            yielded = true;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

fn spawn_on<F>(queue: Arc<Queue>, future: F) -> Join<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let outcome = Arc::new(Mutex::new(Outcome::Awaited(None)));
    let join = Join(outcome.clone());
    let future = async move {
        let output = Outcome::Ready(Some(future.await));
        let before = std::mem::replace(
            &mut *outcome.lock().expect("nothing panics under it"),
            output,
        );
        if let Outcome::Awaited(Some(waker)) = before {
            waker.wake();
        }
    };
    let task = Arc::new(Task {
        queue: queue.clone(),
        future: Mutex::new(Some(Box::pin(future))),
    });
    queue.push(task);
    join
}

impl Drop for Plain {
    fn drop(&mut self) {
        let left = {
            let mut state = self.queue.state.lock().expect("no task runs under it");
            state.closed = true;
            std::mem::take(&mut state.tasks)
        };
        self.queue.changed.notify_all();
        for thread in self.threads.drain(..) {
            thread.join().expect("workloads do not panic");
        }
        drop(left);
    }
}

fn main() -> ExitCode {
    leno_bench::cli::main(vec![
        Runtime::new::<Leno>(),
        Runtime::new::<Tokio>(),
        Runtime::new::<Plain>(),
    ])
}
