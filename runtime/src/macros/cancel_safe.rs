//! What the attribute `#[leno::cancel_safe]` asks of the futures that a function awaits, and of its arguments.
//!
//! The first is a method with a bound. The second is whether a type is one of several kinds, where each is to have the same text if
//! it is not: a method of the kinds, and one of a trait, which the compiler takes if there is no other.

use crate::kernel::cancel_safe::CancelSafe;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

/// The question before an `.await`.
pub trait OnlyCancelSafe: Sized {
    #[doc(hidden)]
    #[inline]
    fn __only_cancel_safe(self) -> Self
    where
        Self: IntoFuture,
        Self::IntoFuture: CancelSafe,
    {
        self
    }
}

impl<F> OnlyCancelSafe for F {}

/// An argument's type. Called on a reference to a reference, `kept` is the first of these methods whose impl fits.
#[derive(Debug)]
pub struct Argument<T>(PhantomData<T>);

impl<T> Clone for Argument<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Argument<T> {}

impl<T> Argument<T> {
    /// That of this one.
    #[inline]
    pub fn of(_: &T) -> Self {
        Self(PhantomData)
    }
}

/// What the argument is of stays with whoever has given it.
#[derive(Debug)]
pub struct Kept<T>(PhantomData<T>);

/// It does not.
#[derive(Debug)]
pub struct Lost<T>(PhantomData<T>);

/// Pointers to what is elsewhere.
pub trait Pointer<T> {
    #[doc(hidden)]
    #[inline]
    fn kept(&self) -> Kept<T> {
        Kept(PhantomData)
    }
}

impl<'a, T: ?Sized> Pointer<&'a mut T> for &Argument<&'a mut T> {}
impl<'a, T: ?Sized> Pointer<Pin<&'a mut T>> for &Argument<Pin<&'a mut T>> {}
impl<T: ?Sized> Pointer<Arc<T>> for &Argument<Arc<T>> {}
impl<T: ?Sized> Pointer<Rc<T>> for &Argument<Rc<T>> {}

impl<T: Copy> Argument<T> {
    /// Copies, references among them.
    #[inline]
    pub fn kept(&self) -> Kept<T> {
        Kept(PhantomData)
    }
}

/// All other types.
pub trait OrLost<T>: Sized {
    #[doc(hidden)]
    #[inline]
    fn kept(self) -> Lost<T> {
        Lost(PhantomData)
    }
}

impl<T> OrLost<T> for Argument<T> {}

/// How the compiler is asked.
#[diagnostic::on_unimplemented(
    message = "a `{T}` is lost with the future if that is dropped before it is done",
    label = "handed over by value",
    note = "take it by reference, or say why nothing is lost: `#[leno::cancel_safe(because = \"…\")]`"
)]
pub trait IsKept<T> {}

impl<T> IsKept<T> for Kept<T> {}

/// Compiles if nothing is lost with the argument.
#[inline]
pub fn is_kept<T, K: IsKept<T>>(_: &T, _: K) {}
