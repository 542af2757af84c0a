//! The process' standard streams.
//!
//! They may be files, which cannot be waited for, or terminals and pipes, which are shared with other processes and must
//! not be made non-blocking behind their backs. So they are read and written on blocking threads, by way of std.

mod input;
mod output;
mod stream;

pub use input::{Stdin, stdin};
pub use output::{Stderr, Stdout, stderr, stdout};
