//! What is measured.

pub mod spawn;
pub mod switch;
pub mod wake;
