//! The kinds of groups: whose children may fail, and whose children are `Send`.
//!
//! A child's type is forgotten, and with it whether it is `Send`: what is in the group's future is `dyn Future`, or `dyn Future +
//! Send`. No signature of stable Rust says "as the children are", so there is one function for each.

use super::{Arc, Children, LocalChild, Run, abandoned, child};
use std::convert::{Infallible, identity};
use std::fmt;
use std::future::Future;

/// Runs `body`, which can spawn children that borrow from around, and waits for them all.
///
/// The children live in the future that this returns, and are polled by it: they run concurrently with each other and with the
/// body, but not in parallel. So they need be neither `'static` nor `Send`, unlike those of `leno::spawn`. What they borrow must
/// outlive the group: it is from outside of the body.
///
/// - [`spawn`](LocalGroup::spawn) gives a future of the child's output, without a `Result`.
/// - When the body is done, the group waits for the children that are left, and then returns what the body has returned.
/// - When the group's future is dropped, the body is dropped, and then the children. They are gone when the drop returns.
/// - A panic in a child is one in the parent: body and children are dropped, and it goes on to whoever awaits the group.
///
/// The future is not `Send`, as its children need not be. If they are, use [`local_group_send`], whose future can be spawned; if
/// they may fail, [`try_local_group`].
///
/// # Order
///
/// Body and children have wakers of their own, so only those woken are polled, each in its turn. After 128 of them, or when the
/// budget is spent (see [`coop`](crate::task::coop)), the other tasks have theirs.
///
/// # Cost
///
/// Two allocations for a child, one for the group and one for each 64 children. A poll of a child takes a lock that nobody else
/// holds.
///
/// # Cancel safety
///
/// Dropping the future loses data: that of the body and of the children, which are dropped wherever they are.
///
/// # Examples
///
/// ```
/// async fn count(word: &str) -> usize {
///     leno::task::yield_now().await;
///     word.len()
/// }
///
/// # #[leno::main(flavor = "current_thread")]
/// # async fn main() {
/// let words = [String::from("borrowed"), String::from("not moved")];
/// let longest = leno::task::local_group(async |group| {
///     let (a, b) = (group.spawn(count(&words[0])), group.spawn(count(&words[1])));
///     a.await.max(b.await)
/// })
/// .await;
/// assert_eq!(longest, 9);
/// # }
/// ```
///
/// Children that share what is around without a lock, and that spawn others:
///
/// ```
/// use leno::task::{LocalGroup, local_group};
/// use std::cell::RefCell;
///
/// async fn visit<'env>(group: LocalGroup<'env>, seen: &'env RefCell<Vec<u32>>, number: u32) {
///     seen.borrow_mut().push(number);
///     for next in [number * 2, number * 2 + 1] {
///         if next < 8 {
///             group.spawn(visit(group.clone(), seen, next));
///         }
///     }
/// }
///
/// # #[leno::main(flavor = "current_thread")]
/// # async fn main() {
/// let seen = RefCell::new(Vec::new());
/// local_group(|group| visit(group, &seen, 1)).await;
/// let mut seen = seen.into_inner();
/// seen.sort();
/// assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7]);
/// # }
/// ```
pub fn local_group<'env, B, F>(body: B) -> impl Future<Output = F::Output>
where
    B: FnOnce(LocalGroup<'env>) -> F,
    F: Future,
{
    let body = |children| body(LocalGroup { children });
    Run::new(body, Ok, infallible)
}

/// As [`local_group`], with children that are `Send`: then the future is, too, if the body is.
///
/// # Cancel safety
///
/// Dropping the future loses data: as that of [`local_group`].
///
/// # Examples
///
/// ```
/// # #[leno::main(worker_threads = 2)]
/// # async fn main() {
/// let task = leno::spawn(async {
///     let numbers = vec![1, 2, 3];
///     leno::task::local_group_send(async |group| {
///         let sum = group.spawn(async { numbers.iter().sum::<u32>() });
///         let product = group.spawn(async { numbers.iter().product::<u32>() });
///         (sum.await, product.await)
///     })
///     .await
/// });
/// assert_eq!(task.await.unwrap(), (6, 6));
/// # }
/// ```
pub fn local_group_send<'env, B, F>(body: B) -> impl Future<Output = F::Output>
where
    B: FnOnce(LocalGroup<'env, Sendable>) -> F,
    F: Future,
{
    let body = |children| body(LocalGroup { children });
    Run::new(body, Ok, infallible)
}

/// As [`local_group`], whose body and children may fail: the first error ends all, and is returned.
///
/// [`spawn`](TryLocalGroup::spawn) takes a future of a `Result`, and gives one of what is in the `Ok`: whoever awaits a child
/// needs no `?`. If a child fails, the body is dropped where it stands, then the other children; the error is what the group
/// returns. It is the same if the body fails. If it does not, the group waits for the children that are left, any of which may
/// still fail.
///
/// # Errors
///
/// The first error of a child or of the body.
///
/// # Cancel safety
///
/// Dropping the future loses data: as that of [`local_group`].
///
/// # Examples
///
/// ```
/// use leno::task::try_local_group;
/// use std::num::ParseIntError;
///
/// async fn parse(text: &str) -> Result<u32, ParseIntError> {
///     leno::task::yield_now().await;
///     text.parse()
/// }
///
/// async fn add(texts: &[String; 2]) -> Result<u32, ParseIntError> {
///     try_local_group(async |group| {
///         let (a, b) = (group.spawn(parse(&texts[0])), group.spawn(parse(&texts[1])));
///         Ok(a.await + b.await)
///     })
///     .await
/// }
///
/// # #[leno::main(flavor = "current_thread")]
/// # async fn main() {
/// assert_eq!(add(&["1".into(), "2".into()]).await, Ok(3));
/// assert!(add(&["1".into(), "two".into()]).await.is_err());
/// # }
/// ```
pub fn try_local_group<'env, B, F, T, E>(body: B) -> impl Future<Output = Result<T, E>>
where
    B: FnOnce(TryLocalGroup<'env, E>) -> F,
    F: Future<Output = Result<T, E>>,
    E: 'env,
{
    let body = |children| body(TryLocalGroup { children });
    Run::new(body, identity, identity)
}

/// As [`try_local_group`], with children that are `Send`: then the future is, too, if the body is.
///
/// # Errors
///
/// The first error of a child or of the body.
///
/// # Cancel safety
///
/// Dropping the future loses data: as that of [`local_group`].
///
/// # Examples
///
/// In a task that may move between threads:
///
/// ```
/// use leno::task::try_local_group_send;
///
/// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
/// let task = leno::spawn(async {
///     try_local_group_send(|group| async move {
///         let (a, b) = (group.spawn(async { "20".parse::<u32>() }), group.spawn(async { Ok(22) }));
///         Ok::<_, std::num::ParseIntError>(a.await + b.await)
///     })
///     .await
/// });
/// assert_eq!(task.await.unwrap(), Ok(42));
/// # });
/// ```
pub fn try_local_group_send<'env, B, F, T, E>(body: B) -> impl Future<Output = Result<T, E>>
where
    B: FnOnce(TryLocalGroup<'env, E, Sendable>) -> F,
    F: Future<Output = Result<T, E>>,
    E: 'env,
{
    let body = |children| body(TryLocalGroup { children });
    Run::new(body, identity, identity)
}

fn infallible<T>(result: Result<T, Infallible>) -> T {
    let Ok(output) = result;
    output
}

mod sealed {
    use std::future::Future;

    /// What is known of a child whose type is forgotten.
    #[allow(unnameable_types, reason = "so that nobody else implements it")]
    pub trait Sendness {
        type Child<'env, E: 'env>: Future<Output = Result<(), E>> + ?Sized;
    }
}

/// Of groups whose children need not be `Send`, and whose future is not.
#[derive(Debug, Clone, Copy)]
pub enum Unsendable {}

/// Of groups whose children are `Send`, and whose future is if the body is.
#[derive(Debug, Clone, Copy)]
pub enum Sendable {}

impl sealed::Sendness for Unsendable {
    type Child<'env, E: 'env> = dyn Future<Output = Result<(), E>> + 'env;
}

impl sealed::Sendness for Sendable {
    type Child<'env, E: 'env> = dyn Future<Output = Result<(), E>> + Send + 'env;
}

/// The group that [`local_group`] gives to its body, by which that spawns children.
///
/// A clone is the same group: it can be moved into children that spawn others. `S` says whether they are [`Sendable`].
pub struct LocalGroup<'env, S: sealed::Sendness = Unsendable> {
    children: Arc<Children<S::Child<'env, Infallible>>>,
}

/// The group that [`try_local_group`] gives to its body, whose children may fail with an `E`.
///
/// A clone is the same group: it can be moved into children that spawn others. `S` says whether they are [`Sendable`].
pub struct TryLocalGroup<'env, E: 'env, S: sealed::Sendness = Unsendable> {
    children: Arc<Children<S::Child<'env, E>>>,
}

macro_rules! group {
    ($group:ident $($error:ident)?) => {
        impl<'env, $($error,)? S: sealed::Sendness> Clone for $group<'env, $($error,)? S> {
            fn clone(&self) -> Self {
                Self { children: Arc::clone(&self.children) }
            }
        }

        impl<'env, $($error,)? S: sealed::Sendness> fmt::Debug for $group<'env, $($error,)? S> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($group))
                    .field("children", &self.children.left())
                    .finish_non_exhaustive()
            }
        }
    };
}

