//! Locks, channels and signals for tasks.
//!
//! | type | for |
//! | --- | --- |
//! | [`oneshot`] | one value, from one task to another |
//! | [`mpsc`] | many values from many tasks to one, with or without a bound |
//! | [`Mutex`] | data that one task at a time uses, also across an `.await` |
//! | [`RwLock`] | data that many tasks read or one changes |
//! | [`Notify`] | "something has happened", without saying what |
//! | [`Semaphore`] | no more than so many at once |
//! | [`broadcast`] | every value, from anyone to everyone |
//! | [`watch`] | the latest value, from anyone to everyone |
//! | [`Barrier`] | tasks that wait for each other |
//! | [`OnceCell`] | a value that whoever needs it first makes |
//! | [`SetOnce`] | a value that one task provides, once, and others wait for |
//!
//! All of them work on any runtime, and off one: nothing here needs a reactor or a timer. On leno's they
//! take part in cooperative scheduling: a task that finds every channel full of work still yields now and
//! then.
//!
//! Who waits is served in the order of arrival. Wakers and destructors of user values never run under an
//! internal lock, and one that panics disturbs nobody else.
//!
//! # Values from task to task
//!
//! A task's output needs no channel: its [`JoinHandle`](crate::task::JoinHandle) gives it. For the rest, what happens when one side is
//! slower than the other tells the channels apart:
//!
//! | channel | senders, receivers | if the receiver is slow | a send |
//! | --- | --- | --- | --- |
//! | [`oneshot`] | 1, 1 | there is one value only | never waits |
//! | [`mpsc::channel`] | many, 1 | the senders wait: nothing is lost, and memory is bounded | waits for room |
//! | [`mpsc::unbounded_channel`] | many, 1 | values pile up in memory | never waits |
//! | [`broadcast`] | many, many | it misses the oldest values, and is told how many | never waits |
//! | [`watch`] | many, many | it sees the last value only | never waits |
//!
//! With a bound a slow part of the program slows down those who feed it, up to whoever reads from the network, where it belongs. So that is
//! the first choice; a channel without a bound is for what comes rarely, or is bounded by something else.
//!
//! A task that owns its state and takes requests by a channel needs no lock, and can wait in the middle of a request:
//!
//! ```
//! use leno::sync::{mpsc, oneshot};
//!
//! enum Request {
//!     Deposit(u64),
//!     Balance(oneshot::Sender<u64>),
//! }
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let (requests, mut incoming) = mpsc::channel(16);
//! leno::spawn(async move {
//!     let mut balance = 0;
//!     while let Some(request) = incoming.recv().await {
//!         match request {
//!             Request::Deposit(amount) => balance += amount,
//!             // Whoever asked may be gone: no reason to stop.
//!             Request::Balance(answer) => drop(answer.send(balance)),
//!         }
//!     }
//! });
//!
//! requests.send(Request::Deposit(40)).await.ok().unwrap();
//! requests.send(Request::Deposit(2)).await.ok().unwrap();
//! let (answer, balance) = oneshot::channel();
//! requests.send(Request::Balance(answer)).await.ok().unwrap();
//! assert_eq!(balance.await, Ok(42));
//! # });
//! ```
//!
//! # Data that tasks share
//!
//! Use [`std::sync::Mutex`] for data that is locked for a moment, with no `.await` in between: it is smaller, and nobody can be
//! suspended while holding it. Its guard is not `Send`, so the compiler refuses to hold it across an `.await` in a task that may move
//! between threads:
//!
//! ```
//! use std::sync::{Arc, Mutex};
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let hits = Arc::new(Mutex::new(0));
//! let tasks: Vec<_> = (0..4)
//!     .map(|_| {
//!         let hits = hits.clone();
//!         leno::spawn(async move {
//!             *hits.lock().unwrap() += 1;
//!             leno::task::yield_now().await;
//!         })
//!     })
//!     .collect();
//! for task in tasks {
//!     task.await.unwrap();
//! }
//! assert_eq!(*hits.lock().unwrap(), 4);
//! # });
//! ```
//!
//! The [`Mutex`] of this module is for what must stay locked while its holder waits, a connection for instance on which a request and its
//! answer belong together. An [`RwLock`] pays where readers hold it for long. Neither is reentrant: a task that asks again for a
//! lock that it holds waits for itself, for ever. A [dump](crate::runtime::Handle::dump) of the runtime
//! says so.
//!
//! # Signals
//!
//! [`Notify`] wakes, and carries nothing: what has happened is in a state that whoever is woken looks at. Its one permit makes sure that a
//! notification between the look and the wait is not lost. A state of which everybody wants to know each change, and that is a value by
//! itself, is a [`watch`]: the word to shut down, for instance, which reaches tasks that are started after it, too.
//!
//! ```
//! use leno::sync::watch;
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let (stop, stopped) = watch::channel(false);
//! let worker = |mut stopped: watch::Receiver<bool>| async move {
//!     let mut rounds = 0;
//!     while !*stopped.borrow_and_update() {
//!         rounds += 1;
//!         stopped.changed().await.unwrap();
//!     }
//!     rounds
//! };
//! let early = leno::spawn(worker(stopped.clone()));
//! leno::task::yield_now().await;
//! stop.send(true).unwrap();
//! let late = leno::spawn(worker(stopped));
//! assert_eq!((early.await.unwrap(), late.await.unwrap()), (1, 0));
//! # });
//! ```
//!
//! # From threads without tasks
//!
//! What waits has a form that blocks its thread instead, `blocking_recv` or [`blocking_lock`](Mutex::blocking_lock) for instance: for
//! plain threads and for [`spawn_blocking`](crate::task::spawn_blocking). On a thread that drives tasks it panics, as it would hold them up.
//! Both forms may be mixed on the same object, and neither needs a runtime:
//!
//! ```
//! use leno::sync::mpsc;
//! use std::thread;
//!
//! let (sender, mut receiver) = mpsc::channel(1);
//! let producer = thread::spawn(move || (1..=3).all(|number| sender.blocking_send(number).is_ok()));
//! let mut sum = 0;
//! while let Some(number) = receiver.blocking_recv() {
//!     sum += number;
//! }
//! assert_eq!(sum, 6);
//! assert!(producer.join().unwrap());
//! ```
//!
//! # Futures that are dropped while they wait
//!
//! `select!`, `timeout` and a task's cancellation drop futures in the middle. What that loses stands at each method under "Cancel safety";
//! where it is nothing but a place in the queue, the future is [`CancelSafe`](crate::task::CancelSafe). A value on its way is never lost
//! between two queues: either it was received, or it is still there for the next.
//!
//! ```
//! use leno::sync::mpsc;
//! use leno::time::{Duration, timeout};
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
//! let (sender, mut receiver) = mpsc::channel(1);
//! assert!(timeout(Duration::from_secs(1), receiver.recv()).await.is_err());
//! sender.send("still received").await.unwrap();
//! assert_eq!(receiver.recv().await, Some("still received"));
//! # });
//! ```
//!
//! # Cost
//!
//! As long as nobody has to wait, locks, permits and notifications are one atomic exchange each way, and allocate nothing; neither does
//! waiting, whose place in the queue is part of the future. Channels allocate when they are made, [`mpsc`] as it grows besides. The
//! pages of the channels have the numbers.

