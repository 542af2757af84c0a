//! The declarative macros. They reach the rest of the crate through [`support`] and nothing else.

pub mod support;

pub(crate) mod abandoned;
mod cancel_safe;
mod join;
mod pin;
mod select;
mod task_local;
mod try_join;