group!(LocalGroup);
group!(TryLocalGroup E);

macro_rules! spawn {
    ($sendness:ident $($send:ident)?) => {
        impl<'env> LocalGroup<'env, $sendness> {
            /// Spawns a child, and returns a future of its output.
            ///
            /// It is polled when the group is next. If the group has ended, it is dropped, and awaiting it panics.
            pub fn spawn<F>(&self, future: F) -> LocalChild<F::Output>
            where
                F: Future + $($send +)? 'env,
                F::Output: $($send +)? 'env,
            {
                let (future, child) = child(future, Ok);
                if let Err(late) = self.children.take_over(Box::pin(future)) {
                    drop(abandoned(late));
                }
                child
            }
        }

        impl<'env, E: $($send +)? 'env> TryLocalGroup<'env, E, $sendness> {
            /// Spawns a child, and returns a future of what is in its `Ok`. Its `Err` ends the group.
            ///
            /// It is polled when the group is next. If the group has ended, it is dropped, and awaiting it panics.
            pub fn spawn<F, T>(&self, future: F) -> LocalChild<T>
            where
                F: Future<Output = Result<T, E>> + $($send +)? 'env,
                T: $($send +)? 'env,
            {
                let (future, child) = child(future, identity);
                if let Err(late) = self.children.take_over(Box::pin(future)) {
                    drop(abandoned(late));
                }
                child
            }
        }
    };
}

spawn!(Unsendable);
spawn!(Sendable Send);
