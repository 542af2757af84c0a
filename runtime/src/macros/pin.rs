//! `pin!`.

/// Pins values in the local variables that hold them.
///
/// A future has to be pinned before it can be polled through a reference, as `select!` in a loop does. This
/// pins it where it is: the variable is moved to a place that nothing can name any more, and shadowed by
/// a `Pin<&mut _>` to it. No memory is allocated; the value is dropped at the end of the enclosing block.
///
/// `pin!(a, b)` takes the names of variables, not expressions. `pin! { let a = …; }` declares the variables
/// too. (`std::pin::pin!` takes one expression and returns the pinned reference.)
///
/// # Examples
///
/// ```
/// # #[leno::main(flavor = "current_thread")]
/// # async fn main() {
/// async fn work() -> u32 {
///     7
/// }
///
/// let first = work();
/// leno::pin!(first);
/// assert_eq!((&mut first).await, 7);
///
/// leno::pin! {
///     let second = work();
///     let third = work();
/// }
/// assert_eq!(leno::join!(second, third), (7, 7));
/// # }
/// ```
#[macro_export]
macro_rules! pin {
    ($($variable:ident),* $(,)?) => {$(
        #[allow(unused_mut, reason = "a caller may want to poll it or only to pass it on")]
        let mut $variable = $crate::macros::support::pin!($variable);
    )*};
    ($(let $variable:ident = $value:expr;)*) => {$(
        #[allow(unused_mut, reason = "a caller may want to poll it or only to pass it on")]
        let mut $variable = $crate::macros::support::pin!($value);
    )*};
}
