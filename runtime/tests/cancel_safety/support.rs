//! How a row comes about: what is seen after each cut, and the verdict that follows.

use leno::task::{CancelSafe, spawn_local, yield_now};
use leno::test::{Cut, Moment, cancel_at_every_await};
use leno::time::{Duration, sleep, timeout};
use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

/// What becomes of what an operation works on if it is dropped before it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Made anew, it comes to what it would have come to had it not been dropped.
    Safe,
    /// The same, but later: after those who came in between.
    LosesPlace,
    /// It does not come to that.
    LosesData,
    /// It takes effect all the same.
    CannotBeCancelled,
    /// It is a wrapper, and has the verdict of what is in it.
    AsItsFuture,
}

impl Verdict {
    /// As it stands in the file.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::LosesPlace => "loses place",
            Self::LosesData => "loses data",
            Self::CannotBeCancelled => "cannot be cancelled",
            Self::AsItsFuture => "as its future",
        }
    }

    /// How the section *Cancel safety* of the operation's docs begins.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Safe => "Dropping the future loses nothing",
            Self::LosesPlace => "Dropping the future loses its place",
            Self::LosesData => "Dropping the future loses data: ",
            Self::CannotBeCancelled => "Dropping the future does not stop the operation",
            Self::AsItsFuture => "As that of its future",
        }
    }

    /// Whether the operation's future is `CancelSafe`.
    pub(crate) fn is_marked(self) -> bool {
        matches!(self, Self::Safe | Self::LosesPlace | Self::AsItsFuture)
    }
}

/// What a check has seen after one cut. The worst of all cuts is the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Seen {
    /// Nothing is missing.
    Kept,
    /// Somebody else came first.
    Later,
    /// It has happened, though the operation was dropped, and not made anew.
    Happened,
    /// Something is missing, or there twice.
    Lost,
}

/// `Kept` or `Lost`.
pub(crate) fn kept(is_kept: bool) -> Seen {
    if is_kept { Seen::Kept } else { Seen::Lost }
}

/// Of an operation that was dropped: whether it `has_happened` all the same.
pub(crate) fn happened(cut: &Cut, has_happened: bool) -> Seen {
    if cut.is_completed() {
        assert!(has_happened, "it is done, and has not happened");
        return Seen::Kept;
    }
    if has_happened {
        Seen::Happened
    } else {
        Seen::Kept
    }
}

/// A line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) operation: String,
    pub(crate) verdict: Verdict,
    pub(crate) cuts: usize,
    /// How many there are is up to other threads, or the system: there are so many at least.
    pub(crate) at_least: bool,
    pub(crate) is_marked: bool,
}

impl Row {
    /// Of an operation that other threads, or the system, have a part in. Two cuts there are always, before the first poll and
    /// after it; one if the first poll may do without them.
    pub(crate) fn of_the_system(mut self) -> Self {
        (self.cuts, self.at_least) = (self.cuts.min(2), true);
        self
    }
}

/// All of them.
pub(crate) fn of_the_system(rows: Vec<Row>) -> Vec<Row> {
    rows.into_iter().map(Row::of_the_system).collect()
}

/// Says whether a future is `CancelSafe`: `(&Probe::of(&future)).is_marked()` finds the method of `Marked` first, if its bound
/// holds.
pub(crate) struct Probe<F>(PhantomData<F>);

impl<F> Probe<F> {
    pub(crate) fn of(_: &F) -> Self {
        Self(PhantomData)
    }
}

pub(crate) trait Marked {
    fn is_marked(&self) -> bool {
        true
    }
}

impl<F: CancelSafe> Marked for Probe<F> {}

pub(crate) trait Unmarked {
    fn is_marked(&self) -> bool {
        false
    }
}

impl<F> Unmarked for &Probe<F> {}

/// What a run tells of its future.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mark(Arc<AtomicU8>);

impl Mark {
    pub(crate) fn set(&self, is_marked: bool) {
        self.0.store(1 + u8::from(is_marked), Ordering::Relaxed);
    }

    fn get(&self) -> bool {
        match self.0.load(Ordering::Relaxed) {
            0 => panic!("the operation was never made"),
            set => set == 2,
        }
    }
}

