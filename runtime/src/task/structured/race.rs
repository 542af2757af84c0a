//! Futures that one task polls together, and that go on when one of them is done.

use crate::kernel::budget;
use crate::kernel::lanes::Lanes;
use crate::macros::abandoned::{Abandoned, abandoned};
use crate::task::CancelSafe;
use pin_project_lite::pin_project;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Polls several futures together, and gives their outputs one after the other, as they are done.
///
/// Unlike [`select!`](crate::select) it drops no future because another is done: those go on at the next call of
/// [`next`](Race::next), where they were. So none has to be cancel safe, and none begins anew.
///
/// | `futures` | what [`next`](Race::next) gives |
/// | --- | --- |
/// | a tuple of two to eight, of any types | `Race2::First(output)`, `Race2::Second(output)`, …, up to [`Race8`] |
/// | an array or a `Vec` of one type | its index, and the output |
///
/// Whatever implements [`IntoFuture`] will do. The futures live in the race, which has to be pinned (see [`pin!`](std::pin::pin));
/// those of a `Vec` in one allocation.
///
/// # Order
///
/// Each future has a waker of its own, so only those that were woken are polled. They have their turns one after the other,
/// whatever the others do; of several that are done at the same time, the one comes first whose turn it is. At the beginning,
/// that is the first.
///
/// # Budget
///
/// All futures share that of their task (see [`coop`](crate::task::coop)); each output costs one unit of it. When it is spent, or
/// after 128 futures were polled, the other tasks have their turn.
///
/// # Cost
///
/// One allocation of 64 bytes for each 64 futures. A wake of a future, besides that of the task, is one read-modify-write.
///
/// # Cancel safety
///
/// Dropping the race drops the futures that are not done. Dropping what `next` returns loses nothing.
///
/// # Examples
///
/// A read that goes on while something else happens:
///
/// ```
/// use leno::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
/// use leno::task::{self, Race2};
/// use leno::time::{Duration, sleep};
/// use std::pin::pin;
///
/// # #[leno::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> std::io::Result<()> {
/// let (mut writer, reader) = leno::io::duplex(64);
/// leno::spawn(async move {
///     writer.write_all(b"hel").await?;
///     sleep(Duration::from_secs(1)).await;
///     writer.write_all(b"lo\n").await
/// });
/// let mut reader = BufReader::new(reader);
/// let mut line = String::new();
/// let mut was_slow = false;
///
/// // `read_line` is not cancel safe.
/// let mut race = pin!(task::race((
///     reader.read_line(&mut line),
///     sleep(Duration::from_millis(100)),
/// )));
/// while let Some(done) = race.as_mut().next().await {
///     match done {
///         Race2::First(length) => {
///             assert_eq!(length?, 6);
///             break;
///         }
///         Race2::Second(()) => was_slow = true,
///     }
/// }
/// assert!(was_slow);
/// # Ok(())
/// # }
/// ```
///
/// The first two of many answers:
///
/// ```
/// use leno::time::{Duration, sleep};
/// use std::pin::pin;
///
/// async fn ask(server: u64) -> u64 {
///     sleep(Duration::from_millis(100 / server)).await;
///     server * server
/// }
///
/// # #[leno::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let servers: Vec<_> = (1..=5).map(ask).collect();
/// let mut race = pin!(leno::task::race(servers));
/// assert_eq!(race.as_mut().next().await, Some((4, 25)));
/// assert_eq!(race.as_mut().next().await, Some((3, 16)));
/// # }
/// ```
pub fn race<F: IntoRace>(futures: F) -> Race<F::Futures> {
    let futures = futures.into_futures();
    let mut lanes = Lanes::new();
    let left = futures.count();
    for lane in 0..left {
        let given = lanes.insert();
        debug_assert_eq!(given, lane, "lanes are given in order");
    }
    Race {
        lanes,
        left,
        futures,
    }
}

pin_project! {
    /// What [`race`] returns.
    ///
    /// # Examples
    ///
    /// What is left when it is dropped is dropped with it:
    ///
    /// ```
    /// use leno::task::race;
    /// use std::pin::pin;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, mut receiver) = leno::sync::mpsc::channel::<()>(1);
    /// {
    ///     let quick = leno::task::yield_now();
    ///     let mut race = pin!(race((quick, sender.closed())));
    ///     race.as_mut().next().await.unwrap();
    ///     assert_eq!(race.len(), 1);
    /// }
    /// assert!(receiver.try_recv().is_err());
    /// # });
    /// ```
    #[must_use = "a race does nothing unless `next` is awaited"]
    pub struct Race<F> {
        lanes: Lanes,
        left: usize,
        #[pin]
        futures: F,
    }
}

