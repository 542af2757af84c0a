//! What a runtime must offer to be measured.
//!
//! [`Peer`] is all that a runtime needs: seven items. The other traits are offers on top: a runtime that has timers
//! implements [`Timers`], and so on; what it does not offer, the table says.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

/// A runtime under measurement.
pub trait Peer: Send + Sync + 'static {
    /// What tables and `--peers` call it: lower case, no spaces.
    const NAME: &'static str;

    /// Waits for a spawned task; panics if the task failed.
    type Join<T: Send + 'static>: Future<Output = T> + Send;

    /// A fresh runtime with `workers` worker threads; 0 asks for a current-thread runtime, whose tasks run while a
    /// thread is in [`block_on`](Self::block_on).
    fn start(workers: usize) -> Self;

    /// The same, but nobody comes to the rescue of workers that are blocked: the same for who has no such thing.
    fn start_alone(workers: usize) -> Self
    where
        Self: Sized,
    {
        Self::start(workers)
    }

    /// Waits for `future` on the calling thread.
    fn block_on<F: Future>(&self, future: F) -> F::Output;

    /// Spawns from inside a task.
    fn spawn<F>(future: F) -> Self::Join<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;

    /// Spawns from any thread.
    fn spawn_from_outside<F>(&self, future: F) -> Self::Join<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;

    /// The peer's own way to let others run.
    fn yield_now() -> impl Future<Output = ()> + Send;
}

/// A peer with timers. Called inside tasks.
pub trait Timers: Peer {
    /// The peer's sleep.
    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send;

    /// `None` if `future` took longer than `limit`.
    fn timeout<F: Future + Send>(
        limit: Duration,
        future: F,
    ) -> impl Future<Output = Option<F::Output>> + Send;
}

/// A peer with groups of tasks, which end together. Called inside tasks.
pub trait Groups: Timers {
    /// Spawns so many tasks into a group, and awaits them; each has the output 1, and this their sum.
    fn join_group(tasks: u64) -> impl Future<Output = u64> + Send;

    /// Spawns the futures into a group, and awaits them; returns the sum of their outputs.
    fn run_group<F: Future<Output = u64> + Send + 'static>(
        futures: impl Iterator<Item = F> + Send,
    ) -> impl Future<Output = u64> + Send;

    /// Spawns so many tasks into a group, each of which sleeps for ever; awaits `asleep`; then cancels them, and waits until they have ended.
    fn cancel_group(
        tasks: u64,
        asleep: impl Future<Output = ()> + Send,
    ) -> impl Future<Output = ()> + Send;

    /// `None` if `future`, with all that it has begun, took longer than `limit`.
    fn within_deadline<F: Future<Output: Send> + Send>(
        limit: Duration,
        future: F,
    ) -> impl Future<Output = Option<F::Output>> + Send;
}

/// A peer with threads for closures that block. Called inside tasks.
pub trait Blocking: Peer {
    /// Runs `closure` on a thread that may block, from this call on and not from the first poll.
    fn spawn_blocking<R: Send + 'static>(
        closure: impl FnOnce() -> R + Send + 'static,
    ) -> impl Future<Output = R> + Send;
}

/// A peer with channels and an asynchronous lock (its own, or those its users take). Called inside tasks.
pub trait Channels: Peer {
    /// The sending side of a bounded channel.
    type Sender<T: Send + 'static>: Clone + Send + Sync + 'static;
    /// The receiving side of a bounded channel.
    type Receiver<T: Send + 'static>: Send + 'static;
    /// The sending side of an unbounded channel.
    type UnboundedSender<T: Send + 'static>: Clone + Send + Sync + 'static;
    /// The receiving side of an unbounded channel.
    type UnboundedReceiver<T: Send + 'static>: Send + 'static;
    /// The sending side of a channel for one value.
    type OnceSender<T: Send + 'static>: Send + 'static;
    /// The receiving side of a channel for one value.
    type OnceReceiver<T: Send + 'static>: Send + 'static;
    /// A lock whose waiters are tasks.
    type Mutex<T: Send + 'static>: Send + Sync + 'static;