mod barrier;
pub(crate) mod batch_semaphore;
pub mod broadcast;
pub mod mpsc;
mod mutex;
mod notify;
mod once_cell;
pub mod oneshot;
mod rwlock;
mod semaphore;
mod set_once;
pub mod watch;

pub use barrier::{Barrier, BarrierWaitResult};
pub use batch_semaphore::{AcquireError, TryAcquireError};
pub use mutex::{
    MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard, TryLockError,
};
pub use notify::Notify;
pub use once_cell::{OnceCell, SetError};
pub use rwlock::{
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock,
    RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard,
};
pub use semaphore::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
pub use set_once::{SetOnce, SetOnceError};

pub mod futures {
    //! The futures that have names.
    //!
    //! Most methods return a future whose type nobody has to write. Those of [`Notify`](super::Notify) can stand in a
    //! struct, or be made before they are needed:
    //!
    //! ```
    //! use leno::sync::Notify;
    //! use leno::sync::futures::Notified;
    //!
    //! /// Waits for all of them.
    //! async fn all(waits: Vec<Notified<'_>>) -> usize {
    //!     let count = waits.len();
    //!     for wait in waits {
    //!         wait.await;
    //!     }
    //!     count
    //! }
    //!
    //! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    //! let (first, second) = (Notify::new(), Notify::new());
    //! let waits = vec![first.notified(), second.notified()];
    //! second.notify_waiters();
    //! first.notify_one();
    //! assert_eq!(all(waits).await, 2);
    //! # });
    //! ```

    pub use super::notify::{Notified, OwnedNotified};
}
