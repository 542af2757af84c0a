//! `task_local!`.

/// Declares variables whose values belong to a task, each a [`LocalKey`](crate::task::LocalKey).
///
/// A variable has no value until a scope gives it one: [`LocalKey::scope`](crate::task::LocalKey::scope)
/// for the length of a future, [`LocalKey::sync_scope`](crate::task::LocalKey::sync_scope) for the length
/// of a closure. Tasks that are spawned within do not inherit it.
///
/// # Examples
///
/// ```
/// leno::task_local! {
///     /// The request being served.
///     pub static REQUEST: u64;
///
///     static USER: String;
/// }
///
/// # #[leno::main(flavor = "current_thread")]
/// # async fn main() {
/// let served = REQUEST.scope(7, async { REQUEST.get() }).await;
/// assert_eq!(served, 7);
/// assert!(USER.try_with(|_| ()).is_err());
/// # }
/// ```
#[macro_export]
macro_rules! task_local {
    ($(
        $(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty
    );* $(;)?) => {$(
        $(#[$attribute])*
        $visibility static $name: $crate::macros::support::LocalKey<$type> = {
            $crate::macros::support::thread_local! {
                static SLOT: $crate::macros::support::LocalSlot<$type> =
                    const { $crate::macros::support::LocalSlot::new() };
            }
            $crate::macros::support::LocalKey::new(SLOT)
        };
    )*};
}
