//! What the models of tasks share: a scheduler that is one queue, run by whoever comes, and futures to run.

use crate::kernel::captures::{self, Standing};
use crate::kernel::census;
use crate::kernel::register::Register;
use crate::kernel::task::{
    self, Header, Home, Id, JoinHandle, Member, Origin, Runnable, Scheduler, TaskInfo,
};
use crate::kernel::wanted::{self, Wanted};
use crate::prim::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::prim::{Arc, Mutex};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// A queue of tasks, and those that sleep.
pub(crate) struct Queue {
    ready: Mutex<VecDeque<Runnable>>,
    register: Register,
    closed: AtomicBool,
}

struct QueueHome(Arc<Queue>);

impl Scheduler for QueueHome {
    fn schedule(&self, task: Runnable) {
        self.0.ready.lock().push_back(task);
    }

    unsafe fn schedule_unheld(this: NonNull<Self>, task: Runnable) {
        // SAFETY: the caller's: alive until the task is pushed.
        let queue = unsafe { &*this.as_ptr() }.0.clone();
        queue.ready.lock().push_back(task);
    }

    unsafe fn link(&self, task: NonNull<Header>) -> Option<u16> {
        // SAFETY: the caller's; it is unlinked in `finished`.
        unsafe { self.0.register.owned.link(0, task) }.then_some(0)
    }

    unsafe fn finished(&self, task: NonNull<Header>, shard: Option<u16>) {
        if let Some(shard) = shard {
            // SAFETY: the caller's: `link` put it into this shard.
            unsafe { self.0.register.owned.unlink(shard, task) };
        }
    }

    fn register(&self) -> Option<&Register> {
        Some(&self.0.register)
    }

    fn wanted(&self) -> &Wanted {
        wanted::of_the_process()
    }
}

impl Queue {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            ready: Mutex::new(VecDeque::new()),
            register: Register::new(1, Wanted::NOTHING),
            closed: AtomicBool::new(false),
        })
    }

    pub(crate) fn home(queue: &Arc<Self>) -> Home {
        Home::new(QueueHome(queue.clone()))
    }

    pub(crate) fn spawn<F: Future + 'static>(
        queue: &Arc<Self>,
        future: F,
    ) -> JoinHandle<F::Output> {
        Self::spawn_from(queue, future, Origin::caller())
    }

    pub(crate) fn spawn_from<F: Future + 'static>(
        queue: &Arc<Self>,
        future: F,
        origin: Origin,
    ) -> JoinHandle<F::Output> {
        task::spawn(future, Self::home(queue), Id::next(), origin)
    }

    /// The tasks that have been asleep, looked at `bite` at a time.
    pub(crate) fn tasks(&self, bite: usize) -> Vec<TaskInfo> {
        census::take(&self.register.owned, self.register.address(), bite)
    }

    /// Where the tasks that have been asleep stand; waits until all have answered, or not at all.
    pub(crate) fn stand(&self, waits: bool) -> Vec<Standing> {
        let patience = if waits { Duration::MAX } else { Duration::ZERO };
        captures::ask(&census::handles(&self.register.owned, 1), patience)
    }

    /// True if somebody asks where they stand.
    pub(crate) fn is_asked(&self) -> bool {
        self.register.captures().rounds().is_some()
    }

    /// What `look` says of each of them, one at a time.
    pub(crate) fn walk<T>(&self, look: impl Fn(&Header, Option<&Member>) -> T) -> Vec<T> {
        let mut seen = Vec::new();
        self.register.owned.walk(1, &mut seen, look);
        seen
    }

    pub(crate) fn pop(&self) -> Option<Runnable> {
        self.ready.lock().pop_front()
    }

    /// Runs what is queued.
    pub(crate) fn run(&self) {
        while let Some(task) = self.pop() {
            self.poll(task);
        }
    }

    /// Polls a task once, and queues it again if it was woken meanwhile.
    pub(crate) fn poll(&self, task: Runnable) {
        if let Some(woken) = task.run() {
            self.ready.lock().push_back(woken);
        }
    }

    /// Whoever runs the queue again and again is to stop.
    pub(crate) fn note_closed(&self) {
        self.closed.store(true, Ordering::Release);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Cancels what sleeps, and tells the others.
    pub(crate) fn close(&self) {
        self.register.owned.close();
    }
}

