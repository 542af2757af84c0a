//! `try_join!`. It expands like `join!`, by [`__join!`](crate::__join).

/// Awaits several futures at once, until **all** of them are ready with `Ok`, or **one** with `Err`.
///
/// Returns `Ok` of a tuple of the values, or the first error. The futures must return `Result`s with the
/// same type of error. All else is as with [`join!`](crate::join): the branches run on this task, no memory
/// is allocated, their order rotates unless `biased;` stands in front.
///
/// # Cancel safety
///
/// Dropping the future loses data: the values that were there already. The future is the enclosing one, and all branches are
/// dropped with it. The first error drops the branches that have not finished: futures used here should be cancel safe unless an
/// error makes all of their work worthless. Spawned tasks go on; only their handles are dropped.
///
/// # Examples
///
/// ```
/// use std::num::ParseIntError;
///
/// async fn parse(text: &str) -> Result<u32, ParseIntError> {
///     text.parse()
/// }
///
/// # #[leno::main(flavor = "current_thread")]
/// # async fn main() {
/// let both = leno::try_join!(parse("1"), parse("2"));
/// assert_eq!(both, Ok((1, 2)));
///
/// let both = leno::try_join!(biased; parse("1"), parse("two"));
/// assert!(both.is_err());
/// # }
/// ```
#[cfg(feature = "macros")]
#[cfg_attr(docsrs, doc(cfg(feature = "macros")))]
#[macro_export]
macro_rules! try_join {
    ($(biased;)?) => { async { $crate::macros::support::Result::Ok(()) }.await };
    (biased; $($future:expr),+ $(,)?) => {
        $crate::__join!(tried as FromFirst () [] $($future,)+)
    };
    ($($future:expr),+ $(,)?) => {
        $crate::__join!(tried as Rotating () [] $($future,)+)
    };
}

/// `try_join!`: an error ends it.
pub mod tried {
    use crate::macros::join::MaybeDone;
    use std::future::Future;
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};

    pub fn poll<F, T, E>(
        mut branch: Pin<&mut MaybeDone<F>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        let failed = ready!(branch.as_mut().poll_output(cx)).is_err();
        if failed {
            return Poll::Ready(branch.take_output().map(drop));
        }
        Poll::Ready(Ok(()))
    }

    pub fn take<F, T, E>(branch: Pin<&mut MaybeDone<F>>) -> T
    where
        F: Future<Output = Result<T, E>>,
    {
        match branch.take_output() {
            Ok(value) => value,
            Err(_) => unreachable!("an error was returned as soon as it was there"),
        }
    }

    pub fn output<T, E>(joined: Result<T, E>) -> Result<T, E> {
        joined
    }
}