impl<F: Futures> Race<F> {
    /// Waits until one of the futures that are left is done; `None` if none is left.
    ///
    /// # Panics
    ///
    /// If one of the futures panics. That one is not to be polled any more.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the next call goes on.
    ///
    /// # Examples
    ///
    /// Until a majority has answered:
    ///
    /// ```
    /// use leno::task::race;
    /// use std::pin::pin;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let votes = [true, false, true, true].map(|vote| async move { vote });
    /// let mut race = pin!(race(Vec::from(votes)));
    /// let mut ayes = 0;
    /// while let Some((_, vote)) = race.as_mut().next().await {
    ///     ayes += u32::from(vote);
    ///     if ayes == 2 {
    ///         break;
    ///     }
    /// }
    /// assert_eq!((ayes, race.is_empty()), (2, false));
    /// # });
    /// ```
    pub fn next(self: Pin<&mut Self>) -> impl CancelSafe<Output = Option<F::Done>> {
        Next { race: self }
    }

    /// Polls as [`next`](Self::next) waits. If it is pending, the task of the last call is woken when there is something to do.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task::race;
    /// use std::future::{poll_fn, ready};
    /// use std::pin::pin;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut race = pin!(race(vec![ready('a')]));
    /// assert_eq!(poll_fn(|cx| race.as_mut().poll_next(cx)).await, Some((0, 'a')));
    /// assert_eq!(poll_fn(|cx| race.as_mut().poll_next(cx)).await, None);
    /// # });
    /// ```
    pub fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Done>> {
        let this = self.project();
        if *this.left == 0 {
            return Poll::Ready(None);
        }
        let mut futures = this.futures;
        let polled = this
            .lanes
            .poll(cx, |lane, cx| futures.as_mut().poll_one(lane, cx));
        polled.map(|(_, done)| {
            *this.left -= 1;
            // Whatever the futures are, taking many that are ready lets others have a turn.
            budget::spend();
            Some(done)
        })
    }
}

impl<F> Race<F> {
    /// How many futures are left.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task::race;
    /// use std::future::ready;
    /// use std::pin::pin;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut race = pin!(race(vec![ready(1), ready(2)]));
    /// assert_eq!(race.len(), 2);
    /// race.as_mut().next().await;
    /// assert_eq!(race.len(), 1);
    /// # });
    /// ```
    pub fn len(&self) -> usize {
        self.left
    }

    /// True if all futures are done.
    ///
    /// # Examples
    ///
    /// ```
    /// let nobody: Vec<std::future::Ready<()>> = Vec::new();
    /// assert!(leno::task::race(nobody).is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.left == 0
    }
}

impl<F> fmt::Debug for Race<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Race")
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

struct Next<'a, F> {
    race: Pin<&'a mut Race<F>>,
}

impl<F: Futures> Future for Next<'_, F> {
    type Output = Option<F::Done>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.race.as_mut().poll_next(cx)
    }
}

impl<F: Futures> CancelSafe for Next<'_, F> {}

// ----- what can race ----------------------------------------------------------------------------------

mod sealed {
    #[allow(
        unnameable_types,
        reason = "so that nobody else implements what it bounds"
    )]
    pub trait Sealed {}
}

/// What [`race`] takes: tuples of two to eight futures, arrays, vectors.
///
/// Nobody else can implement it.
pub trait IntoRace: sealed::Sealed {
    #[doc(hidden)]
    type Futures: Futures;
    #[doc(hidden)]
    fn into_futures(self) -> Self::Futures;
}

/// The futures of a race, in place.
#[doc(hidden)]
pub trait Futures: sealed::Sealed {
    /// What comes of each.
    type Done;

    fn count(&self) -> usize;