/// A task with all that a model needs to know of it.
pub(crate) struct Letters {
    pub(crate) queue: Arc<Queue>,
    pub(crate) waker: Waker,
    pub(crate) handle: JoinHandle<Arc<()>>,
    mail: Arc<AtomicUsize>,
    future: Arc<()>,
    output: Arc<()>,
}

/// A task that is ready when `wants` letters have come. It has been polled once: it sleeps, unless it `yields` as
/// often as that, by waking itself at the end of a poll.
pub(crate) fn waits_for(wants: usize, mut yields: usize) -> Letters {
    let queue = Queue::new();
    let mail = Arc::new(AtomicUsize::new(0));
    let (future, output) = (Arc::new(()), Arc::new(()));
    let first: Arc<Mutex<Option<Waker>>> = Arc::new(Mutex::new(None));
    let handle = Queue::spawn(&queue, {
        let (mail, first, future) = (mail.clone(), first.clone(), future.clone());
        let mut result = Some(output.clone());
        let mut polled = false;
        poll_fn(move |cx| {
            let _ = &future;
            if !std::mem::replace(&mut polled, true) {
                *first.lock() = Some(cx.waker().clone());
            }
            // Relaxed: what makes a letter visible is the wake alone.
            if mail.load(Ordering::Relaxed) >= wants {
                return Poll::Ready(result.take().unwrap());
            }
            if yields > 0 {
                yields -= 1;
                cx.waker().wake_by_ref();
            }
            Poll::Pending
        })
    });
    queue.poll(queue.pop().unwrap());
    let waker = first.lock().take().unwrap();
    Letters {
        queue,
        waker,
        handle,
        mail,
        future,
        output,
    }
}

impl Letters {
    /// What another thread does to send a letter.
    pub(crate) fn sender(&self) -> impl FnOnce() + 'static {
        let (mail, waker) = (self.mail.clone(), self.waker.clone());
        move || {
            mail.fetch_add(1, Ordering::Relaxed);
            waker.wake();
        }
    }

    /// At the end, when nobody else is left: the task is complete, everything was dropped once, and the result is
    /// returned: true for an output, false for a cancellation.
    pub(crate) fn end(self) -> bool {
        self.queue.run();
        assert!(self.handle.is_finished(), "the task sleeps for ever");
        assert_eq!(Arc::strong_count(&self.future), 1, "the future lives on");
        let (_, waker) = Flag::new();
        let result = match join(&mut { self.handle }, &waker) {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("complete without an output"),
        };
        let completed = match &result {
            Ok(_) => true,
            Err(error) => {
                assert!(error.is_cancelled());
                false
            }
        };
        drop(result);
        assert_eq!(Arc::strong_count(&self.output), 1, "the output lives on");
        completed
    }
}

/// Polls a handle.
pub(crate) fn join<T>(
    handle: &mut JoinHandle<T>,
    waker: &Waker,
) -> Poll<Result<T, task::JoinError>> {
    Pin::new(handle).poll(&mut Context::from_waker(waker))
}

/// A waker that remembers having been woken, and that loom misses if it is not dropped.
pub(crate) struct Flag {
    woken: AtomicBool,
    _dropped: Arc<()>,
}

impl Flag {
    pub(crate) fn new() -> (std::sync::Arc<Self>, Waker) {
        let flag = std::sync::Arc::new(Self {
            woken: AtomicBool::new(false),
            _dropped: Arc::new(()),
        });
        (flag.clone(), flag.into())
    }

    pub(crate) fn is_set(&self) -> bool {
        self.woken.load(Ordering::Relaxed)
    }
}

impl Wake for Flag {
    fn wake(self: std::sync::Arc<Self>) {
        self.woken.store(true, Ordering::Relaxed);
    }
}
