//! Testing what asynchronous code does when it is cancelled.
//!
//! A future may be dropped at each of its awaits: by a `select!` whose other branch was ready first, a `timeout`, an abort.
//! What it had done by then stays done. [`cancel_at_every_await`] tries all of these moments, one after the other, and has a
//! look at what is left each time.
//!
//! This is a module beside the attribute [`#[leno::test]`](macro@crate::test), and comes with the feature `test-util`.

mod chain;
mod cut;
mod drive;
mod failure;
mod runs;
#[cfg(test)]
mod tests;
mod watch;

pub use cut::{Cut, Cuts, Moment};

use crate::prim::asked;
use crate::runtime::Handle;
use crate::sync::oneshot;
use failure::Failure;
use runs::Runs;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::thread;
use std::time::Duration;

/// How long nothing may happen, in real time, before a run counts as one that hangs.
const PATIENCE: Duration = Duration::from_secs(10);

/// Drops a future at each of its awaits in turn, and checks what it leaves behind.
///
/// `make` makes the state that an operation works on, `run` is the operation, and `check` looks at the state after it, and
/// panics if it is not as it should be. They are called again and again: first with a run that is left alone, to learn how many
/// awaits there are, and then, with a fresh state each time, with runs that are dropped
///
/// - before they are polled at all;
/// - at each await, before the operation there has been tried, even if it would not have had to wait;
/// - and if it does have to wait: as it waits, when it has been woken, and when it was polled again and may do no more in this
///   turn;
///
/// until a run comes to its end. So what is found does not depend on how fast anything is. `check` is told [where](Cut) the run
/// was dropped, and owns the state: it may await, receive what is left in a channel, or drop one half to see what the other does.
///
/// What `run` has done it leaves in the state, as in `async |state| state.received.push(state.receiver.recv().await)`.
///
/// # How it is run
///
/// Each run has a [`LocalRuntime`](crate::runtime::LocalRuntime) of its own, with IO and a clock that is
/// [paused](crate::time::pause), on another thread, whatever this is awaited in: a runtime of either kind, another executor, or a
/// run of another call. So the closures are `Send` and `'static`; the state need not be, nor the tasks that it has
/// (`spawn_local`). Tasks that a run spawns go on while `check` awaits, and end with its runtime. A task of the surrounding
/// runtime, or a thread, may be used as well; what it does is not repeated. In a simulation the runs are done in one step, and
/// are not simulated themselves.
///
/// The awaits are those of futures that keep to the [budget](crate::task::coop), as leno's do: a run has one unit at a time, and
/// is dropped where it asks for the next. A future of another crate that does not ask is dropped wherever it is pending; so is
/// [`yield_now`](crate::task::yield_now). What is [unconstrained](crate::task::coop::unconstrained) is not dropped where it is
/// ready.
///
/// # Panics
///
/// If `check` panics after a run that was dropped, or does not end; also if the run panics when it is dropped. The text says
/// where that was:
///
/// ```text
/// Bank::transfer is not cancel safe: dropped at its 3rd of 7 awaits, before that was tried, the check failed
///   cut at  Bank::transfer (src/bank.rs:31) → Ledger::append (src/ledger.rs:12) → File::flush
///   assertion `left == right` failed
///     left: 150
///    right: 200
/// ```
///
/// The names are there with the feature `diagnostics`. Other texts say that the run which is left alone panics, fails its check,
/// has more than 1,000 places to be dropped at, or waits for 10 s of real time in which nothing happens. `make` and `check` may not
/// wait for so long either, nor 100,000 times. (A poll that does not return cannot be ended.)
///
/// # Cancel safety
///
/// Dropping the future loses nothing: the runs end after the one that goes on.
///
/// # Cost
///
/// As many runs as there are places to be dropped at, of some 20 µs each and a microsecond a poll, besides what `run` does: for n
/// awaits about n² / 2 polls, so that a hundred awaits take 10 ms. The first call of a process takes a millisecond more.
///
/// # Examples
///
/// A transfer in two steps must not stop between them:
///
/// ```
/// use leno::sync::Mutex;
///
/// struct Bank {
///     accounts: [Mutex<u32>; 2],
/// }
///
/// impl Bank {
///     async fn transfer(&self, amount: u32) {
///         // Whatever may have to wait comes first.
///         let mut from = self.accounts[0].lock().await;
///         let mut to = self.accounts[1].lock().await;
///         *from -= amount;
///         *to += amount;
///     }
/// }
///
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let cuts = leno::test::cancel_at_every_await(
///     async || Bank { accounts: [Mutex::new(100), Mutex::new(100)] },
///     async |bank| bank.transfer(50).await,
///     async |bank, cut| {
///         let (from, to) = (bank.accounts[0].try_lock().unwrap(), bank.accounts[1].try_lock().unwrap());
///         assert_eq!(*from + *to, 200, "{cut}");
///     },
/// )
/// .await;
/// assert_eq!(cuts.awaits(), 2);
/// # });
/// ```
#[track_caller]
pub fn cancel_at_every_await<S, M, R, C>(
    make: M,
    run: R,
    check: C,
) -> impl Future<Output = Cuts> + Send + use<S, M, R, C>
where
    M: AsyncFnMut() -> S + Send + 'static,
    R: AsyncFnMut(&mut S) + Send + 'static,
    C: AsyncFnMut(S, &Cut) + Send + 'static,
{
    let runs = Runs::new(make, run, check, Location::caller());
    Running(State::Ready(Box::new(move |goes_on| {
        runs.all(PATIENCE, goes_on)
    })))
}

type Outcome = Result<Cuts, Box<Failure>>;

/// What there is to do, as long as the function that it is given says that somebody waits for it.
type Job = Box<dyn FnOnce(&dyn Fn() -> bool) -> Outcome + Send>;

enum State {
    Ready(Job),
    Started {
        outcome: oneshot::Receiver<Outcome>,
        /// The runs take real time.
        _hold: Option<crate::kernel::local::ClockHold>,
    },
    Over,
}

/// The runs, on their thread, as whoever awaits them sees it.
struct Running(State);

impl Future for Running {
    type Output = Cuts;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Cuts> {
        if matches!(self.0, State::Ready(_)) {
            let State::Ready(job) = std::mem::replace(&mut self.0, State::Over) else {
                unreachable!("it was ready");
            };
            self.0 = start(job);
        }
        let State::Started { outcome, .. } = &mut self.0 else {
            panic!("`cancel_at_every_await` was polled after it had completed");
        };
        let outcome = ready!(Pin::new(outcome).poll(cx));
        self.0 = State::Over;
        match outcome {
            Ok(Ok(cuts)) => Poll::Ready(cuts),
            Ok(Err(failure)) => panic!("{failure}"),
            Err(_) => panic!("the thread of the runs has ended with a panic, see above"),
        }
    }
}

fn start(job: Job) -> State {
    let (sender, outcome) = oneshot::channel();
    // The test's name is that of its thread, which is what is printed with a panic.
    let name = thread::current().name().unwrap_or("leno-test").to_owned();
    let work = move || {
        let outcome = job(&|| !sender.is_closed());
        let _ = sender.send(outcome);
    };
    let thread = thread::Builder::new().name(name).spawn(work);
    let thread = thread.expect("the system has no thread for the runs");
    if asked::asks() {
        // Time stands still in a simulation, which knows of no other threads: to it this is one step.
        // (It does not panic: what it does sends its outcome.)
        let _ = thread.join();
    }
    let here = Handle::try_current().ok();
    State::Started {
        outcome,
        _hold: here.and_then(|here| here.inner().hold_clock()),
    }
}