    /// Polls one of them, and drops it when it is done.
    fn poll_one(self: Pin<&mut Self>, index: usize, cx: &mut Context<'_>) -> Poll<Self::Done>;
}

pin_project! {
    /// One of them.
    // With `repr(C)` the tag has a place of its own. In a niche of the future it would be read while a
    // future that refers to itself may be writing there.
    #[project = RunnerProjection]
    #[repr(C)]
    #[doc(hidden)]
    #[derive(Debug)]
    pub enum Runner<F> {
        Runs { #[pin] future: Abandoned<F> },
        Done,
    }
}

impl<F: Future> Runner<F> {
    pub(super) fn new(future: impl IntoFuture<IntoFuture = F>) -> Self {
        Self::Runs {
            future: abandoned(future.into_future()),
        }
    }

    pub(super) fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let RunnerProjection::Runs { future } = self.as_mut().project() else {
            unreachable!("a future that is done has no lane");
        };
        let polled = future.pinned().poll(cx);
        if polled.is_ready() {
            self.set(Self::Done);
        }
        polled
    }
}

macro_rules! tuples {
    ($($count:literal $race:ident $futures:ident: $($index:literal $name:ident $field:ident $future:ident $output:ident,)+;)+) => {$(
        #[doc = concat!("What comes of one of ", $count, " futures of a [`race`].")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $race<$($output),+> {
            $(
                #[doc = concat!("The ", stringify!($field), " future is done.")]
                $name($output),
            )+
        }

        pin_project! {
            #[doc(hidden)]
            #[derive(Debug)]
            pub struct $futures<$($future),+> {
                $(#[pin] $field: Runner<$future>,)+
            }
        }

        impl<$($future),+> sealed::Sealed for $futures<$($future),+> {}

        impl<$($future: Future),+> Futures for $futures<$($future),+> {
            type Done = $race<$($future::Output),+>;

            fn count(&self) -> usize {
                $count
            }

            fn poll_one(self: Pin<&mut Self>, index: usize, cx: &mut Context<'_>) -> Poll<Self::Done> {
                let this = self.project();
                match index {
                    $($index => this.$field.poll(cx).map($race::$name),)+
                    _ => unreachable!("there are no more futures"),
                }
            }
        }

        impl<$($future),+> sealed::Sealed for ($($future,)+) {}

        impl<$($future: IntoFuture),+> IntoRace for ($($future,)+) {
            type Futures = $futures<$($future::IntoFuture),+>;

            fn into_futures(self) -> Self::Futures {
                let ($($field,)+) = self;
                $futures { $($field: Runner::new($field),)+ }
            }
        }
    )+};
}

tuples! {
    2 Race2 Futures2: 0 First first A T, 1 Second second B U,;
    3 Race3 Futures3: 0 First first A T, 1 Second second B U, 2 Third third C V,;
    4 Race4 Futures4: 0 First first A T, 1 Second second B U, 2 Third third C V, 3 Fourth fourth D W,;
    5 Race5 Futures5: 0 First first A T, 1 Second second B U, 2 Third third C V, 3 Fourth fourth D W, 4 Fifth fifth E X,;
    6 Race6 Futures6: 0 First first A T, 1 Second second B U, 2 Third third C V, 3 Fourth fourth D W, 4 Fifth fifth E X,
        5 Sixth sixth F Y,;
    7 Race7 Futures7: 0 First first A T, 1 Second second B U, 2 Third third C V, 3 Fourth fourth D W, 4 Fifth fifth E X,
        5 Sixth sixth F Y, 6 Seventh seventh G Z,;
    8 Race8 Futures8: 0 First first A T, 1 Second second B U, 2 Third third C V, 3 Fourth fourth D W, 4 Fifth fifth E X,
        5 Sixth sixth F Y, 6 Seventh seventh G Z, 7 Eighth eighth H S,;
}

/// One of a row of futures.
fn runner<F>(row: Pin<&mut [Runner<F>]>, index: usize) -> Pin<&mut Runner<F>> {
    // SAFETY: an element of a pinned slice is pinned with it: nobody moves it out, and it is dropped in its place.
    unsafe { row.map_unchecked_mut(|row| &mut row[index]) }
}

pin_project! {
    #[doc(hidden)]
    #[derive(Debug)]
    pub struct FuturesOfArray<R> {
        #[pin]
        row: R,
    }
}

impl<R> sealed::Sealed for FuturesOfArray<R> {}

impl<F: Future, const N: usize> Futures for FuturesOfArray<[Runner<F>; N]> {
    type Done = (usize, F::Output);

    fn count(&self) -> usize {
        N
    }

    fn poll_one(self: Pin<&mut Self>, index: usize, cx: &mut Context<'_>) -> Poll<Self::Done> {
        let polled = runner(self.project().row, index).poll(cx);
        polled.map(|output| (index, output))
    }
}

impl<F, const N: usize> sealed::Sealed for [F; N] {}

impl<F: IntoFuture, const N: usize> IntoRace for [F; N] {
    type Futures = FuturesOfArray<[Runner<F::IntoFuture>; N]>;

    fn into_futures(self) -> Self::Futures {
        FuturesOfArray {
            row: self.map(Runner::new),
        }
    }
}

#[doc(hidden)]
#[derive(Debug)]
pub struct FuturesOfVec<F> {
    row: Pin<Box<[Runner<F>]>>,
}

impl<F> sealed::Sealed for FuturesOfVec<F> {}

impl<F: Future> Futures for FuturesOfVec<F> {
    type Done = (usize, F::Output);

    fn count(&self) -> usize {
        self.row.len()
    }

    fn poll_one(mut self: Pin<&mut Self>, index: usize, cx: &mut Context<'_>) -> Poll<Self::Done> {
        let polled = runner(self.row.as_mut(), index).poll(cx);
        polled.map(|output| (index, output))
    }
}

impl<F> sealed::Sealed for Vec<F> {}

impl<F: IntoFuture> IntoRace for Vec<F> {
    type Futures = FuturesOfVec<F::IntoFuture>;

    fn into_futures(self) -> Self::Futures {
        let row: Box<[_]> = self.into_iter().map(Runner::new).collect();
        FuturesOfVec {
            row: Box::into_pin(row),
        }
    }
}
