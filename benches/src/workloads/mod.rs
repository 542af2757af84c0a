//! What is measured.

pub mod echo;
pub mod spawn;
pub mod switch;
pub mod wake;