    /// A channel that holds at most `capacity` values.
    fn bounded<T: Send + 'static>(capacity: usize) -> (Self::Sender<T>, Self::Receiver<T>);
    /// Sends, waiting for room.
    fn send<T: Send + 'static>(
        sender: &Self::Sender<T>,
        value: T,
    ) -> impl Future<Output = ()> + Send;
    /// The next value; `None` when all senders are gone.
    fn receive<T: Send + 'static>(
        receiver: &mut Self::Receiver<T>,
    ) -> impl Future<Output = Option<T>> + Send;

    /// A channel without a limit.
    fn unbounded<T: Send + 'static>() -> (Self::UnboundedSender<T>, Self::UnboundedReceiver<T>);
    /// Sends, at once.
    fn send_unbounded<T: Send + 'static>(sender: &Self::UnboundedSender<T>, value: T);
    /// The next value; `None` when all senders are gone.
    fn receive_unbounded<T: Send + 'static>(
        receiver: &mut Self::UnboundedReceiver<T>,
    ) -> impl Future<Output = Option<T>> + Send;

    /// A channel for one value.
    fn once<T: Send + 'static>() -> (Self::OnceSender<T>, Self::OnceReceiver<T>);
    /// Sends the value.
    fn send_once<T: Send + 'static>(sender: Self::OnceSender<T>, value: T);
    /// Waits for the value.
    fn receive_once<T: Send + 'static>(
        receiver: Self::OnceReceiver<T>,
    ) -> impl Future<Output = T> + Send;

    /// A lock around `value`.
    fn mutex<T: Send + 'static>(value: T) -> Self::Mutex<T>;
    /// Locks, calls `with`, unlocks.
    fn lock<T: Send + 'static, R: Send>(
        mutex: &Self::Mutex<T>,
        with: impl FnOnce(&mut T) -> R + Send,
    ) -> impl Future<Output = R> + Send;
}

/// A peer with TCP. Called inside tasks.
pub trait Network: Peer {
    /// The peer's TCP listener.
    type Listener: Send + Sync + 'static;

    /// The peer's TCP stream, with Nagle's algorithm off.
    type Stream: Send + 'static;

    /// Listens on a free port of this machine.
    fn listen() -> impl Future<Output = (Self::Listener, SocketAddr)> + Send;

    /// Makes a listener of the peer's of one that is bound.
    fn adopt(listener: std::net::TcpListener) -> Self::Listener;

    /// The next connection.
    fn accept(listener: &Self::Listener) -> impl Future<Output = Self::Stream> + Send;

    /// A connection to `address`.
    fn connect(address: SocketAddr) -> impl Future<Output = Self::Stream> + Send;

    /// Reads what is there, at most a buffer full; 0 at the end.
    fn read(stream: &mut Self::Stream, buffer: &mut [u8]) -> impl Future<Output = usize> + Send;

    /// Lets a task go on that nobody waits for; for peers whose tasks end when their handle is dropped, something else.
    fn detach(task: Self::Join<()>) {
        drop(task);
    }

    /// Writes all of `data`.
    fn write_all(stream: &mut Self::Stream, data: &[u8]) -> impl Future<Output = ()> + Send;
}

/// A peer whose TCP streams hyper can use.
pub trait Http: Network {
    /// The stream in hyper's terms.
    type Io: hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static;

    /// Hands the stream to hyper.
    fn io(stream: Self::Stream) -> Self::Io;
}

/// Runs `future` as a task of `peer` and waits for it, so that the workload runs where tasks run and not on the
/// thread that blocks.
pub fn on_worker<P: Peer, F>(peer: &P, future: F) -> F::Output
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let join = peer.spawn_from_outside(future);
    peer.block_on(join)
}
