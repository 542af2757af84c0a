//! The process' standard streams.
//!
//! They may be files, which cannot be waited for, or terminals and pipes, which are shared with other processes and must
//! not be made non-blocking behind their backs. So they are read and written on threads that may block, by way of std:
//! output on the runtime's, whose end waits for it, and input on one that belongs to no runtime.

mod input;
mod output;
#[cfg(target_os = "linux")]
mod peek;
mod queue;
#[cfg(unix)]
mod reader;
mod stream;

pub use input::{Stdin, stdin};
pub use output::{Stderr, Stdout, stderr, stdout};
