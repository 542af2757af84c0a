//! `task_local!`.

/// Declares variables whose values belong to a task, each a [`LocalKey`](crate::task::LocalKey), or, with `#[inherited]`, an
/// [`InheritedKey`](crate::task::InheritedKey).
///
/// A variable has no value until a scope gives it one: [`LocalKey::scope`](crate::task::LocalKey::scope)
/// for the length of a future, [`LocalKey::sync_scope`](crate::task::LocalKey::sync_scope) for the length
/// of a closure.
///
/// Tasks that are spawned within do not inherit it, unless the variable is declared with `#[inherited]`: then they do, and
/// its type is to be
/// `Send` and `Sync`. `#[inherited]` is the first attribute, or the first after the documentation.
///
/// # Examples
///
/// ```
/// leno::task_local! {
///     /// The request being served.
///     pub static REQUEST: u64;
///
///     static USER: String;
///
///     /// What everything is logged under that is done for the request.
///     #[inherited]
///     pub static TRACE_ID: u64;
/// }
///
/// # #[leno::main(flavor = "current_thread")]
/// # async fn main() {
/// let served = REQUEST.scope(7, async { REQUEST.get() }).await;
/// assert_eq!(served, 7);
/// assert!(USER.try_with(|_| ()).is_err());
///
/// TRACE_ID.scope(42, async {
///     let task = leno::spawn(async { (TRACE_ID.get(), REQUEST.try_get()) });
///     let (inherited, not_inherited) = task.await.unwrap();
///     assert_eq!(inherited, 42);
///     assert!(not_inherited.is_err());
/// }).await;
/// # }
/// ```
#[cfg(feature = "rt")]
#[cfg_attr(docsrs, doc(cfg(feature = "rt")))]
#[macro_export]
macro_rules! task_local {
    (@variable [$(#[doc $($documentation:tt)*])* #[inherited] $(#[$($attribute:tt)+])*]
        $visibility:vis static $name:ident: $type:ty
    ) => {
        $(#[doc $($documentation)*])*
        $(#[$($attribute)+])*
        $visibility static $name: $crate::macros::support::InheritedKey<$type> = {
            $crate::macros::support::is_shared_by_tasks::<$type>();
            $crate::macros::support::InheritedKey::new()
        };
    };
    (@variable [$(#[$($attribute:tt)+])*] $visibility:vis static $name:ident: $type:ty) => {
        $(#[$($attribute)+])*
        $visibility static $name: $crate::macros::support::LocalKey<$type> = {
            $crate::macros::support::thread_local! {
                static SLOT: $crate::macros::support::LocalSlot<$type> =
                    const { $crate::macros::support::LocalSlot::new() };
            }
            $crate::macros::support::LocalKey::new(SLOT)
        };
    };
    ($(
        $(#[$($attribute:tt)+])* $visibility:vis static $name:ident: $type:ty
    );* $(;)?) => {$(
        $crate::task_local! {
            @variable [$(#[$($attribute)+])*] $visibility static $name: $type
        }
    )*};
}