/// Cancels `run` at each of its awaits, and gathers what `check` has seen.
pub(crate) fn measure<S>(
    operation: &str,
    mark: &Mark,
    make: impl AsyncFnMut() -> S + Send + 'static,
    run: impl AsyncFnMut(&mut S) + Send + 'static,
    mut check: impl AsyncFnMut(S, &Cut) -> Seen + Send + 'static,
) -> Row {
    let worst = Arc::new(Mutex::new(Seen::Kept));
    let told = Arc::clone(&worst);
    let check = async move |state, cut: &Cut| {
        let seen = check(state, cut).await;
        let is_fine = !cut.is_completed() || seen == Seen::Kept;
        assert!(is_fine, "the row's own check fails: {seen:?}");
        let mut worst = told.lock().unwrap();
        *worst = seen.max(*worst);
    };
    let runtime = leno::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let test = cancel_at_every_await(make, run, check);
    let cuts = runtime.block_on(test).tried();
    let verdict = match *worst.lock().unwrap() {
        Seen::Kept => Verdict::Safe,
        Seen::Later => Verdict::LosesPlace,
        Seen::Happened => Verdict::CannotBeCancelled,
        Seen::Lost => Verdict::LosesData,
    };
    Row {
        operation: operation.to_owned(),
        verdict,
        cuts,
        at_least: false,
        is_marked: mark.get(),
    }
}

/// The row of a wrapper, from what it is around a future that is safe, and around one that is not.
pub(crate) fn wrapper(safe: Row, losing: &Row) -> Row {
    assert_eq!(safe.verdict, Verdict::Safe, "{safe:?}");
    assert_eq!(losing.verdict, Verdict::LosesData, "{losing:?}");
    assert!(!losing.is_marked, "{losing:?}");
    Row {
        verdict: Verdict::AsItsFuture,
        cuts: safe.cuts + losing.cuts,
        ..safe
    }
}

/// One row: of an operation, with a state, the future, what becomes of its output, and a check.
///
/// The patterns take the state apart: `run` by `&mut`, `check` by value. A `with` is for what the future borrows from.
macro_rules! row {
    (
        $operation:expr;
        make $make:expr;
        run |$state:pat_param| with $part:pat_param = $parts:expr; $future:expr $(=> |$output:pat_param| $then:expr)?;
        check |$left:pat_param, $cut:pat_param| $check:expr $(;)?
    ) => {{
        let mark = $crate::support::Mark::default();
        let told = mark.clone();
        $crate::support::measure(
            $operation,
            &mark,
            async move || $make,
            async move |state| {
                #[allow(unused_imports, reason = "one of the two is used")]
                use $crate::support::{Marked, Unmarked};
                let $state = state;
                let $part = $parts;
                let future = $future;
                told.set((&$crate::support::Probe::of(&future)).is_marked());
                let _output = future.await;
                $(
                    let $output = _output;
                    $then;
                )?
            },
            async move |$left, $cut: &leno::test::Cut| $check,
        )
    }};
    (
        $operation:expr;
        make $make:expr;
        run |$state:pat_param| $future:expr $(=> |$output:pat_param| $then:expr)?;
        check |$left:pat_param, $cut:pat_param| $check:expr $(;)?
    ) => {
        $crate::support::row! {
            $operation;
            make $make;
            run |$state| with () = (); $future $(=> |$output| $then)?;
            check |$left, $cut| $check
        }
    };
}

pub(crate) use row;

/// Waits for what is under way: for tasks to have their turn, and for closures on other threads to end, since the clock stands
/// still as long as there are any.
pub(crate) async fn settle() {
    sleep(Duration::from_secs(1)).await;
}

/// Does `then` a second from now, when what runs has begun to wait.
pub(crate) fn later<F: Future<Output: 'static> + 'static>(then: F) {
    spawn_local(async {
        sleep(Duration::from_secs(1)).await;
        then.await
    })
    .detach();
}

/// What `anew` comes to, if that is at all.
pub(crate) async fn again<T>(anew: impl Future<Output = T>) -> Option<T> {
    timeout(Duration::from_secs(60), anew).await.ok()
}

/// The same where it is enough that it comes to something.
pub(crate) async fn ends(anew: impl Future) -> Seen {
    kept(again(anew).await.is_some())
}

/// Whether `take`, which waits in a queue and gives back at once what it gets, is served before somebody who came after the one
/// that was dropped.
pub(crate) async fn place(cut: &Cut, take: impl AsyncFn() + 'static) -> Seen {
    let take = Rc::new(take);
    let served = Rc::new(RefCell::new(Vec::new()));
    let serve = |name: &'static str| {
        let (take, served) = (Rc::clone(&take), Rc::clone(&served));
        async move {
            take().await;
            served.borrow_mut().push(name);
        }
    };
    let rival = spawn_local(serve("rival"));
    yield_now().await;
    let anew = again(serve("anew")).await;
    if anew.is_none() || again(rival).await.is_none() {
        return Seen::Lost;
    }
    // Only who has waited had a place.
    let had_one = matches!(cut.moment(), Moment::Waiting | Moment::Woken);
    if had_one && served.borrow()[0] == "rival" {
        return Seen::Later;
    }
    Seen::Kept
}
